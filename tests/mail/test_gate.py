"""The gate through a real Postfix, by SMTP: whose mail it is, what is refused
with which words, what is changed, and that what leaves is what was signed."""

import email.utils
import re
import smtplib
import time

import dkim
import pytest

from harness.host import wait
from session import Session, queue_id

DOMAIN = "gate.example"
SENDER = "s@" + DOMAIN
HEAD = (b"From: Shop <s@gate.example>\r\nTo: r@rcpt.example\r\n"
        b"Subject: x\r\n")
REFUSED = ("554 5.7.1 Message rejected: Email address is not verified. The "
           "following identities failed the check in region US-EAST-1: ")


@pytest.fixture(scope="module")
def site(host):
    host.sesamectl("identity", "add", host.env["SESAME_ACCOUNT"], DOMAIN)
    wait(lambda: host.sesamectl("identity", "records", DOMAIN,
                                "--zone").split(), 1, 10, "keys")
    host.publish_dns(DOMAIN)
    host.sesamectl("identity", "verify", DOMAIN, "--timeout", "30")
    host.settle()  # nothing of another file's returns its quota from here on
    return host


@pytest.fixture(scope="module")
def smtp(site):
    with Session(site) as session:
        yield session


def sent(host, smtp, name, data, sender=SENDER):
    """Send data to a recipient of its own; how it arrived."""
    to = re.sub("[^a-z0-9]+", "-", name.lower()) + "@rcpt.example"
    code, reply = smtp.message(sender, to, data)
    assert code == 250, reply
    return host.wait_mail(to=to)[-1], queue_id(reply)


def used(host):
    """Recipients that count: a refused message must not change it."""
    out = host.sesamectl("account", "show", host.env["SESAME_ACCOUNT"],
                         "--json")
    return out["sent24"]


# --- what leaves


def test_header_and_envelope(site, smtp):
    mail, queue = sent(site, smtp, "rewritten", (
        b"X-SES-MESSAGE-TAGS: a=b, ses:feedback-id-a=camp\r\n"
        b"X-Sesame-Ticket: 1 k=a\r\n" + HEAD +
        b"x-ses-other: 1\r\nX-SES-Third : 2\r\nBcc: hidden@rcpt.example\r\n"
        b"Resent-Bcc: hidden@rcpt.example\r\nReturn-Path: <x@gate.example>\r\n"
        b"Message-ID: <mine@gate.example>\r\n"
        b"Date: Tue, 1 Jan 2019 01:02:03 +0100\r\n"
        b"Feedback-ID: mine\r\nfeedback-id: mine too\r\nX-Kept: yes\r\n"
        b"\r\nhello\r\n"))
    assert site.dkim_domains(mail) == [DOMAIN]
    names = [name.lower() for name, _ in mail.message.items()]
    assert not [name for name in names if name.startswith(("x-ses-",
                                                           "x-sesame-"))]
    for name in ("bcc", "resent-bcc", "return-path"):
        assert name not in names
    assert names.count("feedback-id") == 1
    assert mail.header("X-Kept") == "yes"

    message_id = mail.header("Message-ID")
    found = re.fullmatch(r"<([0-9a-f]{16}-[0-9a-f-]{36}-000000)"
                         r"@us-east-1\.ses\.sesame\.test>", message_id)
    assert found
    # The id that an SMTP client derives from the reply is the same.
    assert found.group(1) in site.sesamectl("id", queue)
    assert queue in site.sesamectl("id", found.group(1))

    when = email.utils.parsedate_to_datetime(mail.header("Date"))
    assert abs(when.timestamp() - time.time()) < 60
    assert mail.header("Date").endswith("+0000")
    assert re.fullmatch(r"camp:1\.us-east-1\.[A-Za-z0-9+/=]+:Sesame",
                        mail.header("Feedback-ID"))
    assert re.fullmatch(r"a1\.[a-z2-7]{43}@bounce\.sesame\.test",
                        mail.mail_from)
    assert len(mail.mail_from.partition("@")[0]) < 64


def test_nothing_but_a_body(site, smtp):
    """Without Message-ID and Date the gate adds both."""
    mail, _ = sent(site, smtp, "added", HEAD + b"\r\nx\r\n")
    assert mail.header("Message-ID") and mail.header("Date")
    assert site.dkim_domains(mail) == [DOMAIN]


SIGNED = {
    "empty body": HEAD + b"\r\n",
    "no empty line": HEAD,
    "empty lines only": HEAD + b"\r\n\r\n\r\n\r\n",
    "blanks and empty lines at the end": HEAD + b"\r\na  \r\n\r\n\r\n",
    "dots": HEAD + b"\r\n.\r\n..a\r\n.b\r\n",
    "lines of 998 bytes": HEAD + b"\r\n" + (b"x" * 998 + b"\r\n") * 50,
    "8-bit undeclared": HEAD + b"\r\nGr\xc3\xbc\xc3\x9fe\r\n",
    "8-bit declared": HEAD + (
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"),
    "bare CR and LF": HEAD + b"\r\na\rb\nc\r\n",
    "folded fields": (
        b"From: Shop\r\n <s@gate.example>\r\nTo: a@rcpt.example,\r\n"
        b"\tb@rcpt.example\r\nSubject: a\r\n b\r\n\tc  d \r\n  e\r\n"
        b"Message-ID:\r\n <a@b>\r\nList-Unsubscribe: <https://x.example/>,\r\n"
        b" <mailto:u@gate.example>\r\n\r\nx\r\n"),
    "blanks around": (
        b"From:s@gate.example \r\nTo:   r@rcpt.example\r\nSubject :  x\t\r\n"
        b"SUBJECT2:\r\n\r\nx\r\n"),
    "many fields of a name": HEAD + b"".join(
        b"Received: from %d\r\nCc: c%d@rcpt.example\r\n" % (n, n)
        for n in range(20)) + b"\r\nx\r\n",
    "a signature of the client": HEAD + (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=gate.example; s=x; h=from;\r\n"
        b" bh=; b=\r\n\r\nx\r\n"),
    "2 MB": HEAD + b"\r\n" + (b"y" * 76 + b"\r\n") * 27000,
}


@pytest.mark.parametrize("name", SIGNED)
def test_what_leaves_is_what_was_signed(site, smtp, name):
    mail, _ = sent(site, smtp, name, SIGNED[name])
    assert DOMAIN in site.dkim_domains(mail)


def test_8_bit_through_a_host_without_8bitmime(site, smtp):
    site.set_sink(**{"8bitmime": False})
    try:
        mail, _ = sent(site, smtp, "no 8bitmime", SIGNED["8-bit declared"])
    finally:
        site.set_sink()
    assert b"Gr\xc3\xbc\xc3\x9fe" in mail.bytes
    assert site.dkim_domains(mail) == [DOMAIN]


@pytest.mark.parametrize("field", [
    b"From", b"Sender", b"Reply-To", b"To", b"Cc", b"Subject", b"Date",
    b"Message-ID", b"Content-Type", b"List-Unsubscribe-Post"])
def test_a_field_added_later_breaks_the_signature(site, smtp, field):
    mail, _ = sent(site, smtp, "oversigned", HEAD + b"\r\nx\r\n")
    check = dkim.DKIM(field + b": m@evil.example\r\n" + mail.bytes)
    assert not check.verify(dnsfunc=site.dkim_key)
    assert dkim.DKIM(b"X-Other: y\r\n" + mail.bytes).verify(
        dnsfunc=site.dkim_key)


def test_form_of_the_signature(site, smtp):
    mail, _ = sent(site, smtp, "form", HEAD + b"\r\nx\r\n")
    value = re.sub(r"\s+", "", mail.header("DKIM-Signature"))
    tags = dict(tag.split("=", 1) for tag in value.split(";") if tag)
    assert tags["c"] == "relaxed/simple" and tags["a"] == "rsa-sha256"
    assert "l" not in tags
    selector = tags["s"] + "._domainkey." + DOMAIN
    assert b"p=" in site.dkim_key(selector.encode())


# --- who


def test_login_and_plain(site):
    for mechanism in ("PLAIN", "LOGIN"):
        answer = site.swaks(SENDER, "auth@rcpt.example", "--auth", mechanism)
        assert answer.code == 250, answer.output


@pytest.mark.parametrize("user, password", [
    (None, "wrong"), (None, ""), ("AKIANOBODY0000000000", None),
    ("nobody", None), ("a b\tc", None),
])
def test_wrong_credentials(site, user, password):
    session = Session(site, login=False)
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        session.smtp.login(
            site.env["SESAME_SMTP_USER"] if user is None else user,
            site.env["SESAME_SMTP_PASSWORD"] if password is None else password)
    assert refused.value.smtp_code == 535
    assert b"Authentication Credentials Invalid" in refused.value.smtp_error
    session.close()


def test_no_login_before_tls(site):
    address, _, port = site.env["SESAME_SMTP"].partition(":")
    with smtplib.SMTP(address, int(port), "x") as plain:
        plain.ehlo()
        assert not plain.has_extn("auth")
        assert plain.docmd("AUTH PLAIN")[0] in (503, 530, 538)


def test_a_key_that_was_disabled(site):
    made = site.sesamectl("key", "add", site.env["SESAME_ACCOUNT"], "--json")
    with Session(site, made["smtp_user"], made["smtp_password"]) as session:
        assert session.message(SENDER, "key@rcpt.example",
                               HEAD + b"\r\nx\r\n")[0] == 250
        site.sesamectl("key", "disable", made["access_key_id"])
        # Logged in already, and refused all the same.
        code, reply = session.message(SENDER, "key@rcpt.example",
                                      HEAD + b"\r\nx\r\n")
        assert (code, reply) == (535, "5.7.8 Authentication Credentials "
                                      "Invalid")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        Session(site, made["smtp_user"], made["smtp_password"])


def test_xclient_is_no_credential(site):
    """Postfix offers it to nobody here; a milter must not believe it."""
    session = Session(site, login=False)
    code, _ = session.command("XCLIENT LOGIN=" + site.env["SESAME_SMTP_USER"])
    assert code >= 500
    session.close()


# --- refusals

ANY = "any@rcpt.example"


REFUSALS = {
    "envelope": ("s@other.example", ANY, HEAD, REFUSED + "s@other.example"),
    "From": (SENDER, ANY, HEAD.replace(b"gate.example", b"other.example"),
             REFUSED + "Shop <s@other.example>"),
    "Sender": (SENDER, ANY, HEAD + b"Sender: x@other.example\r\n",
               REFUSED + "x@other.example"),
    "no From": (
        SENDER, ANY, HEAD.replace(b"From: Shop", b"X-From: Shop"),
        "554 5.6.0 Transaction failed: Missing required header 'From'."),
    "bad To": (SENDER, ANY, HEAD.replace(b"r@rcpt.example", b"nobody"),
               "554 5.6.0 Transaction failed: Missing final '@domain'"),
    "source route": (
        SENDER, "<@hop.example:any@rcpt.example>", HEAD,
        "554 5.6.0 Transaction failed: Invalid email address "
        "<@hop.example:any@rcpt.example>."),
    "null sender": (
        "<>", ANY, HEAD,
        "554 5.6.0 Transaction failed: Invalid MAIL FROM address provided"),
    "twice": (SENDER, ANY, HEAD + b"subject: y\r\n",
              "554 5.6.0 Transaction failed: Duplicate header 'Subject'."),
    "8-bit": (SENDER, ANY, HEAD + b"X-Raw: \xc3\xbc\r\n",
              "554 5.6.0 Transaction failed: Illegal header 'X-Raw'."),
    "no such set": (
        SENDER, ANY, HEAD + b"X-SES-CONFIGURATION-SET: 100%\r\n",
        "554 5.6.0 Transaction failed: Configuration set <100%> does not "
        "exist."),
    "bad tag": (
        SENDER, ANY, HEAD + b"X-SES-MESSAGE-TAGS: a b=c\r\n",
        "554 5.6.0 Transaction failed: Invalid tag name <a b>: only "
        "alphanumeric ASCII characters, '_',  '-' are allowed."),
    "of later": (
        SENDER, ANY, HEAD + b"X-SES-TENANT: t\r\n",
        "554 5.6.0 Transaction failed: Header 'X-SES-TENANT' is not "
        "supported here yet."),
    "long line": (
        SENDER, ANY, HEAD + b"X: " + b"y" * 996 + b"\r\n",
        "554 5.6.0 Transaction failed: A line of header 'X' is longer than "
        "998 characters."),
    "long field": (
        SENDER, ANY, HEAD + b"X: " + b"y\r\n " * 100000 + b"y\r\n",
        "554 5.6.0 Transaction failed: Header 'X' is too long."),
    "many fields": (SENDER, ANY, HEAD + b"X: y\r\n" * 1001,
                    "554 5.6.0 Transaction failed: Too many headers."),
    "many recipients": (
        SENDER, ["r%d@rcpt.example" % n for n in range(51)], HEAD,
        "554 5.6.0 Transaction failed: Recipient count exceeds 50."),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(site, smtp, name):
    sender, rcpt, data, want = REFUSALS[name]
    before = used(site)
    code, reply = smtp.message(sender, rcpt, data + b"\r\nx\r\n")
    assert "%d %s" % (code, reply) == want
    assert used(site) == before
    assert not site.mail(to=ANY)


@pytest.mark.parametrize("body, want", ids=["999 bytes", "NUL", "501 parts"], argvalues=[
    (b"x" * 999, "554 5.6.0 Transaction failed: A line of the body is longer "
                 "than 998 characters."),
    (b"a\0b", "550 5.7.1 disallowed character"),  # Postfix's own words
    (b"\r\n".join([b"--b\r\n"] * 501), "554 5.6.0 Transaction failed: The "
                                       "message has more than 500 MIME parts."),
])
def test_bodies_that_are_refused(site, smtp, body, want):
    code, reply = smtp.message(
        SENDER, ANY, HEAD + b"MIME-Version: 1.0\r\nContent-Type: "
        b"multipart/mixed; boundary=b\r\n\r\n" + body + b"\r\n")
    assert "%d %s" % (code, reply) == want
    assert smtp.message(SENDER, "next@rcpt.example",
                        HEAD + b"\r\nx\r\n")[0] == 250


@pytest.mark.parametrize("sender", [
    "<a1.x@bounce.sesame.test>", "<A1.X@BOUNCE.SESAME.TEST>",
    "<x@sub.bounce.sesame.test>", "<\"x\"@bounce.sesame.test>",
    "<x%bounce.sesame.test>"])
def test_nobody_sends_from_the_bounce_domain(site, smtp, sender):
    code, reply = smtp.command("MAIL FROM:" + sender)
    smtp.command("RSET")
    assert code == 554 and reply.startswith("5.7.1 Access denied")


def test_paused(site, smtp):
    site.sesamectl("account", "pause", site.env["SESAME_ACCOUNT"])
    try:
        code, reply = smtp.message(SENDER, ANY, HEAD + b"\r\nx\r\n")
    finally:
        site.sesamectl("account", "resume", site.env["SESAME_ACCOUNT"])
    assert code == 554
    assert reply == ("5.7.0 Message rejected: Sending paused for this "
                     "account. For more information, please check the inbox "
                     "of the email address associated with your AWS account.")
    assert smtp.message(SENDER, "again@rcpt.example",
                        HEAD + b"\r\nx\r\n")[0] == 250


def test_sandbox(site, smtp):
    account = site.env["SESAME_ACCOUNT"]
    site.sesamectl("production", "revoke", account)
    try:
        code, reply = smtp.message(
            SENDER, ["own@" + DOMAIN, "stranger@rcpt.example"],
            HEAD + b"\r\nx\r\n")
        assert "%d %s" % (code, reply) == REFUSED + "stranger@rcpt.example"
        assert smtp.message(SENDER, "own@" + DOMAIN,
                            HEAD + b"\r\nx\r\n")[0] == 250
    finally:
        site.sesamectl("production", "grant", account)
    assert site.wait_mail(to="own@" + DOMAIN)


# --- quota


def test_rate_and_quota_texts(site, smtp):
    account = site.env["SESAME_ACCOUNT"]
    try:
        site.sesamectl("quota", "set", account, "--rate", "1")
        answers = [smtp.message(SENDER, "rate@rcpt.example",
                                HEAD + b"\r\nx\r\n") for _ in range(5)]
        assert (454, "4.7.0 Throttling failure: Maximum sending rate "
                     "exceeded") in answers
        site.sesamectl("quota", "set", account, "--rate", "-1",
                       "--max24", str(used(site) + 3))
        before = used(site)
        code, reply = smtp.message(
            SENDER, ["q%d@rcpt.example" % n for n in range(4)],
            HEAD + b"\r\nx\r\n")
        assert (code, reply) == (454, "4.7.0 Throttling failure: Daily "
                                      "message quota exceeded")
        assert used(site) == before
        assert smtp.message(SENDER, ["q%d@rcpt.example" % n for n in range(3)],
                            HEAD + b"\r\nx\r\n")[0] == 250
        assert used(site) == before + 3
    finally:
        site.sesamectl("quota", "set", account, "--rate", "-1",
                       "--max24", "-1")


def test_one_recipient_spelled_in_many_ways(site, smtp):
    """Postfix delivers once, so it is counted once."""
    before = used(site)
    assert smtp.message(SENDER, ["one@rcpt.example", "one@RCPT.Example",
                                 "<\"one\"@rcpt.example>",
                                 "<one@rcpt.example.>"],
                        HEAD + b"\r\nx\r\n")[0] == 250
    assert used(site) == before + 1


# --- suppression


@pytest.fixture
def suppressed(site):
    account = site.env["SESAME_ACCOUNT"]
    for name in ("gone", "angry"):
        site.sesamectl("suppression", "put", account,
                       name + "@rcpt.example",
                       "BOUNCE" if name == "gone" else "COMPLAINT")
    yield site
    for name in ("gone", "angry"):
        site.sesamectl("suppression", "delete", account,
                       name + "@rcpt.example")


@pytest.mark.parametrize("spelling", [
    "gone@rcpt.example", "gone@RCPT.example", "<\"gone\"@rcpt.example>",
    "<gone@rcpt.example.>"])
def test_a_suppressed_recipient(suppressed, smtp, spelling):
    before = used(suppressed)
    kept = "kept-%d@rcpt.example" % before
    code, reply = smtp.message(SENDER, [kept, spelling, "angry@rcpt.example"],
                               HEAD + b"\r\nx\r\n")
    assert code == 250, reply
    mail = suppressed.wait_mail(to=kept)[-1]
    assert mail.rcpt_tos == [kept]
    time.sleep(0.5)
    assert not suppressed.mail(to="gone@rcpt.example")
    assert not suppressed.mail(to="angry@rcpt.example")
    assert used(suppressed) == before + 3


def test_all_recipients_suppressed(suppressed, smtp):
    before = used(suppressed)
    code, reply = smtp.message(SENDER, ["gone@rcpt.example",
                                        "angry@rcpt.example"],
                               HEAD + b"\r\nx\r\n")
    assert code == 250, reply
    shown = suppressed.sesamectl("message", queue_id(reply))
    assert "gone@rcpt.example" in shown
    time.sleep(0.5)
    assert not suppressed.mail(to="gone@rcpt.example")
    assert used(suppressed) == before + 2


# --- the gate itself


def test_it_comes_back(site):
    """Its sockets outlive it: clients wait, they are not turned away."""
    site.kill9("gate")
    site.start("gate")
    with Session(site) as session:
        assert session.message(SENDER, "back@rcpt.example",
                               HEAD + b"\r\nx\r\n")[0] == 250
    mail = site.wait_mail(to="back@rcpt.example")[0]
    assert site.dkim_domains(mail) == [DOMAIN]


def test_a_key_that_does_not_open_defers(site):
    """Mail that should be signed and cannot be waits."""
    path = site.layout.path("keys", "gate.key")
    with open(path) as file:
        kept = file.read()
    name, value = kept.split()[:2]
    site.stop("gate")
    try:
        with open(path, "w") as file:
            file.write("%s %s\n" % (name, "7" * len(value)))
        site.start("gate")
        with Session(site) as session:
            before = used(site)
            code, reply = session.message(SENDER, ANY, HEAD + b"\r\nx\r\n")
        assert (code, reply) == (451, "4.3.0 Temporary service failure")
        assert used(site) == before
    finally:
        site.stop("gate")
        with open(path, "w") as file:
            file.write(kept)
        site.start("gate")
