"""A subscriber that fails lags; it loses nothing and slows nobody"""

import pytest

DOMAIN = "events.example"


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    return host


def send(host, config_set, count, first=0):
    return [host.ses().send_email(
        FromEmailAddress="s@" + DOMAIN, ConfigurationSetName=config_set,
        Destination={"ToAddresses": ["%s-%d@rcpt.example" % (config_set, n)]},
        Content={"Simple": {"Subject": {"Data": str(n)},
                            "Body": {"Text": {"Data": "x"}}}})["MessageId"]
        for n in range(first, first + count)]


def per_message(host, path):
    """Kinds of events in the order they were acknowledged, by message."""
    kinds, seen = {}, set()
    for request in host.requests(path):
        event = request["message"]
        if request["answer"] != 200 or not isinstance(event, dict) or \
                "eventType" not in event:
            continue
        if request["json"]["MessageId"] in seen:
            continue
        seen.add(request["json"]["MessageId"])
        kinds.setdefault(event["mail"]["messageId"], []).append(
            event["eventType"])
    return kinds


@pytest.mark.parametrize("name, behaviour", [
    ("refusing", {"status": 500}),
    ("throttling", {"status": 429}),
    ("hanging", {"hang": 60, "status": 503}),
    ("closing", {"close": True}),
])
def test_it_fails_and_comes_back(site, name, behaviour):
    bad, good = "bad-" + name, "good-" + name
    site.subscribe(bad, path="/" + bad)
    site.subscribe(good, path="/" + good)
    site.set_subscriber({"/" + bad: behaviour})
    lagging = send(site, bad, 6)
    prompt = send(site, good, 6)
    for message_id in prompt:  # the others are not delayed
        site.wait_events(message_id, "Delivery", seconds=10)
    assert not per_message(site, "/" + bad)

    site.set_subscriber({})
    site.settle(60)
    kinds = per_message(site, "/" + bad)
    assert set(kinds) == set(lagging)
    assert all(order == ["Send", "Delivery"] for order in kinds.values())


def test_down(site):
    site.subscribe("down", path="/down")
    site.stop("subscriber")
    try:
        ids = send(site, "down", 5)
        site.wait_mail(to="down-4@rcpt.example")
    finally:
        site.start("subscriber")
    site.settle(60)
    kinds = per_message(site, "/down")
    assert set(kinds) == set(ids)
    assert all(order == ["Send", "Delivery"] for order in kinds.values())


def test_refused_for_good_is_a_dead_letter(site):
    site.subscribe("gone", path="/gone")
    site.settle()  # the greeting is taken
    site.set_subscriber({"/gone": {"status": 410}})
    send(site, "gone", 2)
    site.settle(60)
    site.set_subscriber({})
    rows = [row for row in site.sesamectl("status", "--json")["destinations"]
            if row["configuration_set"] == "gone"]
    assert rows and rows[0]["dead"] == 4 and rows[0]["lag"] == 0
    assert not per_message(site, "/gone")
    ids = send(site, "gone", 1, first=7)  # the next ones arrive again
    site.settle(60)
    assert list(per_message(site, "/gone")) == ids


def test_what_is_not_matched_is_not_sent(site):
    site.subscribe("bounces", kinds=("BOUNCE",), path="/bounces")
    send(site, "bounces", 1)
    site.settle()
    assert not per_message(site, "/bounces")


def test_envelope(site, tmp_path):
    """The signature holds under the certificate that the endpoint serves."""
    import base64
    import subprocess
    import urllib.request

    site.subscribe("signed", path="/signed")
    send(site, "signed", 1)
    site.settle()
    for request in site.requests("/signed"):
        note = request["json"]
        assert request["headers"]["x-amz-sns-message-type"] == note["Type"]
        assert request["headers"]["Content-Type"] == \
            "text/plain; charset=UTF-8"
        names = (["Message", "MessageId", "Subject", "Timestamp", "TopicArn",
                  "Type"] if note["Type"] == "Notification" else
                 ["Message", "MessageId", "SubscribeURL", "Timestamp",
                  "Token", "TopicArn", "Type"])
        text = "".join("%s\n%s\n" % (name, note[name]) for name in names
                       if name in note)
        assert note["SigningCertURL"].startswith(site.env["SESAME_ENDPOINT"])
        assert note["SigningCertURL"].endswith(".pem")
        cert = urllib.request.urlopen(note["SigningCertURL"]).read()
        (tmp_path / "cert.pem").write_bytes(cert)
        (tmp_path / "text").write_text(text)
        (tmp_path / "sig").write_bytes(base64.b64decode(note["Signature"]))
        public = subprocess.run(
            ["openssl", "x509", "-in", tmp_path / "cert.pem", "-pubkey",
             "-noout"], stdout=subprocess.PIPE, check=True).stdout
        (tmp_path / "pub.pem").write_bytes(public)
        digest = {"1": "-sha1", "2": "-sha256"}[note["SignatureVersion"]]
        subprocess.run(["openssl", "dgst", digest, "-verify",
                        tmp_path / "pub.pem", "-signature", tmp_path / "sig",
                        tmp_path / "text"], check=True,
                       stdout=subprocess.DEVNULL)
    first = [request["json"].get("Message") for request in
             site.requests("/signed")
             if request["json"]["Type"] == "Notification"]
    assert first[0] == ("Successfully validated SNS topic for Amazon SES "
                        "event publishing.")
