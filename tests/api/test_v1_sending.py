"""SES v1: SendEmail, SendRawEmail, SendCustomVerificationEmail"""

import json
import re

import pytest

from raw import call
from v1 import FORM, error, journal, query, refused

DOMAIN = "v1send.example"
SENDER = "Shop <news@%s>" % DOMAIN


@pytest.fixture(scope="module")
def v1(host):
    host.verify_domain(DOMAIN)
    return host.client("ses")


def message(subject="Hello", text="Hi", **more):
    made = {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}
    made.update(more)
    return made


def send(v1, to="ann@v1rcpt.example", **more):
    more.setdefault("Source", SENDER)
    more.setdefault("Destination", {"ToAddresses": [to]})
    more.setdefault("Message", message())
    return v1.send_email(**more)["MessageId"]


def test_a_message_of_parts(v1, host):
    arn = "arn:aws:ses:%s:%s:identity/%s" % (
        host.env["SESAME_REGION"], host.env["SESAME_ACCOUNT"], DOMAIN)
    sent = send(
        v1, Destination={"ToAddresses": ["J\u00fcrgen <to@v1rcpt.example>"],
                         "CcAddresses": ["cc@v1rcpt.example"],
                         "BccAddresses": ["bcc@v1rcpt.example"]},
        Message={"Subject": {"Data": "Gr\u00fc\u00df <&>", "Charset": "UTF-8"},
                 "Body": {"Text": {"Data": "a=b&c+d \u20ac",
                                   "Charset": "UTF-8"},
                          "Html": {"Data": "<p>x</p>"}}},
        ReplyToAddresses=["r1@v1rcpt.example", "R 2 <r2@v1rcpt.example>"],
        ReturnPath="back@" + DOMAIN, SourceArn=arn, ReturnPathArn=arn,
        Tags=[{"Name": "campaign", "Value": "autumn"}])
    assert len(sent) == 60
    for name in ("to", "cc", "bcc"):
        mail = host.wait_mail(name + "@v1rcpt.example")[0]
        assert "bcc@" not in mail.head()
    assert mail.header("From") == SENDER
    assert mail.header("To") == "J\u00fcrgen <to@v1rcpt.example>"
    assert mail.header("Cc") == "cc@v1rcpt.example"
    assert mail.header("Subject") == "Gr\u00fc\u00df <&>"
    assert mail.header("Reply-To") == \
        "r1@v1rcpt.example, R 2 <r2@v1rcpt.example>"
    body = mail.message.get_body(("plain",)).get_content()
    assert body.strip() == "a=b&c+d \u20ac"
    assert mail.message.get_body(("html",)).get_content().strip() == "<p>x</p>"
    assert DOMAIN in host.dkim_domains(mail)
    assert "X-SES" not in mail.head()


def test_events_say_how(v1, host):
    host.subscribe("v1-events", path="/v1-events")
    sent = send(v1, to="tags@v1rcpt.example",
                ConfigurationSetName="v1-events",
                Tags=[{"Name": "a", "Value": "b"}, {"Name": "c",
                                                    "Value": "d.e"}])
    tags = host.wait_events(sent, "Send")[0]["mail"]["tags"]
    assert tags["a"] == ["b"] and tags["c"] == ["d.e"]
    assert tags["ses:operation"] == ["SendEmail"]
    raw = v1.send_raw_email(
        RawMessage={"Data": HEAD + b"x\r\n"}, Destinations=[
            "tags2@v1rcpt.example"], ConfigurationSetName="v1-events",
        Tags=[{"Name": "raw", "Value": "yes"}])["MessageId"]
    tags = host.wait_events(raw, "Send")[0]["mail"]["tags"]
    assert tags["ses:operation"] == ["SendRawEmail"]
    assert tags["raw"] == ["yes"]


HEAD = ("From: %s\r\nTo: field@v1rcpt.example\r\nSubject: raw\r\n\r\n" %
        SENDER).encode()


def test_a_raw_message(v1, host):
    body = b"odd \t\r\n.\r\n\xe9\r\n"
    v1.send_raw_email(RawMessage={"Data": HEAD + body})
    assert host.wait_mail("field@v1rcpt.example")[0].bytes.endswith(
        b"\r\n\r\n" + body)
    v1.send_raw_email(RawMessage={"Data": HEAD + body},
                      Source="bounces@" + DOMAIN,
                      Destinations=["e1@v1rcpt.example",
                                    "E <e2@v1rcpt.example>"])
    for name in ("e1", "e2"):
        mail = host.wait_mail(name + "@v1rcpt.example")[0]
        assert mail.header("From") == SENDER
    assert len(host.mail("field@v1rcpt.example")) == 1
    refused(lambda: v1.send_raw_email(RawMessage={
        "Data": b"To: x@v1rcpt.example\r\n\r\nx\r\n"}),
        "InvalidParameterValue", "Missing required header 'From'.")
    refused(lambda: v1.send_raw_email(
        Source="news@" + DOMAIN,
        RawMessage={"Data": b"To: x@v1rcpt.example\r\n\r\nx\r\n"}),
        "InvalidParameterValue", "Missing required header 'From'.")


def test_bounces_go_where_v1_says(v1, host):
    """ReturnPath of SendEmail; Source of SendRawEmail, over Return-Path."""
    back = "back1@" + DOMAIN
    send(v1, to="reply-550-5.1.1-v1a@rcpt.example", ReturnPath=back)
    host.wait_mail(to=back, seconds=60)
    back = "back2@" + DOMAIN
    v1.send_raw_email(
        RawMessage={"Data": b"Return-Path: <other@%s>\r\n" % DOMAIN.encode() +
                    HEAD + b"x\r\n"},
        Source=back, Destinations=["reply-550-5.1.1-v1b@rcpt.example"])
    host.wait_mail(to=back, seconds=60)
    assert host.mail(to="other@" + DOMAIN) == []


def test_refused(v1, host):
    before = len(host.mail())
    refused(lambda: send(v1, Source="x@unverified.example"),
            "MessageRejected", re.compile(
                "^Email address is not verified. The following identities "
                "failed the check in region .*x@unverified.example"))
    refused(lambda: send(v1, Source=""), "InvalidParameterValue",
            "Source cannot be empty")
    refused(lambda: send(v1, to="ann"), "InvalidParameterValue",
            "Missing final '@domain'")
    refused(lambda: send(v1, Destination={"ToAddresses": []}),
            "InvalidParameterValue")
    refused(lambda: send(v1, Destination={"ToAddresses": [
        "u%d@v1rcpt.example" % n for n in range(51)]}),
        "InvalidParameterValue", "Recipient count exceeds 50.")
    refused(lambda: send(v1, Message={
        "Subject": {"Data": "a\nBcc: x@y.z"},
        "Body": {"Text": {"Data": "x"}}}), "InvalidParameterValue",
        "Message.Subject.Data contains line breaks or control characters.")
    refused(lambda: send(v1, Message={"Subject": {"Data": "a"}, "Body": {}}),
            "ValidationError")
    refused(lambda: send(v1, ConfigurationSetName="v1-none"),
            "ConfigurationSetDoesNotExist",
            "Configuration set <v1-none> does not exist.",
            ConfigurationSetName="v1-none")
    refused(lambda: send(v1, ConfigurationSetName="a\r\nB: c"),
            "ConfigurationSetDoesNotExist")
    refused(lambda: send(v1, Tags=[{"Name": "a b", "Value": "c"}]),
            "InvalidParameterValue",
            "Invalid tag name <a b>: only alphanumeric ASCII characters, "
            "'_',  '-' are allowed.")
    refused(lambda: send(v1, SourceArn="arn:nonsense"),
            "InvalidParameterValue")
    refused(lambda: send(v1, Message=message(text="x" * (10 << 20))),
            "InvalidParameterValue", re.compile(
                "^Message length is more than [0-9]+ bytes long: '[0-9]+'"))
    answer, root = query(host, "SendRawEmail", {"RawMessage.Data": "%%%"})
    assert error(root)[0] == "ValidationError"
    answer, root = query(host, "SendEmail", {
        "Source": SENDER, "Destination.ToAddresses": "",
        "Message.Subject.Data": "x"})
    assert error(root) == (
        "ValidationError", "1 validation error detected: Value at "
        "'message.body' failed to satisfy constraint: Member must not be "
        "null")
    assert len(host.mail()) == before


def test_switches(v1, host):
    v1.create_configuration_set(ConfigurationSet={"Name": "v1-paused"})
    v1.update_configuration_set_sending_enabled(
        ConfigurationSetName="v1-paused", Enabled=False)
    refused(lambda: send(v1, ConfigurationSetName="v1-paused"),
            "ConfigurationSetSendingPausedException", None,
            ConfigurationSetName="v1-paused")
    v1.update_account_sending_enabled(Enabled=False)
    try:
        refused(lambda: send(v1), "AccountSendingPausedException",
                re.compile("^Sending paused for this account"))
    finally:
        v1.update_account_sending_enabled(Enabled=True)
    send(v1)


def test_a_retry_sends_once(v1, host):
    body = ("Action=SendEmail&Version=2010-12-01&Source=news%%40%s&"
            "Destination.ToAddresses.member.1=once%%40v1rcpt.example&"
            "Message.Subject.Data=once&Message.Body.Text.Data=x+y" %
            DOMAIN).encode()
    answers = [call(host, "POST", "/", body, headers=[
        FORM, ("amz-sdk-invocation-id", "v1-once")]) for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    ids = {re.search(rb"<MessageId>(.{60})</MessageId>", answer.body).group(1)
           for answer in answers}
    assert len(ids) == 1
    host.settle()
    mails = host.mail("once@v1rcpt.example")
    assert len(mails) == 1
    assert mails[0].bytes.endswith(b"x y\r\n")


# --- verification mails

TEMPLATE = {
    "TemplateName": "v1-welcome", "FromEmailAddress": SENDER,
    "TemplateSubject": "Gr\u00fc\u00df <Gott>",
    "TemplateContent": "<html><body><h1>Shop & co</h1></body></html>",
    "SuccessRedirectionURL": "https://shop.example/yes?a=1&b=2",
    "FailureRedirectionURL": "http://shop.example/no"}


def test_custom_verification(v1, host):
    create = v1.create_custom_verification_email_template
    create(**TEMPLATE)
    shown = v1.get_custom_verification_email_template(
        TemplateName="v1-welcome")
    assert {name: shown[name] for name in TEMPLATE} == TEMPLATE
    assert "Tags" not in shown
    v2 = host.ses().get_custom_verification_email_template(
        TemplateName="v1-welcome")
    assert {name: v2[name] for name in TEMPLATE} == TEMPLATE
    refused(lambda: create(**TEMPLATE),
            "CustomVerificationEmailTemplateAlreadyExists",
            "Custom verification email template <v1-welcome> already exists",
            CustomVerificationEmailTemplateName="v1-welcome")

    def changed(**more):
        return dict(TEMPLATE, TemplateName="v1-new", **more)
    before = journal(host)
    refused(lambda: create(**changed(FromEmailAddress="a@nobody.example")),
            "FromEmailAddressNotVerified",
            "The from email address <a@nobody.example> is not verified",
            FromEmailAddress="a@nobody.example")
    refused(lambda: create(**changed(TemplateContent="<textarea>")),
            "CustomVerificationEmailInvalidContent")
    refused(lambda: create(**changed(SuccessRedirectionURL="x")),
            "InvalidParameterValue", "The success redirection URL is invalid")
    refused(lambda: v1.list_custom_verification_email_templates(
        MaxResults=51), "ValidationError")
    v1.delete_custom_verification_email_template(TemplateName="v1-no")
    for ask in (v1.get_custom_verification_email_template,
                v1.update_custom_verification_email_template):
        refused(lambda: ask(TemplateName="v1-no"),
                "CustomVerificationEmailTemplateDoesNotExist",
                "Custom verification email template <v1-no> does not exist")
    refused(lambda: v1.send_custom_verification_email(
        EmailAddress="a@v1verify.example", TemplateName="v1-no"),
        "CustomVerificationEmailTemplateDoesNotExist",
        "Template <v1-no> does not exist")
    refused(lambda: v1.send_custom_verification_email(
        EmailAddress="nobody", TemplateName="v1-welcome"),
        "InvalidParameterValue", "Invalid email address<nobody>.")
    assert journal(host) == before

    v1.update_custom_verification_email_template(
        TemplateName="v1-welcome", TemplateSubject="Other")
    shown = v1.get_custom_verification_email_template(
        TemplateName="v1-welcome")
    assert {name: shown[name] for name in TEMPLATE} == dict(
        TEMPLATE, TemplateSubject="Other")
    create(**changed())
    rows = v1.list_custom_verification_email_templates(MaxResults=1)
    more = v1.list_custom_verification_email_templates(
        MaxResults=1, NextToken=rows["NextToken"])
    found = rows["CustomVerificationEmailTemplates"] + \
        more["CustomVerificationEmailTemplates"]
    assert len({row["TemplateName"] for row in found}) == 2
    assert "TemplateContent" not in found[0]
    v1.delete_custom_verification_email_template(TemplateName="v1-new")

    sent = v1.send_custom_verification_email(
        EmailAddress="me@v1verify.example", TemplateName="v1-welcome")
    assert len(sent["MessageId"]) == 60
    mail = host.wait_mail("me@v1verify.example")[0]
    assert mail.header("Subject") == "Other"
    assert "/verify-email?" in mail.message.get_body(
        ("plain",)).get_content()
    assert v1.get_identity_verification_attributes(Identities=[
        "me@v1verify.example"])["VerificationAttributes"][
            "me@v1verify.example"]["VerificationStatus"] == "Pending"
    account = host.env["SESAME_ACCOUNT"]
    host.sesamectl("production", "revoke", account)
    try:
        refused(lambda: v1.send_custom_verification_email(
            EmailAddress="me@v1verify.example", TemplateName="v1-welcome"),
            "ProductionAccessNotGranted")
    finally:
        host.sesamectl("production", "grant", account)
    v1.delete_custom_verification_email_template(TemplateName="v1-welcome")


# --- permissions


def test_policies_know_the_version(v1, host, tmp_path):
    """ses:ApiVersion is 1 here; an action and its resource decide."""
    account = host.env["SESAME_ACCOUNT"]
    host.sesamectl("iam", "user", "add", account, "v1user")
    made = host.sesamectl("iam", "key", "add", account, "v1user", "--json")
    key = made["access_key_id"], made["secret_access_key"]
    mine = "arn:aws:ses:%s:%s:" % (host.env["SESAME_REGION"], account)
    path = str(tmp_path / "policy.json")
    with open(path, "w") as file:
        json.dump({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ses:Send*", "Resource": "*",
             "Condition": {"StringEquals": {"ses:ApiVersion": "1"}}},
            {"Effect": "Allow", "Action": ["ses:VerifyDomainIdentity",
                                           "ses:DeleteIdentity"],
             "Resource": mine + "identity/ok.v1iam.example"},
            {"Effect": "Allow", "Action": "ses:CreateConfigurationSet",
             "Resource": mine + "configuration-set/v1-ok"}]}, file)
    host.sesamectl("iam", "policy", "put", account, "own", path, "--user",
                   "v1user")
    user = host.client("ses", key)
    send(user)
    user.send_raw_email(RawMessage={"Data": HEAD + b"x\r\n"})
    with pytest.raises(Exception, match="AccessDenied"):
        host.ses(key).send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": ["ann@v1rcpt.example"]},
            Content={"Simple": message()})
    user.verify_domain_identity(Domain="OK.v1iam.example")
    user.delete_identity(Identity="ok.v1iam.example")
    user.create_configuration_set(ConfigurationSet={"Name": "v1-ok"})
    for action, ask in (
            ("VerifyDomainIdentity on resource: %sidentity/no.v1iam.example" %
             mine, lambda: user.verify_domain_identity(
                 Domain="no.v1iam.example")),
            ("CreateConfigurationSet on resource: %sconfiguration-set/v1-no" %
             mine, lambda: user.create_configuration_set(
                 ConfigurationSet={"Name": "v1-no"})),
            ("ListIdentities on resource: \\*", user.list_identities)):
        with pytest.raises(Exception, match="AccessDenied.*%s" % action):
            ask()
