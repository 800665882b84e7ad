"""Killed processes in the middle of traffic: nothing accepted is lost

Eight clients that do not retry send 300 messages over API and SMTP, a part
is killed after a third of them.  Whatever was answered with success must be
delivered, with exactly one Send and one final event a recipient.
"""

import socket
import threading
import time

import pytest

from harness.host import wait
from load import Load
from verdict import quota_adds_up, verdicts

pytestmark = pytest.mark.long
DOMAIN = "example.com"


@pytest.fixture
def loaded(new_host):
    host = new_host()
    host.verify_domain(DOMAIN)
    host.subscribe("faults", kinds=("SEND", "DELIVERY", "BOUNCE"))
    return host


def snooze(host, part, seconds=1.0):
    """Kill a part and start it again a little later."""
    def during():
        host.kill9(part)
        time.sleep(seconds)
        host.start(part)
    return during


def lose_postlogd(host, load):
    """Kill postlogd; restart Postfix, as its operator would, if it stays stuck.

    Its master starts a new one; but once in some fifteen kills all of Postfix
    was seen to wait for its log for ever."""
    host.kill9("postlogd")

    def watch():
        seen, since = load.answered(), time.monotonic()
        while seen < load.count:
            time.sleep(0.5)
            if load.answered() != seen:
                seen, since = load.answered(), time.monotonic()
            elif time.monotonic() - since > 20:
                host.kill9("postfix")
                host.start("postfix")
                return

    threading.Thread(target=watch, daemon=True).start()


@pytest.mark.parametrize("part, exactly_once", [
    ("gate", True),
    ("agent", True),
    ("nginx-worker", True),
    ("postlogd", False),
    ("host", False),
])
def test_killed_in_the_middle(loaded, part, exactly_once):
    load = Load(loaded, DOMAIN, config_set="faults")
    if part == "postlogd":
        load.run(during=lambda: lose_postlogd(loaded, load))
    elif part == "nginx-worker":  # the master starts a new one
        load.run(during=lambda: loaded.kill9(part))
    else:
        load.run(during=snooze(loaded, part))
    assert len(load.good) >= 100, load.bad[:3]
    loaded.settle(120)
    verdicts(loaded, load, exactly_once)
    quota_adds_up(loaded)


def test_gate_down_and_back(loaded):
    """Down: 451 or a closed connection, 503 on the API; back within 10 s."""
    ses = loaded.ses(retries={"total_max_attempts": 1})
    message = dict(
        FromEmailAddress="sender@" + DOMAIN,
        Destination={"ToAddresses": ["after@rcpt.example"]},
        Content={"Simple": {"Subject": {"Data": "down"},
                            "Body": {"Text": {"Data": "Hello"}}}})
    loaded.kill9("gate")
    answers = []

    def call():
        try:
            answers.append(ses.send_email(**message)["MessageId"])
        except Exception as error:
            answers.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    down = loaded.swaks("sender@" + DOMAIN, "down@rcpt.example",
                        "--timeout", "5")
    assert down.queue_id is None and down.code != 250, down.reply
    time.sleep(2)
    loaded.start("gate")
    back = time.monotonic()
    sent = wait(lambda: [swak for swak in [loaded.swaks(
        "sender@" + DOMAIN, "back@rcpt.example")] if swak.code == 250],
        1, 10, "accepted messages")
    assert sent and time.monotonic() - back < 10
    caller.join(90)
    assert answers
    if isinstance(answers[0], Exception):
        status = answers[0].response["ResponseMetadata"]["HTTPStatusCode"]
        assert status in (500, 503), answers[0]
    ses.send_email(**message)
    loaded.settle(60)
    assert not loaded.mail(to="down@rcpt.example")


def test_agent_down_for_long(loaded):
    loaded.stop("agent")
    load = Load(loaded, DOMAIN, count=60, config_set="faults")
    load.run()
    assert len(load.good) == 60, load.bad[:3]
    loaded.wait_mail(count=50)
    assert not loaded.events()
    loaded.start("agent")
    loaded.settle(60)
    verdicts(loaded, load, True)
    quota_adds_up(loaded)


def test_client_gone_while_its_request_waits(loaded):
    """The request is half done when its client closes; the next one works."""
    host, _, port = loaded.env["SESAME_ENDPOINT"][7:].partition(":")
    for _ in range(20):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /v2/email/outbound-emails HTTP/1.1\r\n"
                               b"Host: x\r\nContent-Length: 1000\r\n\r\n{")
    load = Load(loaded, DOMAIN, count=8, config_set="faults", how=("api",))
    load.run()
    assert len(load.good) == 8
