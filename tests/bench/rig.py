"""rig - one private host with a service for the gate and one for each peer

All services are of the same Postfix, take the same messages from Postfix's
own smtp-source, and discard them once they are queued.  What differs is the
milter: none, one that accepts all, OpenDKIM that signs, the gate.
"""

import json
import os
import socket
import subprocess
import tempfile
import time

from harness import ports
from harness.host import Host, wait
from harness.process import descendants

DOMAIN = "bench.example"
SERVICE = "BENCH"
OPENDKIM = """\
Mode s
Domain %(domain)s
Selector bench
KeyFile %(dir)s/opendkim.pem
Canonicalization relaxed/simple
Socket local:%(dir)s/opendkim
UMask 000
UserID root
RequireSafeKeys no
Syslog no
"""


def cpu(pid):
    """Seconds of processor time that a process and its children have used.

    The gate's work is done by a child that its parent stands for."""
    total = 0
    for each in [pid] + descendants(pid):
        with open("/proc/%d/stat" % each) as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Rig:
    """With ed25519 = "no" the gate signs once, as OpenDKIM does.

    It makes no stock of key pairs: that is work of idle hours, not of a
    message."""

    def __init__(self, build, ed25519="no"):
        self.build = build
        self.host = Host.up(tempfile.mkdtemp(prefix="bench-"), "--set",
                            "bind = 123456789012 daemon=" + SERVICE,
                            "--set", "dkim_stock = 0",
                            "--set", "dkim_settle = 0ms",
                            "--set", "dkim_ed25519 = " + ed25519)
        self.dir = os.path.join(self.host.layout.queue, "bench")
        self.config = self.host.env["SESAME_POSTFIX_CONFIG"]
        self.peers, self.ports = {}, {}
        try:
            self.host.verify_domain(DOMAIN)
            wait(self.signing_keys, 2 if ed25519 == "yes" else 1, 60,
                 "the keys to sign with")
            os.mkdir(self.dir, 0o755)
            self.start_peers()
            self.add_services()
        except BaseException:
            self.down()
            raise

    def signing_keys(self):
        identity = self.host.sesamectl("identity", "show",
                                       self.host.env["SESAME_ACCOUNT"],
                                       DOMAIN, "--json")
        return [key for key in identity["dkim_keys"]
                if key["state"] == "CURRENT"]

    def start_peers(self):
        with open(os.path.join(self.dir, "opendkim.conf"), "w") as file:
            file.write(OPENDKIM % {"domain": DOMAIN, "dir": self.dir})
        subprocess.run(["openssl", "genrsa", "-traditional", "-out",
                        os.path.join(self.dir, "opendkim.pem"), "2048"],
                       check=True, stderr=subprocess.DEVNULL)
        self.start("opendkim", "/usr/sbin/opendkim", "-f", "-x",
                   os.path.join(self.dir, "opendkim.conf"))
        self.start("acceptall", os.path.join(self.build, "bench/acceptall"),
                   "local:" + os.path.join(self.dir, "acceptall"))

    def start(self, name, *command):
        self.peers[name] = subprocess.Popen(command)
        wait(lambda: [1] * os.path.exists(os.path.join(self.dir, name)),
             1, 10, "the socket of " + name)

    def add_services(self):
        """Each kind of service, and Postfix without delivery."""
        milters = {"none": "", "acceptall": "unix:bench/acceptall",
                   "opendkim": "unix:bench/opendkim",
                   "gate": "unix:sesame/milter"}
        self.postconf("-e", "default_transport=discard:",
                      "sender_dependent_default_transport_maps=",
                      "smtpd_client_connection_rate_limit=0")
        for kind, milter in milters.items():
            self.ports[kind] = port = free_port()
            self.postconf("-M", "127.0.0.1:%d/inet=127.0.0.1:%d inet n - n - "
                          "0 smtpd -o smtpd_milters=%s "
                          "-o mynetworks=127.0.0.0/8 "
                          "-o smtpd_relay_restrictions=permit_mynetworks,"
                          "reject -o smtpd_discard_ehlo_keywords=dsn "
                          "-o local_header_rewrite_clients= "
                          "-o milter_macro_daemon_name=%s" % (
                              port, port, milter, SERVICE))
        subprocess.run(["postfix", "-c", self.config, "reload"], check=True,
                       stderr=subprocess.DEVNULL)
        for port in self.ports.values():
            wait(lambda: greeted(port), 1, 20, "port %d" % port)

    def postconf(self, *words):
        subprocess.run(["postconf", "-c", self.config, *words], check=True)

    def send(self, kind, count, clients, size):
        """Seconds until count messages are in the queue."""
        start = time.monotonic()
        subprocess.run(["/usr/sbin/smtp-source", "-d", "-s", str(clients),
                        "-m", str(count), "-l", str(size), "-f",
                        "s@" + DOMAIN, "-t", "r@rcpt.example",
                        "127.0.0.1:%d" % self.ports[kind]], check=True)
        return time.monotonic() - start

    def rest(self):
        """Until the queue is empty, so that no round pays for the last."""
        wait(lambda: [1] * self.queue_is_empty(), 1, 300, "empty queue")

    def queue_is_empty(self):
        done = subprocess.run(["postqueue", "-c", self.config, "-j"],
                              capture_output=True, check=True)
        return not done.stdout.strip()

    def pid(self, kind):
        if kind in self.peers:
            return self.peers[kind].pid
        with open(self.host.layout.path("pids.json")) as file:
            return json.load(file)[kind][0]

    def down(self):
        for peer in self.peers.values():
            peer.terminate()
            peer.wait(10)
        self.host.down()
        self.host.remove()


def greeted(port):
    """A list with one element if somebody greets there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            return [1] * connection.recv(512).startswith(b"220 ")
    except OSError:
        return []


def free_port():
    holder = None
    while holder is None:
        port = ports.LOW + int.from_bytes(os.urandom(2), "big") % (
            ports.HIGH - ports.LOW)
        holder = ports.claim(port)
    holder.close()
    return port
