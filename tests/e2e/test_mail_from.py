"""Custom MAIL FROM: set, verified, used, and what to do when it is not"""

import smtplib
import time

import pytest
from botocore.exceptions import ClientError

from harness.host import wait

DOMAIN = "mailfrom.example"
SENDER = "s@" + DOMAIN
BOUNCES = "bounces." + DOMAIN
DEFAULT = "@bounce.sesame.test"


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    host.subscribe("mailfrom", path="/mailfrom")
    yield host
    put(host, "")


def put(site, domain=BOUNCES, behavior="USE_DEFAULT_VALUE"):
    site.ses().put_email_identity_mail_from_attributes(
        EmailIdentity=DOMAIN, MailFromDomain=domain,
        BehaviorOnMxFailure=behavior)


def shown(site):
    return site.ses().get_email_identity(EmailIdentity=DOMAIN)[
        "MailFromAttributes"]


def wait_status(site, status, seconds=30):
    end = time.monotonic() + seconds
    while shown(site)["MailFromDomainStatus"] != status:
        assert time.monotonic() < end, shown(site)
        time.sleep(0.1)


def wait_error(site, error, seconds=30):
    end = time.monotonic() + seconds
    show = ("identity", "show", site.env["SESAME_ACCOUNT"], DOMAIN, "--json")
    while site.sesamectl(*show)["mail_from_error"] != error:
        assert time.monotonic() < end, site.sesamectl(*show)
        time.sleep(0.1)


def send(site, to):
    return site.ses().send_email(
        FromEmailAddress=SENDER, Destination={"ToAddresses": [to]},
        ConfigurationSetName="mailfrom",
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "x"}}}})["MessageId"]


def envelope_sender(site, to):
    return site.wait_mail(to=to)[0].mail_from


def test_refused(site):
    for domain in (DOMAIN, "other.example", "x." + DOMAIN + ".example",
                   "-bad-." + DOMAIN):
        with pytest.raises(ClientError) as caught:
            put(site, domain)
        assert caught.value.response["Error"]["Code"] == "BadRequestException"
    with pytest.raises(ClientError) as caught:
        put(site, behavior="RETURN_TO_SENDER")
    assert caught.value.response["Error"]["Message"] == (
        "1 validation error detected: Value at 'behaviorOnMxFailure' failed "
        "to satisfy constraint: Member must satisfy enum value set: "
        "[REJECT_MESSAGE, USE_DEFAULT_VALUE]")
    assert shown(site) == {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}


def test_default_while_pending(site):
    put(site)
    assert shown(site) == {"MailFromDomain": BOUNCES,
                           "MailFromDomainStatus": "PENDING",
                           "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    send(site, "pending@rcpt.example")
    assert envelope_sender(site, "pending@rcpt.example").endswith(DEFAULT)


def test_rejected_while_pending(site):
    put(site, behavior="REJECT_MESSAGE")
    with pytest.raises(ClientError) as caught:
        send(site, "rejected@rcpt.example")
    error = caught.value.response["Error"]
    assert error["Code"] == "MailFromDomainNotVerifiedException"
    assert error["Message"] == "DNS setup for MAIL FROM domain is invalid."
    said = site.swaks(SENDER, "rejected@rcpt.example")
    assert said.code == 554
    assert ("MAIL FROM domain not verified: DNS setup for MAIL FROM domain is "
            "invalid.") in said.reply


RECORDS = ("{name}. 60 IN MX 10 {host}.\n"
           "{name}. 60 IN TXT \"v=spf1 include:ses.sesame.test ~all\"\n")
HOST = "feedback-smtp.us-east-1.ses.sesame.test"


@pytest.mark.parametrize("records, error", [
    ("", "HOST_NOT_FOUND"),
    ("{name}. 60 IN A 127.0.0.1\n", "TYPE_NOT_FOUND"),
    (RECORDS.replace("{host}", "mx.elsewhere.example"), "INVALID_VALUE"),
    (RECORDS + "{name}. 60 IN MX 20 second.example.\n", "INVALID_VALUE"),
    (RECORDS.replace("ses.sesame.test", "elsewhere.example"),
     "INVALID_VALUE"),
    (RECORDS + "{name}. 60 IN TXT \"v=spf1 -all\"\n", "INVALID_VALUE"),
], ids=["none", "no mx", "other mx", "two mx", "no include", "two spf"])
def test_wrong_records(site, records, error):
    put(site, "")
    keys = site.sesamectl("identity", "records", DOMAIN, "--zone")
    site.dns(DOMAIN, keys + records.format(name=BOUNCES, host=HOST))
    put(site)
    wait_error(site, error)
    assert shown(site)["MailFromDomainStatus"] == "PENDING"


def test_verified_and_used(site):
    """The records that sesamectl prints are those; a bounce comes home."""
    put(site)
    site.publish_dns(DOMAIN)
    wait_status(site, "SUCCESS")
    first = send(site, "used@rcpt.example")
    sender = envelope_sender(site, "used@rcpt.example")
    assert sender.startswith("a1.") and sender.endswith("@" + BOUNCES)
    site.wait_events(first, "Delivery")

    # Refused at once: the follower knows the token, and Postfix's own notice
    # goes to the agent.
    bad = send(site, "reply-550-5.1.1-mf@rcpt.example")
    event = site.wait_events(bad, "Bounce")[0]
    assert event["bounce"]["bounceType"] == "Permanent"
    site.settle()
    assert len(site.events(bad, "Bounce")) == 1

    # And one from far away, by port 25.
    report = (
        "From: MAILER-DAEMON@far.example\r\nTo: {to}\r\nSubject: failed\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; "
        "report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; far.example\r\n\r\n"
        "Final-Recipient: rfc822; used@rcpt.example\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 gone\r\n\r\n"
        "--b--\r\n").format(to=sender)
    address, _, port = site.env["SESAME_INBOUND"].partition(":")
    with smtplib.SMTP(address, int(port), "x", timeout=30) as smtp:
        smtp.ehlo()
        smtp.sendmail("", [sender], report)
    event = site.wait_events(first, "Bounce")[0]
    assert event["bounce"]["bouncedRecipients"][0]["status"] == "5.1.1"


TEMPLATE = {
    "TemplateName": "mailfrom", "FromEmailAddress": SENDER,
    "TemplateSubject": "yours?", "TemplateContent": "<p>Is it yours?</p>",
    "SuccessRedirectionURL": "https://mailfrom.example/yes",
    "FailureRedirectionURL": "https://mailfrom.example/no"}


@pytest.fixture
def ask(site):
    """Ask an address with the customer's own template, as he may."""
    ses = site.ses()
    ses.create_custom_verification_email_template(**TEMPLATE)
    yield lambda to: ses.send_custom_verification_email(
        EmailAddress=to, TemplateName="mailfrom",
        ConfigurationSetName="mailfrom")["MessageId"]
    ses.delete_custom_verification_email_template(TemplateName="mailfrom")


def test_a_confirmation_link_never_comes_back_to_who_asked(site, ask):
    """Reports on the mail that holds it go to the service, and what they
    quote of it to nobody."""
    assert shown(site)["MailFromDomainStatus"] == "SUCCESS"
    first = ask("asked@rcpt.example")
    sender = envelope_sender(site, "asked@rcpt.example")
    assert sender.startswith("a1.") and sender.endswith(DEFAULT)
    delivery = site.wait_events(first, "Delivery")[0]
    assert delivery["delivery"]["smtpResponse"] == "250 2.0.0"
    assert delivery["mail"]["tags"]["ses:operation"] == [
        "SendCustomVerificationEmail"]
    names = {field["name"].lower() for field in delivery["mail"]["headers"]}
    assert "x-ses-configuration-set" not in names

    # Refused, in words that hold the link.  The sender's notice is mail, too.
    bad = ask("quote-550-5.7.1-link@rcpt.example")
    event = site.wait_events(bad, "Bounce")[0]
    bounced, = event["bounce"]["bouncedRecipients"]
    assert bounced["status"] == "5.7.1"
    assert bounced["diagnosticCode"] == "smtp; 550 5.7.1"
    notice, = wait(lambda: [mail for mail in site.mail(to=SENDER)
                            if b"quote-550-5.7.1-link@" in mail.bytes],
                   1, 30, "notice")
    assert notice.mail_from.endswith(DEFAULT)
    site.settle()
    for text in ([mail.bytes.decode() for mail in site.mail(to=SENDER)] +
                 [str(one) for one in site.events(bad)]):
        assert "verify-email" not in text and "Signature=" not in text

    # The same mail by an ordinary send has the remote's words.
    other = send(site, "quote-550-5.7.1-x@rcpt.example")
    event = site.wait_events(other, "Bounce")[0]
    assert event["bounce"]["bouncedRecipients"][0][
        "diagnosticCode"].startswith("smtp; 550 5.7.1 <quote-550-5.7.1-x@")


def test_whoever_loses_his_mail_from_can_still_ask(site, ask):
    put(site, "other." + DOMAIN, "REJECT_MESSAGE")
    ask("later@rcpt.example")
    assert envelope_sender(site, "later@rcpt.example").endswith(DEFAULT)
    put(site)
    wait_status(site, "SUCCESS")


def test_nothing_else_is_relayed(site):
    """Port 25 takes our tokens for such a domain, and nobody sends with one."""
    address, _, port = site.env["SESAME_INBOUND"].partition(":")
    sender = envelope_sender(site, "used@rcpt.example")
    with smtplib.SMTP(address, int(port), "x", timeout=30) as smtp:
        smtp.ehlo()
        assert smtp.mail("a@far.example")[0] == 250
        # by defer_unauth_destination
        assert smtp.rcpt("postmaster@" + BOUNCES)[0] == 454
    for domain in (BOUNCES, "far.example"):
        said = site.swaks(sender.partition("@")[0] + "@" + domain,
                          "nobody@rcpt.example")
        assert said.code == 554 and "himself" in said.reply, said


def test_records_vanish(site):
    put(site)
    site.publish_dns(DOMAIN)
    wait_status(site, "SUCCESS")
    put(site, "")
    keys = site.sesamectl("identity", "records", DOMAIN, "--zone")
    assert shown(site) == {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    assert BOUNCES not in keys
    send(site, "cleared@rcpt.example")
    assert envelope_sender(site, "cleared@rcpt.example").endswith(DEFAULT)
