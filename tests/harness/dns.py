"""dns - the private DNS: Knot with the zones, unbound in front of it

Knot holds the root, so that every name outside our zones does not exist, the
two zones of the service, and whatever `tests/mailhost dns` adds.  unbound is
the resolver everybody asks; it chases CNAMEs from one zone into another and
keeps nothing for long.  A zone's SOA and NS are always ours, with a serial
number that grows.  A zone may be a test's own (up --stub): unbound asks the
name servers at these addresses and Knot's port for it.
"""

import base64
import grp
import os
import re
import shutil
import time

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone

from harness.layout import (BOUNCE_DOMAIN, HOSTNAME, LOOPBACK,
                            SERVICE_DOMAIN, HostError)
from harness.part import Part
from harness.process import must

KNOT_CONF = """\
server:
    rundir: "{run}"
    pidfile: "{run}/knot.pid"
    user: root:root
    listen: {loopback}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: "{run}/knot.sock"
database:
    storage: "{storage}"
log:
  - target: stderr
    any: info
{updates}template:
  - id: default
    storage: "{zones}"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
"""

# Before the templates, on a host whose zones the agent keeps
# (up --dns-update); the acl says whose updates are taken.
KNOT_UPDATES = """\
key:
  - id: sesame
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: sesame
    key: sesame
    action: update
"""
KNOT_UPDATED = """\
    acl: sesame
    zonefile-sync: 0
    zonefile-load: whole
    journal-content: changes
"""
UPDATED_ZONES = (SERVICE_DOMAIN, BOUNCE_DOMAIN)

UNBOUND_CONF = """\
server:
    directory: "{state}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    do-daemonize: no
    num-threads: 1
    interface: {loopback}
    port: {port}
    access-control: 127.0.0.0/8 allow
    do-ip6: no
    do-not-query-localhost: no
    local-zone: "test." nodefault
    module-config: "iterator"
    qname-minimisation: no
    cache-max-ttl: 1
    cache-max-negative-ttl: 0
    infra-host-ttl: 1
    infra-keep-probing: yes
forward-zone:
    name: "."
    forward-addr: {loopback}@{knot}
{stubs}remote-control:
    control-enable: no
"""

STUB = """\
stub-zone:
    name: "{zone}"
"""
STUB_ADDRESS = """\
    stub-addr: {address}@{knot}
"""

OWN_ZONES = {
    ".": "",
    SERVICE_DOMAIN: "",
    BOUNCE_DOMAIN: "@ 300 IN MX 10 %s.\n@ 300 IN TXT \"v=spf1 ip4:%s -all\"\n"
                   % (HOSTNAME, LOOPBACK),
    HOSTNAME: "@ 300 IN A %s\n" % LOOPBACK,
}


def updates(layout):
    """Does the agent keep our zones?"""
    return layout.options.get("dns_update")


def secret(layout):
    """Of the key that lets it; made when it is first asked for."""
    path = layout.path("etc", "dns.key")
    if not os.path.exists(path):
        write_key(layout, base64.b64encode(os.urandom(32)).decode())
    with open(path) as file:
        return re.search(r'secret "(.*?)"', file.read()).group(1)


def write_key(layout, value, name="sesame"):
    """The agent's key file, as tsig-keygen prints it."""
    path = layout.path("etc", "dns.key")
    with open(path + ".new", "w") as file:
        os.chown(path + ".new", 0, grp.getgrnam("sesame-agent").gr_gid)
        os.chmod(path + ".new", 0o640)
        file.write('key "%s" {\n\talgorithm hmac-sha256;\n\tsecret "%s";\n'
                   '};\n' % (name, value))
    os.replace(path + ".new", path)


class Zones:
    """The zone files, and telling Knot of changes."""

    def __init__(self, layout):
        self.layout = layout
        self.serial = 0
        self.lines = {}  # of a zone, for its part of Knot's configuration

    def names(self):
        return sorted(name[:-len(".zone")].replace("root", ".")
                      if name == "root.zone" else name[:-len(".zone")]
                      for name in os.listdir(self.layout.path("zones"))
                      if name.endswith(".zone"))

    def file(self, zone):
        return self.layout.path("zones", (zone if zone != "." else "root") +
                                ".zone")

    def text(self, zone, records):
        """The whole zone; raises HostError when it is not one."""
        self.serial = max(self.serial + 1, int(time.time()))
        origin = zone if zone == "." else zone + "."
        head = ("$ORIGIN %s\n$TTL 300\n@ 300 IN SOA ns.%s. hostmaster.%s. %d"
                " 3600 600 86400 0\n@ 300 IN NS ns.%s.\n" % (
                    origin, SERVICE_DOMAIN, SERVICE_DOMAIN, self.serial,
                    SERVICE_DOMAIN))
        if zone == SERVICE_DOMAIN:
            head += "ns 300 IN A %s\n" % LOOPBACK
        # Of a zone as others print it, its own SOA is not wanted.
        body = "".join(line + "\n" for line in records.splitlines()
                       if not re.search(r"\sSOA\s", line))
        try:
            dns.zone.from_text(head + body, origin=origin, relativize=False)
        except (dns.exception.DNSException, ValueError) as error:
            raise HostError("zone %s: %s" % (zone, error or
                                             type(error).__name__))
        return head + body

    def write(self, zone, records):
        text = self.text(zone, records)
        path = self.file(zone)
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def write_config(self):
        layout = self.layout
        text = KNOT_CONF.format(
            run=layout.path("run"), loopback=LOOPBACK, zones=layout.path(
                "zones"), port=layout.ports["knot"],
            storage=layout.path("knot"), updates=KNOT_UPDATES.format(
                secret=secret(layout)) if updates(layout) else "")
        for zone in self.names():
            text += '  - domain: "%s"\n    file: "%s"\n' % (
                zone, self.file(zone))
            if updates(layout) and zone in UPDATED_ZONES:
                text += KNOT_UPDATED
            text += "".join("    %s\n" % line
                            for line in self.lines.get(zone, ()))
        path = layout.path("etc", "knot.conf")
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def put(self, zone, records, lines=()):
        """Add or replace a zone in the running Knot; back when it serves.
        The lines are for its part of Knot's configuration."""
        zone = zone.rstrip(".").lower() or "."
        if not re.fullmatch(r"\.|[a-z0-9_-]+(\.[a-z0-9_-]+)*", zone):
            raise HostError("%r is not the name of a zone" % zone)
        is_new = zone not in self.names()
        self.write(zone, records)
        if is_new or list(lines) != self.lines.get(zone, []):
            self.lines[zone] = list(lines)
            self.write_config()
            self.knotc("reload")
        else:
            self.knotc("-b", "zone-reload", zone)
        self.wait_serial(zone)

    def knotc(self, *words):
        must(["knotc", "-s", self.layout.path("run", "knot.sock")] +
             list(words))

    def wait_serial(self, zone):
        end = time.monotonic() + 5
        while True:
            found = ask(self.layout.ports["knot"], zone, "SOA", 2)
            if any(rdata.serial >= self.serial  # more when Knot signed it
                   for rrset in found.answer for rdata in rrset
                   if rdata.rdtype == dns.rdatatype.SOA):
                return
            if time.monotonic() > end:
                raise HostError("Knot does not serve zone %s" % zone)
            time.sleep(0.02)


def ask(port, name, kind, seconds=0.3):
    """One question over UDP; the answer message."""
    query = dns.message.make_query(name, kind)
    try:
        return dns.query.udp(query, LOOPBACK, timeout=seconds, port=port)
    except dns.exception.DNSException as error:
        raise HostError("DNS at port %d: %s" % (port, error))


class Knot(Part):
    name = "knot"

    def __init__(self, layout):
        super().__init__(layout)
        self.zones = Zones(layout)

    def configure(self):
        for zone, records in OWN_ZONES.items():
            if updates(self.layout) and zone in UPDATED_ZONES:
                records = ""
            self.zones.write(zone, records)
        self.zones.write_config()

    def command(self):
        return ["/usr/sbin/knotd", "-c",
                self.layout.path("etc", "knot.conf")], ()

    def probe(self):
        for zone in (SERVICE_DOMAIN, BOUNCE_DOMAIN):
            found = ask(self.layout.ports["knot"], zone, "SOA")
            if not found.answer:
                raise HostError("no zone %s yet" % zone)


class Unbound(Part):
    name = "unbound"

    def configure(self):
        layout = self.layout
        with open(layout.path("etc", "unbound.conf"), "w") as file:
            file.write(UNBOUND_CONF.format(
                state=layout.state, loopback=LOOPBACK,
                port=layout.ports["resolver"], knot=layout.ports["knot"],
                stubs="".join(map(self.stub, layout.options.get(
                    "stub", ())))))
        # A copy, because AppArmor confines the installed path to /etc.
        shutil.copy("/usr/sbin/unbound", layout.path("bin", "unbound"))

    def stub(self, given):
        """ZONE=ADDRESS[,ADDRESS...] as unbound spells it."""
        zone, _, addresses = given.partition("=")
        return STUB.format(zone=zone) + "".join(STUB_ADDRESS.format(
            address=address, knot=self.layout.ports["knot"])
            for address in addresses.split(","))

    def command(self):
        return [self.layout.path("bin", "unbound"), "-d", "-p", "-c",
                self.layout.path("etc", "unbound.conf")], ()

    def probe(self):
        found = ask(self.layout.ports["resolver"], "ns." + SERVICE_DOMAIN,
                    "A")
        if found.rcode() != dns.rcode.NOERROR or not found.answer:
            raise HostError("no answer through the resolver yet")
