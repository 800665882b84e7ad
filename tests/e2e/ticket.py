"""ticket - stamp a message as nginx does, to show what a stamp is worth"""

import hashlib
import hmac
import os
import struct
import time
import uuid


def key(host, name="ticket.key"):
    with open(os.path.join(host.env["SESAME_STATE"], "keys", name)) as file:
        name, value = file.readline().split()
    return name, bytes.fromhex(value)


def stamp(host, mail, recipients, when=None, **fields):
    """The value of X-Sesame-Ticket; `secret` replaces the key, `file` says
    whose it is."""
    name, secret = key(host, fields.pop("file", "ticket.key"))
    secret = fields.pop("secret", secret)
    told = {"a": host.env["AWS_ACCESS_KEY_ID"],
            "n": host.env["SESAME_ACCOUNT"], "c": "127.0.0.1",
            "r": str(uuid.uuid4()), "e": "0", "o": "SendEmail",
            "s": hashlib.sha256(os.urandom(8)).hexdigest(),
            "b": hashlib.md5(os.urandom(8)).hexdigest(),
            "t": str(int((time.time() if when is None else when) * 1000))}
    told.update(fields)
    head = "1 k=%s " % name + " ".join("%s=%s" % item
                                       for item in told.items())
    covered = ["sesame-ticket", head, told["a"], told["n"], told["c"],
               told["r"], told["o"], mail] + list(recipients)
    data = b"".join(struct.pack(">Q", len(text)) + text.encode()
                    for text in covered)
    return head + " h=" + hmac.new(secret, data, hashlib.sha256).hexdigest()
