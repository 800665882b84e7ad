"""What make install puts where, and that systemd, man and logrotate take it"""

import glob
import os
import re
import shutil
import stat
import subprocess

import pytest

from harness import example
from harness.layout import ROOT, build_dir

MODULES = "usr/lib/nginx/modules"

PROGRAMS = {"sbin/sesame-milter", "sbin/sesame-agent", "sbin/sesamectl"}
FILES = {
    "lib/systemd/system/sesame-milter.service",
    "lib/systemd/system/sesame-milter.socket",
    "lib/systemd/system/sesame-agent.service",
    "lib/systemd/system/sesame-agent.socket",
    "lib/sysusers.d/sesame.conf",
    "lib/tmpfiles.d/sesame.conf",
    "share/man/man5/sesame.conf.5",
    "share/man/man8/sesame-milter.8",
    "share/man/man8/sesame-agent.8",
    "share/man/man8/sesamectl.8",
    "share/doc/sesame/LICENSE",
    "share/doc/sesame/README.md",
    "share/doc/sesame/nginx-module.md",
}


def run(*command, **keywords):
    return subprocess.run([str(word) for word in command], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **keywords)


def below(top):
    return {os.path.relpath(os.path.join(path, name), top)
            for path, _, names in os.walk(top) for name in names}


@pytest.fixture(scope="module", params=["/usr", "/usr/local"])
def installed(request, tmp_path_factory):
    """(DESTDIR, PREFIX) of a make install."""
    top = tmp_path_factory.mktemp("install")
    done = run("make", "-s", "-C", ROOT, "B=" + build_dir(), "install",
               "DESTDIR=%s" % top, "PREFIX=" + request.param)
    assert done.returncode == 0, done.stdout
    return str(top), request.param


def test_files(installed):
    top, prefix = installed
    want = {os.path.relpath(prefix, "/") + "/" + name
            for name in PROGRAMS | FILES}
    want |= {os.path.relpath(prefix, "/") + "/share/doc/sesame/examples/" +
             name for name in example.names()}
    want |= {MODULES + "/ngx_http_sesame_module.so",
             "etc/logrotate.d/sesame"}
    assert below(top) == want
    for name in want:
        mode = stat.S_IMODE(os.stat(os.path.join(top, name)).st_mode)
        assert mode == (0o755 if "/sbin/" in name else 0o644), name


def test_units_start_what_is_there(installed):
    top, prefix = installed
    for unit in glob.glob(top + prefix + "/lib/systemd/system/*.service"):
        with open(unit) as file:
            (program,) = re.findall(r"(?m)^ExecStart=(\S+)", file.read())
        assert os.access(top + program, os.X_OK), program


def test_man_pages(installed):
    """Every one is there; tests/e2e/test_manual.py reads them."""
    top, prefix = installed
    pages = glob.glob(top + prefix + "/share/man/man?/*")
    assert len(pages) == len(glob.glob(ROOT + "/*/*/*.[1-8]"))


@pytest.mark.parametrize("unit, below", [
    ("systemd/sesame-milter.service", 2.0),
    ("systemd/sesame-agent.service", 3.0)])
def test_hardening(unit, below):
    """The agent's small parent stays root."""
    path = example.path(unit)

    def analyze(threshold):
        return run("systemd-analyze", "security", "--offline=true",
                   "--threshold=%d" % threshold, path)

    done = analyze(below * 10 - 1)  # tenths, that one included
    found = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
    assert found and float(found.group(1)) < below, done.stdout
    assert done.returncode == 0, done.stdout
    assert analyze(0).returncode != 0  # it does judge


def users(root, name):
    """{name: number} of etc/passwd or etc/group."""
    with open(os.path.join(root, "etc", name)) as file:
        return {line.split(":")[0]: int(line.split(":")[2]) for line in file}


def test_users_and_directories(tmp_path):
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (etc / "group").write_text("root:x:0:\npostfix:x:120:\n")
    for tool, words, name in (
            ("sysusers", [], "sysusers.d/sesame.conf"),
            ("tmpfiles", ["--create"], "tmpfiles.d/sesame.conf")):
        done = run("systemd-" + tool, "--root=%s" % tmp_path, *words,
                   example.path(name))
        assert done.returncode == 0, done.stdout
    passwd, group = users(tmp_path, "passwd"), users(tmp_path, "group")
    assert set(passwd) == {"root", "sesame-gate", "sesame-agent"}
    assert set(group) == {"root", "postfix", "sesame", "sesame-gate",
                          "sesame-agent"}
    for line in (etc / "passwd").read_text().splitlines()[1:]:
        name, _, _, number, _, _, shell = line.split(":")
        assert int(number) == group[name] and shell.endswith("nologin")
    assert not re.search(r":\w+$", (etc / "group").read_text(), re.M)
    for path, owner, mode in (
            ("etc/sesame", "root", 0o755),
            ("etc/sesame/keys", "root", 0o755),
            ("var/lib/sesame", "sesame", 0o2770),
            ("var/spool/postfix/sesame", "postfix", 0o750),
            ("var/log/postfix", "root", 0o755)):
        found = os.stat(tmp_path / path)
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (
            0, group[owner], mode), path


@pytest.mark.parametrize("name", ["logrotate.d/sesame",
                                  "logrotate.d/sesame-rsyslog"])
def test_logrotate_reads(name, tmp_path):
    """tests/mail/test_follow.py rotates with the first."""
    path = tmp_path / "rules"
    shutil.copyfile(example.path(name), path)
    path.chmod(0o644)
    done = run("logrotate", "--debug", "--state", tmp_path / "state", path)
    assert done.returncode == 0 and "error" not in done.stdout, done.stdout
    assert "/var/log/postfix/maillog" in done.stdout
