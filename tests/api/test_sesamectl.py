"""sesamectl on a store of its own: no daemon runs here.

What it does with daemons beside it, every other test uses.
"""

import grp
import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time

import pytest

from harness import layout

ACCOUNT = "123456789012"
OTHER = "210987654321"
MAN = os.path.join(layout.ROOT, "shared/sesamectl/sesamectl.8")
CONF = """\
store = {dir}/store
key_directory = {dir}/keys
map_size = 64m
service_domain = ses.sesame.test
bounce_domain = bounce.sesame.test
public_url = http://127.0.0.1:1
"""


class Ctl:
    """sesamectl, bound to a configuration."""

    program = os.path.join(layout.build_dir(), "sesamectl")

    def __init__(self, directory):
        self.dir = directory
        self.config = directory / "sesame.conf"
        self.config.write_text(CONF.format(dir=directory))

    def run(self, *words):
        return subprocess.run(
            [self.program, "-c", self.config] + [str(w) for w in words],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=60)

    def __call__(self, *words):
        """Its output; with --json parsed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def refuses(self, *words, status=1):
        """It fails so; what it said."""
        done = self.run(*words)
        assert done.returncode == status, done.stdout + done.stderr
        assert done.stderr.startswith("sesamectl: "), done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def ctl(tmp_path_factory):
    directory = tmp_path_factory.mktemp("ctl")
    for path in (directory, directory.parent):
        os.chmod(path, 0o755)
    ctl = Ctl(directory)
    ctl.made = ctl("init", "--account", ACCOUNT, "--json")
    return ctl


# --- init -------------------------------------------------------------------

def owner(path):
    st = os.stat(path)
    return (pwd.getpwuid(st.st_uid).pw_name, grp.getgrgid(st.st_gid).gr_name,
            stat.S_IMODE(st.st_mode))


def test_init_answers_with_a_key(ctl):
    assert ctl.made["account"] == ACCOUNT
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", ctl.made["access_key_id"])
    assert re.fullmatch(r"[A-Za-z0-9]{40}", ctl.made["secret_access_key"])
    assert ctl.made["smtp_user"] == ctl.made["access_key_id"]
    assert re.fullmatch(r"[A-Za-z0-9+/]{44}", ctl.made["smtp_password"])


@pytest.mark.parametrize("name, user, mode", [
    ("gate.key", "sesame-gate", 0o400),
    ("ticket.key", "sesame-gate", 0o400),
    ("sns.key", "sesame-agent", 0o400),
    ("sns.pem", "root", 0o444),
    ("site.key", "root", 0o440),
])
def test_key_files(ctl, name, user, mode):
    found = owner(ctl.dir / "keys" / name)
    assert (found[0], found[2]) == (user, mode)
    if name == "site.key":
        assert found[1] == "sesame"


def test_token_key_is_not_for_nginx(ctl):
    """nginx has the group of the store."""
    user, group, mode = owner(ctl.dir / "keys" / "token.key")
    if pwd.getpwnam("sesame-agent").pw_gid == grp.getgrnam("sesame").gr_gid:
        assert (user, mode) == ("sesame-agent", 0o400)
    else:
        assert (user, mode) == ("sesame-gate", 0o440) and group != "sesame"


def test_store_is_the_groups(ctl):
    assert owner(ctl.dir / "store") == ("root", "sesame", 0o2770)
    for name in ("data.mdb", "lock.mdb"):
        assert owner(ctl.dir / "store" / name)[1:] == ("sesame", 0o660)


def test_certificate_fits_its_key(ctl):
    def public(*words):
        return subprocess.run(["openssl"] + list(words), check=True,
                              stdout=subprocess.PIPE).stdout
    assert (public("x509", "-in", ctl.dir / "keys/sns.pem", "-noout",
                   "-pubkey") ==
            public("pkey", "-in", ctl.dir / "keys/sns.key", "-pubout"))


def test_init_refuses_a_store_and_keeps_keys(ctl, tmp_path):
    before = (ctl.dir / "keys/site.key").read_bytes()
    assert "exists already" in ctl.refuses("init")
    assert (ctl.dir / "keys/site.key").read_bytes() == before
    again = Ctl(tmp_path)
    (tmp_path / "keys").symlink_to(ctl.dir / "keys")
    out = again("init")
    assert re.match(r"account = [1-9]\d{11}\n", out)
    assert (ctl.dir / "keys/site.key").read_bytes() == before


# --- the command line -------------------------------------------------------

@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["account"], ["account", "nonsense"],
    ["account", "add"], ["account", "add", "1"],
    ["account", "list", "--nonsense"], ["account", "show", "1", "2"],
    ["quota", "set", ACCOUNT], ["quota", "set", ACCOUNT, "--rate", "x"],
    ["quota", "set", ACCOUNT, "--rate"], ["quota", "set", ACCOUNT,
                                          "--max24", "1.5"],
    ["audit", "--limit", "0"], ["message"], ["message", "x", "--all"],
    ["identity", "records"], ["identity", "verify", "a.b", "--timeout", "x"],
    ["suppression", "put", ACCOUNT, "a@b.c", "SPITE"],
    ["key", "add", ACCOUNT, "--user", "a/b"], ["status", "--json=1"],
    ["-x"],
])
def test_usage(ctl, words):
    done = ctl.run(*words)
    assert done.returncode == 2
    assert done.stderr and not done.stdout


def test_a_bad_configuration_is_named(ctl, tmp_path):
    bad = Ctl(tmp_path)
    with open(bad.config, "a") as file:
        file.write("nonsense = 1\n")
    assert "sesame.conf:7: unknown option" in bad.refuses("status")
    done = subprocess.run([ctl.program, "status"], text=True,
                          env={"SESAME_CONFIG": str(bad.config)},
                          stderr=subprocess.PIPE)
    assert done.returncode == 1 and ":7:" in done.stderr


def groups(ctl):
    text = ctl("--help")
    return re.findall(r"^  (\w+) +\w", text.split("Commands:")[1].split(
        "Options")[0], re.M)


def usages(ctl):
    """Every command as its group's help writes it: [(words, options)]."""
    for group in groups(ctl):
        for line in re.findall(r"^(?:usage:| ) sesamectl (.*)$",
                               ctl(group, "--help"), re.M):
            words = re.match(r"[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*",
                             line).group(0)
            yield words, re.findall(r"--([a-z0-9-]+)", line)


def test_help_at_every_level(ctl):
    assert "sesamectl 0" in ctl("--version")
    for words, options in usages(ctl):
        text = ctl(*words.split(), "--help")
        assert text.startswith("usage: sesamectl " + words)
        for option in options:
            assert re.search(r"^  --%s .*\S" % option, text, re.M), words


def test_man_page_follows_the_tables(ctl):
    with open(MAN) as file:
        text = file.read().replace("\\fB", "").replace("\\fR", "").replace(
            "\\fI", "").replace("\\-", "-")
    lines = text.splitlines()
    known = list(usages(ctl))
    assert len(known) > 30
    for words, options in known:
        found = [line for line in lines
                 if re.match(words + r"( [^a-z]|$)", line)]
        assert found, "sesamectl.8 does not describe %s" % words
        for option in options:
            assert any("--" + option in line for line in found), words


# --- accounts and keys ------------------------------------------------------

def test_accounts(ctl):
    ctl("account", "add", OTHER)
    assert "exists already" in ctl.refuses("account", "add", OTHER)
    assert "does not exist" in ctl.refuses("account", "pause", "000000000000")
    shown = ctl("account", "show", OTHER, "--json")
    assert not shown["production"] and shown["sending"]
    assert (shown["max24"], shown["rate"]) == (200, 1)
    ctl("production", "grant", OTHER)
    ctl("quota", "set", OTHER, "--max24", "-1", "--rate=0.5")
    ctl("account", "pause", OTHER)
    shown = ctl("account", "show", OTHER, "--json")
    assert shown["production"] and not shown["sending"]
    assert (shown["max24"], shown["rate"]) == (-1, 0.5)
    ctl("production", "revoke", OTHER)
    ctl("account", "resume", OTHER)
    assert ctl("account", "show", OTHER, "--json")["sending"]
    assert [row["account"] for row in ctl("account", "list", "--json")] == [
        ACCOUNT, OTHER]
    assert "say which" in ctl.refuses("account", "show")


def test_keys(ctl):
    made = ctl("key", "add", ACCOUNT, "--user", "bob", "--json")
    again = ctl("key", "rotate", made["access_key_id"], "--json")
    assert again["user"] == "bob"
    assert again["access_key_id"] != made["access_key_id"]
    last = ctl("key", "rotate", again["access_key_id"], "--now", "--json")
    ctl("key", "disable", last["access_key_id"])
    rows = {row["access_key_id"]: row["active"]
            for row in ctl("key", "list", ACCOUNT, "--json")}
    assert rows[made["access_key_id"]]
    assert not rows[again["access_key_id"]]
    assert not rows[last["access_key_id"]]
    ctl("key", "enable", last["access_key_id"])
    assert "does not exist" in ctl.refuses("key", "disable", "AKIANONE")
    data = (ctl.dir / "store/data.mdb").read_bytes()
    for key in (ctl.made, made, again, last):
        assert key["secret_access_key"].encode() not in data
        assert key["smtp_password"].encode() not in data


# --- identities -------------------------------------------------------------

def test_identities(ctl):
    ctl("identity", "add", ACCOUNT, "Example.COM.")
    ctl("identity", "add", ACCOUNT, "Ann@Example.com")
    assert "exists already" in ctl.refuses("identity", "add", ACCOUNT,
                                           "example.com")
    assert "is invalid" in ctl.refuses("identity", "add", ACCOUNT, "a b")
    names = [row["identity"] for row in ctl("identity", "list", ACCOUNT,
                                            "--json")]
    assert names == ["Ann@example.com", "example.com"]

    zone = ctl("identity", "records", "EXAMPLE.com", "--zone").splitlines()
    tokens = ctl("identity", "show", ACCOUNT, "example.com", "--json")[
        "tokens"]
    assert zone == [
        "%s._domainkey.example.com. 300 IN CNAME %s.dkim.ses.sesame.test."
        % (token, token) for token in tokens]
    assert len(set(tokens)) == 3
    assert all(re.fullmatch("[a-z2-7]{32}", token) for token in tokens)
    assert ctl("identity", "records", "--service") == ""  # no key yet
    assert "needs no DNS records" in ctl.refuses(
        "identity", "records", "Ann@example.com")
    assert "there is no identity" in ctl.refuses("identity", "records",
                                                 "nope.com")
    ctl("identity", "add", OTHER, "example.com")
    assert "say which" in ctl.refuses("identity", "records", "example.com")
    assert ctl("identity", "records", "example.com", "--account", ACCOUNT,
               "--zone").splitlines() == zone

    # nobody is there to make a key or to look
    said = ctl.refuses("identity", "verify", "example.com", "--account",
                       ACCOUNT, "--timeout", "0")
    assert "is sesame-milter running?" in said
    # an address is confirmed on the operator's word
    shown = ctl("identity", "verify", "Ann@example.com", "--account", ACCOUNT,
                "--json")
    assert shown["status"] == "SUCCESS"
    ctl("identity", "delete", ACCOUNT, "example.com")
    assert "has no identity" in ctl.refuses("identity", "show", ACCOUNT,
                                            "example.com")
    assert "has no identity" in ctl.refuses("identity", "show", OTHER,
                                            "Ann@example.com")


# --- the rest ---------------------------------------------------------------

def test_suppression(ctl):
    ctl("suppression", "put", ACCOUNT, " Bob@EXAMPLE.com", "bounce")
    ctl("suppression", "put", ACCOUNT, "al@example.com", "COMPLAINT")
    rows = ctl("suppression", "list", ACCOUNT, "--json")
    assert [(row["address"], row["reason"]) for row in rows] == [
        ("Bob@example.com", "BOUNCE"), ("al@example.com", "COMPLAINT")]
    assert ctl("suppression", "get", ACCOUNT, "Bob@example.com")
    assert "does not exist" in ctl.refuses("suppression", "get", ACCOUNT,
                                           "bob@example.com")
    assert "does not exist" in ctl.refuses("suppression", "get", OTHER,
                                           "Bob@example.com")
    ctl("suppression", "delete", ACCOUNT, "al@example.com")
    assert len(ctl("suppression", "list", ACCOUNT, "--json")) == 1


def test_ids(ctl):
    message_id = ctl("id", "4jYbXS1n4Xz94Nq").strip()
    assert len(message_id) == 60
    assert ctl("id", message_id).strip() == "4jYbXS1n4Xz94Nq"
    assert ctl("id", "<%s@email.example.net>" % message_id).strip() == \
        "4jYbXS1n4Xz94Nq"
    both = ctl("id", "4jYbXS1n4Xz94Nq", "--json")
    assert both["message_id"] == message_id and both["node"] == 1
    assert "neither a message id" in ctl.refuses("id", "4jYbXS1n4Xz94N!")
    assert "no entry of this message" in ctl.refuses("message", message_id)
    assert ctl("message", "--all", "--json") == []
    assert ctl("events", "--json") == []


def test_audit_tells_of_it(ctl):
    ctl("account", "pause", ACCOUNT)
    row = ctl("audit", "--limit", "1", "--json")[0]
    assert (row["account"], row["caller"], row["operation"]) == (
        ACCOUNT, "operator", "account pause")
    assert row["rows"] == ["put:account:" + ACCOUNT]
    ctl("account", "resume", ACCOUNT)


def test_follow_sees_new_events_only_when_there_are(ctl):
    follower = subprocess.Popen(
        [ctl.program, "-c", ctl.config, "events", "--follow"],
        stdout=subprocess.PIPE)
    time.sleep(0.3)
    assert follower.poll() is None
    follower.terminate()
    assert follower.communicate()[0] == b""


def test_backup(ctl, tmp_path):
    ctl("backup", tmp_path / "copy")
    assert owner(tmp_path / "copy")[2] == 0o700
    assert "not empty" in ctl.refuses("backup", tmp_path / "copy")
    other = Ctl(tmp_path)
    other.config.write_text(other.config.read_text().replace(
        "%s/store" % tmp_path, "%s/copy" % tmp_path))
    assert [row["account"] for row in other("account", "list", "--json")
            ] == [row["account"] for row in ctl("account", "list", "--json")]


def test_status_and_coverage(ctl):
    status = ctl("status", "--json")
    assert status["events_end"] == status["prepared"] == 0
    assert status["destinations"] == [] and status["counters"] == {}
    rows = {(row["api"], row["operation"]): row
            for row in ctl("coverage", "--all", "--json")}
    assert rows["v2", "SendEmail"]["there"]
    assert not rows["v2", "CreateEmailTemplate"]["there"]
    assert "TrackingOptions" in " ".join(
        rows["v2", "CreateConfigurationSet"]["refused_members"])
    assert all(not row["there"] or row["refused_members"]
               for row in ctl("coverage", "--json"))


def test_check_finds_and_tells_the_remedy(ctl):
    done = ctl.run("check", "--json")
    assert done.returncode == 1  # nothing runs here
    found = json.loads(done.stdout)
    assert all(row["finding"] and row["remedy"] for row in found)
    text = " ".join(row["finding"] for row in found)
    for word in ("milter_socket", "auth_socket", "lmtp_socket", "public_url",
                 "inject", "maillog"):
        assert word in text
    assert "keys/" not in text and "store" not in text

    os.chmod(ctl.dir / "keys/gate.key", 0o440)
    os.chmod(ctl.dir / "store/data.mdb", 0o600)
    try:
        found = ctl.run("check").stdout
    finally:
        os.chmod(ctl.dir / "keys/gate.key", 0o400)
        os.chmod(ctl.dir / "store/data.mdb", 0o660)
    assert re.search(r"keys/gate.key: owner \d+:0, mode 0440\n +chown .* && "
                     r"chmod 0400", found)
    assert re.search(r"data.mdb: .*mode 0600", found)


def test_config(ctl):
    assert ctl("config", "--json")["map_size"] == "64m"
    assert "\npublish_window = 16\n" in ctl("config")


def test_nobody_else_gets_in(ctl):
    """With the program where others can run it, wherever the build is."""
    folder = tempfile.mkdtemp(dir="/var/tmp", prefix="sesame-")
    try:
        os.chmod(folder, 0o755)
        program = shutil.copy(ctl.program, folder)
        done = run_as_nobody(program, "-c", ctl.config, "key", "list")
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 1 and not done.stdout
    assert "Permission denied" in done.stderr


def run_as_nobody(*command):
    return subprocess.run(command, user="nobody", group="nogroup",
                          extra_groups=[], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
