"""layout - where the parts of one private host are, and their names

DIR is what the user named: env, sink/, events/, sesamectl, and `state`, a
link to the run-time directory below /var/tmp, which every unprivileged
daemon can reach whatever the modes above DIR are.
"""

import json
import os
import shutil
import tempfile

TESTS = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
ROOT = os.path.dirname(TESTS)
STATE_PARENT = "/var/tmp"
STATE_PREFIX = "sesame-"
MARK = "mailhost.json"  # the parameters of `up`; tells that a state is ours

ACCOUNT = "123456789012"
REGION = "us-east-1"
SERVICE_DOMAIN = "ses.sesame.test"
BOUNCE_DOMAIN = "bounce.sesame.test"
HOSTNAME = "mta.sesame.test"
LOOPBACK = "127.0.0.1"

# One port for each of these; 53-like ones serve UDP and TCP.
PORTS = ("http", "smtp", "inject", "inbound", "sink", "subscriber", "knot",
         "resolver")


class HostError(Exception):
    """Something a user of the host should read; no traceback."""


def build_dir():
    """Where make put the programs."""
    return os.path.abspath(os.environ.get("SESAME_BUILD") or
                           os.path.join(ROOT, "build"))


class Layout:
    """The paths of one host."""

    def __init__(self, directory, state, options):
        self.dir = os.path.abspath(directory)
        self.state = state
        self.options = options
        self.build = options["build"]
        self.ports = options["ports"]
        self.etc = self.path("etc")
        self.log = self.path("log")
        self.queue = self.path("queue")
        self.sockets = self.path("queue", "sesame")
        self.store = self.path("store")
        self.keys = self.path("keys")
        self.postfix_config = self.path("etc", "postfix")
        self.maillog = self.path("log", "maillog")
        self.config = self.path("etc", "sesame.conf")
        self.control = self.path("control")
        self.sink = os.path.join(self.dir, "sink")
        self.events = os.path.join(self.dir, "events")
        self.env = os.path.join(self.dir, "env")
        self.sesamectl = os.path.join(self.dir, "sesamectl")

    def path(self, *parts):
        return os.path.join(self.state, *parts)

    def clock(self, part):
        """The file that sets a part's clock, if there is one."""
        return self.path("etc", part + ".clock")

    def program(self, name):
        """A program or module that make built."""
        path = os.path.join(self.build, name)
        if not os.path.exists(path):
            raise HostError("%s is not built: run make all" % path)
        return path

    def address(self, port):
        return "%s:%d" % (LOOPBACK, self.ports[port])


def create(directory, options):
    """A fresh state directory for DIR; the old one, if down, goes away."""
    directory = os.path.abspath(directory)
    os.makedirs(directory, exist_ok=True)
    discard(directory)
    for name in ("sink", "events"):
        shutil.rmtree(os.path.join(directory, name), ignore_errors=True)
        os.mkdir(os.path.join(directory, name))
    state = tempfile.mkdtemp(prefix=STATE_PREFIX, dir=STATE_PARENT)
    os.chmod(state, 0o755)
    os.symlink(state, os.path.join(directory, "state"))
    with open(os.path.join(state, MARK), "w") as file:
        json.dump(options, file)
    for name in ("etc", "etc/postfix", "log", "run", "queue", "nginx",
                 "knot", "zones", "bin", "postfix"):
        os.mkdir(os.path.join(state, name), 0o755)
        os.chmod(os.path.join(state, name), 0o755)
    return Layout(directory, state, options)


def exists(directory):
    """Was a host ever started there?"""
    return os.path.exists(os.path.join(directory, "state", MARK))


def find(directory):
    """The layout of an existing host."""
    state = os.path.realpath(os.path.join(directory, "state"))
    try:
        with open(os.path.join(state, MARK)) as file:
            options = json.load(file)
    except (OSError, ValueError):
        raise HostError("%s: no private host was started there" % directory)
    return Layout(directory, state, options)


def discard(directory):
    """Remove the state directory that DIR/state links to, if it is ours."""
    link = os.path.join(directory, "state")
    if not os.path.islink(link):
        return
    state = os.path.realpath(link)
    ours = (os.path.dirname(state) == STATE_PARENT and
            os.path.basename(state).startswith(STATE_PREFIX) and
            os.path.exists(os.path.join(state, MARK)))
    if ours:
        shutil.rmtree(state, ignore_errors=True)
    os.unlink(link)
