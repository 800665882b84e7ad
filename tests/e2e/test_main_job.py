"""An AWS client sends, Sesame checks, signs and counts, the event comes back"""

import base64
import json
import os
import subprocess

import pytest

from harness.host import wait
from harness.layout import TESTS, build_dir
from signed import signed_get, signed_post

DOMAIN = "main.example"


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    host.subscribe("main", path="/main")
    return host


def simple(subject, text="Hello", **more):
    body = {"Text": {"Data": text}}
    if "html" in more:
        body["Html"] = {"Data": more.pop("html"), "Charset": "UTF-8"}
    return {"Simple": dict({"Subject": {"Data": subject, "Charset": "UTF-8"},
                            "Body": body}, **more)}


def send(host, to, content, **more):
    return host.ses().send_email(
        FromEmailAddress="Shop <s@%s>" % DOMAIN,
        Destination={"ToAddresses": [to]}, Content=content,
        **more)["MessageId"]


def newest(host, to, content, **more):
    """Send members that Debian's boto3 does not know yet; the id."""
    answer = signed_post(host, "/v2/email/outbound-emails", json.dumps(dict(
        FromEmailAddress="Shop <s@%s>" % DOMAIN,
        Destination={"ToAddresses": [to]}, Content=content, **more)))
    assert answer.status_code == 200, answer.text
    return answer.json()["MessageId"]


def identity(host, name):
    return signed_get(host, "/v2/email/identities/" + name).json()


# --- identities


def test_not_verified_then_verified(host):
    ses = host.ses()
    name = "cycle.example"
    message = dict(FromEmailAddress="s@" + name,
                   Destination={"ToAddresses": ["c@rcpt.example"]},
                   Content=simple("x"))
    refusal = ("Email address is not verified. The following identities "
               "failed the check in region US-EAST-1: s@" + name)

    made = ses.create_email_identity(EmailIdentity=name)
    assert made["IdentityType"] == "DOMAIN"
    assert made["VerifiedForSendingStatus"] is False
    assert len(made["DkimAttributes"]["Tokens"]) == 3
    with pytest.raises(ses.exceptions.AlreadyExistsException) as refused:
        ses.create_email_identity(EmailIdentity=name)
    assert refused.value.response["Error"]["Message"] == \
        "Email identity %s already exist." % name

    with pytest.raises(ses.exceptions.MessageRejected) as refused:
        ses.send_email(**message)
    assert refused.value.response["Error"]["Message"] == refusal
    answer = host.swaks("s@" + name, "c@rcpt.example")
    assert answer.code == 554
    assert "Message rejected: " + refusal in answer.reply

    host.publish_dns(name)
    wait(lambda: [1] if ses.get_email_identity(EmailIdentity=name)[
        "VerifiedForSendingStatus"] else [], 1, 30, "verified identities")
    seen = identity(host, name)
    assert seen["VerificationStatus"] == "SUCCESS"
    assert seen["DkimAttributes"]["Status"] == "SUCCESS"
    assert seen["VerificationInfo"]["LastSuccessTimestamp"]
    ses.send_email(**message)
    mail = host.wait_mail(to="c@rcpt.example")[0]
    assert set(host.dkim_domains(mail)) == {name}

    rows = ses.list_email_identities()["EmailIdentities"]
    assert {"IdentityType": "DOMAIN", "IdentityName": name,
            "SendingEnabled": True,
            "VerificationStatus": "SUCCESS"} in rows
    ses.delete_email_identity(EmailIdentity=name)
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.get_email_identity(EmailIdentity=name)
    with pytest.raises(ses.exceptions.MessageRejected):
        ses.send_email(**message)


def test_wrong_records_do_not_verify(host):
    ses = host.ses()
    ses.create_email_identity(EmailIdentity="wrong.example")
    token = ses.get_email_identity(EmailIdentity="wrong.example")[
        "DkimAttributes"]["Tokens"][0]
    host.dns("wrong.example", "%s._domainkey.wrong.example. 60 IN TXT "
             '"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"\n' % token)
    done = host.run(host.env["SESAMECTL"], "identity", "verify",
                    "wrong.example", "--timeout", "20")
    assert done.returncode == 1
    info = identity(host, "wrong.example")
    assert not info["VerifiedForSendingStatus"]
    assert info["VerificationInfo"]["ErrorType"] == "INVALID_VALUE"
    assert info["VerificationInfo"]["SOARecord"]["PrimaryNameServer"]


def test_plain_txt_records_verify(host):
    """Without our zone: the key itself at the customer's domain."""
    ses = host.ses()
    name = "txt.example"
    ses.create_email_identity(EmailIdentity=name)
    token = ses.get_email_identity(EmailIdentity=name)["DkimAttributes"][
        "Tokens"][0]
    line = wait(lambda: [line for line in host.sesamectl(
        "identity", "records", "--service").splitlines()
        if line.startswith(token)], 1, 10, "service records")[0]
    host.dns(name, "%s._domainkey.%s. 60 IN TXT %s\n" % (
        token, name, line.partition(" TXT ")[2]))
    host.sesamectl("identity", "verify", name, "--timeout", "20")


def test_address_identity(host):
    ses = host.ses()
    ses.create_email_identity(EmailIdentity="Jo@single.example")
    message = dict(FromEmailAddress="Jo@single.example",
                   Destination={"ToAddresses": ["single@rcpt.example"]},
                   Content=simple("x"))
    with pytest.raises(ses.exceptions.MessageRejected):
        ses.send_email(**message)
    host.sesamectl("identity", "verify", "Jo@single.example")
    ses.send_email(**message)
    ses.send_email(**dict(message, FromEmailAddress="Jo+x@SINGLE.example"))
    with pytest.raises(ses.exceptions.MessageRejected):  # case of the local
        ses.send_email(**dict(message,
                              FromEmailAddress="jo@single.example"))
    host.wait_mail(to="single@rcpt.example", count=2)


# --- content


def test_simple_text(site):
    message_id = newest(site, "text@rcpt.example", simple(
        "Gr\u00fc\u00dfe \U0001f4e7", "plain",
        Headers=[{"Name": "X-Order", "Value": "42"}]),
        ReplyToAddresses=["reply@else.example"])
    mail = site.wait_mail(to="text@rcpt.example")[0]
    message = mail.message
    assert str(message["Subject"]) == "Gr\u00fc\u00dfe \U0001f4e7"
    assert message["X-Order"] == "42"
    assert message["Reply-To"] == "reply@else.example"
    assert message["From"] == "Shop <s@%s>" % DOMAIN
    assert message["Message-ID"].startswith("<%s@" % message_id)
    assert message["Feedback-ID"]
    assert message.get_content().strip() == "plain"
    assert not [name for name in message.keys() if name.upper().startswith(
        ("X-SES-CONF", "X-SES-MESSAGE", "X-SESAME"))]
    assert max(mail.bytes) < 128
    assert mail.mail_from.endswith("@" + site.env["SESAME_BOUNCE_DOMAIN"])
    assert site.dkim_domains(mail) == [DOMAIN]


def test_text_and_html(site):
    send(site, "parts@rcpt.example", {"Simple": {
        "Subject": {"Data": "parts"},
        "Body": {"Text": {"Data": "caf\u00e9", "Charset": "ISO-8859-1"},
                 "Html": {"Data": "<p>caf\u00e9</p>", "Charset": "UTF-8"}}}})
    mail = site.wait_mail(to="parts@rcpt.example")[0]
    message = mail.message
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert text.get_content_charset().lower() == "iso-8859-1"
    assert text.get_content().strip() == "caf\u00e9"
    assert html.get_content().strip() == "<p>caf\u00e9</p>"
    assert site.dkim_domains(mail) == [DOMAIN]


def test_attachments(site):
    blob = bytes(range(256)) * 20
    data = base64.b64encode(blob).decode()
    content = simple("files", "text", html="<img src=cid:pic>")
    content["Simple"]["Attachments"] = [
        {"FileName": "data.bin", "RawContent": data,
         "ContentDescription": "some bytes"},
        {"FileName": "pic.png", "RawContent": data, "ContentId": "pic",
         "ContentDisposition": "INLINE", "ContentType": "image/png"}]
    newest(site, "files@rcpt.example", content)
    mail = site.wait_mail(to="files@rcpt.example")[0]
    found = {part.get_filename(): part for part in mail.message.walk()
             if part.get_filename()}
    assert found["data.bin"].get_content() == blob
    assert found["data.bin"].get_content_disposition() == "attachment"
    assert found["data.bin"]["Content-Description"] == "some bytes"
    assert found["pic.png"].get_content() == blob
    assert found["pic.png"]["Content-ID"] == "<pic>"
    assert found["pic.png"].get_content_type() == "image/png"
    assert found["pic.png"].get_content_disposition() == "inline"
    assert max(len(line) for line in mail.bytes.split(b"\r\n")) <= 998
    assert max(mail.bytes) < 128
    assert site.dkim_domains(mail) == [DOMAIN]


def raw(to, *lines, body=b"body\r\n"):
    head = ["From: s@" + DOMAIN, "To: " + to] + list(lines)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def test_raw_keeps_bytes(site):
    body = b"one  \r\n\r\n.dot\r\n..\r\n" + b"x" * 998 + b"\r\nend\r\n\r\n\r\n"
    send(site, "raw@rcpt.example", {"Raw": {"Data": raw(
        "raw@rcpt.example", "Subject: =?utf-8?q?a?=", "X-Odd:  two  spaces ",
        "X-Folded: a", "\tb", body=body)}})
    mail = site.wait_mail(to="raw@rcpt.example")[0]
    assert mail.bytes.partition(b"\r\n\r\n")[2] == body
    assert b"\r\nX-Odd:  two  spaces" in mail.bytes
    assert b"\r\nX-Folded: a\r\n\tb\r\n" in mail.bytes
    assert site.dkim_domains(mail) == [DOMAIN]


def test_raw_recipients_from_headers_and_bcc(site):
    data = (b"From: s@main.example\r\nTo: to@rcpt.example\r\n"
            b"Cc: cc@rcpt.example\r\nBcc: bcc@rcpt.example\r\n"
            b"Subject: three\r\n\r\nx\r\n")
    site.ses().send_email(Content={"Raw": {"Data": data}})
    for who in ("to", "cc", "bcc"):
        mail = site.wait_mail(to=who + "@rcpt.example",
                              subject="three")[0]
        assert mail.header("Bcc") is None
        assert site.dkim_domains(mail) == [DOMAIN]


def test_raw_without_from(site):
    ses = site.ses()
    with pytest.raises(ses.exceptions.BadRequestException) as refused:
        ses.send_email(Destination={"ToAddresses": ["x@rcpt.example"]},
                       Content={"Raw": {"Data": b"Subject: x\r\n\r\nx\r\n"}})
    assert refused.value.response["Error"]["Message"] == \
        "Missing required header 'From'."


def test_8bit_through_a_7bit_host(site):
    body = "Gr\u00fc\u00dfe\r\n".encode("utf-8")
    site.set_sink(**{"8bitmime": False})
    try:
        send(site, "eight@rcpt.example", {"Raw": {"Data": raw(
            "eight@rcpt.example", "Subject: 8", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit", body=body)}})
        mail = site.wait_mail(to="eight@rcpt.example")[0]
    finally:
        site.set_sink()
    assert mail.bytes.partition(b"\r\n\r\n")[2] == body
    assert site.dkim_domains(mail) == [DOMAIN]


# --- SMTP


def test_smtp(site):
    answer = site.swaks("Jo@" + DOMAIN, ["one@rcpt.example",
                                         "two@rcpt.example"], headers=[
        "X-SES-CONFIGURATION-SET: main",
        "X-SES-MESSAGE-TAGS: campaign=autumn, kind=test"])
    assert answer.code == 250, answer.output
    ids = site.sesamectl("id", answer.queue_id).split()
    message_id = [word for word in ids if word.endswith("-000000")][0]
    assert answer.queue_id in site.sesamectl("id", message_id)
    mail = site.wait_mail(to="one@rcpt.example")[0]
    assert mail.header("Message-ID").startswith("<%s@" % message_id)
    assert mail.header("X-SES-CONFIGURATION-SET") is None
    assert mail.header("X-SES-MESSAGE-TAGS") is None
    assert site.dkim_domains(mail) == [DOMAIN]
    site.settle()
    events = site.events(message_id)
    assert sorted(event["eventType"] for event in events) == [
        "Delivery", "Delivery", "Send"]
    tags = events[0]["mail"]["tags"]
    assert tags["campaign"] == ["autumn"] and tags["kind"] == ["test"]
    assert tags["ses:configuration-set"] == ["main"]
    assert tags["ses:from-domain"] == [DOMAIN]
    assert sorted(events[0]["mail"]["destination"]) == [
        "one@rcpt.example", "two@rcpt.example"]


@pytest.mark.parametrize("user, password, method", [
    (None, "wrong", "PLAIN"), ("AKIAUNKNOWNUNKNOWN00", None, "PLAIN"),
    (None, "wrong", "LOGIN"), ("x", "y" * 500, "LOGIN"),
])
def test_smtp_bad_login(site, user, password, method):
    answer = site.swaks("s@" + DOMAIN, "x@rcpt.example", "--auth", method,
                        user=user, password=password)
    assert "535 5.7.8" in answer.output
    assert "Authentication Credentials Invalid" in answer.output


def test_smtp_login_works_by_auth_login(site):
    env = site.env
    done = site.run("swaks", "--server", env["SESAME_SMTP"], "-tls",
                    "--auth", "LOGIN", "--auth-user", env["SESAME_SMTP_USER"],
                    "--auth-password", env["SESAME_SMTP_PASSWORD"],
                    "--from", "s@" + DOMAIN, "--to", "login@rcpt.example")
    assert done.returncode == 0, done.stdout


def test_smtp_no_auth_without_tls(site):
    done = site.run("swaks", "--server", site.env["SESAME_SMTP"],
                    "--from", "s@" + DOMAIN, "--to", "x@rcpt.example")
    assert done.returncode != 0


def test_disabled_key_stops_at_once(site):
    made = site.sesamectl("key", "add", site.env["SESAME_ACCOUNT"], "--json")
    key = made["access_key_id"], made["secret_access_key"]
    assert site.ses(key).get_account()
    assert site.swaks("s@" + DOMAIN, "k@rcpt.example",
                      user=made["smtp_user"],
                      password=made["smtp_password"]).code == 250
    site.sesamectl("key", "disable", made["access_key_id"])
    ses = site.ses(key, retries={"total_max_attempts": 1})
    with pytest.raises(ses.exceptions.ClientError) as refused:
        ses.get_account()
    assert refused.value.response["Error"]["Code"] == \
        "UnrecognizedClientException"
    assert site.swaks("s@" + DOMAIN, "k@rcpt.example",
                      user=made["smtp_user"],
                      password=made["smtp_password"]).code == 535


# --- events and suppression


def test_bounce_then_suppressed(site):
    bad = "reply-550-5.1.1@rcpt.example"
    first = send(site, bad, simple("x"), ConfigurationSetName="main",
                 EmailTags=[{"Name": "kind", "Value": "bounce"}])
    event = site.wait_events(first, "Bounce")[0]
    bounce = event["bounce"]
    assert bounce["bounceType"] == "Permanent"
    who = bounce["bouncedRecipients"][0]
    assert who["emailAddress"] == bad
    assert who["status"] == "5.1.1" and who["action"] == "failed"
    assert "550 5.1.1" in who["diagnosticCode"]
    assert bounce["feedbackId"] and bounce["timestamp"].endswith("Z")
    assert event["mail"]["messageId"] == first
    assert event["mail"]["tags"]["kind"] == ["bounce"]
    site.settle()  # the DSN has arrived too, and is the same bounce
    assert len(site.events(first, "Bounce")) == 1
    entry = site.ses().get_suppressed_destination(EmailAddress=bad)[
        "SuppressedDestination"]
    assert entry["Reason"] == "BOUNCE"
    assert entry["Attributes"]["MessageId"] == first

    second = site.ses().send_email(
        FromEmailAddress="s@" + DOMAIN, ConfigurationSetName="main",
        Destination={"ToAddresses": [bad, "fine@rcpt.example"]},
        Content=simple("y"))["MessageId"]
    site.settle()
    kinds = sorted(e["eventType"] for e in site.events(second))
    assert kinds == ["Bounce", "Delivery", "Send"]
    bounce = site.events(second, "Bounce")[0]["bounce"]
    assert bounce["bounceSubType"] == "OnAccountSuppressionList"
    assert site.mail(to="fine@rcpt.example")

    third = send(site, bad, simple("z"), ConfigurationSetName="main")
    site.settle()
    assert sorted(e["eventType"] for e in site.events(third)) == [
        "Bounce", "Send"]

    site.ses().delete_suppressed_destination(EmailAddress=bad)
    with pytest.raises(site.ses().exceptions.NotFoundException):
        site.ses().get_suppressed_destination(EmailAddress=bad)


def test_delivery_event(site):
    message_id = send(site, "delivered@rcpt.example", simple("d"),
                      ConfigurationSetName="main")
    event = site.wait_events(message_id, "Delivery")[0]
    delivery = event["delivery"]
    assert delivery["recipients"] == ["delivered@rcpt.example"]
    assert delivery["smtpResponse"].startswith("250 ")
    assert delivery["processingTimeMillis"] >= 0
    assert delivery["reportingMTA"] and delivery["timestamp"]
    mail = event["mail"]
    assert mail["source"] and mail["timestamp"].endswith("Z")
    assert mail["sendingAccountId"] == site.env["SESAME_ACCOUNT"]
    assert mail["sourceArn"].endswith(":identity/" + DOMAIN)
    assert mail["commonHeaders"]["subject"] == "d"
    assert mail["commonHeaders"]["messageId"] == message_id
    assert mail["headersTruncated"] is False
    assert mail["tags"]["ses:operation"] == ["SendEmail"]
    assert mail["tags"]["ses:source-ip"] == ["127.0.0.1"]


def test_deferred_and_then_delivered(site):
    site.ses().create_configuration_set_event_destination(
        ConfigurationSetName="main", EventDestinationName="delays",
        EventDestination={
            "Enabled": True, "MatchingEventTypes": ["DELIVERY_DELAY"],
            "SnsDestination": {"TopicArn": site.sns().create_topic(
                Name="main-events")["TopicArn"]}})
    to = "defer-451-4.2.1-1@rcpt.example"
    message_id = send(site, to, simple("later"), ConfigurationSetName="main")
    delay = site.wait_events(message_id, "DeliveryDelay")[0]
    who = delay["deliveryDelay"]["delayedRecipients"][0]
    assert who["emailAddress"] == to and who["status"] == "4.2.1"
    assert "headers" not in delay["mail"]
    site.run("postqueue", "-c", site.env["SESAME_POSTFIX_CONFIG"], "-f")
    site.wait_events(message_id, "Delivery", seconds=60)


def test_sending_switches(site):
    ses = site.ses(retries={"total_max_attempts": 1})
    ses.put_account_sending_attributes(SendingEnabled=False)
    try:
        with pytest.raises(ses.exceptions.SendingPausedException):
            send(site, "x@rcpt.example", simple("x"))
        answer = site.swaks("s@" + DOMAIN, "x@rcpt.example")
        assert answer.code == 554 and "Sending paused" in answer.reply
    finally:
        ses.put_account_sending_attributes(SendingEnabled=True)
    ses.put_configuration_set_sending_options(ConfigurationSetName="main",
                                              SendingEnabled=False)
    try:
        with pytest.raises(ses.exceptions.SendingPausedException) as refused:
            send(site, "x@rcpt.example", simple("x"),
                 ConfigurationSetName="main")
        assert "Sending is paused for configuration set main" in str(
            refused.value)
        send(site, "free@rcpt.example", simple("x"))
    finally:
        ses.put_configuration_set_sending_options(
            ConfigurationSetName="main", SendingEnabled=True)


def test_sandbox(new_host):
    host = new_host("--sandbox")
    ses = host.ses(retries={"total_max_attempts": 1})
    account = ses.get_account()
    assert account["ProductionAccessEnabled"] is False
    host.verify_domain("sand.example")
    with pytest.raises(ses.exceptions.MessageRejected) as refused:
        ses.send_email(FromEmailAddress="s@sand.example",
                       Destination={"ToAddresses": ["x@out.example"]},
                       Content=simple("x"))
    assert "x@out.example" in str(refused.value)
    with pytest.raises(ses.exceptions.BadRequestException):
        ses.put_suppressed_destination(EmailAddress="x@y.example",
                                       Reason="BOUNCE")
    ses.send_email(FromEmailAddress="s@sand.example",
                   Destination={"ToAddresses": ["in@sand.example"]},
                   Content=simple("x"))
    host.wait_mail(to="in@sand.example")
    host.sesamectl("production", "grant", host.env["SESAME_ACCOUNT"])
    host.sesamectl("quota", "set", host.env["SESAME_ACCOUNT"], "--rate", "-1")
    ses.send_email(FromEmailAddress="s@sand.example",
                   Destination={"ToAddresses": ["x@out.example"]},
                   Content=simple("x"))


# --- other clients


def test_aws_cli(site):
    done = site.aws("sesv2", "send-email", "--from-email-address",
                    "s@" + DOMAIN, "--destination",
                    "ToAddresses=cli@rcpt.example", "--content",
                    json.dumps(simple("from the CLI")))
    assert done.returncode == 0, done.stderr
    message_id = json.loads(done.stdout)["MessageId"]
    mail = site.wait_mail(to="cli@rcpt.example")[0]
    assert message_id in mail.header("Message-ID")
    done = site.aws("sesv2", "get-email-identity", "--email-identity",
                    DOMAIN)
    assert json.loads(done.stdout)["VerifiedForSendingStatus"] is True
    done = site.aws("sesv2", "get-email-identity", "--email-identity",
                    "nobody.example")
    assert done.returncode != 0
    assert "(NotFoundException)" in done.stderr


def test_aws_cli_life_cycle_and_raw(site, tmp_path):
    def cli(*words, want=0):
        done = site.aws("sesv2", *words)
        assert (done.returncode == 0) == (want == 0), done.stderr
        return done.stderr if want else json.loads(done.stdout or "{}")

    made = cli("create-email-identity", "--email-identity", "cli.example")
    assert len(made["DkimAttributes"]["Tokens"]) == 3
    assert "(AlreadyExistsException)" in cli(
        "create-email-identity", "--email-identity", "cli.example", want=1)
    assert "cli.example" in str(cli("list-email-identities"))
    assert "(MessageRejected)" in cli(
        "send-email", "--from-email-address", "s@cli.example",
        "--destination", "ToAddresses=x@rcpt.example", "--content",
        json.dumps(simple("x")), want=1)
    cli("delete-email-identity", "--email-identity", "cli.example")
    assert "(NotFoundException)" in cli(
        "get-email-identity", "--email-identity", "cli.example", want=1)

    message = tmp_path / "raw.json"
    message.write_text(json.dumps({"Raw": {"Data": base64.b64encode(
        raw("cliraw@rcpt.example", "Subject: raw")).decode()}}))
    sent = cli("send-email", "--content", "file://%s" % message)
    assert sent["MessageId"] in site.wait_mail(
        to="cliraw@rcpt.example")[0].header("Message-ID")


@pytest.mark.parametrize("version", ["node18", "newest"])
def test_javascript(site, version):
    done = subprocess.run(["make", "-s", "-C", os.path.dirname(TESTS),
                           "B=" + build_dir(), "js"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode == 0, done.stdout
    modules = os.path.join(build_dir(), "js", version)
    if not os.path.isdir(modules) and version == "newest":
        pytest.skip("the newest client asks for a newer Node")
    script = os.path.join(os.path.dirname(__file__), "client.mjs")
    done = site.run("node", script, DOMAIN, modules)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["refused"] == "MessageRejected"
    assert told["isMessageRejected"] is True
    assert told["missing"] == "NotFoundException"
    assert told["requestId"]
    assert told["tokens"] == 3 and told["tags"] == [{"Key": "by",
                                                     "Value": "js"}]
    assert told["twice"] == "AlreadyExistsException"
    assert told["gone"] == "NotFoundException"
    assert told["raw"] in site.wait_mail(to="jsraw@rcpt.example")[-1].header(
        "Message-ID")
    assert DOMAIN in told["identities"]
    assert "main" in told["sets"]
    assert isinstance(told["sent24"], (int, float))
    mail = site.wait_mail(to="js@rcpt.example")[-1]
    assert told["messageId"] in mail.header("Message-ID")


def test_curl(site):
    env = site.env
    done = site.run("curl", "-sS", "--aws-sigv4", "aws:amz:%s:ses" %
                    env["SESAME_REGION"], "--user", "%s:%s" % (
                        env["AWS_ACCESS_KEY_ID"],
                        env["AWS_SECRET_ACCESS_KEY"]),
                    env["SESAME_ENDPOINT"] + "/v2/email/account")
    assert json.loads(done.stdout)["SendingEnabled"] is True


def test_message_tells_everything(site):
    message_id = send(site, "known@rcpt.example", simple("known"),
                      ConfigurationSetName="main")
    site.settle()
    told = site.sesamectl("message", message_id)
    assert "known@rcpt.example" in told and "Delivery" in told
