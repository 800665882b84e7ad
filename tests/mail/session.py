"""session - an SMTP session that says what it is told, with our credentials
or on another port"""

import smtplib
import ssl


class Session:
    """STARTTLS and AUTH are done; message() may be called again and again."""

    def __init__(self, host, user=None, password=None, login=True):
        address, _, port = host.env["SESAME_SMTP"].partition(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.smtp = smtplib.SMTP(address, int(port), "client.example",
                                 timeout=60)
        self.smtp.starttls(context=context)
        self.smtp.ehlo("client.example")
        if login:
            self.smtp.login(user or host.env["SESAME_SMTP_USER"],
                            password or host.env["SESAME_SMTP_PASSWORD"])

    @classmethod
    def at(cls, port, source="127.0.0.1", user=None, password=None):
        """On another port of loopback, without TLS, maybe with a login."""
        session = cls.__new__(cls)
        session.smtp = smtplib.SMTP("127.0.0.1", port, "client.example",
                                    timeout=60, source_address=(source, 0))
        session.smtp.ehlo("client.example")
        if user is not None:
            session.smtp.login(user, password)
        return session

    def command(self, line):
        code, reply = self.smtp.docmd(line)
        return code, reply.decode()

    def message(self, sender, rcpts, data):
        """data: bytes with CRLF lines, not dot-stuffed.  (code, text)"""
        code, reply = self.command("MAIL FROM:" + path(sender))
        if code != 250:
            return code, reply
        for rcpt in [rcpts] if isinstance(rcpts, str) else rcpts:
            code, reply = self.command("RCPT TO:" + path(rcpt))
            if code != 250:
                self.command("RSET")
                return code, reply
        code, reply = self.command("DATA")
        if code != 354:
            return code, reply
        stuffed = data.replace(b"\r\n.", b"\r\n..")
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        self.smtp.send(stuffed + end)
        code, reply = self.smtp.getreply()
        return code, reply.decode()

    def close(self):
        self.smtp.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def path(address):
    return address if address.startswith("<") else "<%s>" % address


def queue_id(reply):
    return reply.rpartition("queued as ")[2]
