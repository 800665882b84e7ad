"""sesame - the gate and the agent of a private host, and its sesame.conf

Their listening sockets are opened here, once, and outlive them: a gate that
was killed is started again on the same ones, as it would be by systemd.
"""

import grp
import json
import os
import re
import shlex
import socket
import struct

from harness import example
from harness.layout import (ACCOUNT, BOUNCE_DOMAIN, LOOPBACK, REGION,
                            SERVICE_DOMAIN, HostError)
from harness import process
from harness.part import Part, expect
from harness.process import run

# What differs from conf-examples/sesame.conf.
CONF = """\
region = {region}
store = {store}
map_size = 4g
key_directory = {keys}
service_domain = {service}
bounce_domain = {bounce}
public_url = http://{loopback}:{http}
resolver = {loopback}:{resolver}
dns_port = {knot}
milter_socket = unix:{sockets}/milter
auth_socket = unix:{sockets}/auth
lmtp_socket = unix:{sockets}/lmtp
postfix_config = {postfix}
maillog = {maillog}
inject = {loopback}:{inject}
eom_timeout = 5s
drain_timeout = 1s
reconcile_grace = 3s
publish_retry_min = 200ms
publish_retry_max = 2s
publish_timeout = 5s
verify_retry_min = 1s
verify_retry_max = 5s
allow_private_destinations = yes
"""

# An option negotiation as Postfix sends it: version 6, all actions and steps.
MILTER_HELLO = struct.pack("!IcIII", 13, b"O", 6, 0x1ff, 0x1fffff)


def set_option(text, line):
    """The text with this line in the place of the example's."""
    changed, count = re.subn(r"(?m)^#?%s =.*$" % line.partition(" ")[0],
                             lambda match: line, text)
    if count != 1:
        raise HostError("the example of sesame.conf has %d places for %r" % (
            count, line))
    return changed


def config_text(layout):
    """The example with our lines, and with those of `up --set` instead."""
    text = example.text("sesame.conf")
    for line in CONF.format(
            region=REGION, store=layout.store, keys=layout.keys,
            service=SERVICE_DOMAIN, bounce=BOUNCE_DOMAIN, loopback=LOOPBACK,
            sockets=layout.sockets, postfix=layout.postfix_config,
            maillog=layout.maillog, **layout.ports).splitlines():
        text = set_option(text, line)
    lines = layout.options.get("set", [])
    if layout.options.get("dns_update"):
        text = set_option(text, "dns_update = %s:%d %s %s %s" % (
            LOOPBACK, layout.ports["knot"], layout.path("etc", "dns.key"),
            SERVICE_DOMAIN, BOUNCE_DOMAIN))
    names = [line.partition("=")[0].strip() for line in lines]
    kept = [line for line in text.splitlines()
            if line.partition("=")[0].strip() not in names]
    return "".join(line + "\n" for line in kept + lines)


def write_config(layout):
    with open(layout.config, "w") as file:
        file.write(config_text(layout))
    with open(layout.sesamectl, "w") as file:
        file.write("#!/bin/sh\n# sesamectl, bound to this private host\n"
                   "exec %s -c %s \"$@\"\n" % (
                       shlex.quote(layout.program("sesamectl")),
                       shlex.quote(layout.config)))
    os.chmod(layout.sesamectl, 0o755)


def sesamectl(layout, *words):
    """Run sesamectl on this host; its output, or HostError."""
    done = run([layout.program("sesamectl"), "-c", layout.config] +
               list(words))
    if done.returncode:
        raise HostError("sesamectl %s: exit status %d: %s" % (
            " ".join(words), done.returncode, done.stdout.strip()))
    return done.stdout


def make_store(layout):
    """Store, account and key as `up` was told; the credentials."""
    options = layout.options
    out = sesamectl(layout, "init", "--account", ACCOUNT, "--json")
    try:
        keys = json.loads(out)
    except ValueError:
        raise HostError("sesamectl init printed no JSON: %s" % out.strip())
    if not options.get("sandbox"):
        sesamectl(layout, "production", "grant", ACCOUNT)
    sesamectl(layout, "quota", "set", ACCOUNT,
              "--max24", "%g" % options.get("quota", -1),
              "--rate", "%g" % options.get("rate", -1))
    return keys


def listen(layout, name):
    """A listening socket for Postfix: root:postfix 0660, not blocking."""
    os.makedirs(layout.sockets, exist_ok=True)
    group = grp.getgrnam("postfix").gr_gid
    os.chown(layout.sockets, 0, group)
    os.chmod(layout.sockets, 0o750)
    path = os.path.join(layout.sockets, name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chown(path, 0, group)
    os.chmod(path, 0o660)
    listener.listen(512)
    listener.setblocking(False)
    return listener


class Program(Part):
    """One of ours.  Host.set_clock gives it a clock of its own."""

    def env(self):
        return process.clock(self.layout.clock(self.name), self.layout.build)


class Gate(Program):
    name = "gate"
    program = "sesame-milter"

    def configure(self):
        self.milter = listen(self.layout, "milter")
        self.auth = listen(self.layout, "auth")

    def command(self):
        descriptors = self.milter.fileno(), self.auth.fileno()
        return [self.layout.program(self.program), "-c", self.layout.config,
                "--milter", "fd:%d" % descriptors[0],
                "--auth", "fd:%d" % descriptors[1]], descriptors

    def probe(self):
        sockets = self.layout.sockets
        expect(os.path.join(sockets, "auth"), b"VERSION\t1\t")
        got = expect(os.path.join(sockets, "milter"), b"\0\0\0", MILTER_HELLO)
        if got[4:5] != b"O":
            raise HostError("the milter answered %r" % got[:16])


class Agent(Program):
    name = "agent"
    program = "sesame-agent"

    def configure(self):
        self.lmtp = listen(self.layout, "lmtp")

    def command(self):
        descriptor = self.lmtp.fileno()
        return [self.layout.program(self.program), "-c", self.layout.config,
                "--lmtp", "fd:%d" % descriptor], (descriptor,)

    def probe(self):
        expect(os.path.join(self.layout.sockets, "lmtp"), b"220 ")
