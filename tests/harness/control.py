"""control - how `tests/mailhost` speaks with a host's supervisor

One JSON object a line over a unix socket that only root can open: a verb and
its arguments, then {"ok": true, ...} or {"error": "why"}.
"""

import json
import os
import socket

from harness.layout import HostError


def listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(16)
    return listener


def answer(connection, handle):
    """Serve one request on an accepted connection."""
    with connection, connection.makefile("rw") as stream:
        line = stream.readline()
        if not line:
            return
        try:
            reply = {"ok": True, **(handle(json.loads(line)) or {})}
        except HostError as error:
            reply = {"error": str(error)}
        stream.write(json.dumps(reply) + "\n")
        try:
            stream.flush()
        except BrokenPipeError:
            pass


def is_up(layout):
    """Does a supervisor listen there?"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(layout.control)
        except OSError:
            return False
    return True


def request(layout, verb, **arguments):
    """Ask the supervisor; its reply, or HostError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(120)
        try:
            connection.connect(layout.control)
        except OSError:
            raise HostError("the host of %s is not up" % layout.dir)
        with connection.makefile("rw") as stream:
            stream.write(json.dumps(dict(arguments, verb=verb)) + "\n")
            stream.flush()
            try:
                line = stream.readline()
            except OSError as error:
                raise HostError("the supervisor does not answer: %s" % error)
    if not line:
        raise HostError("the supervisor went away")
    reply = json.loads(line)
    if "error" in reply:
        raise HostError(reply["error"])
    return reply
