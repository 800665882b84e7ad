"""postfix - the private Postfix instance

What Sesame wants of it is what conf-examples says.  Four smtpd services:
submission for SMTP clients, injection for nginx, the inbound one that a port
25 would be, and what pickup brings.  Everything that leaves goes to the sink
(or --relay); what is for the bounce domain goes to the agent by LMTP.  No DNS.
"""

import contextlib
import fcntl
import grp
import os
import pwd

from harness import example
from harness.layout import BOUNCE_DOMAIN, HOSTNAME, LOOPBACK, HostError
from harness.part import Part, expect
from harness.process import (command_name, descendants, kill_tree, must,
                             run, start_time, wait_gone)

QUEUED_LINES = 512  # of the log
POOL_ADDRESS = "127.0.0.2"  # what the pool's messages come from

# A Postfix of its own, before Sesame came; no DNS, everything to one host, and
# no patience.
PRIVATE = """\
compatibility_level = 3.7
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {maillog}
maillog_file_prefixes = {state}
maillog_file_compressor = /bin/true
inet_protocols = ipv4
inet_interfaces = {loopback}
myhostname = {hostname}
myorigin = sesame.test
mydestination =
local_transport = error:no local delivery
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
    reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
recipient_delimiter =
biff = no
notify_classes =
in_flow_delay = 0
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
relayhost = {relay}
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
transport_retry_time = 2s
"""

INBOUND_SERVICE = """\
{loopback}:{inbound} inet n - n       -       -       smtpd
  -o mynetworks=
  -o smtpd_discard_ehlo_keywords=dsn
  -o milter_macro_daemon_name=INBOUND
"""

INTERNALS = """\
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""


def joined(*texts):
    """One main.cf of several: what is said last counts."""
    lines, name = {}, None
    for line in "".join(texts).splitlines():
        if line[:1].isspace():
            lines[name] += "\n" + line
        elif line and not line.startswith("#"):
            name = line.partition("=")[0].strip()
            lines[name] = line
    return "".join(line + "\n" for line in lines.values())


@contextlib.contextmanager
def log_queue():
    """Postfix's log socket gets the queue that systemd gives every socket.

    The kernel's own default is 10 lines: when postlogd is killed under load
    they fill it before master can start another, and master, who writes a
    line of it first, waits for ever, and all of Postfix with it.

    One host at a time: another would take our length for the one that was.
    """
    name = "/proc/sys/net/unix/max_dgram_qlen"
    with open(name) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = int(lock.read())
        try:
            if before < QUEUED_LINES:
                with open(name, "w") as file:
                    file.write("%d" % QUEUED_LINES)
        except OSError:
            before = QUEUED_LINES  # read-only here: it stays as it is
        try:
            yield
        finally:
            if before < QUEUED_LINES:
                with open(name, "w") as file:
                    file.write("%d" % before)


class Postfix(Part):
    name = "postfix"
    services = ("inbound", "inject", "smtp")  # that answer when it is up

    def __init__(self, layout):
        super().__init__(layout)
        self.etc = layout.postfix_config
        self.queue = layout.queue
        self.data = layout.path("postfix")
        self.maillog = layout.maillog
        self.relay = layout.options.get("relay")

    def log_files(self):
        return [self.log, self.maillog]

    def values(self):
        """What the templates name."""
        layout = self.layout
        host, port = LOOPBACK, layout.ports["sink"]
        if self.relay:
            host, _, port = self.relay.rpartition(":")
        return dict(layout.ports, state=layout.state, etc=self.etc,
                    queue=self.queue, data=self.data, maillog=self.maillog,
                    loopback=LOOPBACK, hostname=HOSTNAME,
                    relay="[%s]:%s" % (host.strip("[]"), port))

    def sesame_main_cf(self):
        """Sesame's lines, of every purpose."""
        etc = ("/etc/postfix/", self.etc + "/")
        bounce = ("bounce.example.net", BOUNCE_DOMAIN)
        return (example.text("postfix/main.cf", bounce,
                             ("/var/log/postfix/maillog", self.maillog)) +
                example.text("postfix/mail-from.cf", bounce) +
                example.text("postfix/pools.cf", etc) +
                example.text("postfix/shared-pool.cf", etc))

    def sesame_master_cf(self):
        ports = self.layout.ports
        # A loopback source address reaches loopback hosts only.
        source = ("smtp_bind_address=203.0.113.10",
                  "smtp_bind_address=" + ("" if self.relay else POOL_ADDRESS))
        return (example.text("postfix/master.cf",
                             ("127.0.0.1:10025 inet", "%s:%d inet" % (
                                 LOOPBACK, ports["inject"])),
                             ("submission inet", "%s:%d inet" % (
                                 LOOPBACK, ports["smtp"])),
                             ("/etc/ssl/certs/email.example.net.pem",
                              self.etc + "/cert.pem"),
                             ("/etc/ssl/private/email.example.net.key",
                              self.etc + "/key.pem")) +
                example.text("postfix/shared-pool-master.cf", source,
                             ("mail.example.net", "a." + HOSTNAME)))

    def main_cf(self):
        return joined(PRIVATE.format(**self.values()), self.sesame_main_cf())

    def master_cf(self):
        return (self.sesame_master_cf() +
                (INBOUND_SERVICE + INTERNALS).format(**self.values()))

    def configure(self):
        files = {"main.cf": self.main_cf(), "master.cf": self.master_cf(),
                 "sesame-addresses.pcre": "",
                 "sesame-pools.pcre": example.text(
                     "postfix/sesame-pools.pcre")}
        for name, text in files.items():
            with open(os.path.join(self.etc, name), "w") as file:
                file.write(text)
        must(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
              "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
              "-subj", "/CN=" + HOSTNAME, "-addext",
              "subjectAltName=DNS:%s,DNS:localhost,IP:%s" % (HOSTNAME,
                                                             LOOPBACK),
              "-keyout", os.path.join(self.etc, "key.pem"),
              "-out", os.path.join(self.etc, "cert.pem")])
        os.chmod(os.path.join(self.etc, "key.pem"), 0o600)
        os.chown(self.data, pwd.getpwnam("postfix").pw_uid,
                 grp.getgrnam("postfix").gr_gid)

    def start(self):
        with log_queue():
            done = run(["/usr/sbin/postfix", "-c", self.etc, "start"])
        with open(self.log, "a") as log:
            log.write(done.stdout)
        if done.returncode:
            raise HostError("postfix start: %s\n%s" % (done.stdout.strip(),
                                                       self.tail()))

    def pid(self):
        """The id of the master process, if it runs."""
        try:
            with open(os.path.join(self.queue, "pid", "master.pid")) as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return None
        if start_time(pid) is None or command_name(pid) != "master":
            return None
        try:
            data = os.stat("/proc/%d/cwd" % pid)
            queue = os.stat(self.queue)
        except OSError:
            return None
        return pid if (data.st_dev, data.st_ino) == (
            queue.st_dev, queue.st_ino) else None

    def is_running(self):
        return self.pid() is not None

    def why_ended(self):
        return "is running" if self.is_running() else "does not run"

    def stop(self):
        pid = self.pid()
        times = {child: start_time(child)
                 for child in [pid] + descendants(pid)}
        must(["/usr/sbin/postfix", "-c", self.etc, "stop"])
        if not wait_gone(times, 15):
            raise HostError("processes of Postfix are left after its stop")

    def kill9(self):
        wait_gone(kill_tree(self.pid()), 5)

    def kill9_child(self, name):
        """kill -9 of one of its processes; master starts it anew on need."""
        found = [pid for pid in descendants(self.pid())
                 if command_name(pid) == name]
        if not found:
            raise HostError("no %s is running" % name)
        for pid in found:
            started = start_time(pid)
            os.kill(pid, 9)
            wait_gone({pid: started}, 5)

    def probe(self):
        for port in self.services:
            expect(self.layout.ports[port], b"220 ", seconds=5)
