"""stores - the gate over large stores, and its signature beside OpenSSL's"""

import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from bench.rig import SERVICE
from harness.host import Host

DOMAINS = 100000

# name: unit, peer, goal
GOALS = {
    "rsa_sign_vs_openssl": ("a signature in the gate / bare OpenSSL",
                            "EVP_PKEY_sign", ("<=", 1.1)),
    "suppression_vs_get_1m": ("a look-up among 1 M / bare mdb_get",
                              "mdb_get"),
    "suppression_vs_get_10m": ("a look-up among 10 M / bare mdb_get",
                               "mdb_get", ("<=", 1.4)),
    "gate_start_100k": ("seconds from start to the first signature, "
                        "100,000 domains", None, ("<=", 0.2)),
    "gate_rss_100k": ("MB resident then", None, ("<=", 200)),
    # The store's pages are the kernel's to take back; the rest is the gate's.
    "gate_rss_100k_working": ("MB resident after 2,000 of them signed, the "
                              "store's mapped pages too", None),
    "gate_own_100k_working": ("MB of its own of that", None),
}


def lines(*command):
    """A program's figures, a list of numbers a line."""
    done = subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE)
    return [[float(word) for word in line.split()]
            for line in done.stdout.splitlines()]


def measure_rsa(build, rounds, found):
    folder = tempfile.mkdtemp(prefix="bench-")
    try:
        for number in range(rounds):
            gate, openssl = lines(os.path.join(build, "bench/rsa"), folder,
                                  "2000")[0]
            print("round %d  a signature: gate %.0f us  OpenSSL %.0f us  %.3f"
                  % (number + 1, gate, openssl, gate / openssl), flush=True)
            found.setdefault("rsa_sign_vs_openssl", []).append(gate / openssl)
    finally:
        shutil.rmtree(folder)


def measure_suppression(build, rounds, wanted, found):
    folder = tempfile.mkdtemp(prefix="bench-", dir="/var/tmp")
    try:
        for label, total in (("1m", 10 ** 6), ("10m", 10 ** 7)):
            name = "suppression_vs_get_" + label
            if name not in wanted:
                continue
            for number, (ours, bare) in enumerate(lines(
                    os.path.join(build, "bench/suppression"), folder,
                    str(total), "200000", str(rounds))):
                print("round %d  a look-up among %s: %.0f ns  mdb_get %.0f ns"
                      "  %.3f" % (number + 1, label, ours, bare, ours / bare),
                      flush=True)
                found.setdefault(name, []).append(ours / bare)
    finally:
        shutil.rmtree(folder)


# --- the gate over 100,000 domains ------------------------------------------

class Session:
    """What Postfix says to a milter, as little as makes it sign."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.001)
        self.put(b"O", struct.pack("!III", 6, 0x1ff, 0x1fffff))
        self.get()
        self.put(b"D", b"C{daemon_name}\0" + SERVICE.encode() + b"\0")
        self.put(b"C", b"client\x004\0\x19127.0.0.1\0")

    def put(self, letter, data=b""):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + letter + data)

    def get(self):
        head = self.socket.recv(5, socket.MSG_WAITALL)
        size = struct.unpack("!I", head[:4])[0] - 1
        data = self.socket.recv(size, socket.MSG_WAITALL) if size else b""
        return head[4:5], data

    def sign(self, domain, queue_id):
        """The fields that the gate puts on top of a message."""
        sender = b"s@" + domain.encode()
        self.put(b"D", b"Mi\0" + queue_id + b"\0")
        self.put(b"M", b"<" + sender + b">\0")
        assert self.get()[0] == b"c"
        self.put(b"R", b"<r@rcpt.example>\0")
        for name, value in ((b"From", sender), (b"To", b"r@rcpt.example"),
                            (b"Subject", b"bench")):
            self.put(b"L", name + b"\0 " + value + b"\0")
        self.put(b"N")
        self.put(b"B", b"text\r\n")
        self.put(b"E")
        fields = []
        while True:
            letter, data = self.get()
            if letter == b"i":
                fields.append(data[4:])
            elif letter != b"p" and letter not in (b"h", b"m", b"e", b"-"):
                assert letter == b"c", (letter, data)
                return fields


def queue_id(number):
    """A long queue id of now: seconds, microseconds, z, inode (base 52)."""
    letters = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"

    def spell(value, base, width):
        out = b""
        while value or len(out) < width:
            value, digit = divmod(value, base)
            out = letters[digit:digit + 1] + out
        return out
    now = time.time()
    return (spell(int(now), 52, 6) + spell(int(now % 1 * 1e6), 52, 4) + b"z" +
            spell(number, 51, 2))


def resident(pid, row="VmRSS"):
    """MB of a process and its children; RssAnon: without mapped files."""
    total = 0
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        children = [int(word) for word in file.read().split()]
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if line.startswith(row + ":"):
                total = int(line.split()[1]) / 1024
    return total + sum(resident(child, row) for child in children)


def measure_gate(build, rounds, found):
    host = Host.up(tempfile.mkdtemp(prefix="bench-"), "--set",
                   "bind = 123456789012 daemon=" + SERVICE)
    path = os.path.join(host.layout.sockets, "bench")
    try:
        host.stop("gate")
        host.stop("agent")
        subprocess.run([os.path.join(build, "bench/fill"), host.layout.store,
                        os.path.join(host.layout.keys, "gate.key"),
                        "123456789012", str(DOMAINS)], check=True)
        for number in range(rounds):
            start = time.monotonic()
            gate = subprocess.Popen(
                [os.path.join(build, "sesame-milter"), "-c",
                 host.layout.config, "--milter", "unix:" + path,
                 "--auth", "unix:" + path + "-auth"],
                stderr=subprocess.DEVNULL)
            try:
                session = Session(path)
                domain = "d%d.bench.example" % (number * 7919 % DOMAINS)
                fields = session.sign(domain, queue_id(number))
                took = time.monotonic() - start
                assert any(b"d=" + domain.encode() in field
                           for field in fields), fields
                size = resident(gate.pid)
                for more in range(1, 2000):
                    session.sign("d%d.bench.example" % (more * 49 % DOMAINS),
                                 queue_id(1000 + more))
                working = resident(gate.pid)
                own = resident(gate.pid, "RssAnon")
            finally:
                gate.terminate()
                gate.wait(90)
                for name in (path, path + "-auth"):
                    if os.path.exists(name):
                        os.unlink(name)
            print("round %d  100,000 domains: %.3f s to the first signature, "
                  "%.0f MB; 2,000 domains later %.0f MB, %.0f of its own" % (
                      number + 1, took, size, working, own), flush=True)
            for name, value in (("gate_start_100k", took),
                                ("gate_rss_100k", size),
                                ("gate_rss_100k_working", working),
                                ("gate_own_100k_working", own)):
                found.setdefault(name, []).append(value)
    finally:
        host.down()
        host.remove()


def measure(build, rounds, wanted):
    found = {}
    if "rsa_sign_vs_openssl" in wanted:
        measure_rsa(build, rounds, found)
    if any(name.startswith("suppression") for name in wanted):
        measure_suppression(build, rounds, wanted, found)
    if set(wanted) & {"gate_start_100k", "gate_rss_100k",
                      "gate_rss_100k_working", "gate_own_100k_working"}:
        measure_gate(build, rounds, found)
    return {name: values for name, values in found.items()}
