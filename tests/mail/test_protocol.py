"""The gate's half of the milter protocol, packet by packet"""

import os
import socket

import pytest

from harness.host import wait
from milter import ACTIONS, STEPS, Hangup, Milter, text

DOMAIN = "protocol.example"
SENDER = "<s@protocol.example>"
HEAD = [("From", b" s@protocol.example"), ("To", b" r@rcpt.example"),
        ("Subject", b" x")]
NO_REPLY = 0x80 | 0x1000 | 0x8000 | 0x40000 | 0x80000  # HDR CONN RCPT EOH BODY


@pytest.fixture(scope="module")
def site(host):
    host.sesamectl("identity", "add", host.env["SESAME_ACCOUNT"], DOMAIN)
    wait(lambda: host.sesamectl("identity", "records", DOMAIN,
                                "--zone").split(), 1, 10, "keys")
    host.publish_dns(DOMAIN)
    host.sesamectl("identity", "verify", DOMAIN, "--timeout", "30")
    return host


@pytest.fixture
def milter(site):
    with Milter(site) as session:
        yield session


def used(host):
    """It also falls, when the agent closes entries of messages that Postfix
    never had: all that are accepted in this file."""
    return host.sesamectl("account", "show", host.env["SESAME_ACCOUNT"],
                          "--json")["sent24"]


# --- who is answered, and when


def test_negotiation(site):
    with Milter(site) as session:
        letter, data = session.chosen
        assert letter == "O"
        numbers = [int.from_bytes(data[at:at + 4], "big") for at in (0, 4, 8)]
        assert numbers[0] == 6
        assert numbers[2] & NO_REPLY == NO_REPLY
        assert not numbers[2] & 0x4000  # MAIL is answered


@pytest.mark.parametrize("actions, steps", [
    (ACTIONS, 0x7f), (0x1, STEPS), (ACTIONS, STEPS & ~0x100000)])
def test_an_old_mta_is_refused(site, actions, steps):
    with pytest.raises(Hangup):
        session = Milter(site, actions=actions, steps=steps, start=False)
        if session.chosen[0] == "r":
            raise Hangup


def test_silence_until_the_end(milter):
    """An answer to a step that wants none would hang the client."""
    assert milter.is_silent()  # CONNECT
    assert milter.mail(SENDER)[0] == "c"
    milter.rcpt("<silent@rcpt.example>")
    milter.rcpt("<not an address")
    for name, value in HEAD + [("From", b" twice@x.example")]:
        milter.header(name, value)
    milter.macros("N", {"i": milter.queue_id()})
    milter.put("N")
    milter.put("B", b"a\0b")
    assert milter.is_silent()
    milter.put("E")
    assert text(milter.answers()).startswith("554 5.6.0")


def test_edits_and_nothing_else(milter):
    assert milter.mail(SENDER)[0] == "c"
    milter.rcpt("<edits@rcpt.example>")
    answers = milter.content(
        [("X-Sesame-Ticket", b" a"), ("X-SES-A", b" 1")] + HEAD +
        [("x-ses-a", b" 2"), ("Bcc", b" b@x.example"), ("Date", b" never"),
         ("Feedback-ID", b" 1"), ("Feedback-ID", b" 2")], b"x\r\n")
    seen = [(letter, data[4:].split(b"\0")[0] if letter in "mi" else
             data.split(b"\0")[0]) for letter, data in answers]
    # From the last field to the first, then changes, then what is new.
    assert [item for item in seen if item[0] != "e"] == [
        ("m", b"Feedback-ID"), ("m", b"Bcc"), ("m", b"x-ses-a"),
        ("m", b"X-SES-A"), ("m", b"X-Sesame-Ticket"), ("h", b"Message-ID"),
        ("m", b"Date"), ("m", b"Feedback-ID"), ("i", b"DKIM-Signature"),
        ("c", b"")]
    numbers = {data[4:].split(b"\0")[0]: int.from_bytes(data[:4], "big")
               for letter, data in answers if letter == "m" and
               data.endswith(b"\0\0")}
    assert numbers[b"x-ses-a"] == 2 and numbers[b"X-SES-A"] == 1
    assert numbers[b"Feedback-ID"] == 2
    senders = [data for letter, data in answers if letter == "e"]
    assert len(senders) == 1
    assert senders[0].startswith(b"<a1.")


# --- whose message it is


@pytest.mark.parametrize("daemon, macros", [
    ("SESAME-SMTP", {"auth_type": None, "auth_authen": None}),
    ("SESAME-SMTP", {"auth_type": "XCLIENT"}),
    ("SESAME-SMTP", {"auth_type": "EXTERNAL"}),
    ("OTHER", {}),
    ("", {"auth_type": None, "auth_authen": None}),
])
def test_nobodys_mail_is_let_go_at_once(site, daemon, macros):
    before = used(site)
    with Milter(site, daemon) as session:
        assert session.mail("s@protocol.example", **macros)[0] == "a"
    assert used(site) <= before


@pytest.mark.parametrize("sender, rewritten", [
    ("<a1.x@bounce.sesame.test>", None),
    ("a1.x@bounce.sesame.test", None),  # as pickup spells it
    ("<x>", "x@bounce.sesame.test"),    # as Postfix completed it
    ("<@h.example:x@bounce.sesame.test>", None),
])
@pytest.mark.parametrize("daemon", ["OTHER", "", "SESAME-API"])
def test_nobodys_mail_from_the_bounce_domain(site, daemon, sender, rewritten):
    with Milter(site, daemon) as session:
        macros = {"auth_type": None, "auth_authen": None}
        if rewritten:
            macros["mail_addr"] = rewritten
        letter, data = session.mail(sender, **macros)
        assert letter == "y" and data.startswith(b"554 5.7.1 Access denied")


def test_a_login_that_is_no_key(milter):
    letter, data = milter.mail(SENDER, auth_authen="AKIANOBODY0000000000")
    assert letter == "y"
    assert data.startswith(b"535 5.7.8 Authentication Credentials Invalid")


def test_unbound_reject(new_host):
    host = new_host("--set", "unbound = reject",
                    "--set", "bind = none daemon=INBOUND")
    for daemon, want in (("OTHER", "y"), ("INBOUND", "a")):
        with Milter(host, daemon) as session:
            letter, data = session.mail("<a@b.example>", auth_type=None,
                                        auth_authen=None)
            assert letter == want
            assert letter == "a" or data.startswith(b"554 5.7.1")


# --- content that Postfix would mend or refuse itself


@pytest.mark.parametrize("body, want", [
    (b"a\0b\r\n", "554 5.6.0 Transaction failed: Illegal content."),
    (b"a\rb\r\n", "554 5.6.0 Transaction failed: Illegal content."),
    (b"a\nb\r\n", "554 5.6.0 Transaction failed: Illegal content."),
    ([b"a\r", b"\nb\r\n"], ""),
    (b"no end", ""),
    (b"", ""),
])
def test_bodies(milter, body, want):
    assert milter.mail(SENDER)[0] == "c"
    milter.rcpt("<body@rcpt.example>")
    assert text(milter.content(HEAD, body)) == want


@pytest.mark.parametrize("value", [b" a\rb", b" a\nb", b" a\x01", b" \xff",
                                   b" a\n"])
def test_header_values(milter, value):
    assert milter.mail(SENDER)[0] == "c"
    milter.rcpt("<header@rcpt.example>")
    assert text(milter.content(HEAD + [("X-Odd", value)], b"")) == \
        "554 5.6.0 Transaction failed: Illegal header 'X-Odd'."


def test_a_short_queue_id_is_our_failure(milter):
    before = used(milter.host)
    assert milter.mail(SENDER)[0] == "c"
    milter.rcpt("<short@rcpt.example>")
    answer = text(milter.content(HEAD, b"x\r\n", "4F2A31C0DE"))
    assert answer == "451 4.3.0 Temporary service failure"
    assert used(milter.host) <= before


# --- sessions


def test_one_message_after_another(milter):
    """A refusal, an abort, a message left half said: the next one works."""
    for _ in range(3):
        milter.mail("<s@other.example>")
        milter.rcpt("<a@rcpt.example>")
        assert text(milter.content(HEAD, b"x\r\n")).startswith("554 5.7.1")
        milter.mail(SENDER)
        milter.rcpt("<b@rcpt.example>")
        milter.header("From", b" nobody")
        milter.put("A")
        milter.mail(SENDER)
        milter.rcpt("<c@rcpt.example>")
        milter.header("Subject", b" half")
        milter.mail(SENDER)
        milter.rcpt("<d@rcpt.example>")
        assert text(milter.content(HEAD, b"x\r\n")) == ""


def test_an_abort_counts_nothing(milter):
    before = used(milter.host)
    milter.mail(SENDER)
    milter.rcpt("<abort@rcpt.example>")
    for name, value in HEAD:
        milter.header(name, value)
    milter.macros("N", {"i": milter.queue_id()})
    milter.put("N")
    milter.put("B", b"x\r\n")
    milter.put("A")
    milter.put("Q")
    assert used(milter.host) <= before


def test_out_of_order(site):
    """Steps without a MAIL: no answer that accepts, and no crash."""
    for steps in ("E", "NE", "BE", "RLNBE"):
        with Milter(site) as session:
            for letter in steps:
                session.put(letter, b"x\0y\0" if letter in "RLB" else b"")
            session.socket.settimeout(1)
            try:
                assert session.answers()[-1][0] not in "ac"
            except (Hangup, socket.timeout):
                pass


def test_garbage(site):
    path = os.path.join(site.env["SESAME_STATE"], "queue", "sesame")
    for name in ("milter", "auth"):
        for data in (b"\xff" * 5000, b"\0" * 5000, b"GET / HTTP/1.0\r\n\r\n",
                     b"A" * 100000, b"AUTH\t" * 5000):
            with socket.socket(socket.AF_UNIX) as rude:
                rude.settimeout(2)
                rude.connect(os.path.join(path, name))
                try:
                    rude.sendall(data)
                    while rude.recv(4096):
                        pass
                except OSError:
                    pass
    with Milter(site) as session:
        session.mail(SENDER)
        session.rcpt("<after@rcpt.example>")
        assert text(session.content(HEAD, b"x\r\n")) == ""


def test_many_logins_at_once(site):
    """Many silent clients do not keep the next one out."""
    path = os.path.join(site.env["SESAME_STATE"], "queue", "sesame", "auth")
    idle = []
    try:
        for _ in range(600):
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            client.settimeout(10)
            idle.append(client)
        for client in idle:
            assert client.recv(4096).startswith(b"VERSION\t1\t1\n")
    finally:
        for client in idle:
            client.close()
    assert site.swaks("s@" + DOMAIN, "login@rcpt.example").code == 250
