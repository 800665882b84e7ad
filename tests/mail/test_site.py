"""A Postfix that had users before Sesame came

Real parts: inbound mail, Dovecot's logins, OpenDKIM as a milter before ours,
sendmail.  What is bound to no account must arrive as at the same Postfix
without Sesame, byte for byte; what is bound obeys.
"""

import os
import re
import subprocess

import dkim
import pytest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness import site as sites
from harness.host import wait
from harness.layout import ACCOUNT
from session import Session, queue_id
from test_bind import make_user

DOMAIN = "corp.example"
BINDINGS = [
    ACCOUNT + " daemon=SUBMISSION login=*@corp.example",
    ACCOUNT + " user=robot daemon=APPS client=127.0.0.11",
]
OTHER = "210987654321"
LAST = BINDINGS + [ACCOUNT + " client=local", ACCOUNT + " daemon=APPS",
                   OTHER + " login=bob@*"]
HEAD = (b"From: Ann <ann@corp.example>\r\nTo: r@rcpt.example\r\n"
        b"Subject: x\r\n")
REFUSED = ("554 5.7.1 Message rejected: Email address is not verified. The "
           "following identities failed the check in region US-EAST-1: ")


@pytest.fixture(scope="module")
def site(module_host):
    words = ["--site"]
    for line in BINDINGS:
        words += ["--set", "bind = " + line]
    host = module_host(*words)
    make_user(host, "robot")
    host.verify_domain(DOMAIN)
    return host


def port(site, name):
    return site.layout.ports[name]


def account(site):
    return site.sesamectl("account", "show", ACCOUNT, "--json")


def told(site):
    """The gate's lines on messages, so far."""
    with open(site.layout.path("log", "gate.log")) as file:
        return [line for line in file if " account=" in line]


# --- what a message has of the time and the machine

LONG_ID = (r"[0-9BCDFGHJ-NP-TV-Zbcdfghj-np-tv-z]{10}z"
           r"[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{3,12}")
SAME = [(re.compile(pattern.encode()), value) for pattern, value in (
    (r"(?<![0-9A-Za-z])" + LONG_ID + r"(?![0-9A-Za-z])", b"QUEUE-ID"),
    (r"QUEUE-ID\.\d+/", b"QUEUE-ID.N/"),  # boundaries of bounces
    (r"\w{3}, [ \d]\d \w{3} 20[2-9]\d \d\d:\d\d:\d\d [-+]\d{4}( \(UTC\))?",
     b"DATE"),
)]


def same(data):
    for pattern, value in SAME:
        data = pattern.sub(value, data)
    return data


def box(site, which, to):
    """The messages for a recipient in the mailbox of "site" or "plain"."""
    folder = os.path.join(*({"site": [site.layout.state],
                             "plain": [site.layout.state, "plain"]}[which] +
                            ["boxes", "box", "new"]))
    found = []
    if os.path.isdir(folder):
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            if b"\nDelivered-To: " + to.encode() + b"\n" in data:
                found.append(data)
    return found


def arrived(site, which, to):
    found = wait(lambda: box(site, which, to), 1, 60,
                 "mail for %s at %s" % (to, which))
    assert len(found) == 1
    return found[0]


# --- inbound mail


def signed_by_somebody():
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(serialization.Encoding.PEM,
                            serialization.PrivateFormat.TraditionalOpenSSL,
                            serialization.NoEncryption())
    text = (b"From: a@far.example\r\nTo: ann@site.example\r\nSubject: s\r\n"
            b"Date: Mon, 06 Jan 2020 10:00:00 +0000\r\n\r\nsigned\r\n")
    return dkim.sign(text, b"sel", b"far.example", pem) + text


FAR = b"From: a@far.example\r\nTo: ann@site.example\r\nSubject: x\r\n"
BOUNCE = (
    b"From: MAILER-DAEMON@far.example\r\nTo: ann@site.example\r\n"
    b"Subject: Undelivered Mail\r\nAuto-Submitted: auto-replied\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/report; "
    b"report-type=delivery-status;\r\n\tboundary=\"b/1\"\r\n\r\n"
    b"--b/1\r\n\r\nno\r\n--b/1\r\nContent-Type: message/delivery-status\r\n"
    b"\r\nReporting-MTA: dns; far.example\r\n\r\nFinal-Recipient: rfc822; "
    b"x@far.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b/1--\r\n")

INBOUND = {
    "plain": ("a@far.example", FAR + b"\r\nhello\r\n"),
    "8-bit": ("a@far.example", FAR + b"X-Raw: gr\xfc\xdfe \xc3\xbc\r\n"
              b"\r\nGr\xfc\xdfe \xff\xfe\r\n"),
    "control characters": ("a@far.example", FAR + b"X-C: \x01\x7f\r\n"
                           b"\r\n\x01\x02\x1b[31m\r\n"),
    "bare CR and LF": ("a@far.example", FAR + b"\r\na\rb\nc\r\n"),
    "long lines": ("a@far.example", FAR + b"X-Long: " + b"y" * 1900 +
                   b"\r\nX-Longer: " + b"z " * 3000 + b"\r\n\r\n" +
                   b"w" * 998 + b"\r\n" + b"v" * 5000 + b"\r\n"),
    "headers of our own": ("a@far.example", (
        b"X-Sesame-Ticket: 1 k=a\r\nX-SES-CONFIGURATION-SET: nosuch\r\n"
        b"X-SES-MESSAGE-TAGS: a b\r\nFeedback-ID: 1:far\r\n"
        b"Return-Path: <x@y.example>\r\nBcc: b@far.example\r\n"
        b"Resent-Bcc: c@far.example\r\n") + FAR + b"\r\nx\r\n"),
    "odd headers": ("a@far.example", FAR + (
        b"x-lower:no blank\r\nX-Space : x\r\nX-Empty:\r\nX-Tab:\tx\t\r\n"
        b"X-Fold:\r\n \r\n\t x\r\n  y  \r\nSubject: twice\r\nFrom: b@far.ex\r\n"
        b"Message-ID: not one\r\nDate: never\r\n\r\nx  \r\n\r\n\r\n")),
    "no header at all": ("a@far.example", b"\r\nno header\r\n"),
    "a line that is no header": ("a@far.example",
                                 FAR + b"this is no header\r\nX-A: b\r\n"),
    "an mbox line": ("a@far.example", b"From a@far.example Mon Jan  6\r\n" +
                     FAR + b"\r\nx\r\n"),
    "nothing": ("a@far.example", b""),
    "header only": ("a@far.example", FAR),
    "no final newline": ("a@far.example", FAR + b"\r\nthe end"),
    "dots": ("a@far.example", FAR + b"\r\n.\r\n..a\r\n.b\r\n"),
    "a signature": ("a@far.example", signed_by_somebody()),
    "two broken signatures": ("a@far.example", (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=corp.example; s=x; h=from;\r\n"
        b" bh=; b=\r\n" * 2) + FAR + b"\r\nx\r\n"),
    "a bounce": ("<>", BOUNCE),
    "claims to be of a customer": ("ann@corp.example", HEAD + b"\r\nx\r\n"),
    "MIME": ("a@far.example", FAR + (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
        b"\r\npre\r\n--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc"
        b"\r\n--b\r\n\r\n--b--\r\npost\r\n") + b"--b\r\n\r\n" * 600),
    "1 MB": ("a@far.example", FAR + b"\r\n" + (b"y" * 76 + b"\r\n") * 13000),
}


@pytest.fixture(scope="module")
def inbound(site):
    """Everything sent to both at once; {name: recipient}."""
    to = {name: "%s@site.example" % re.sub("[^a-z0-9]+", "-", name.lower())
          for name in INBOUND}
    for which in ("inbound", "plain_inbound"):
        session = Session.at(port(site, which))
        for name, (sender, data) in INBOUND.items():
            code, reply = session.message(sender, to[name], data)
            assert code == 250, (name, reply)
        session.close()
    return to


@pytest.mark.parametrize("name", INBOUND)
def test_inbound_mail(site, inbound, name):
    ours = arrived(site, "site", inbound[name])
    before = arrived(site, "plain", inbound[name])
    assert same(ours) == same(before)
    if INBOUND[name][1].startswith(FAR):  # the other milter was there, too
        assert b"Authentication-Results: mx.site.example" in ours


def test_inbound_from_the_bounce_domain_alone_is_refused(site):
    session = Session.at(port(site, "inbound"))
    code, reply = session.message("a1.x@bounce.sesame.test",
                                  "ann@site.example", FAR)
    assert code == 554 and reply.startswith("5.7.1 Access denied")
    session.close()


# --- sendmail, cron, and what Postfix bounces itself


def sendmail(site, which, *words, data):
    config = {"site": site.layout.postfix_config,
              "plain": site.layout.path("plain", "etc")}[which]
    done = subprocess.run(["/usr/sbin/sendmail"] + list(words), input=data,
                          env=dict(os.environ, MAIL_CONFIG=config),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


CRON = (b"From: root (Cron Daemon)\nTo: %s\nSubject: Cron <root@mx> run\n"
        b"MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        b"Content-Transfer-Encoding: 8bit\nX-Cron-Env: <SHELL=/bin/sh>\n\n"
        b"Gr\xc3\xbc\xc3\x9fe\n.\nno final newline")


def test_cron(site):
    for which in ("site", "plain"):
        sendmail(site, which, "-FCronDaemon", "-i", "-B8BITMIME", "-oem",
                 "cron@site.example", data=CRON % b"cron")
    ours = arrived(site, "site", "cron@site.example")
    assert same(ours) == same(arrived(site, "plain", "cron@site.example"))
    assert b"Gr\xc3\xbc\xc3\x9fe\n.\nno final newline" in ours


def test_bounces_made_here(site):
    """Of mail that sendmail brought, for a mailbox that does not exist."""
    for which in ("site", "plain"):
        sendmail(site, which, "-i", "-f", "bounced@site.example",
                 "reply-550-5.1.1-x@rcpt.example",
                 data=CRON % b"reply-550-5.1.1-x@rcpt.example")
    ours = arrived(site, "site", "bounced@site.example")
    assert b"\nStatus: 5.1.1\n" in ours
    assert same(ours) == same(arrived(site, "plain", "bounced@site.example"))


# --- users of another SASL server


def login(site, user, which="msa"):
    return Session.at(port(site, which), user=user,
                      password=sites.USERS[user])


@pytest.mark.parametrize("user", ["bob@other.example",
                                  "AKIAIOSFODNN7EXAMPLE"])
def test_users_who_are_not_bound(site, user):
    """To the sink; what they send is nobody's business."""
    data = (b"X-SES-CONFIGURATION-SET: nosuch\r\nFrom: ann@corp.example\r\n"
            b"To: x@rcpt.example\r\nMessage-ID: <1@corp.example>\r\n"
            b"Date: Mon, 06 Jan 2020 10:00:00 +0000\r\nSubject: \r\n\r\nx\r\n")
    name = re.sub("[^a-z]", "", user.lower())
    before, used = told(site), account(site)["sent24"]
    for which in ("msa", "plain_msa"):
        session = login(site, user, which)
        to = "%s@rcpt.example" % name
        assert session.message("ann@corp.example", to, data)[0] == 250
        session.close()
    ours, plain = site.wait_mail(to=to, count=2)
    assert same(ours.bytes) == same(plain.bytes)
    assert ours.mail_from == plain.mail_from == "ann@corp.example"
    assert told(site) == before and account(site)["sent24"] == used


def test_a_wrong_password_is_theirs(site):
    with pytest.raises(Exception, match="535"):
        Session.at(port(site, "msa"), user="ann@corp.example",
                   password="wrong")


# --- users who are bound

WAYS = {
    "key": lambda site: Session(site),
    "login": lambda site: login(site, "ann@corp.example"),
    "client": lambda site: Session.at(port(site, "apps"), "127.0.0.11"),
}


def enforced(site, session, by, to):
    """Refused in the service's words, and else sent as an account's mail."""
    before, used = told(site), account(site)["sent24"]
    code, reply = session.message("ann@corp.example", to, FAR + b"\r\nx\r\n")
    assert "%d %s" % (code, reply) == REFUSED + "a@far.example"
    assert account(site)["sent24"] == used
    code, reply = session.message("ann@corp.example", to,
                                  b"X-SES-MESSAGE-TAGS: a=b\r\n" + HEAD +
                                  b"\r\nx\r\n")
    assert code == 250, reply
    check_sent(site, to, used)
    refused, accepted = told(site)[len(before):]
    for line in refused, accepted:
        assert re.search(r": %s: account=%s by=%s " % (LONG_ID, ACCOUNT, by),
                         line)
    assert " rc=rejected " in refused and "a@far.example)\n" in refused
    assert " identity=%s id=0100" % DOMAIN in accepted
    assert " %s: " % queue_id(reply) in accepted


def check_sent(site, to, used):
    mail = site.wait_mail(to=to)[0]
    assert site.dkim_domains(mail) == [DOMAIN]
    assert re.match(r"a1\.[a-z2-7]{43}@bounce\.sesame\.test$", mail.mail_from)
    assert mail.header("X-SES-MESSAGE-TAGS") is None
    assert mail.header("Message-ID").endswith(".ses.sesame.test>")
    assert account(site)["sent24"] == used + 1


@pytest.mark.parametrize("way", WAYS)
def test_bound(site, way):
    with WAYS[way](site) as session:
        enforced(site, session, way, "bound-%s@rcpt.example" % way)


def test_the_sender_of_a_bound_message_may_not_be_empty(site):
    """Vacation notices and bounces of a bound client: as for a key."""
    with login(site, "ann@corp.example") as session:
        code, reply = session.message("<>", "r@rcpt.example",
                                      HEAD + b"\r\nx\r\n")
    assert "%d %s" % (code, reply) == (
        "554 5.6.0 Transaction failed: Invalid MAIL FROM address provided")


def test_quota_and_switches_of_the_account(site):
    with login(site, "ann@corp.example") as session:
        site.sesamectl("quota", "set", ACCOUNT, "--max24",
                       str(account(site)["sent24"] + 1))
        try:
            code, reply = session.message(
                "ann@corp.example", ["q1@rcpt.example", "q2@rcpt.example"],
                HEAD + b"\r\nx\r\n")
            assert (code, reply) == (454, "4.7.0 Throttling failure: Daily "
                                          "message quota exceeded")
        finally:
            site.sesamectl("quota", "set", ACCOUNT, "--max24", "-1")
        site.sesamectl("account", "pause", ACCOUNT)
        try:
            code, reply = session.message("ann@corp.example",
                                          "paused@rcpt.example",
                                          HEAD + b"\r\nx\r\n")
            assert code == 554 and reply.startswith(
                "5.7.0 Message rejected: Sending paused for this account.")
        finally:
            site.sesamectl("account", "resume", ACCOUNT)
        # Mail of nobody does not stop with the account's.
        assert not site.mail(to="q1@rcpt.example")


def test_suppressed_recipients_and_events(site):
    site.sesamectl("suppression", "put", ACCOUNT, "gone@rcpt.example",
                   "BOUNCE")
    site.subscribe("site")
    with login(site, "ann@corp.example") as session:
        code, reply = session.message(
            "ann@corp.example",
            ["gone@rcpt.example", "reply-550-5.1.1-s@rcpt.example",
             "kept@rcpt.example"],
            b"X-SES-CONFIGURATION-SET: site\r\n" + HEAD + b"\r\nx\r\n")
    assert code == 250, reply
    assert site.wait_mail(to="kept@rcpt.example")[0].rcpt_tos == [
        "kept@rcpt.example"]
    message = site.sesamectl("id", queue_id(reply), "--json")
    found = [value for value in message.values()
             if str(value).endswith("-000000")][0]
    site.wait_events(found, "Delivery")
    bounced = site.wait_events(found, "Bounce", 2)
    assert {event["bounce"]["bouncedRecipients"][0]["emailAddress"]
            for event in bounced} == {"gone@rcpt.example",
                                      "reply-550-5.1.1-s@rcpt.example"}
    tags = bounced[0]["mail"]["tags"]
    assert "ses:caller-identity" not in tags  # the account itself
    assert not site.mail(to="gone@rcpt.example")


# --- addresses that are claimed


def test_xclient(site):
    """An address that a trusted proxy names is the client's; a login is not
    one."""
    with Session.at(port(site, "apps"), "127.0.0.12") as session:
        assert session.command("XCLIENT ADDR=127.0.0.11")[0] == 550
        session.command("EHLO client.example")
        assert session.message("ann@corp.example", "x1@rcpt.example",
                               FAR)[0] == 250  # nobody's
    with Session.at(port(site, "apps"), sites.PROXY) as session:
        assert session.command("XCLIENT ADDR=127.0.0.11 NAME=x.example "
                               "LOGIN=ann@corp.example")[0] == 220
        session.command("EHLO client.example")
        assert session.message("ann@corp.example", "x2@rcpt.example",
                               FAR)[0] == 554
    with Session.at(port(site, "apps"), sites.PROXY) as session:
        assert session.command("XCLIENT ADDR=127.0.0.12 PORT=0 NAME=localhost "
                               "LOGIN=" + site.env["SESAME_SMTP_USER"])[0] == 220
        session.command("EHLO client.example")
        assert session.message("ann@corp.example", "x3@rcpt.example",
                               FAR)[0] == 250  # nobody's


# --- closed to everybody else


def restart_gate(site, lines):
    """With these lines for bindings."""
    with open(site.env["SESAME_CONFIG"]) as file:
        kept = [line for line in file.read().splitlines()
                if line.partition(" ")[0] not in ("bind", "unbound")]
    site.stop("gate")
    with open(site.env["SESAME_CONFIG"], "w") as file:
        file.write("\n".join(kept + lines) + "\n")
    site.start("gate")


@pytest.fixture(scope="module")
def closed(site):
    site.sesamectl("account", "add", OTHER)
    restart_gate(site, ["unbound = reject"] +
                 ["bind = " + line for line in LAST])
    return site


def test_unbound_mail_is_refused(closed):
    sessions = {"inbound": (Session.at(port(closed, "inbound")),
                            "ann@site.example"),
                "login": (login(closed, "AKIAIOSFODNN7EXAMPLE"),
                          "r@rcpt.example")}
    for session, to in sessions.values():
        code, reply = session.message("a@far.example", to, FAR)
        assert code == 554 and reply.startswith("5.7.1 Access denied")
        session.close()


def test_another_account(closed):
    """Its users do not send as the first one's identities."""
    before = told(closed)
    with login(closed, "bob@other.example") as session:
        code, reply = session.message("ann@corp.example", "r@rcpt.example",
                                      HEAD + b"\r\nx\r\n")
    assert "%d %s" % (code, reply) == REFUSED + (
        "Ann <ann@corp.example>, ann@corp.example")
    line, = told(closed)[len(before):]
    assert " account=%s by=login " % OTHER in line


def test_bound_by_service(closed):
    with Session.at(port(closed, "apps"), "127.0.0.12") as session:
        enforced(closed, session, "daemon", "bound-daemon@rcpt.example")


def test_bound_sendmail(closed):
    """Its mail is checked and signed; what may not be sent is bounced."""
    used = account(closed)["sent24"]
    sendmail(closed, "site", "-i", "-f", "ann@corp.example",
             "local@rcpt.example", data=HEAD.replace(b"\r\n", b"\n") + b"\nx\n")
    check_sent(closed, "local@rcpt.example", used)
    sendmail(closed, "site", "-i", "-f", "web@site.example",
             "local2@rcpt.example",
             data=HEAD.replace(b"\r\n", b"\n") + b"\nx\n")
    bounce = arrived(closed, "site", "web@site.example")
    assert b"Email address is not verified" in bounce
    assert not closed.mail(to="local2@rcpt.example")


def test_an_exception_keeps_port_25_open(closed):
    restart_gate(closed, ["unbound = reject", "bind = none daemon=INBOUND"])
    with Session.at(port(closed, "inbound")) as session:
        assert session.message("<>", "late@site.example", BOUNCE)[0] == 250
    assert same(arrived(closed, "site", "late@site.example"))
    with Session.at(port(closed, "apps"), "127.0.0.11") as session:
        assert session.message("a@far.example", "r@rcpt.example",
                               FAR)[0] == 554
