"""machine - a Debian of its own in a container, with Sesame installed in it

A tree from Debian's packages (made once, kept as a tar below the build
directory), `make install`, and systemd-nspawn --boot on a network of its own.
This process joins that network, so that clients, DNS, sink and subscriber
meet the machine's servers on its loopback.  Everything in it is as README
says; only names, the way out and the patience are the tests'.
"""

import ctypes
import glob
import hashlib
import json
import os
import re
import shutil
import tempfile
import time

import boto3

from harness import layout as layouts
from harness.dns import Knot, Unbound
from harness.host import Host, wait
from harness.layout import (ACCOUNT, BOUNCE_DOMAIN, LOOPBACK, REGION, ROOT,
                            SERVICE_DOMAIN, HostError)
from harness.outside import Sink, Subscriber
from harness.process import (Daemon, command_name, descendants, must, run,
                             start_time)

# What the installed programs and the examples need.
PACKAGES = ("systemd-sysv", "postfix", "postfix-pcre", "nginx", "logrotate",
            "libopendkim11", "liblmdb0", "libcjson1", "libidn2-0",
            "libgmime-3.0-0", "libcurl4", "libunbound8", "libldns3",
            "libsystemd0")
RELEASE = "bookworm"
CLONE_NEWNET = 0x40000000
PORTS = {"sink": 2525, "subscriber": 8025, "knot": 5353, "resolver": 53,
         "http": 443, "smtp": 587, "inject": 10025, "inbound": 25}
PLAIN = 8080  # nginx without TLS: the subscriber gets confirmation links
UNITS = ("sesame-milter.socket", "sesame-agent.socket",
         "sesame-milter.service", "sesame-agent.service")
CONF = {
    "region": REGION, "service_domain": SERVICE_DOMAIN,
    "bounce_domain": BOUNCE_DOMAIN, "public_url": "http://%s:%d" % (LOOPBACK, PLAIN),
    "resolver": "%s:%d" % (LOOPBACK, PORTS["resolver"]),
    "dns_port": "%d" % PORTS["knot"], "map_size": "1g",
    "pool_map": "/etc/postfix/sesame-addresses.pcre",
    "allow_private_destinations": "yes", "verify_retry_min": "1s",
    "publish_retry_min": "200ms", "publish_retry_max": "2s",
    "drain_timeout": "10m",
}
# The way out, without DNS; and no patience.
MAIN_CF = ("relayhost = [%s]:%d" % (LOOPBACK, PORTS["sink"]),
           "mydestination = localhost", "smtp_tls_security_level = none",
           "queue_run_delay = 2s", "minimal_backoff_time = 2s",
           "maximal_backoff_time = 4s", "transport_retry_time = 2s",
           "smtpd_client_connection_count_limit = 0")


def base(build):
    """The tar of the tree before `make install`; made when it is missing."""
    folder = os.path.join(build, "container")
    name = hashlib.sha256(" ".join((RELEASE,) + PACKAGES).encode())
    path = os.path.join(folder, "base-%s.tar" % name.hexdigest()[:12])
    if os.path.exists(path):
        return path
    os.makedirs(folder, exist_ok=True)
    sources = glob.glob("/etc/apt/sources.list.d/*.sources") + glob.glob(
        "/etc/apt/sources.list.d/*.list") + [
            name for name in ("/etc/apt/sources.list",)
            if os.path.exists(name)]
    must(["mmdebstrap", "--variant=minbase", "--mode=root", "--quiet",
          "--include=" + ",".join(PACKAGES), RELEASE, path + ".new.tar"] +
         sources, timeout=1800)
    os.replace(path + ".new.tar", path)
    return path


def setns(path):
    """This thread, and those that it starts, join a network."""
    fd = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), path)
    finally:
        os.close(fd)


class Machine(Host):
    """As a Host, with systemd's words for what is stopped and started."""

    def __init__(self, build):
        self.build = build
        folder = os.path.join(build, "container")
        os.makedirs(folder, exist_ok=True)
        tar = base(build)
        self.dir = tempfile.mkdtemp(prefix="machine-", dir=folder)
        self.root = os.path.join(self.dir, "root")
        os.mkdir(self.root, 0o755)
        must(["tar", "-x", "-p", "--numeric-owner", "-f", tar, "-C",
              self.root], timeout=600)
        self.layout = layouts.create(self.dir, {"build": build,
                                                "ports": PORTS})
        self.network = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.session = boto3.session.Session()
        self.nspawn = Daemon(
            ["systemd-nspawn", "--quiet", "--boot", "--register=no",
             "--keep-unit", "--private-network", "--resolv-conf=off",
             "--timezone=off", "--link-journal=no", "--machine=" + self.name(),
             "--directory=" + self.root],
            os.path.join(self.dir, "console.log"))
        self.env = {}
        self.parts = [kind(self.layout) for kind in (Knot, Unbound, Sink,
                                                     Subscriber)]
        self.knot = self.parts[0]

    # --- the machine

    def name(self):
        return "sesame-%d" % os.getpid()

    def boot(self):
        self.nspawn.start()
        self.arrive()

    def arrive(self):
        """Wait until it has booted; join it, and serve it."""
        self.leader = self.wait_leader()
        setns("/proc/%d/ns/net" % self.leader)
        self.write("pid", "%d\n" % self.leader)
        for part in self.parts:
            part.start()
        for part in self.parts:
            part.wait_ready(30)
        self.wait_booted()

    def wait_leader(self, seconds=60):
        """Its process 1, as this machine sees it."""
        end = time.monotonic() + seconds
        while self.nspawn.is_running() and time.monotonic() < end:
            for pid in descendants(self.nspawn.pid()):
                if command_name(pid) == "systemd" and self.is_first(pid):
                    return pid
            time.sleep(0.05)
        raise HostError("the container does not boot\n" + self.console())

    def is_first(self, pid):
        try:
            with open("/proc/%d/status" % pid) as file:
                return any(line.split()[:1] == ["NSpid:"] and
                           line.split()[-1] == "1" for line in file)
        except OSError:
            return False

    def wait_booted(self, seconds=90):
        end = time.monotonic() + seconds
        state = ""
        while time.monotonic() < end:
            state = self.inside("systemctl", "is-system-running",
                                check=False).strip()
            if state in ("running", "degraded"):
                return
            time.sleep(0.2)
        raise HostError("the container is still %s\n%s" % (
            state, self.inside("systemctl", "list-jobs", check=False)))

    def reboot(self):
        """Tell it to; back when it is up again."""
        started = start_time(self.leader)
        for part in self.parts:
            part.stop()
        self.inside("systemctl", "reboot", "--no-block", check=False)
        end = time.monotonic() + 120
        while start_time(self.leader) == started:
            if time.monotonic() > end:
                raise HostError("it does not go down\n" + self.console())
            time.sleep(0.1)
        try:
            self.arrive()
        except HostError:
            if self.nspawn.is_running():
                raise
            self.boot()  # it cannot reboot where /run is on a disk

    def down(self):
        for part in reversed(self.parts):
            if part.is_running():
                part.stop()
        if self.nspawn.is_running():
            self.nspawn.kill9()
        setns("/proc/self/fd/%d" % self.network)
        os.close(self.network)
        shutil.rmtree("/run/systemd/nspawn/propagate/" + self.name(),
                      ignore_errors=True)

    def console(self):
        with open(self.nspawn.log, errors="replace") as file:
            return file.read()[-4000:]

    def inside(self, *command, check=True, **keywords):
        """A command in it; what it printed."""
        done = run(["nsenter", "-t", str(self.leader), "-a", "--"] +
                   [str(word) for word in command], **keywords)
        if check and done.returncode:
            raise HostError("%s: exit status %d: %s" % (
                " ".join(map(str, command)), done.returncode, done.stdout))
        return done.stdout

    def path(self, name):
        """Of a file of the machine, here."""
        return os.path.join(self.root, name.lstrip("/"))

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def put(self, name, text, mode=0o644):
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def write(self, name, text, mode=0o644):
        """A file of ours, beside the machine."""
        with open(os.path.join(self.dir, name), "w") as file:
            file.write(text)
        os.chmod(os.path.join(self.dir, name), mode)

    # --- Sesame in it, before the first boot

    def install(self):
        """README's first step, and the configuration of the others."""
        must(["make", "-s", "-C", ROOT, "B=" + self.build, "install",
              "DESTDIR=" + self.root, "PREFIX=/usr"], timeout=900)
        self.put("etc/hostname", "mta.sesame.test\n")
        self.put("etc/resolv.conf", "nameserver %s\n" % LOOPBACK)
        examples = self.path("usr/share/doc/sesame/examples")
        os.makedirs(self.path("etc/sesame"), exist_ok=True)
        with open(os.path.join(examples, "sesame.conf")) as file:
            kept = [line for line in file
                    if line.partition("=")[0].strip() not in CONF]
        self.put("etc/sesame/sesame.conf", "".join(kept) + "".join(
            "%s = %s\n" % item for item in CONF.items()))
        self.certificate()
        self.nginx(os.path.join(examples, "nginx"))
        for part in self.parts:
            part.configure()

    def certificate(self):
        cert, key = (self.path("etc/ssl/" + name) for name in (
            "certs/email.example.net.pem", "private/email.example.net.key"))
        must(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
              "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
              "/CN=" + LOOPBACK, "-addext", "subjectAltName=IP:" + LOOPBACK,
              "-keyout", key, "-out", cert])
        os.chmod(key, 0o600)

    def nginx(self, examples):
        """README's step; plain HTTP beside TLS."""
        name = "50-mod-http-sesame.conf"
        with open(os.path.join(examples, name)) as file:
            self.put("etc/nginx/modules-enabled/" + name, file.read())
        old = self.read("etc/nginx/nginx.conf")
        assert "user www-data;\n" in old
        self.put("etc/nginx/nginx.conf", old.replace(
            "user www-data;\n", "user www-data sesame;\n"))
        with open(os.path.join(examples, "sesame.conf")) as file:
            server = file.read().replace("email.example.net;", LOOPBACK + ";",
                                         1)
        self.put("etc/nginx/conf.d/sesame.conf", server.replace(
            "    listen 443", "    listen %s:%d;\n    listen 443" % (
                LOOPBACK, PLAIN), 1))

    # --- and after it

    def join(self):
        """README's other steps; the first account."""
        self.inside("systemd-sysusers")
        self.inside("systemd-tmpfiles", "--create")
        keys = json.loads(self.inside("sesamectl", "init", "--account",
                                      ACCOUNT, "--json"))
        self.inside("sesamectl", "production", "grant", ACCOUNT)
        self.inside("sesamectl", "quota", "set", ACCOUNT, "--max24", "-1",
                    "--rate", "-1")
        for line in MAIN_CF:
            self.inside("postconf", "-e", line)
        self.inside("sesamectl", "postfix", "--apply", "--yes", "--feature",
                    "all")
        self.inside("systemctl", "daemon-reload")
        self.inside("systemctl", "enable", "--now", *UNITS)
        self.inside("postfix", "reload")
        self.inside("nginx", "-t")
        self.inside("systemctl", "restart", "nginx")
        self.tell(keys)

    def tell(self, keys):
        self.write("sesamectl", "#!/bin/sh\nexec nsenter -t $(cat %s/pid) -a "
                   "-- sesamectl \"$@\"\n" % self.dir, 0o755)
        self.env = {
            "SESAME_ENDPOINT": "https://" + LOOPBACK, "SESAME_REGION": REGION,
            "SESAME_ACCOUNT": ACCOUNT,
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
            "AWS_CA_BUNDLE": self.path("etc/ssl/certs/email.example.net.pem"),
            "SESAME_SMTP": "%s:%d" % (LOOPBACK, PORTS["smtp"]),
            "SESAME_SMTP_USER": keys["smtp_user"],
            "SESAME_SMTP_PASSWORD": keys["smtp_password"],
            "SESAME_INBOUND": "%s:%d" % (LOOPBACK, PORTS["inbound"]),
            "SESAME_SINK": self.layout.sink,
            "SESAME_EVENTS": self.layout.events,
            "SESAME_SUBSCRIBER": "http://%s:%d" % (LOOPBACK,
                                                   PORTS["subscriber"]),
            "SESAME_DNS": "%s:%d" % (LOOPBACK, PORTS["resolver"]),
            "SESAMECTL": os.path.join(self.dir, "sesamectl"),
        }

    def client(self, service, key=None, endpoint=None, **config):
        return self.session.client(
            service, endpoint_url=endpoint or self.env["SESAME_ENDPOINT"],
            region_name=REGION, verify=self.env["AWS_CA_BUNDLE"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            config=boto3.session.Config(**config))

    def dns(self, zone, records):
        self.knot.zones.put(zone, records)

    def publish_dns(self, domain, records="", account=None):
        """With the service's zone, which holds the keys."""
        super().publish_dns(domain, records, account)
        token = re.match(r"\w+", self.sesamectl("identity", "records", domain,
                                                "--zone"))[0]
        text = wait(lambda: [text for text in [
            self.sesamectl("identity", "records", "--service")]
            if re.search(token + r'\.dkim\.\S+ .*"v=DKIM1; k=', text)],
            1, 30, "key of " + domain)[0]
        self.dns(SERVICE_DOMAIN, text)

    def settle(self, seconds=60):
        """Wait until it is at rest, as settle.py does.  What Postfix was
        writing when it was stopped stays: it has no recipients yet, and is
        proven by absence only after a quarter of an hour."""
        end, before = time.monotonic() + seconds, None
        while True:
            status = self.sesamectl("status", "--json")
            log = os.stat(self.path("var/log/postfix/maillog")).st_size
            queue = [line for line in self.inside("postqueue", "-j").split(
                "\n") if line and json.loads(line)["recipients"]]
            rest = (not queue and status["maillog"]["offset"] >= log and
                    not status["open"] and not any(row.get("lag") for row in status["destinations"]))
            progress = log, status["events_end"], rest
            if rest and progress == before:
                return
            before = progress
            if time.monotonic() > end:
                raise HostError("not settled after %g s: %s\n%s" % (
                    seconds, status, "\n".join(queue)))
            time.sleep(0.2)

    def remove(self):
        shutil.rmtree(self.layout.state, ignore_errors=True)
        shutil.rmtree(self.dir, ignore_errors=True)
