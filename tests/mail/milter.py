"""milter - the milter protocol as Postfix speaks it, for what Postfix would
never say: straight to the gate's socket, as root."""

import os
import socket
import struct

ACTIONS, STEPS = 0x1ff, 0x1fffff  # what Postfix 3.7 offers


class Hangup(Exception):
    """The gate closed the connection."""


class Milter:
    """One session.  Answers are (letter, data) pairs."""

    def __init__(self, host, daemon="SESAME-SMTP", actions=ACTIONS,
                 steps=STEPS, start=True, client="192.0.2.7", port="2525"):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(os.path.join(host.env["SESAME_STATE"], "queue",
                                         "sesame", "milter"))
        self.host = host
        self.serial = 0
        self.put("O", struct.pack("!III", 6, actions, steps))
        self.chosen = self.get()
        if start:
            self.macros("C", {"{daemon_name}": daemon,
                              "{client_addr}": client,
                              "{client_port}": port} if daemon else {})
            self.put("C", b"client\x004\x00\x19192.0.2.7\0")

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # --- packets

    def put(self, letter, data=b""):
        self.socket.sendall(struct.pack("!I", len(data) + 1) +
                            letter.encode() + data)

    def read(self, count):
        data = b""
        while len(data) < count:
            try:
                part = self.socket.recv(count - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise Hangup()
            data += part
        return data

    def get(self):
        size = struct.unpack("!I", self.read(4))[0]
        data = self.read(size)
        return data[:1].decode(), data[1:]

    def is_silent(self, seconds=0.3):
        """Nothing to read for that long?"""
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except socket.timeout:
            return True
        finally:
            self.socket.settimeout(20)

    def macros(self, letter, values):
        self.put("D", letter.encode() + b"".join(
            text.encode() + b"\0" for pair in values.items() for text in pair))

    # --- a message

    def queue_id(self):
        """As Postfix makes them; never the same twice."""
        alphabet = ("0123456789BCDFGHJKLMNPQRSTVWXYZ"
                    "bcdfghjklmnpqrstvwxyz")
        self.serial += 1
        number = int.from_bytes(os.urandom(6), "big")
        tail = ""
        while number:
            number, digit = divmod(number, 51)
            tail = alphabet[digit] + tail
        return "4jYSxR17Mhz" + tail

    def mail(self, sender, **macros):
        """The answer to MAIL; by default of our own key's login."""
        values = {"{mail_addr}": sender.strip("<>"), "{auth_type}": "PLAIN",
                  "{auth_authen}": self.host.env["SESAME_SMTP_USER"]}
        for name, value in macros.items():
            values["{%s}" % name] = value
        self.macros("M", {name: value for name, value in values.items()
                          if value is not None})
        self.put("M", sender.encode() + b"\0")
        return self.get()

    def rcpt(self, recipient):
        self.put("R", recipient.encode() + b"\0")

    def header(self, name, value):
        self.put("L", name.encode() + b"\0" + value + b"\0")

    def content(self, headers, body, queue_id=None):
        """Headers [(name, value)], body in pieces, then the answers."""
        for name, value in headers:
            self.header(name, value)
        self.macros("N", {"i": queue_id or self.queue_id()})
        self.put("N")
        for piece in [body] if isinstance(body, bytes) else body:
            if piece:
                self.put("B", piece)
        self.put("E")
        return self.answers()

    def answers(self):
        """Everything up to the last word on a message."""
        found = []
        while True:
            letter, data = self.get()
            if letter == "p":
                continue
            found.append((letter, data))
            if letter in "acrtyd":
                return found


def text(answers):
    """The reply of a refusal, "" of an acceptance."""
    letter, data = answers[-1]
    return data.rstrip(b"\0").decode() if letter == "y" else ""
