"""Reading the web tier, or a copy of the store, yields no DKIM key"""

import glob
import os
import re
import shutil
import subprocess

import pytest

DOMAIN = "secret.example"


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    return host


def read_as(user, path, groups=()):
    command = ["setpriv", "--reuid", user, "--regid", user if not groups
               else groups[0], "--clear-groups", "cat", path]
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


@pytest.mark.parametrize("name", ["gate.key", "sns.key", "token.key",
                                  "ticket.key", "site.key"])
def test_key_files(site, name):
    path = os.path.join(site.env["SESAME_STATE"], "keys", name)
    allowed = {"gate.key": {"sesame-gate"},
               "ticket.key": {"sesame-gate"},
               "token.key": {"sesame-gate", "sesame-agent"},
               "sns.key": {"sesame-agent"},
               "site.key": {"sesame-gate", "sesame-agent"}}[name]
    for user in ("sesame-gate", "sesame-agent"):
        # in the user's own group, or in that of the store
        done = [read_as(user, path, (group,)) for group in (user, "sesame")]
        done = min(done, key=lambda one: one.returncode)
        assert (done.returncode == 0) == (user in allowed), (name, user)
    assert read_as("nobody", path, ("nogroup",)).returncode != 0
    assert read_as("www-data", path, ("www-data",)).returncode != 0
    done = read_as("www-data", path, ("sesame",))  # nginx's worker
    assert (done.returncode == 0) == (name == "site.key")


def test_processes_cannot_be_dumped(site):
    for name in ("sesame-milter", "sesame-agent"):
        pids = pids_of(site, name)
        assert pids
        for pid in pids:
            limits = open("/proc/%d/limits" % pid).read()
            assert re.search(r"Max core file size\s+0\s+0", limits), name
            line = open("/proc/%d/cmdline" % pid).read()
            assert site.env["AWS_SECRET_ACCESS_KEY"] not in line


def pids_of(host, program):
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = open(path).read().split("\0")
        except OSError:
            continue
        if os.path.basename(words[0]) == program and \
                any(host.env["SESAME_STATE"] in word for word in words):
            found.append(int(path.split("/")[2]))
    return found


def nginx_workers(host):
    master = int(open(glob.glob(
        host.env["SESAME_STATE"] + "/**/nginx.pid", recursive=True)[0]).read())
    return [int(pid) for pid in open(
        "/proc/%d/task/%d/children" % (master, master)).read().split()]


def test_core_of_nginx_holds_no_dkim_key(site, tmp_path):
    ses = site.ses()
    for number in range(100):
        ses.send_email(
            FromEmailAddress="s@" + DOMAIN,
            Destination={"ToAddresses": ["r%d@rcpt.example" % number]},
            Content={"Simple": {"Subject": {"Data": "x"},
                                "Body": {"Text": {"Data": "x"}}}})
    needles = [b"BEGIN PRIVATE KEY", b"BEGIN RSA PRIVATE KEY"]
    gate_key = open(os.path.join(site.env["SESAME_STATE"], "keys",
                                 "gate.key")).read().split()[1]
    needles += [gate_key.encode(), bytes.fromhex(gate_key)]
    workers = nginx_workers(site)
    assert workers
    for pid in workers:
        core = memory_of(pid)
        assert len(core) > 1 << 20
        assert site.env["AWS_ACCESS_KEY_ID"].encode() in core
        for needle in needles:
            assert needle not in core


def memory_of(pid):
    """Everything a core would hold: the writable maps of a process."""
    parts = []
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if not mode.startswith("rw"):
                continue
            start, end = (int(word, 16) for word in span.split("-"))
            try:
                memory.seek(start)
                parts.append(memory.read(end - start))
            except (OSError, ValueError, OverflowError):
                continue
    return b"".join(parts)


def test_a_copy_of_the_store_opens_nothing(site, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    site.sesamectl("backup", str(copy))
    data = b"".join(path.read_bytes() for path in copy.iterdir())
    assert DOMAIN.encode() in data
    for needle in (b"PRIVATE KEY", b"MIIEv", b"MIIEo",
                   site.env["AWS_SECRET_ACCESS_KEY"].encode(),
                   site.env["SESAME_SMTP_PASSWORD"].encode()):
        assert needle not in data


def test_no_secret_in_logs(site):
    for path in glob.glob(site.env["SESAME_STATE"] + "/log/*"):
        text = open(path, errors="replace").read()
        assert site.env["AWS_SECRET_ACCESS_KEY"] not in text, path
        assert site.env["SESAME_SMTP_PASSWORD"] not in text, path


def test_backup_is_usable(site, tmp_path):
    copy = tmp_path / "store"
    copy.mkdir()
    site.sesamectl("backup", str(copy))
    config = open(site.env["SESAME_CONFIG"]).read()
    config = re.sub(r"(?m)^store *=.*$", "store = %s" % copy, config)
    (tmp_path / "sesame.conf").write_text(config)
    shutil.chown(copy, group="sesame")
    done = site.run(os.path.join(os.environ.get("SESAME_BUILD", "build"),
                                 "sesamectl"),
                    "-c", tmp_path / "sesame.conf", "identity", "list",
                    cwd=os.path.join(os.path.dirname(__file__), "..", ".."))
    assert DOMAIN in done.stdout, done.stderr
