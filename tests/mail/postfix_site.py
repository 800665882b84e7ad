"""postfix_site - the configuration directory of a Postfix, for sesamectl

What Debian's package writes, in a directory of its own; nothing runs.  The
sockets for Postfix are there, with nobody behind them.
"""

import grp
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile

from harness import example
from harness.layout import build_dir

SESAME = """\
service_domain = ses.example.net
bounce_domain = bounce.example.net
public_url = https://email.example.net
postfix_config = {dir}/etc
maillog = {dir}/log/maillog
milter_socket = unix:{dir}/queue/sesame/milter
auth_socket = unix:{dir}/queue/sesame/auth
lmtp_socket = unix:{dir}/queue/sesame/lmtp
"""

# What the package's questions add to main.cf.debian.
DEBIAN = """\
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated \
defer_unauth_destination
myhostname = mail.example.net
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = $myhostname, localhost.example.net, localhost
relayhost =
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
"""

PRIVATE = """\
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {dir}
"""


def read(path):
    with open(path) as file:
        return file.read()


class Site:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sesame-postfix-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.conf = self.path("sesame.conf")
        self.main = self.path("etc", "main.cf")
        self.master = self.path("etc", "master.cf")
        self.sockets = self.path("queue", "sesame")
        for name in ("etc", "queue", "data", "log"):
            os.mkdir(self.path(name), 0o755)
        shutil.chown(self.path("data"), "postfix")
        self.open_sockets()

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def remove(self):
        shutil.rmtree(self.dir)

    def open_sockets(self):
        group = grp.getgrnam("postfix").gr_gid
        shutil.rmtree(self.sockets, ignore_errors=True)
        os.mkdir(self.sockets)
        os.chown(self.sockets, 0, group)
        os.chmod(self.sockets, 0o750)
        for name in ("milter", "auth", "lmtp"):
            path = os.path.join(self.sockets, name)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
            os.chown(path, 0, group)
            os.chmod(path, 0o660)

    # --- configurations

    def write(self, main, master):
        """These, with our paths; sesame.conf anew."""
        for path, text in ((self.main, main), (self.master, master),
                           (self.conf, SESAME)):
            with open(path, "w") as file:
                file.write(text.replace("{dir}", self.dir))

    def plain(self):
        """As a fresh Debian package leaves it."""
        self.write(read("/usr/share/postfix/main.cf.debian") + DEBIAN +
                   PRIVATE, read("/usr/share/postfix/master.cf.dist"))

    def joined(self):
        """The same with the lines of conf-examples."""
        self.plain()
        with open(self.main, "a") as file:
            file.write(example.text("postfix/main.cf", (
                "/var/log/postfix", self.path("log"))))
        with open(self.master, "a") as file:
            file.write(example.text("postfix/master.cf"))

    def set_main(self, name, value):
        """A line of main.cf, in place of the one that is there."""
        text = re.sub(r"(?m)^%s *=.*\n(?:[ \t].*\n)*" % name, "",
                      read(self.main))
        with open(self.main, "w") as file:
            file.write(text + "%s = %s\n" % (name, value.replace(
                "{dir}", self.dir)))

    def set_option(self, service, name, value):
        """An -o of a service (its line begins so); None removes it."""
        entries = re.split(r"(?m)^(?=[^\s#])", read(self.master))
        found = [i for i, text in enumerate(entries)
                 if re.match(service + r"\s", text)]
        assert len(found) == 1, service
        text = re.sub(r"(?m)^ +-o %s=.*\n" % name, "", entries[found[0]])
        if value is not None:
            head, _, rest = text.partition("\n")
            text = "%s\n  -o %s=%s\n%s" % (head, name, value.replace(
                "{dir}", self.dir), rest)
        entries[found[0]] = text
        with open(self.master, "w") as file:
            file.write("".join(entries))

    def set_line(self, service, line):
        """The first line of a service; "" removes it and its options."""
        text = read(self.master)
        pattern = r"(?m)^%s\s.*\n" % service
        if not line:
            pattern += r"(?:[ \t].*\n)*"
        changed, count = re.subn(pattern, line and line + "\n", text)
        assert count == 1, service
        with open(self.master, "w") as file:
            file.write(changed)

    def set_conf(self, name, value):
        """An option of sesame.conf."""
        text = re.sub(r"(?m)^%s =.*\n" % name, "", read(self.conf))
        with open(self.conf, "w") as file:
            file.write(text + "%s = %s\n" % (name, value.replace(
                "{dir}", self.dir)))

    # --- sesamectl and Postfix's own programs

    def run(self, *words, **keywords):
        keywords.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            self.with_queue(os.path.join(build_dir(), "sesamectl"), "-c",
                            self.conf, "postfix", *words),
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=120, **keywords)

    def with_queue(self, *command, lines=512):
        """The command where the log's queue has that length, whatever the
        machine's is."""
        with open(self.path("qlen"), "w") as file:
            file.write("%d\n" % lines)
        return ["unshare", "-m", "sh", "-c",
                'mount --bind "$0" /proc/sys/net/unix/max_dgram_qlen && '
                'exec "$@"', self.path("qlen"), *command]

    def show(self, *words):
        done = self.run("--show", "--json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def check(self):
        """The findings; the exit status agrees."""
        done = self.run("--check", "--json")
        assert done.returncode in (0, 1), done.stderr
        found = json.loads(done.stdout)
        assert done.returncode == (1 if found else 0), done.stderr
        return found

    def shell(self, command):
        """Run a remedy, as it was printed."""
        path = "%s:/usr/sbin:/usr/bin:/sbin:/bin" % build_dir()
        done = subprocess.run(command, shell=True, text=True,
                              env={"PATH": path}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        assert done.returncode == 0, command + "\n" + done.stdout

    def postconf(self, *words):
        return subprocess.run(
            ["/usr/sbin/postconf", "-c", self.path("etc")] + list(words),
            text=True, check=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout

    def files(self):
        return read(self.main), read(self.master)
