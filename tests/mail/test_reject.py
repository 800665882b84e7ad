"""A message with the test file of EICAR is accepted, and then rejected: an
event says so, and nobody gets it"""

import base64

import pytest
from botocore.exceptions import ClientError

from session import Session, queue_id

DOMAIN = "reject.example"
SENDER = "s@" + DOMAIN
# Two halves, so that no scanner takes this program for the file.
EICAR = (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" +
         b"ANTIVIRUS-TEST-FILE!$H+H*")
HEAD = (b"From: s@reject.example\r\nTo: any@rcpt.example\r\nSubject: x\r\n"
        b"MIME-Version: 1.0\r\nX-SES-CONFIGURATION-SET: rejects\r\n")


def mixed(*parts):
    return (HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
            b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) +
            b"--b--\r\n")


def coded(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


HELLO = b"\r\nHello\r\n"
NAMED = b"Content-Disposition: attachment; filename=sample.txt\r\n"
BASE64 = b"Content-Transfer-Encoding: base64\r\n"
REJECTED = {
    "as it is": mixed(HELLO, NAMED + b"\r\n" + EICAR + b"\r\n"),
    "in base64": mixed(HELLO, b"Content-Type: application/octet-stream\r\n" +
                       BASE64 + NAMED + b"\r\n" + coded(EICAR + b"\r\n")),
    "the whole body": HEAD + BASE64 + b"\r\n" + coded(EICAR),
}
QUOTED = mixed(b"\r\nThe file is\r\n" + EICAR + b"\r\n",
               BASE64 + NAMED + b"\r\n" + coded(b"see: " + EICAR),
               NAMED + b"\r\n" + EICAR + b"\r\nand more\r\n")


@pytest.fixture(scope="module")
def site(module_host):
    host = module_host()
    host.verify_domain(DOMAIN)
    host.subscribe("rejects", ("SEND", "DELIVERY", "BOUNCE", "COMPLAINT",
                               "REJECT"))
    return host


@pytest.fixture(scope="module")
def smtp(site):
    with Session(site) as session:
        yield session


def send(site, smtp, way, data, to):
    if way == "API":
        return site.ses().send_email(
            FromEmailAddress=SENDER, Content={"Raw": {"Data": data}},
            Destination={"ToAddresses": to})["MessageId"]
    code, reply = smtp.message(SENDER, to, data)
    assert code == 250, reply
    return site.sesamectl("id", queue_id(reply)).split()[-1]


def used(site):
    return site.ses().get_account()["SendQuota"]["SentLast24Hours"]


def counted(site, kind):
    """How many events of this type there were, on whatever day."""
    name = "event.%s.%s." % (site.env["SESAME_ACCOUNT"], kind)
    counters = site.sesamectl("status", "--json")["counters"]
    return sum(count for key, count in counters.items()
               if key.startswith(name))


def statistics(site):
    points = site.client("ses").get_send_statistics()["SendDataPoints"]
    return [sum(point[name] for point in points)
            for name in ("DeliveryAttempts", "Rejects", "Bounces")]


def told(site, message_id, count):
    return [event["eventType"]
            for event in site.wait_events(message_id, count=count)]


def check_rejected(site, message_id, to):
    assert told(site, message_id, 2) == ["Send", "Reject"]
    event = site.events(message_id, "Reject")[0]
    assert event["reject"] == {"reason": "Bad content"}
    assert event["mail"]["destination"] == to
    assert event["mail"]["tags"]["ses:configuration-set"] == ["rejects"]
    known = site.sesamectl("message", message_id, "--json")
    assert [rcpt["removed"] for rcpt in known["recipients"]] == \
        ["REJECTED"] * len(to)
    assert known["state"] == "QUEUED"
    assert known["charged"] == len(to)


@pytest.mark.parametrize("way", ["API", "SMTP"])
@pytest.mark.parametrize("name", REJECTED)
def test_rejected(site, smtp, way, name):
    before = used(site), counted(site, "REJECT"), counted(site, "SEND")
    attempts, rejects, bounces = statistics(site)
    to = ["ann@rcpt.example", "bob@rcpt.example"]
    message_id = send(site, smtp, way, REJECTED[name], to)
    check_rejected(site, message_id, to)
    assert used(site) == before[0] + 2
    assert counted(site, "REJECT") == before[1] + 1
    assert counted(site, "SEND") == before[2] + 1
    site.settle()
    assert statistics(site) == [attempts + 2, rejects + 2, bounces]
    assert len(site.events(message_id)) == 2
    assert not site.mail(to="ann@rcpt.example")


def test_whoever_it_is_for(site, smtp):
    """Neither the simulator nor the suppression list has a say."""
    to = ["success@simulator.amazonses.com", "bounce@simulator.amazonses.com",
          "listed@rcpt.example", "ann@rcpt.example"]
    site.sesamectl("suppression", "put", site.env["SESAME_ACCOUNT"], to[2],
                   "BOUNCE")
    before = used(site)
    message_id = send(site, smtp, "API", REJECTED["in base64"], to)
    check_rejected(site, message_id, to)
    assert used(site) == before + 4
    site.settle()
    assert len(site.events(message_id)) == 2


def test_within_the_quota(site, smtp):
    """It counts, so it is refused when it does not fit."""
    site.sesamectl("quota", "set", site.env["SESAME_ACCOUNT"], "--max24",
                   str(int(used(site))))
    try:
        code, reply = smtp.message(SENDER, "ann@rcpt.example",
                                   REJECTED["as it is"])
        assert code == 454 and "Daily message quota exceeded" in reply
    finally:
        site.sesamectl("quota", "set", site.env["SESAME_ACCOUNT"],
                       "--max24", "-1")


@pytest.mark.parametrize("way", ["API", "SMTP"])
def test_who_only_speaks_of_it_is_heard(site, smtp, way):
    to = "heard-%s@rcpt.example" % way.lower()
    message_id = send(site, smtp, way, QUOTED, [to])
    assert told(site, message_id, 2) == ["Send", "Delivery"]
    assert EICAR in site.wait_mail(to=to)[0].bytes


def test_rules_come_first(site, smtp):
    """A name that may not be sent is refused before anything is counted."""
    data = REJECTED["in base64"].replace(b"sample.txt", b"eicar.com")
    before = used(site)
    code, reply = smtp.message(SENDER, "ann@rcpt.example", data)
    assert code == 554 and "Illegal filename 'eicar.com'." in reply
    with pytest.raises(ClientError):
        send(site, smtp, "API", data, ["ann@rcpt.example"])
    assert used(site) == before
