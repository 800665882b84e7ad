"""The rules for a message, each over the API and over SMTP, with the service's
words; the mailbox simulator; suppression at its three levels"""

import json

import pytest
from botocore.exceptions import ClientError

from harness.layout import SERVICE_DOMAIN
from session import Session, queue_id

DOMAIN = "rules.example"
SENDER = "s@" + DOMAIN
ANY = "any@rcpt.example"
HEAD = (b"From: s@rules.example\r\nTo: any@rcpt.example\r\nSubject: x\r\n"
        b"MIME-Version: 1.0\r\n")
SIMULATOR = "simulator.amazonses.com"
OWN_SIMULATOR = "simulator." + SERVICE_DOMAIN


@pytest.fixture(scope="module")
def site(module_host):
    host = module_host("--set", "simulator_domain = " + OWN_SIMULATOR)
    host.verify_domain(DOMAIN)
    host.subscribe("rules", ("SEND", "DELIVERY", "BOUNCE", "COMPLAINT",
                             "DELIVERY_DELAY", "REJECT"))
    host.settle()
    return host


@pytest.fixture(scope="module")
def smtp(site):
    with Session(site) as session:
        yield session


def account(site):
    return site.env["SESAME_ACCOUNT"]


def used(site):
    return site.ses().get_account()["SendQuota"]["SentLast24Hours"]


def send_raw(site, data, to):
    return site.ses().send_email(
        FromEmailAddress=SENDER, Content={"Raw": {"Data": data}},
        Destination={"ToAddresses": to if isinstance(to, list) else [to]})


def both_refuse(site, smtp, data, to, v2, status, text, smtp_code, prefix):
    """The same refusal on both ways in, and nothing of it is counted."""
    before = used(site)
    code, reply = smtp.message(SENDER, to, data)
    assert "%d %s" % (code, reply) == smtp_code + " " + prefix + text
    with pytest.raises(ClientError) as refused:
        send_raw(site, data, to)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (v2, text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert used(site) == before


# --- what the message says

def part(*lines):
    return (HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" +
            b"\r\n".join(lines) + b"\r\n\r\nx\r\n--b--\r\n")


def field(line):
    return HEAD + line + b"\r\n\r\nx\r\n"


REFUSED = {
    "extension": (part(b"Content-Disposition: attachment; filename=x.exe"),
                  "Illegal filename 'x.exe'."),
    "extension, folded": (part(b"Content-Disposition: attachment;",
                               b"\tfilename=\"a b.VBS\""),
                          "Illegal filename 'a b.VBS'."),
    "extension, RFC 2231": (
        part(b"Content-Type: text/plain; name*=utf-8''%78.js"),
        "Illegal filename 'x.js'."),
    "extension, RFC 2047": (
        part(b"Content-Type: text/plain; name=\"=?utf-8?B?eC5leGU=?=\""),
        "Illegal filename 'x.exe'."),
    "extension of the only part": (
        field(b"Content-Disposition: attachment; filename=x.bat"),
        "Illegal filename 'x.bat'."),
    "extension in an attached message": (
        part(b"Content-Type: message/rfc822", b"",
             b"Content-Disposition: attachment; filename=x.scr"),
        "Illegal filename 'x.scr'."),
    "disposition": (part(b"Content-Disposition: =x"),
                    "Expected disposition, got ="),
    "disposition's parameter": (part(b"Content-Disposition: attachment: x"),
                                "Expected ';', got \":\""),
    "twice": (field(b"subject: y"), "Duplicate header 'Subject'."),
    "no domain": (field(b"Cc: ann"), "Missing final '@domain'"),
    "blank in a domain": (field(b"Cc: ann@a b.example"),
                          "Domain contains control or whitespace"),
    "domain": (field(b"Cc: ann@a_b!.example"),
               "Domain contains illegal character"),
    "blank in a local part": (field(b"Cc: a b@c.example"),
                              "Local address contains control or whitespace"),
    "header line": (field(b"X: " + b"y" * 996),
                    "A line of header 'X' is longer than 998 characters."),
    "body line": (HEAD + b"\r\n" + b"y" * 999 + b"\r\n",
                  "A line of the body is longer than 998 characters."),
    "unknown set": (field(b"X-SES-CONFIGURATION-SET: none"),
                    "Configuration set <none> does not exist."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_message_that_is_refused(site, smtp, name):
    data, text = REFUSED[name]
    both_refuse(site, smtp, data, ANY, "BadRequestException", 400, text,
                "554", "5.6.0 Transaction failed: ")


# --- switches, limits

def test_51_recipients(site, smtp):
    both_refuse(site, smtp, field(b"X: y"),
                ["r%d@rcpt.example" % n for n in range(51)],
                "BadRequestException", 400, "Recipient count exceeds 50.",
                "554", "5.6.0 Transaction failed: ")
    code, _ = smtp.message(SENDER, ["r%d@rcpt.example" % n for n in range(50)],
                           field(b"X: y"))
    assert code == 250


def test_a_configuration_set_that_is_off(site, smtp):
    ses = site.ses()
    ses.create_configuration_set(ConfigurationSetName="off")
    ses.put_configuration_set_sending_options(ConfigurationSetName="off",
                                              SendingEnabled=False)
    data = field(b"X-SES-CONFIGURATION-SET: off")
    both_refuse(site, smtp, data, ANY, "SendingPausedException", 400,
                "Sending is paused for configuration set off", "554",
                "5.7.0 Message rejected: ")
    ses.put_configuration_set_sending_options(ConfigurationSetName="off",
                                              SendingEnabled=True)
    assert smtp.message(SENDER, ANY, data)[0] == 250


def test_an_account_that_is_off(site, smtp):
    site.ses().put_account_sending_attributes(SendingEnabled=False)
    try:
        both_refuse(site, smtp, field(b"X: y"), ANY, "SendingPausedException",
                    400, "Sending paused for this account. For more "
                    "information, please check the inbox of the email address "
                    "associated with your AWS account.", "554",
                    "5.7.0 Message rejected: ")
    finally:
        site.ses().put_account_sending_attributes(SendingEnabled=True)


@pytest.mark.parametrize("limit, value, v2, status, text", [
    ("--max24", "0", "LimitExceededException", 400,
     "Daily message quota exceeded"),
    ("--rate", "0", "TooManyRequestsException", 429,
     "Maximum sending rate exceeded")])
def test_quota_and_rate(site, smtp, limit, value, v2, status, text):
    site.sesamectl("quota", "set", account(site), limit, value)
    try:
        code, reply = smtp.message(SENDER, ANY, field(b"X: y"))
        assert (code, reply) == (454, "4.7.0 Throttling failure: " + text)
        with pytest.raises(ClientError) as refused:
            site.ses(retries={"total_max_attempts": 1}).send_email(
                FromEmailAddress=SENDER, Destination={"ToAddresses": [ANY]},
                Content={"Raw": {"Data": field(b"X: y")}})
    finally:
        site.sesamectl("quota", "set", account(site), limit, "-1")
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (
        v2, text + ".")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


# --- the simulator

def simulate(site, smtp, way, to):
    """Send to `to` with the set whose events are told; the message id."""
    data = field(b"X-SES-CONFIGURATION-SET: rules")
    if way == "API":
        return send_raw(site, data, to)["MessageId"]
    code, reply = smtp.message(SENDER, to, data)
    assert code == 250, reply
    return site.sesamectl("id", queue_id(reply)).split()[-1]


def told(site, message_id, count):
    events = site.wait_events(message_id, count=count)
    return sorted(event["eventType"] for event in events)


@pytest.mark.parametrize("way", ["API", "SMTP"])
@pytest.mark.parametrize("local, kinds", [
    ("success", ["Delivery", "Send"]),
    ("ooto+away", ["Delivery", "Send"]),
    ("bounce+a.b", ["Bounce", "Send"]),
    ("suppressionlist", ["Bounce", "Send"]),
    ("complaint", ["Complaint", "Delivery", "Send"]),
    ("nobody", ["Bounce", "Send"])])
def test_simulator(site, smtp, way, local, kinds):
    domain = SIMULATOR if way == "API" else OWN_SIMULATOR
    to = "%s@%s" % (local, domain)
    before = used(site)
    message_id = simulate(site, smtp, way, to)
    assert told(site, message_id, len(kinds)) == kinds
    assert used(site) == before
    assert not site.mail(to=to)
    for event in site.events(message_id):
        if event["eventType"] == "Bounce":
            assert event["bounce"]["bounceType"] == "Permanent"
            assert event["bounce"]["bounceSubType"] == (
                "Suppressed" if local == "suppressionlist" else "General")
            assert event["bounce"]["bouncedRecipients"][0][
                "emailAddress"] == to
        if event["eventType"] == "Complaint":
            assert event["complaint"]["complaintFeedbackType"] == "abuse"
    # no matter what, nobody is on the list afterwards
    assert to not in json.dumps(site.ses().list_suppressed_destinations()[
        "SuppressedDestinationSummaries"], default=str)


@pytest.mark.parametrize("way, simulator", [("API", SIMULATOR),
                                            ("SMTP", OWN_SIMULATOR)])
def test_ooto_answers(site, smtp, way, simulator):
    """To the envelope sender, as RFC 3834 has it; once, and nobody answers
    the answer."""
    to, back = "ooto+label@" + simulator, "back-%s@%s" % (way.lower(), DOMAIN)
    data = HEAD.replace(b"Subject: x", b"Subject: away " + way.encode())
    if way == "API":
        message_id = site.ses().send_email(
            Content={"Raw": {"Data": data + b"Return-Path: <" + back.encode() +
                             b">\r\n\r\nx\r\n"}},
            Destination={"ToAddresses": [to]})["MessageId"]
    else:
        code, reply = smtp.message(back, to, data + b"\r\nx\r\n")
        assert code == 250, reply
        message_id = site.sesamectl("id", queue_id(reply)).split()[-1]
    mail = site.wait_mail(subject="Auto: away " + way, seconds=60)[0]
    assert mail.rcpt_tos == [back]
    # where the simulator's domain is not ours its name is no sender
    assert mail.header("From") == (
        to if simulator == OWN_SIMULATOR else
        '"%s" <no-reply@%s>' % (to, SERVICE_DOMAIN))
    assert mail.header("Auto-Submitted") == "auto-replied"
    assert mail.header("In-Reply-To") == mail.header("References") == (
        "<%s@%s.%s>" % (message_id, site.env["SESAME_REGION"],
                        SERVICE_DOMAIN))
    assert to in mail.message.get_content()
    assert SERVICE_DOMAIN in site.dkim_domains(mail)
    site.settle()
    assert len(site.mail(subject="Auto: away " + way)) == 1


def test_several_simulated_recipients(site, smtp):
    """The bounces are one event; the real recipient gets the message."""
    to = ["bounce+%d@%s" % (n, SIMULATOR) for n in range(3)]
    before = used(site)
    message_id = simulate(site, smtp, "API", to + ["real@rcpt.example"])
    assert told(site, message_id, 3) == ["Bounce", "Delivery", "Send"]
    bounce = site.events(message_id, "Bounce")[0]["bounce"]
    assert [rcpt["emailAddress"] for rcpt in bounce["bouncedRecipients"]] == to
    assert site.wait_mail(to="real@rcpt.example")[0].rcpt_tos == [
        "real@rcpt.example"]
    assert used(site) == before + 1


def test_simulator_and_limits(site, smtp):
    """It counts in the rate, not in the 24 hours, and serves the sandbox."""
    to = "success@" + SIMULATOR
    site.sesamectl("quota", "set", account(site), "--max24", "0")
    site.sesamectl("production", "revoke", account(site))
    try:
        assert smtp.message(SENDER, to, field(b"X: y"))[0] == 250
        code, reply = smtp.message(SENDER, [to, ANY], field(b"X: y"))
        assert code == 554 and reply.endswith(": " + ANY)
        site.sesamectl("quota", "set", account(site), "--rate", "0")
        assert smtp.message(SENDER, to, field(b"X: y"))[0] == 454
    finally:
        site.sesamectl("production", "grant", account(site))
        site.sesamectl("quota", "set", account(site), "--max24", "-1",
                       "--rate", "-1")


# --- suppression

def put(site, where, address):
    site.sesamectl("suppression", "put", where, address, "BOUNCE")


def test_suppression_of_the_account(site, smtp):
    """Case of the domain does not matter, that of the local part and a label
    do (contract 9)."""
    put(site, account(site), "Ann@RCPT.example")
    message_id = simulate(site, smtp, "SMTP", [
        "Ann@rcpt.EXAMPLE", "ann@rcpt.example", "Ann+x@rcpt.example"])
    assert told(site, message_id, 4) == ["Bounce", "Delivery", "Delivery",
                                         "Send"]
    bounce = site.events(message_id, "Bounce")[0]["bounce"]
    assert bounce["bounceSubType"] == "OnAccountSuppressionList"
    assert bounce["bouncedRecipients"][0]["emailAddress"] == "Ann@rcpt.example"


def test_suppression_of_a_set_and_of_the_site(site, smtp):
    """A set may use no list; then the site's is asked, and only then."""
    ses, to = site.ses(), "both@rcpt.example"
    put(site, account(site), to)
    put(site, "site", "site@rcpt.example")
    assert site.sesamectl("suppression", "list", "site",
                          "--json")[0]["address"] == "site@rcpt.example"
    # the account's list is in use: the site's is not asked
    message_id = simulate(site, smtp, "API", [to, "site@rcpt.example"])
    assert told(site, message_id, 3) == ["Bounce", "Delivery", "Send"]
    ses.put_configuration_set_suppression_options(ConfigurationSetName="rules",
                                                  SuppressedReasons=[])
    try:
        message_id = simulate(site, smtp, "API", [to, "site@rcpt.example"])
        assert told(site, message_id, 3) == ["Bounce", "Delivery", "Send"]
    finally:
        ses.put_configuration_set_suppression_options(
            ConfigurationSetName="rules", SuppressedReasons=["COMPLAINT"])
    bounce = site.events(message_id, "Bounce")[0]["bounce"]
    assert bounce["bounceSubType"] == "Suppressed"
    assert bounce["bouncedRecipients"][0]["emailAddress"] == (
        "site@rcpt.example")
    # reasons of the set that the entry has not
    message_id = simulate(site, smtp, "API", to)
    assert told(site, message_id, 2) == ["Delivery", "Send"]
    site.sesamectl("suppression", "delete", "site", "site@rcpt.example")
    assert "site@" not in site.sesamectl("suppression", "list", "site")
