"""Whose a session is by sesame.conf, as the gate hears of it from Postfix"""

import json
import os
import re

import pytest

from harness.host import wait
from harness.layout import ACCOUNT
from milter import Milter, text

BINDINGS = [
    "none daemon=INBOUND",
    ACCOUNT + " daemon=SUBMISSION login=*@bound.example,AKIA*,SESAME-*",
    ACCOUNT + " daemon=APPS,SESAME-SMTP client=192.0.2.0/24,[2001:db8::]/32",
    ACCOUNT + " user=robot client=local",
    "none daemon=WHOLE client=198.51.100.1",
    ACCOUNT + " daemon=WHOLE",
    ACCOUNT + " user=ghost daemon=GHOST",
]
GONE = b"554 5.7.1 Access denied: the user of this session does not exist"
STRANGER = "<s@stranger.example>"
HEAD = [("From", b" s@stranger.example"), ("To", b" r@rcpt.example")]
NOBODY = {"auth_type": None, "auth_authen": None}


def login(name, kind="PLAIN"):
    return {"auth_type": kind, "auth_authen": name}


@pytest.fixture(scope="module")
def site(module_host):
    words = []
    for line in BINDINGS:
        words += ["--set", "bind = " + line]
    host = module_host(*words)
    make_user(host, "robot")
    return host


def make_user(host, name):
    """Who may do everything."""
    host.sesamectl("iam", "user", "add", ACCOUNT, name)
    file = host.layout.path("etc", "all.json")
    with open(file, "w") as out:
        json.dump({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}, out)
    host.sesamectl("iam", "policy", "put", ACCOUNT, "all", file, "--user",
                   name)


def line_of(site, number):
    """Where sesame.conf has this binding."""
    with open(site.env["SESAME_CONFIG"]) as file:
        return file.read().splitlines().index("bind = " +
                                              BINDINGS[number]) + 1


def log(site):
    """The gate's lines on messages, so far."""
    with open(site.layout.path("log", "gate.log")) as file:
        return [line for line in file if " account=" in line]


# daemon, macros of CONNECT, macros of MAIL, which line (None: it passes)
SESSIONS = {
    "no login": ("SUBMISSION", {}, NOBODY, None),
    "login": ("SUBMISSION", {}, login("ann@bound.example"), 1),
    "in other letters": ("SUBMISSION", {}, login("Ann@BOUND.example"), 1),
    "any mechanism": ("SUBMISSION", {},
                      login("ann@bound.example", "EXTERNAL"), 1),
    "another user": ("SUBMISSION", {}, login("ann@bound.example.evil"), None),
    "named like a key": ("SUBMISSION", {}, login("AKIANOBODY0000000000"), 1),
    "by XCLIENT": ("SUBMISSION", {}, login("ann@bound.example", "XCLIENT"),
                   None),
    "a login without a type": ("SUBMISSION", {}, {
        "auth_type": None, "auth_authen": "ann@bound.example"}, None),
    "another service": ("OTHER", {}, login("ann@bound.example"), None),
    "name in other letters": ("submission", {}, login("ann@bound.example"),
                              None),
    "IPv4": ("APPS", {}, NOBODY, 2),
    "IPv4 and a login": ("APPS", {}, login("whoever"), 2),
    "IPv4 in IPv6": ("APPS", {"client": "IPv6:::ffff:192.0.2.9"}, NOBODY, 2),
    "IPv6": ("APPS", {"client": "IPv6:2001:db8::9"}, NOBODY, 2),
    "another network": ("APPS", {"client": "198.51.100.1"}, NOBODY, None),
    "another IPv6 network": ("APPS", {"client": "IPv6:2001:db9::9"}, NOBODY,
                             None),
    "an address that is not told": ("APPS", {"client": "unknown"}, NOBODY,
                                    None),
    "submission with keys, not logged in": ("SESAME-SMTP", {}, NOBODY, 2),
    "submission with keys, not a key": (
        "SESAME-SMTP", {}, login("SESAME-x", "EXTERNAL"), 2),
    "submission with keys, elsewhere": (
        "SESAME-SMTP", {"client": "198.51.100.1"},
        login("ann@bound.example", "XCLIENT"), None),
    "sendmail": ("mta", {"client": "127.0.0.1", "port": "0"},
                 dict(NOBODY, i="4jYSxR17MhzA"), 3),
    "a client on loopback": ("mta", {"client": "127.0.0.1"}, NOBODY, None),
    "a client with port 0": ("mta", {"client": "127.0.0.1", "port": "0"},
                             NOBODY, None),
    "QMQP": ("mta", {"client": "127.0.0.1"}, dict(NOBODY, i="4jYSxR17MhzA"),
             None),
    "daemon": ("WHOLE", {"client": "203.0.113.1"}, NOBODY, 5),
    "an exception before it": ("WHOLE", {"client": "198.51.100.1"}, NOBODY,
                               None),
    "the first line counts": ("INBOUND", {}, login("ann@bound.example"),
                              None),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions(site, name):
    daemon, connect, mail, number = SESSIONS[name]
    before = log(site)
    with Milter(site, daemon, **connect) as session:
        for _ in range(2):  # what was said of one message is not the next's
            letter, _data = session.mail(STRANGER, **mail)
            assert letter == ("a" if number is None else "c")
            if number is None:
                continue
            session.rcpt("<r@rcpt.example>")
            answer = text(session.content(HEAD, b"x\r\n"))
            assert answer.startswith("554 5.7.1 Message rejected: Email "
                                     "address is not verified.")
    lines = log(site)[len(before):]
    if number is None:
        assert lines == []  # what passes is not spoken of
        return
    assert len(lines) == 2
    kind = {1: "login", 2: "client", 3: "local", 5: "daemon"}[number]
    assert re.search(
        r": 4jYSxR17Mhz\w+: account=%s by=%s bind=%d client=\S+ "
        r"from=<s@stranger\.example> identity=- id=0100\S+-000000 "
        r"op=SendSmtpEmail rc=\w+ rcpts=1 size=\d+ ms=\d+ "
        r"reason=\(Email address is not verified\. .*\)$" % (
            ACCOUNT, kind, line_of(site, number)), lines[0])


def test_sendmail_and_then_a_client(site):
    """Only what Postfix says of this message makes it a local one."""
    with Milter(site, "mta", client="127.0.0.1", port="0") as session:
        assert session.mail(STRANGER, i="4jYSxR17MhzA", **NOBODY)[0] == "c"
        session.rcpt("<r@rcpt.example>")
        session.content(HEAD, b"x\r\n")
        assert session.mail(STRANGER, **NOBODY)[0] == "a"


def test_a_key_is_still_a_key(site):
    """On its own service, whatever is bound there."""
    with Milter(site) as session:
        letter, data = session.mail(STRANGER, **login("AKIANOBODY0000000000"))
        assert letter == "y" and data.startswith(b"535 5.7.8")
        made = site.sesamectl("key", "add", ACCOUNT, "--json")
        own = login(made["access_key_id"])
        assert session.mail(STRANGER, **own)[0] == "c"
        site.sesamectl("key", "disable", made["access_key_id"])
        letter, data = session.mail(STRANGER, **own)
        assert (letter, data.rstrip(b"\0")) == (
            "y", b"535 5.7.8 Authentication Credentials Invalid")
        # A session's key is none here, whoever says he checked it.
        made = site.sesamectl("iam", "session", "add", ACCOUNT, "--json")
        assert session.mail(STRANGER, **login(made["access_key_id"]))[0] == "y"
        assert session.mail(STRANGER, **login(
            site.env["SESAME_SMTP_USER"]))[0] == "c"


def test_a_bound_sender_may_not_be_empty(site):
    with Milter(site, "WHOLE", client="203.0.113.1") as session:
        assert session.mail("<>", **NOBODY)[0] == "c"
        session.rcpt("<r@rcpt.example>")
        assert text(session.content(HEAD, b"x\r\n")) == (
            "554 5.6.0 Transaction failed: Invalid MAIL FROM address provided")


def test_a_line_of_the_log_is_one_line(site):
    before = log(site)
    with Milter(site, "WHOLE", client="203.0.113.1") as session:
        session.mail("<\"a b> rc=ok\"@x.example>", **NOBODY)
        session.rcpt("<r@rcpt.example>")
        session.content([("From", b" \"a) rc=ok\n sesame\" <s@s.example>")],
                        b"x\r\n")
    told, = log(site)[len(before):]
    fields = told[:told.index(" reason=(")]
    assert fields.count(" rc=") == 1 and " rc=rejected" in fields


# --- a user who is none


def test_a_user_who_is_none_is_not_the_account(site):
    """Nor is one who was deleted, also in the middle of a message."""
    no_user = "sesame.conf:%d: bind: account %s has no IAM user ghost: " % (
        line_of(site, 6), ACCOUNT)
    gate = site.layout.path("log", "gate.log")

    def warnings():
        with open(gate) as file:
            return file.read().count(no_user)

    before = warnings()
    assert before >= 1  # when the gate began
    with Milter(site, "GHOST") as session:
        letter, data = session.mail(STRANGER, **NOBODY)
        assert (letter, data.rstrip(b"\0")) == ("y", GONE)
        assert warnings() == before + 1
        make_user(site, "ghost")
        assert session.mail(STRANGER, **NOBODY)[0] == "c"
        site.sesamectl("iam", "policy", "delete", ACCOUNT, "all", "--user",
                       "ghost")
        site.sesamectl("iam", "user", "delete", ACCOUNT, "ghost")
        session.rcpt("<r@rcpt.example>")
        assert text(session.content(HEAD, b"x\r\n")) == GONE.decode()
        assert session.mail(STRANGER, **NOBODY)[0] == "y"
    found = [row for row in json.loads(site.run(
        site.env["SESAMECTL"], "postfix", "--check", "--json").stdout)
        if row["check"] == "bind-user"]
    assert [row["command"] for row in found] == [
        "sesamectl iam user add %s ghost" % ACCOUNT]
    assert ":%d: " % line_of(site, 6) in found[0]["finding"]


# --- what sesame.conf may say


def milter(site, tmp_path, lines):
    """How the gate takes these lines: exit status and last words."""
    with open(site.env["SESAME_CONFIG"]) as file:
        kept = [line for line in file.read().splitlines()
                if not line.startswith("bind")]
    config = site.layout.path("etc", "mistaken.conf")  # gate_user reads it
    with open(config, "w") as file:
        file.write("\n".join(kept + lines) + "\n")
    done = site.run(os.path.join(site.layout.build, "sesame-milter"),
                    "-c", config,
                    "--milter", "unix:%s/m" % tmp_path,
                    "--auth", "unix:%s/a" % tmp_path)
    return done.returncode, done.stderr.replace(
        "%s:%d:" % (config, len(kept) + len(lines)), "LAST:")


@pytest.mark.parametrize("line, want", [
    ("bind = 000000000000 daemon=X", "bind: no account 000000000000"),
    ("bind = 123456789012", "bind: needs daemon=, login= or client="),
    ("bind = 123456789012 network=10.0.0.0/8",
     'bind: "network=10.0.0.0/8": user=, daemon=, login= or client= is '
     'expected'),
    ("bind = 123456789012 client=10.0.0.1/8",
     'bind: "10.0.0.1/8" has bits set behind the prefix: 10.0.0.0/8 is the '
     'network'),
    ("bind = 123456789012 daemon=SESAME-API",
     "bind: on SESAME-API the ticket says whose a message is"),
    ("bind = 123456789012 daemon=SESAME-SMTP login=*",
     "bind: on SESAME-SMTP a login is an access key"),
    ("binding = none daemon=X", 'unknown option "binding"'),
])
def test_mistakes_are_named(site, tmp_path, line, want):
    code, said = milter(site, tmp_path, ["bind = none daemon=A", line])
    assert code == 1
    assert said.splitlines()[-1].endswith(" LAST: " + want)


def test_check_finds_an_account_that_is_gone(site, tmp_path):
    with open(site.env["SESAME_CONFIG"]) as file:
        text = file.read()
    config = tmp_path / "sesame.conf"
    config.write_text(text + "bind = 999999999999 daemon=X\n")
    done = site.run(os.path.join(site.layout.build, "sesamectl"), "-c",
                    config, "check")
    assert done.returncode == 1
    assert "%s:%d: bind: no account 999999999999\n" % (
        config, text.count("\n") + 1) in done.stdout


def test_config_shows_them(site):
    shown = wait(lambda: site.sesamectl("config", "--json")["bind"], 1, 5,
                 "bindings")
    assert len(shown) == len(BINDINGS)
    assert shown[0] == BINDINGS[0]
    assert shown[2] == (ACCOUNT + " daemon=APPS,SESAME-SMTP "
                        "client=192.0.2.0/24,2001:db8::/32")
    assert "\nbind " in "\n" + site.sesamectl("config")
