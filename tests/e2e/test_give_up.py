"""MaxDeliverySeconds: Postfix gives a message up when its own time is over"""

import datetime
import json
import smtplib
import ssl
import subprocess

import pytest

from harness.host import wait
import signed

DOMAIN = "giveup.example"
SENDER = "s@" + DOMAIN
BUSY = "reply-451-4.3.2-%s@rcpt.example"
LATER = BUSY % "patient"
SECONDS = 300


@pytest.fixture(scope="module")
def site(module_host):
    host = module_host()
    host.set_clock("agent", "+0s")
    host.stop("agent")
    host.start("agent")
    host.verify_domain(DOMAIN)
    # the gate, with a clock of its own, would refuse what the agent sends
    host.ses().put_email_identity_feedback_attributes(
        EmailIdentity=DOMAIN, EmailForwardingEnabled=False)
    host.subscribe("limited", ("SEND", "DELIVERY", "BOUNCE", "DELIVERY_DELAY"))
    host.subscribe("patient", ("SEND", "DELIVERY", "BOUNCE", "DELIVERY_DELAY"))
    answer = signed.send(signed.signed_request(
        host, "PUT", "/v2/email/configuration-sets/limited/delivery-options",
        json.dumps({"MaxDeliverySeconds": SECONDS})))
    assert answer.status_code == 200, answer.text
    return host


def send(host, to, config_set="limited"):
    return host.ses().send_email(
        FromEmailAddress=SENDER, ConfigurationSetName=config_set,
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "x"}}}})["MessageId"]


def postfix(host, program, *words):
    return subprocess.run(
        [program, "-c", host.env["SESAME_POSTFIX_CONFIG"]] + list(words),
        check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True).stdout


def queue(host):
    """{recipient: queue id} of what Postfix has."""
    rows = [json.loads(line) for line in
            postfix(host, "postqueue", "-j").splitlines()]
    return {rcpt["address"]: row["queue_id"] for row in rows
            for rcpt in row["recipients"]}


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def test_before_its_time(site):
    """An operator's own postsuper -e is no limit of the set."""
    message_id = send(site, BUSY % "operator")
    site.wait_events(message_id, "DeliveryDelay")
    name = queue(site)[BUSY % "operator"]
    postfix(site, "postsuper", "-e", name)
    postfix(site, "postqueue", "-i", name)
    bounce = site.wait_events(message_id, "Bounce", seconds=60)[0]["bounce"]
    assert bounce["bounceSubType"] == "General"


def test_given_up(site):
    """With the event, and once; also what postsuper made a new file of, and
    what the agent was not there for.  Nobody else's mail goes."""
    ids = {name: send(site, BUSY % name)
           for name in ("plain", "again", "late")}
    patient = send(site, LATER, "patient")
    quick = send(site, "quick@rcpt.example")
    for message_id in list(ids.values()) + [patient]:
        site.wait_events(message_id, "DeliveryDelay")
    site.wait_events(quick, "Delivery")

    delay = site.events(ids["plain"], "DeliveryDelay")[0]
    assert moment(delay["deliveryDelay"]["expirationTime"]) - moment(
        delay["mail"]["timestamp"]) == datetime.timedelta(seconds=SECONDS)

    old = queue(site)[BUSY % "again"]
    postfix(site, "postsuper", "-r", old)
    postfix(site, "postkick", "public", "pickup", "W")
    wait(lambda: [new for rcpt, new in queue(site).items()
                  if rcpt == BUSY % "again" and new != old], 1, 30,
         "a new queue id")
    site.kill9("agent")
    site.set_clock("agent", "+%ds" % (SECONDS + 60))
    site.start("agent")

    for message_id in ids.values():
        bounce = site.wait_events(message_id, "Bounce", seconds=60)[0]["bounce"]
        assert (bounce["bounceType"], bounce["bounceSubType"]) == (
            "Transient", "CustomTimeoutExceeded")
        # the log says for how long, the report what the other side said
        text = bounce["bouncedRecipients"][0]["diagnosticCode"]
        assert "in 5 minutes" in text or "451 4.3.2" in text
    wait(lambda: [0] if list(queue(site)) == [LATER] else [], 1, 60,
         "a queue with what has no limit")
    postfix(site, "postsuper", "-d", queue(site)[LATER])
    site.settle()
    assert not site.events(patient, "Bounce")
    assert not site.events(quick, "Bounce")
    for message_id in ids.values():
        assert len(site.events(message_id, "Bounce")) == 1
    assert "Delivery" not in [event["eventType"] for message_id in ids.values()
                              for event in site.events(message_id)]
    # a limit suppresses nobody
    assert site.ses().list_suppressed_destinations()[
        "SuppressedDestinationSummaries"] == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_many_at_once(site):
    """More than one request to Postfix holds."""
    count = 1100
    site.set_clock("agent", "+0s")
    address, _, port = site.env["SESAME_SMTP"].partition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(address, int(port), "client.example") as smtp:
        smtp.starttls(context=context)
        smtp.login(site.env["SESAME_SMTP_USER"],
                   site.env["SESAME_SMTP_PASSWORD"])
        for number in range(count):
            to = BUSY % number
            smtp.sendmail(SENDER, [to], (
                "From: %s\r\nTo: %s\r\nSubject: x\r\n"
                "X-SES-CONFIGURATION-SET: limited\r\n\r\nx\r\n" % (
                    SENDER, to)))
    stranger = send(site, LATER, "patient")
    site.wait_events(stranger, "DeliveryDelay", seconds=300)
    site.set_clock("agent", "+%ds" % (SECONDS + 600))
    numbered = {BUSY % number for number in range(count)}

    def bounced():
        found = [rcpt for event in site.sesamectl("events", "--json")
                 if event["type"] == "Bounce" for rcpt in event["recipients"]
                 if rcpt in numbered]
        assert len(found) == len(set(found))
        return found

    wait(bounced, count, 400, "bounces")
    wait(lambda: [0] if list(queue(site)) == [LATER] else [], 1, 60,
         "a queue with what has no limit")
