"""process - start, watch and end processes, by id only

A process is known by its id and its start time, so that a reused id is never
taken for it.
"""

import os
import signal
import subprocess
import time

from harness.layout import HostError

FAKETIME = "/usr/$LIB/faketime/libfaketimeMT.so.1"  # package faketime
STEADY = os.path.join(os.path.dirname(__file__), "steady.c")
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
           "HOME": "/", "TZ": os.environ.get("TZ", "")}


def environ(**more):
    """The environment of a daemon: nothing of the caller's but the zone."""
    env = {name: value for name, value in ENVIRON.items()
           if value or name != "TZ"}
    env.update(more)
    return env


def clock(path, build):
    """The environment of a daemon whose clock a file sets, libfaketime's
    "+600s", again and again; None if there is no such file.  Clocks that
    only measure are left alone, but that the steady one is ahead by the
    seconds in a second file (steady.c)."""
    if not os.path.exists(path):
        return None
    return environ(LD_PRELOAD=steady_library(build) + ":" + FAKETIME,
                   FAKETIME_TIMESTAMP_FILE=path, STEADY_FILE=steady(path),
                   FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1",
                   FAKETIME_FORCE_MONOTONIC_FIX="0", NO_FAKE_STAT="1")


def steady(path):
    """The second file, which need not exist."""
    return path + ".steady"


def steady_library(build):
    """Made anew each time: it costs less than to know that it need not be."""
    path = os.path.join(build, "steady.so")
    own = "%s.%d" % (path, os.getpid())
    must(["gcc", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", own,
          STEADY, "-ldl"])
    os.rename(own, path)
    return path


def stat(pid):
    """(parent, start time, state) of a process, or None."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[19]), fields[0]


def start_time(pid):
    """When it started, or None if it is not (or no longer) running."""
    found = stat(pid)
    return found[1] if found and found[2] not in "ZX" else None


def is_alive(pid, started):
    return start_time(pid) == started


def descendants(pid):
    """Ids of all children, grandchildren, ... of a process."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = stat(int(name))
            if found and found[2] not in "ZX":
                parents.setdefault(found[0], []).append(int(name))
    result, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        result += children
        todo += children
    return result


def command_name(pid):
    try:
        with open("/proc/%d/comm" % pid) as file:
            return file.read().strip()
    except OSError:
        return ""


def send(pid, signum):
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        pass


def kill_tree(pid):
    """SIGKILL a process and all below it, none of which can respawn."""
    known = set()
    while True:
        found = {pid, *descendants(pid)}
        if found <= known:
            break
        for child in found - known:
            send(child, signal.SIGSTOP)
        known |= found
    times = {child: start_time(child) for child in known}
    for child in known:
        send(child, signal.SIGKILL)
    return times


def wait_gone(times, seconds):
    """Wait until none of {id: start time} runs; True if so."""
    end = time.monotonic() + seconds
    while any(started is not None and is_alive(pid, started)
              for pid, started in times.items()):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Daemon:
    """A child in the foreground of its own session, logging to a file."""

    def __init__(self, command, log, pass_fds=(), env=None):
        self.command = command
        self.log = log
        self.pass_fds = pass_fds
        self.env = env or environ()
        self.child = None
        self.left = {}  # {id: start time} of what outlived restarts

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.command, cwd="/", env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, pass_fds=self.pass_fds,
                start_new_session=True)

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def pid(self):
        return self.child.pid if self.is_running() else None

    def why_ended(self):
        if self.child is None:
            return "was not started"
        code = self.child.poll()
        if code is None:
            return "is running"
        if code < 0:
            return "was ended by signal %d" % -code
        return "exited with status %d" % code

    def stop(self, seconds):
        """SIGTERM, and SIGKILL if that is not obeyed (then an error)."""
        times = {child: start_time(child)
                 for child in descendants(self.child.pid)}
        self.child.terminate()
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise HostError("did not stop within %d s after SIGTERM; killed"
                            % seconds)
        self.end_left(signal.SIGTERM)
        if not wait_gone({**times, **self.left}, seconds):
            self.end_left(signal.SIGKILL)

    def restart(self, seconds):
        """SIGTERM; start again once the process has ended.

        Its children may go on, as under systemd's KillMode=process."""
        times = {child: start_time(child)
                 for child in descendants(self.child.pid)}
        self.child.terminate()
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise HostError("did not end within %d s after SIGTERM; killed"
                            % seconds)
        self.left.update(times)
        self.start()

    def reload(self):
        self.child.send_signal(signal.SIGHUP)

    def end_left(self, signum):
        for pid, started in self.left.items():
            if started is not None and is_alive(pid, started):
                send(pid, signum)

    def kill9(self):
        self.end_left(signal.SIGKILL)
        times = kill_tree(self.child.pid)
        self.child.wait()
        wait_gone(times, 5)


def run(command, **keywords):
    """Run a command to its end; its CompletedProcess, text mode."""
    keywords.setdefault("env", environ())
    keywords.setdefault("timeout", 60)
    try:
        return subprocess.run(command, text=True, stdin=subprocess.DEVNULL
                              if "input" not in keywords else None,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              **keywords)
    except subprocess.TimeoutExpired:
        raise HostError("%s: no end after %d s" % (" ".join(command),
                                                   keywords["timeout"]))


def must(command, **keywords):
    """Run a command that has to succeed; its output."""
    done = run(command, **keywords)
    if done.returncode:
        raise HostError("%s: exit status %d: %s" % (
            " ".join(command), done.returncode, done.stdout.strip()))
    return done.stdout
