"""part - one server of the private host, as the supervisor handles it"""

import os
import socket
import time

from harness.layout import LOOPBACK, HostError
from harness.process import Daemon

STOP_SECONDS = 15
LOG_LINES = 20


class Part:
    """A foreground daemon.  Postfix, which is not one, overrides more."""

    name = ""
    program = None  # what make must have built for it, if anything

    def __init__(self, layout):
        self.layout = layout
        self.log = layout.path("log", self.name + ".log")
        self.daemon = None

    def command(self):
        """(argument list, descriptors to pass)"""
        raise NotImplementedError

    def probe(self):
        """Ask it something; raise OSError or HostError while it is not up."""
        raise NotImplementedError

    def start(self):
        command, descriptors = self.command()
        self.daemon = Daemon(command, self.log, descriptors, self.env())
        self.daemon.start()

    def env(self):
        return None

    def is_running(self):
        return self.daemon is not None and self.daemon.is_running()

    def pid(self):
        return self.daemon.pid() if self.daemon else None

    def why_ended(self):
        return self.daemon.why_ended() if self.daemon else "was not started"

    def stop(self):
        self.daemon.stop(STOP_SECONDS)

    def kill9(self):
        self.daemon.kill9()

    def restart(self):
        """Stop and start, as a service manager does: the next process begins
        while the children of the last may still be at work."""
        self.daemon.restart(STOP_SECONDS)

    def reload(self):
        self.daemon.reload()

    def log_files(self):
        return [self.log]

    def wait_ready(self, seconds):
        """Return when it answers; otherwise say why not, with its log."""
        end = time.monotonic() + seconds
        while True:
            try:
                return self.probe()
            except (OSError, HostError) as error:
                why = str(error) or type(error).__name__
            if not self.is_running():
                why = self.why_ended()
            elif time.monotonic() < end:
                time.sleep(0.03)
                continue
            else:
                why = "does not answer after %d s (%s)" % (seconds, why)
            raise HostError("%s %s\n%s" % (self.name, why, self.tail()))

    def tail(self):
        """The last lines of its logs."""
        lines = []
        for path in self.log_files():
            try:
                with open(path, errors="replace") as file:
                    found = file.read().splitlines()[-LOG_LINES:]
            except OSError:
                continue
            lines += ["%s: %s" % (os.path.basename(path), line)
                      for line in found]
        return "\n".join("  " + line for line in lines)


def expect(address, wanted, send=b"", seconds=2):
    """Connect, send, and require that the answer begins with `wanted`.

    `address` is a port on loopback or the path of a unix socket."""
    if isinstance(address, int):
        family, where = socket.AF_INET, (LOOPBACK, address)
    else:
        family, where = socket.AF_UNIX, address
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        connection.connect(where)
        if send:
            connection.sendall(send)
        got = connection.recv(4096)
        if not got.startswith(wanted):
            raise HostError("answered %r" % got[:80])
        return got
