"""The files of conf-examples are what the tests start

The private host is made from them (tests/harness): sesame.conf, nginx's
files, Postfix's lines and tables.  Here they are read as a whole, also by the
programs they are for; systemd's are judged in test_install.py, logrotate's
are used in tests/mail/test_follow.py.
"""

import ast
import os
import re
import subprocess

from harness import example
from harness.layout import TESTS, build_dir

TOKEN = "a1." + "x" * 29 + "a" + "y" * 13  # of that form


def claimed():
    """What tests and harness give to example.text() and path(): strings."""
    found = set()
    for folder, _, names in os.walk(TESTS):
        for name in names:
            path = os.path.join(folder, name)
            if not name.endswith(".py") or path == os.path.realpath(__file__):
                continue
            with open(path) as file:
                tree = ast.parse(file.read())
            found |= {node.value for node in ast.walk(tree)
                      if isinstance(node, ast.Constant) and
                      isinstance(node.value, str)}
    return found


# Those of which only this file makes something.
HERE = {"systemd/sesame-agent.socket", "systemd/sesame-milter.socket"}


def test_every_file_is_used_by_a_test():
    known = claimed() | HERE
    assert not [name for name in example.names() if name not in known]


def test_nobody_else_opens_them():
    """So that the names in the calls are all there are."""
    for folder, _, names in os.walk(TESTS):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".py") and name not in (
                    "example.py", "test_examples.py"):
                with open(path) as file:
                    assert '"conf-examples' not in file.read(), path


def test_sesame_conf(host, tmp_path):
    """Every line of the example, also those that are commented out."""
    text = example.text("sesame.conf")
    shown = "".join(
        line[1:] if line.startswith("#") and line[1:2].islower() else line
        for line in text.splitlines(keepends=True))
    assert shown.count("\n") == text.count("\n") and shown != text
    said = []
    for number, lines in enumerate((text, shown)):
        path = tmp_path / ("%d.conf" % number)
        path.write_text(lines)
        done = host.run(os.path.join(build_dir(), "sesamectl"), "-c", path,
                        "config")
        assert done.returncode == 0, done.stderr
        said.append([line for line in done.stdout.splitlines()
                     if not line.startswith(("bind =", "dns_update ="))])
        path.write_text(lines + "no_such_option = 1\n")
        done = host.run(os.path.join(build_dir(), "sesamectl"), "-c", path,
                        "config")
        assert done.returncode != 0
        assert "%s:%d:" % (path, lines.count("\n") + 1) in done.stderr
    assert said[0] == said[1]  # what is commented out are the defaults


def test_postfix_takes_the_lines(host, tmp_path):
    """postfix check, over what a fresh Debian installation has."""
    config = tmp_path / "etc"
    config.mkdir()
    for name in ("queue", "data"):
        (tmp_path / name).mkdir()
    subprocess.run(["chown", "postfix", tmp_path / "data"], check=True)
    etc = ("/etc/postfix/", example.path("postfix") + "/")
    (config / "main.cf").write_text(
        "compatibility_level = 3.6\nqueue_directory = %s/queue\n"
        "data_directory = %s/data\nmyhostname = mail.example.net\n"
        "command_directory = /usr/sbin\nmail_owner = postfix\n"
        "daemon_directory = /usr/lib/postfix/sbin\n"
        "meta_directory = /etc/postfix\nsetgid_group = postdrop\n"
        "shlib_directory = /usr/lib/postfix\n" % (tmp_path, tmp_path) +
        example.text("postfix/main.cf") +
        example.text("postfix/mail-from.cf") +
        example.text("postfix/pools.cf", etc) +
        example.text("postfix/shared-pool.cf", etc))
    with open("/usr/share/postfix/master.cf.dist") as file:
        (config / "master.cf").write_text(
            file.read() + example.text("postfix/master.cf") +
            example.text("postfix/shared-pool-master.cf"))
    done = host.run("postfix", "-c", config, "check")
    told = [line for line in (done.stdout + done.stderr).splitlines()
            if "fatal" in line or "unused" in line or "bad" in line]
    assert done.returncode == 0 and not told, done.stdout + done.stderr
    done = host.run("postconf", "-c", config, "-n", "maillog_file")
    assert "/var/log/postfix/maillog" in done.stdout


def test_tables(host):
    """Each takes what it is for, and no other sender."""
    inline = re.findall(r"(?m)^    (regexp:\{\{.* (\S+)\}\})$",
                        example.text("postfix/mail-from.cf"))
    assert [said for _, said in inline] == ["OK", "lmtp:unix:sesame/lmtp"]
    pools = "pcre:" + example.path("postfix/sesame-pools.pcre")
    for table, said in inline + [(pools, "sesame-a1:")]:
        for sender, want in ((TOKEN + "@bounce.shop.example", said),
                             ("a1." + "x" * 42 + "@shop.example", "")):
            done = host.run("postmap", "-q", sender, table)
            assert done.stdout.strip() == want, table


def test_units():
    """systemd reads the units without a complaint (but that programs and
    manual pages are not installed here)."""
    folder = example.path("systemd")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no"] +
        [os.path.join(folder, name) for name in sorted(os.listdir(folder))],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    told = [line for line in done.stdout.splitlines()
            if "sesame" in line and "is not executable" not in line]
    assert not told, done.stdout
