"""An agent that is reloaded: what counts from then on, what does not, and
what it was in the middle of"""

import os
import re
import socket
import time

import pytest

from harness.host import wait
from reloading import config, lines, put_key_in_front, reload
from session import Session, queue_id

SENDER = "s@areload.example"
MAIL = b"From: s@areload.example\r\nSubject: x\r\n%s\r\nHello\r\n"
SET = b"X-SES-CONFIGURATION-SET: areload\r\n"


@pytest.fixture(scope="module")
def site(host):
    host.sesamectl("identity", "add", host.env["SESAME_ACCOUNT"], SENDER)
    host.sesamectl("identity", "verify", SENDER)
    host.subscribe("areload", path="/slow")
    return host


def send(site, rcpt, header=b""):
    with Session(site) as session:
        code, reply = session.message(SENDER, rcpt, MAIL % header)
    assert code == 250, reply
    return queue_id(reply)


def told(site, queue):
    entry = site.sesamectl("message", queue, "--json")
    return [event["type"] for event in entry["events"]]


def test_resolver(site):
    """Another resolver is asked from then on."""
    domain = "areload.example"
    account = site.env["SESAME_ACCOUNT"]

    def shown(what):
        return site.sesamectl("identity", "show", account, domain,
                              "--json")[what]

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        with config(site, "agent", "resolver = 127.0.0.1:%d" %
                    deaf.getsockname()[1]):
            reload(site, "agent")
            site.sesamectl("identity", "add", account, domain)
            site.publish_dns(domain)
            deaf.settimeout(20)
            assert deaf.recvfrom(4096)[0]  # it is asked
    wait(lambda: [1] if shown("status") == "SUCCESS" else [], 1, 40,
         "verified identities, but %s" % shown("status"))


def test_error_keeps_the_old_configuration(site):
    before = len(lines(site, "agent", "everything stays"))
    with config(site, "agent", "event_retention = soon") as number:
        reload(site, "agent",
               r"reload: %s:%d: event_retention: .*; everything stays as it "
               "was" % (re.escape(site.layout.config), number))
        # (sesamectl reads the file with the error, too)
        send(site, "kept@rcpt.example", SET)
        wait(lambda: [event for event in site.events(kind="Delivery")
                      if event["mail"]["destination"] ==
                      ["kept@rcpt.example"]], 1, 30, "deliveries")
    assert len(lines(site, "agent", "everything stays")) == before + 1


@pytest.mark.parametrize("name", ["token.key", "sns.key",
                                  "agent-ticket.key"])
def test_unreadable_key_keeps_the_old_ones(site, name):
    path = site.layout.path("keys", name)
    with open(path) as file:
        old = file.read()
    with open(path, "w") as file:
        file.write("no key\n")
    try:
        reload(site, "agent",
               r"reload: .*%s.*; everything stays as it was" % name)
    finally:
        with open(path, "w") as file:
            file.write(old)
    reload(site, "agent")


def test_what_cannot_change_is_named(site):
    changed = {"maillog": "/nonexistent", "agent_user": "nobody",
               "pool_label": "z9", "gate_user": "nobody"}
    before = {name: len(lines(site, "agent", name + " needs a restart"))
              for name in changed}
    with config(site, "agent",
                *("%s = %s" % pair for pair in changed.items())):
        reload(site, "agent")
        for name, count in before.items():
            assert len(lines(site, "agent", name + " needs a restart")) == \
                count + (name != "gate_user")  # not its business
        queue = send(site, "same@rcpt.example")
        wait(lambda: [name for name in told(site, queue)
                      if name == "Delivery"], 1, 20, "deliveries")


def test_new_token_key(site):
    """What was sent under a key that the agent has read since is known to
    the follower and to the LMTP server."""
    put_key_in_front(site, "token.key")
    reload(site, "agent")
    reload(site, "gate")
    queue = send(site, "token@rcpt.example")
    wait(lambda: [name for name in told(site, queue) if name == "Delivery"],
         1, 20, "deliveries")
    mail = site.wait_mail(to="token@rcpt.example")[0]
    with socket.socket(socket.AF_UNIX) as lmtp:
        lmtp.connect(os.path.join(site.layout.sockets, "lmtp"))
        stream = lmtp.makefile("rwb")
        report = (
            "Content-Type: multipart/report; report-type=delivery-status;"
            ' boundary="b"\r\n\r\n--b\r\nContent-Type: '
            "message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
            "Final-Recipient: rfc822; token@rcpt.example\r\n"
            "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n.\r\n")
        for words, code in (
                ("", b"220"), ("LHLO x", b"250"), ("MAIL FROM:<>", b"250"),
                ("RCPT TO:<%s>" % mail.mail_from, b"250"), ("DATA", b"354"),
                (report.rstrip("\r\n"), b"250")):
            if words:
                stream.write(words.encode() + b"\r\n")
                stream.flush()
            line = stream.readline()
            while line[3:4] == b"-":
                line = stream.readline()
            assert line.startswith(code), line
    wait(lambda: [name for name in told(site, queue) if name == "Bounce"],
         1, 20, "bounces")


def test_what_is_in_flight_arrives_once(site):
    """A POST that the subscriber has not answered yet, and those behind
    it."""
    site.set_subscriber({"/slow": {"hang": 2}})
    try:
        queues = [send(site, "slow%d@rcpt.example" % n, SET)
                  for n in range(3)]
        for queue in queues:
            wait(lambda: [name for name in told(site, queue)
                          if name == "Delivery"], 1, 20, "deliveries")
        time.sleep(0.5)  # the first ones are under way
        with config(site, "agent", "publish_window = 1",
                    "publish_timeout = 4s"):
            reload(site, "agent")
            ids = [site.sesamectl("id", queue).split()[0] for queue in queues]
            for ident in ids:
                site.wait_events(ident, count=2, seconds=60)
    finally:
        site.set_subscriber({})
    for ident in ids:
        assert sorted(event["eventType"] for event in site.events(ident)) == [
            "Delivery", "Send"]
    answers = [request["answer"] for request in site.requests("/slow")]
    assert set(answers) == {200}
