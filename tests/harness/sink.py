"""sink - the mail server at the other end, which keeps what it is given

    python3 -m harness.sink PORT DIRECTORY [CONTROL]

Every accepted message becomes DIRECTORY/NAME.eml, byte for byte as it
arrived, and NAME.json with its envelope; names sort in order of arrival.
The recipient's local part says what happens:

    reply-CODE-X.Y.Z...    refused at RCPT with that reply
    data-CODE-X.Y.Z...     refused after DATA with that reply
    defer-CODE-X.Y.Z[-N]...  refused at RCPT the first N times (1 if no N is
                           given) for each pair of sender and recipient
    quote-CODE-X.Y.Z...    the same, in the words of the message's text
    slow-SECONDS...        answered that much later, after DATA
    anything else          accepted

CONTROL, a JSON file read at each EHLO, may say {"8bitmime": false}.
"""

import asyncio
import email
import email.policy
import json
import os
import re
import sys
import time

from aiosmtpd.smtp import SMTP

LOOPBACK = "127.0.0.1"
MAX_SIZE = 64 << 20
REPLY = re.compile(r"(reply|data|quote|defer)-([245]\d\d)-(\d\.\d{1,3}\.\d{1,3})"
                   r"(?:-(\d+)(?=$|[^0-9]))?")
SLOW = re.compile(r"slow-(\d+(?:\.\d+)?)")


class Sink:
    """aiosmtpd's handler."""

    def __init__(self, directory, control):
        self.directory = directory
        self.control = control
        self.tries = {}
        self.count = 0

    def setting(self, name, default):
        try:
            with open(self.control) as file:
                return json.load(file).get(name, default)
        except (OSError, ValueError, TypeError):
            return default

    async def handle_EHLO(self, server, session, envelope, hostname,
                          responses):
        session.host_name = hostname
        if not self.setting("8bitmime", True):
            responses = [line for line in responses
                         if "8BITMIME" not in line and "SMTPUTF8" not in line]
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        match = REPLY.match(address)
        if match:
            verb, code, status, number = match.groups()
            if verb == "reply" or (verb == "defer" and self.defers(
                    envelope.mail_from, address, int(number or 1))):
                return "%s %s <%s>: as asked" % (code, status, address)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    def defers(self, sender, address, times):
        key = sender, address
        self.tries[key] = self.tries.get(key, 0) + 1
        return self.tries[key] <= times

    async def handle_DATA(self, server, session, envelope):
        for address in envelope.rcpt_tos:
            slow = SLOW.match(address)
            if slow:
                await asyncio.sleep(float(slow.group(1)))
        for address in envelope.rcpt_tos:
            match = REPLY.match(address)
            if match and match.group(1) in ("data", "quote"):
                return "%s %s <%s>: %s" % (
                    match.group(2), match.group(3), address,
                    "as asked" if match.group(1) == "data" else
                    words_of(envelope.original_content))
        return "250 2.0.0 Ok: kept as " + self.keep(session, envelope)

    def keep(self, session, envelope):
        """Write both files; the name.  The .eml appears last and whole."""
        self.count += 1
        now = time.time()
        name = "%014d-%06d-%d" % (now * 1000, self.count, os.getpid())
        path = os.path.join(self.directory, name)
        with open(path + ".json.new", "w") as file:
            json.dump({"mail_from": envelope.mail_from,
                       "rcpt_tos": envelope.rcpt_tos,
                       "mail_options": envelope.mail_options,
                       "helo": session.host_name,
                       "peer": session.peer[0],
                       "when": now}, file, indent=1)
        with open(path + ".eml.new", "wb") as file:
            file.write(envelope.original_content)
        os.replace(path + ".json.new", path + ".json")
        os.replace(path + ".eml.new", path + ".eml")
        return name


def words_of(content):
    """A message's text, as one line that fits into a reply."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    return " ".join(text.split())[:400]


async def serve(port, directory, control):
    sink = Sink(directory, control)
    loop = asyncio.get_running_loop()

    def protocol():
        return SMTP(sink, hostname="sink.sesame.test", ident="sink",
                    enable_SMTPUTF8=True, data_size_limit=MAX_SIZE,
                    timeout=600, loop=loop)

    server = await loop.create_server(protocol, LOOPBACK, port,
                                      reuse_address=True, backlog=256)
    await server.serve_forever()


def main():
    port, directory = int(sys.argv[1]), sys.argv[2]
    control = sys.argv[3] if len(sys.argv) > 3 else None
    asyncio.run(serve(port, directory, control))


if __name__ == "__main__":
    main()
