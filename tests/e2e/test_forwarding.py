"""Bounces and complaints come to the sender by mail, too"""

import email
import email.policy
import smtplib

import pytest

from harness.layout import SERVICE_DOMAIN

DOMAIN = "forward.example"


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    return host


def send(host, sender, to, **more):
    return host.ses().send_email(
        FromEmailAddress=sender, Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "forwarded"},
                            "Body": {"Text": {"Data": "x"}}}},
        **more)["MessageId"]


def parts(mail, kind):
    """The fields of a report: of people's part, of machines', the header's."""
    report = email.message_from_bytes(mail.bytes, policy=email.policy.default)
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == kind
    found = [part.get_content_type() for part in report.iter_parts()]
    assert found == ["text/plain", "message/" + kind, "text/rfc822-headers"]
    assert report["Auto-Submitted"] == "auto-generated"
    assert SERVICE_DOMAIN in report["From"]
    return [str(part) for part in report.iter_parts()]


def test_a_bounce_is_forwarded(site):
    sender, to = "ann@" + DOMAIN, "reply-550-5.1.1-fwd@rcpt.example"
    send(site, sender, to)
    mail = site.wait_mail(to=sender, seconds=60)[0]
    words, report, header = parts(mail, "delivery-status")
    assert to in words
    assert "rfc822; " + to in report
    assert "Status: 5.1.1" in report and "Action: failed" in report
    assert "Diagnostic-Code: smtp; 550 5.1.1" in report
    assert "Subject: forwarded" in header
    site.settle()
    assert len(site.mail(to=sender)) == 1


def test_where_to(site):
    """FeedbackForwardingEmailAddress, and over SMTP the MAIL FROM."""
    named, bounces = "named@" + DOMAIN, "bounces@" + DOMAIN
    send(site, "bob@" + DOMAIN, "reply-550-5.1.1-named@rcpt.example",
         FeedbackForwardingEmailAddress=named)
    site.wait_mail(to=named, seconds=60)
    done = site.swaks(bounces, "reply-550-5.1.1-smtp@rcpt.example",
                      headers=("From: bob@" + DOMAIN,))
    assert done.code == 250
    site.wait_mail(to=bounces, seconds=60)
    assert site.mail(to="bob@" + DOMAIN) == []


def test_a_complaint_is_forwarded(site):
    sender, to = "carol@" + DOMAIN, "complainer@rcpt.example"
    send(site, sender, to)
    token = site.wait_mail(to=to, seconds=60)[0].mail_from
    address, _, port = site.env["SESAME_INBOUND"].partition(":")
    with smtplib.SMTP(address, int(port), "isp.example", timeout=30) as smtp:
        smtp.sendmail("fbl@isp.example", [token], (
            "From: <fbl@isp.example>\r\nTo: <%s>\r\nSubject: complaint\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/report;"
            " report-type=feedback-report; boundary=b\r\n\r\n"
            "--b\r\nContent-Type: text/plain\r\n\r\nspam\r\n"
            "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
            "Feedback-Type: abuse\r\nUser-Agent: T/1\r\nVersion: 1\r\n"
            "Original-Rcpt-To: %s\r\n\r\n"
            "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            "Subject: forwarded\r\n\r\n--b--\r\n") % (token, to))
    mail = site.wait_mail(to=sender, seconds=60)[0]
    words, report, _ = parts(mail, "feedback-report")
    assert to in words and "Feedback-Type: abuse" in report


def test_off_where_events_tell(site):
    """Without an event destination nobody is left without notice."""
    ses, sender = site.ses(), "dora@" + DOMAIN
    site.subscribe("forwarding", kinds=("BOUNCE",), path="/forwarding")
    ses.put_email_identity_feedback_attributes(EmailIdentity=DOMAIN,
                                               EmailForwardingEnabled=False)
    found = ses.get_email_identity(EmailIdentity=DOMAIN)
    assert found["FeedbackForwardingStatus"] is False
    sent = send(site, sender, "reply-550-5.1.1-told@rcpt.example",
                ConfigurationSetName="forwarding")
    site.wait_events(sent, "Bounce", seconds=60)
    send(site, sender, "reply-550-5.1.1-untold@rcpt.example")
    mail = site.wait_mail(to=sender, seconds=60)
    site.settle()
    assert len(mail) == len(site.mail(to=sender)) == 1
    assert "untold" in parts(mail[0], "delivery-status")[1]
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.put_email_identity_feedback_attributes(
            EmailIdentity="other.example", EmailForwardingEnabled=True)
