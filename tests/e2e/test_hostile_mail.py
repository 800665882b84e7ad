"""Hostile messages: each has its answer, and the next one works"""

import smtplib
import socket
import ssl

import pytest

DOMAIN = "hostile.example"
SENDER = "s@" + DOMAIN
HEAD = b"From: s@hostile.example\r\nTo: r@rcpt.example\r\nSubject: x\r\n"


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    return host


@pytest.fixture
def works_after(site):
    """Whatever was tried, the next message is taken."""
    yield
    to = "after@rcpt.example"
    site.ses().send_email(
        FromEmailAddress=SENDER, Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "x"}}}})


class Smtp:
    """A session that says exactly what it is told."""

    def __init__(self, host):
        address, _, port = host.env["SESAME_SMTP"].partition(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.smtp = smtplib.SMTP(address, int(port), "x", timeout=120)
        self.smtp.starttls(context=context)
        self.smtp.login(host.env["SESAME_SMTP_USER"],
                        host.env["SESAME_SMTP_PASSWORD"])

    def message(self, data, rcpt="<r@rcpt.example>", sender=SENDER):
        code, reply = self.smtp.docmd("MAIL FROM:<%s>" % sender)
        if code != 250:
            return code, reply.decode()
        code, reply = self.smtp.docmd("RCPT TO:" + rcpt)
        if code != 250:
            self.smtp.docmd("RSET")
            return code, reply.decode()
        code, reply = self.smtp.docmd("DATA")
        if code != 354:
            return code, reply.decode()
        self.smtp.send(data + b"\r\n.\r\n")
        code, reply = self.smtp.getreply()
        return code, reply.decode()


def raw(data):
    return {"Raw": {"Data": data}}


def over_api(host, data):
    ses = host.ses(retries={"total_max_attempts": 1}, read_timeout=120)
    return ses.send_email(FromEmailAddress=SENDER,
                          Destination={"ToAddresses": ["r@rcpt.example"]},
                          Content=raw(data))


CASES = {
    "a header of 1 MB": HEAD + b"X-Big: " + b"y" * (1 << 20) +
                        b"\r\n\r\nx\r\n",
    "a folded header of 1 MB": HEAD + b"X-Big: " + b"y\r\n " * (1 << 18) +
                               b"y\r\n\r\nx\r\n",
    "10,000 headers": HEAD + b"".join(b"X-%d: y\r\n" % n
                                      for n in range(10000)) + b"\r\nx\r\n",
    "NUL in a header": HEAD + b"X-Nul: a\0b\r\n\r\nx\r\n",
    "a line of 999 bytes": HEAD + b"\r\n" + b"x" * 999 + b"\r\n",
    "a header twice": HEAD + b"Subject: y\r\n\r\nx\r\n",
    "a From list with a bad one": HEAD.replace(
        b"s@hostile.example", b"s@hostile.example, broken") + b"\r\nx\r\n",
    "an unverified second From": HEAD.replace(
        b"s@hostile.example", b"s@hostile.example, o@other.example") +
        b"\r\nx\r\n",
    "an unverified Sender": HEAD + b"Sender: o@other.example\r\n\r\nx\r\n",
    "an unknown set": HEAD + b"X-SES-CONFIGURATION-SET: none\r\n\r\nx\r\n",
    "a bad tag": HEAD + b"X-SES-MESSAGE-TAGS: a b=c\r\n\r\nx\r\n",
}


@pytest.mark.parametrize("name", CASES)
def test_refused_over_both(site, works_after, name):
    data = CASES[name]
    used = site.ses().get_account()["SendQuota"]["SentLast24Hours"]
    code, reply = Smtp(site).message(data)
    assert 500 <= code < 600, (code, reply)
    ses = site.ses()
    with pytest.raises(ses.exceptions.ClientError) as refused:
        over_api(site, data)
    error = refused.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400, error
    assert error["Error"]["Message"], error
    account = site.ses().get_account()["SendQuota"]
    assert account["SentLast24Hours"] == used


def test_duplicate_header_text(site):
    ses = site.ses()
    with pytest.raises(ses.exceptions.BadRequestException) as refused:
        over_api(site, CASES["a header twice"])
    assert refused.value.response["Error"]["Message"] == \
        "Duplicate header 'Subject'."
    code, reply = Smtp(site).message(CASES["a header twice"])
    assert code == 554
    assert "Transaction failed: Duplicate header 'Subject'." in reply


def test_8bit_without_declaration(site, works_after):
    """Postfix says what it is; the signature holds whatever arrives."""
    body = HEAD + b"\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    before = len(site.mail(to="r@rcpt.example"))
    over_api(site, body)
    mail = site.wait_mail(to="r@rcpt.example", count=before + 1)[-1]
    assert site.dkim_domains(mail) == [DOMAIN]


def test_bare_lf_and_cr(site, works_after):
    before = len(site.mail(to="r@rcpt.example"))
    over_api(site, HEAD.replace(b"\r\n", b"\n") + b"\nline\nline\n")
    mail = site.wait_mail(to="r@rcpt.example", count=before + 1)[-1]
    assert b"\n" not in mail.bytes.replace(b"\r\n", b"")
    assert site.dkim_domains(mail) == [DOMAIN]


def test_nul_in_the_body(site, works_after):
    ses = site.ses()
    with pytest.raises(ses.exceptions.BadRequestException):
        over_api(site, HEAD + b"\r\na\0b\r\n")
    code, reply = Smtp(site).message(HEAD + b"\r\na\0b\r\n")
    assert code >= 500, reply


@pytest.mark.parametrize("rcpt", [
    "<@hop.example:r@rcpt.example>", "<@a,@b:r@rcpt.example>"])
def test_source_route(site, works_after, rcpt):
    code, reply = Smtp(site).message(HEAD + b"\r\nx\r\n", rcpt)
    assert code >= 500, reply


@pytest.mark.parametrize("address", [
    "@hop:b@rcpt.example", "b", "b@", "@rcpt.example", "b@rcpt..example",
    "b b@rcpt.example", "b@rcpt.example\r\nRCPT TO:<c@rcpt.example>",
    "b@rcpt.example>", "<b@rcpt.example", "b@[127.0.0.1", "b@rcpt_x.example,c",
    "\u00fc@rcpt.example", "b@\u00fc.example", "a" * 65 + "@rcpt.example",
    "a@" + "b" * 64 + ".example", "", " ", "\"\r\n\"@rcpt.example",
])
def test_bad_recipients_over_the_api(site, works_after, address):
    ses = site.ses(retries={"total_max_attempts": 1})
    with pytest.raises(ses.exceptions.BadRequestException):
        ses.send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": ["good@rcpt.example", address]},
            Content={"Simple": {"Subject": {"Data": "x"},
                                "Body": {"Text": {"Data": "x"}}}})
    assert not site.mail(to="good@rcpt.example")


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@rcpt.example", "a\nb",
                                     "a\0b"])
def test_header_injection(site, works_after, subject):
    ses = site.ses(retries={"total_max_attempts": 1})
    try:
        ses.send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": ["inj@rcpt.example"]},
            Content={"Simple": {"Subject": {"Data": subject},
                                "Body": {"Text": {"Data": "x"}}}})
    except ses.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return
    mail = site.wait_mail(to="inj@rcpt.example")[-1]
    assert mail.header("Bcc") is None
    assert not site.mail(to="x@rcpt.example")


def test_too_many_recipients(site, works_after):
    ses = site.ses(retries={"total_max_attempts": 1})
    with pytest.raises(ses.exceptions.ClientError) as refused:
        ses.send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": ["r%d@rcpt.example" % number
                                         for number in range(51)]},
            Content={"Simple": {"Subject": {"Data": "x"},
                                "Body": {"Text": {"Data": "x"}}}})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_40_mb_and_one_byte_more(site, works_after):
    limit = 41943040
    line = b"x" * 76 + b"\r\n"

    def message(size):
        data = HEAD + b"\r\n"
        data += line * ((size - len(data)) // len(line))
        rest = size - len(data)
        if rest == 1:
            data, rest = data[:-len(line)], rest + len(line)
        return data + b"y" * (rest - 2) + b"\r\n"

    assert len(message(limit)) == limit
    ses = site.ses()
    before = len(site.mail(to="r@rcpt.example"))
    code, reply = Smtp(site).message(message(limit)[:-2])
    assert code == 250, reply
    code, reply = Smtp(site).message(message(limit + 1)[:-2])
    assert code == 552, reply
    assert "Message is too long" in reply
    over_api(site, message(limit))
    with pytest.raises(ses.exceptions.ClientError) as refused:
        over_api(site, message(limit + 1))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (
        400, 413)
    mails = site.wait_mail(to="r@rcpt.example", count=before + 2, seconds=60)
    assert len(mails) == before + 2
    for mail in mails[-2:]:
        assert site.dkim_domains(mail) == [DOMAIN]


def test_smtp_client_gone_in_the_middle(site, works_after):
    used = site.ses().get_account()["SendQuota"]["SentLast24Hours"]
    session = Smtp(site)
    session.smtp.docmd("MAIL FROM:<%s>" % SENDER)
    session.smtp.docmd("RCPT TO:<gone@rcpt.example>")
    session.smtp.docmd("DATA")
    session.smtp.send(HEAD + b"\r\nhalf a mess")
    session.smtp.sock.shutdown(socket.SHUT_RDWR)
    session.smtp.close()
    site.settle()
    assert not site.mail(to="gone@rcpt.example")
    assert site.ses().get_account()["SendQuota"]["SentLast24Hours"] == used
