"""SES v1: an identity's owner is told of bounces, complaints, deliveries"""

import smtplib

import pytest

from harness.host import wait
from v1 import journal, refused

DOMAIN = "v1notify.example"
KINDS = ("Bounce", "Complaint", "Delivery")


@pytest.fixture(scope="module")
def v1(host):
    host.verify_domain(DOMAIN)
    return host.client("ses")


@pytest.fixture(scope="module")
def topics(host, v1):
    """A topic for each kind, with the subscriber behind it."""
    sns, found = host.sns(), {}
    for kind in KINDS:
        found[kind] = sns.create_topic(Name="v1-" + kind)["TopicArn"]
        sns.subscribe(TopicArn=found[kind], Protocol="http",
                      Endpoint=host.env["SESAME_SUBSCRIBER"] + "/v1" + kind)
        wait(lambda: [row for row in sns.list_subscriptions_by_topic(
            TopicArn=found[kind])["Subscriptions"]
            if row["SubscriptionArn"].startswith("arn:")], 1, 30,
            "confirmation")
    return found


def told(host, kind, message_id=None):
    """SNS envelopes and messages that a topic's subscriber got."""
    return [(request["json"], request["message"])
            for request in host.requests("/v1" + kind)
            if request["json"]["Type"] == "Notification" and
            (message_id is None or
             mail_of(request["message"]).get("messageId") == message_id)]


def mail_of(message):
    return message.get("mail", {}) if isinstance(message, dict) else {}


def send(host, to, sender="news@" + DOMAIN, **more):
    return host.ses().send_email(
        FromEmailAddress=sender, Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "notified"},
                            "Body": {"Text": {"Data": "x"}}}},
        **more)["MessageId"]


def attributes(v1, name=DOMAIN):
    return v1.get_identity_notification_attributes(Identities=[name])[
        "NotificationAttributes"].get(name)


def test_attributes(v1, host, topics):
    assert attributes(v1, "no.v1notify.example") is None
    fresh = {"ForwardingEnabled": True,
             "HeadersInBounceNotificationsEnabled": False,
             "HeadersInComplaintNotificationsEnabled": False,
             "HeadersInDeliveryNotificationsEnabled": False}
    assert attributes(v1) == fresh
    v1.set_identity_notification_topic(
        Identity=DOMAIN.upper(), NotificationType="Bounce",
        SnsTopic=topics["Bounce"])
    v1.set_identity_headers_in_notifications_enabled(
        Identity=DOMAIN, NotificationType="Delivery", Enabled=True)
    assert attributes(v1) == dict(
        fresh, BounceTopic=topics["Bounce"],
        HeadersInDeliveryNotificationsEnabled=True)

    before = journal(host)
    refused(lambda: v1.set_identity_feedback_forwarding_enabled(
        Identity=DOMAIN, ForwardingEnabled=False), "InvalidParameterValue")
    refused(lambda: v1.set_identity_notification_topic(
        Identity=DOMAIN, NotificationType="Open", SnsTopic=topics["Bounce"]),
        "InvalidParameterValue", "Invalid notification type: Open. Valid "
        "values are: Bounce, Complaint, Delivery.")
    refused(lambda: v1.set_identity_headers_in_notifications_enabled(
        Identity=DOMAIN, NotificationType="bounce", Enabled=True),
        "InvalidParameterValue", "Invalid notification type: bounce. Valid "
        "values are: Bounce, Complaint, Delivery.")
    for arn in (topics["Bounce"] + "x", "nonsense", topics["Bounce"].replace(
            host.env["SESAME_ACCOUNT"], "999999999999")):
        refused(lambda: v1.set_identity_notification_topic(
            Identity=DOMAIN, NotificationType="Bounce", SnsTopic=arn),
            "InvalidParameterValue", "SNS topic <%s> not found." % arn)
    invalid = ("Identity no.v1notify.example is invalid. Must be a verified "
               "email address or domain.")
    refused(lambda: v1.set_identity_notification_topic(
        Identity="no.v1notify.example", NotificationType="Bounce"),
        "InvalidParameterValue", invalid)
    refused(lambda: v1.set_identity_feedback_forwarding_enabled(
        Identity="no.v1notify.example", ForwardingEnabled=True),
        "InvalidParameterValue", invalid)
    refused(lambda: v1.set_identity_headers_in_notifications_enabled(
        Identity="no.v1notify.example", NotificationType="Bounce",
        Enabled=True), "MessageRejected",
        "Identity no.v1notify.example is not verified or does not exist.")
    assert journal(host) == before

    v1.set_identity_notification_topic(Identity=DOMAIN,
                                       NotificationType="Bounce")
    v1.set_identity_headers_in_notifications_enabled(
        Identity=DOMAIN, NotificationType="Delivery", Enabled=False)
    assert attributes(v1) == fresh


def test_notifications(v1, host, topics):
    """Each kind, as the topics' subscriber gets it; forwarding turned off
    and on; a configuration set's own events beside it."""
    host.subscribe("v1-beside", path="/v1beside")
    early = send(host, "early@v1rcpt2.example")
    host.settle()
    for kind in KINDS:
        v1.set_identity_notification_topic(
            Identity=DOMAIN, NotificationType=kind, SnsTopic=topics[kind])
    v1.set_identity_headers_in_notifications_enabled(
        Identity=DOMAIN, NotificationType="Bounce", Enabled=True)
    v1.set_identity_feedback_forwarding_enabled(Identity=DOMAIN,
                                                ForwardingEnabled=False)
    assert host.ses().get_email_identity(EmailIdentity=DOMAIN)[
        "FeedbackForwardingStatus"] is False

    good = send(host, "ann@v1rcpt2.example", ConfigurationSetName="v1-beside")
    bad = send(host, "reply-550-5.1.1-v1n@rcpt.example",
               sender="bounced@sub." + DOMAIN)
    envelope, told_of = wait(lambda: told(host, "Delivery", good), 1, 60,
                             "the delivery")[0]
    assert envelope["TopicArn"] == topics["Delivery"]
    assert set(told_of) == {"notificationType", "mail", "delivery"}
    assert told_of["notificationType"] == "Delivery"
    assert told_of["delivery"]["recipients"] == ["ann@v1rcpt2.example"]
    mail = told_of["mail"]
    assert mail["source"] == "news@" + DOMAIN
    assert mail["sourceArn"].endswith(":identity/" + DOMAIN)
    assert mail["sourceIp"] == "127.0.0.1"
    assert mail["callerIdentity"]
    assert mail["sendingAccountId"] == host.env["SESAME_ACCOUNT"]
    assert mail["destination"] == ["ann@v1rcpt2.example"]
    assert "headers" not in mail and "tags" not in mail
    assert "commonHeaders" not in mail
    host.wait_events(good, "Delivery", seconds=60)

    _, told_of = wait(lambda: told(host, "Bounce", bad), 1, 60,
                      "the bounce")[0]
    assert told_of["bounce"]["bounceType"] == "Permanent"
    assert told_of["mail"]["commonHeaders"]["subject"] == "notified"
    assert {"name": "Subject", "value": "notified"} in \
        told_of["mail"]["headers"]

    complain(host, "ann@v1rcpt2.example")
    _, told_of = wait(lambda: told(host, "Complaint", good), 1, 60,
                      "the complaint")[0]
    assert told_of["complaint"]["complaintFeedbackType"] == "abuse"
    assert "headers" not in told_of["mail"]

    host.settle()
    assert told(host, "Delivery", early) == []
    assert host.mail(to="bounced@sub." + DOMAIN) == []
    assert host.mail(to="news@" + DOMAIN) == []
    for kind in KINDS:  # a notice whenever a topic was set, then the events
        kinds = [message["notificationType"] for _, message in
                 told(host, kind)]
        assert kinds.count(kind) == 1
        assert kinds[0] == "AmazonSnsSubscriptionSucceeded"
        assert set(kinds) == {kinds[0], kind}

    # A topic that is gone takes nothing: the mail is forwarded again.
    host.sns().delete_topic(TopicArn=topics["Bounce"])
    send(host, "reply-550-5.1.1-v1o@rcpt.example", sender="back@" + DOMAIN)
    host.wait_mail(to="back@" + DOMAIN, seconds=60)
    v1.set_identity_feedback_forwarding_enabled(Identity=DOMAIN,
                                                ForwardingEnabled=True)
    for kind in KINDS:
        v1.set_identity_notification_topic(Identity=DOMAIN,
                                           NotificationType=kind)
    quiet = send(host, "quiet@v1rcpt2.example")
    host.settle()
    assert told(host, "Delivery", quiet) == []


def complain(host, to):
    token = host.wait_mail(to=to, seconds=60)[0].mail_from
    address, _, port = host.env["SESAME_INBOUND"].partition(":")
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
            "Subject: x\r\n\r\n--b--\r\n" % (token, to)).encode())


def test_status_shows_what_a_topic_is_owed(v1, host, topics):
    """A dead webhook of an identity's topic is seen as any other's."""
    def owed():
        rows = host.sesamectl("status", "--json")["destinations"]
        return [row for row in rows if row["destination"] == "Delivery" and
                row["configuration_set"] == "identity/" + DOMAIN]

    host.set_subscriber({"/v1Delivery": {"status": 500}})
    try:
        v1.set_identity_notification_topic(
            Identity=DOMAIN, NotificationType="Delivery",
            SnsTopic=topics["Delivery"])
        send(host, "owed@rcpt.example")
        # The notice that it was set, and the delivery.
        wait(lambda: [row for row in owed() if row["lag"] == 2], 1, 60,
             "two that are owed, not %s" % owed())
    finally:
        host.set_subscriber({})
    wait(lambda: [row for row in owed() if row["lag"] == 0], 1, 120,
         "nothing owed")
    v1.set_identity_notification_topic(Identity=DOMAIN,
                                       NotificationType="Delivery")
    assert owed() == []
