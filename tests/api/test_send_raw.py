"""SendEmail with Raw content: the bytes, the envelope, what is refused"""

import base64

import pytest

from raw import call, check_error

SEND = "/v2/email/outbound-emails"
DOMAIN = "rawmail.example"


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    return host


def post(site, message, **more):
    body = dict({"Content": {"Raw": {
        "Data": base64.b64encode(message).decode()}}}, **more)
    return call(site, "POST", SEND, body)


def head(to, *lines):
    return "".join(line + "\r\n" for line in (
        "From: R <r@%s>" % DOMAIN, "To: " + to, "Subject: raw") + lines
        ).encode() + b"\r\n"


def sent(site, to, message, **more):
    answer = post(site, message, **more)
    assert answer.status == 200, answer
    return site.wait_mail(to)[0]


def test_bytes_are_kept(site):
    to = "kept@rcpt.example"
    body = b"odd  spacing \t\r\n.\r\n..dots\r\n\xe9\xff\r\n\r\n"
    mail = sent(site, to, head(to, "X-Odd:   a\tb", "MIME-Version: 1.0",
                               "Content-Type: text/plain; charset=latin1",
                               "Content-Transfer-Encoding: 8bit") + body)
    assert mail.bytes.endswith(b"\r\n\r\n" + body)
    assert b"\r\nX-Odd:   a\tb\r\n" in mail.bytes
    assert DOMAIN in site.dkim_domains(mail)


def test_line_ends(site):
    to = "lines@rcpt.example"
    mail = sent(site, to, head(to).replace(b"\r\n", b"\n") + b"one\ntwo")
    assert mail.bytes.endswith(b"\r\n\r\none\r\ntwo\r\n")


def test_recipients_of_the_message(site):
    sent(site, "c@raw.example",
         head("A <a@raw.example>, b@raw.example",
              "Cc: group: c@raw.example;", "Bcc: d@raw.example",
              "bcc: e@raw.example"))
    for name in "abcde":
        mail = site.wait_mail(name + "@raw.example")[0]
        assert b"d@raw.example" not in mail.bytes
        assert b"\nbcc:" not in mail.bytes.lower()


def test_recipients_of_the_call(site):
    mail = sent(site, "real@raw.example", head("shown@raw.example"),
                Destination={"ToAddresses": ["real@raw.example"]})
    assert mail.header("To") == "shown@raw.example"
    assert site.mail("shown@raw.example") == []


def test_from_is_added(site):
    mail = sent(site, "added@raw.example",
                b"Subject: none\r\nTo: added@raw.example\r\n\r\nx\r\n",
                FromEmailAddress="Me <me@%s>" % DOMAIN)
    assert mail.header("From") == "Me <me@%s>" % DOMAIN


def test_fields_of_the_call_win(site):
    ses = site.ses()
    ses.create_configuration_set(ConfigurationSetName="raw-set")
    try:
        to = "wins@raw.example"
        mail = sent(site, to, head(to, "X-SES-CONFIGURATION-SET: none-such",
                                   "X-SES-MESSAGE-TAGS: bad tag=x"),
                    ConfigurationSetName="raw-set",
                    EmailTags=[{"Name": "a", "Value": "b"}])
        assert b"x-ses-" not in mail.bytes.lower()
        answer = post(site, head(to, "X-SES-CONFIGURATION-SET: none-such"))
        check_error(answer, 400, "BadRequestException",
                    "Configuration set <none-such> does not exist.")
    finally:
        ses.delete_configuration_set(ConfigurationSetName="raw-set")


TO = {"Destination": {"ToAddresses": ["x@raw.example"]}}
FROM = ("From: r@%s\r\n" % DOMAIN).encode()


@pytest.mark.parametrize("message,text", [
    (b"", "Message must begin with a header field."),
    (b"\r\n" + FROM, "Message must begin with a header field."),
    (b" x: y\r\n" + FROM, "Message must begin with a header field."),
    (b"From r@x Mon Nov 24\r\n" + FROM,
     "Message must begin with a header field."),
    (b"no colon\r\n" + FROM, "Message must begin with a header field."),
    (FROM + b"no colon\r\n\r\n", "Illegal header 'no colon'."),
    (FROM + b"\r\n\0", "Message contains a NUL character."),
    (b"Subject: x\r\n\r\n", "Missing required header 'From'."),
    (FROM + FROM + b"\r\n", "Duplicate header 'From'."),
])
def test_refused(site, message, text):
    check_error(post(site, message, **TO), 400, "BadRequestException", text)


def test_refused_without_recipients(site):
    check_error(post(site, FROM + b"\r\n"), 400, "BadRequestException",
                "Destination must have at least one recipient.")
    check_error(post(site, FROM + b"To: nobody\r\n\r\n"), 400,
                "BadRequestException", "Missing final '@domain'")
    many = b", ".join(b"u%d@raw.example" % n for n in range(51))
    check_error(post(site, FROM + b"To: " + many + b"\r\n\r\n"), 400,
                "BadRequestException", "Recipient count exceeds 50.")


def test_unverified(site):
    check_error(post(site, b"From: a@nowhere.example\r\n\r\n", **TO), 400,
                "MessageRejected",
                "Email address is not verified. The following identities "
                "failed the check in region US-EAST-1: a@nowhere.example")
