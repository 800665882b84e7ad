"""The private host itself: every part stops, starts and is killed; the sink,
the DNS and settle do what tests/mailhost says of them."""

import http.client
import json
import smtplib
import subprocess
import time
import urllib.error
import urllib.request

import dns.resolver
import pytest

from harness.host import Failure, wait

PARTS = ("gate", "agent", "nginx", "postfix", "sink", "subscriber", "knot",
         "unbound", "host")


def sendmail(host, recipient):
    """Mail of no account, which goes its way unchanged."""
    subprocess.run(["/usr/sbin/sendmail", "-C",
                    host.env["SESAME_POSTFIX_CONFIG"], "-f",
                    "root@local.test", recipient], check=True, text=True,
                   input="Subject: from sendmail\n\nx\n")


def delivery(host, recipient):
    """The last line of the delivery log about a recipient."""
    with open(host.env["SESAME_MAILLOG"]) as file:
        lines = [line for line in file if "to=<%s>" % recipient in line]
    return lines[-1] if lines else ""


@pytest.mark.parametrize("part", PARTS)
def test_stop_start_kill(host, part):
    host.stop(part)
    host.start(part)
    host.kill9(part)
    host.start(part)


@pytest.mark.parametrize("part", ("nginx-worker", "postlogd"))
def test_kill_one_process(host, part):
    host.kill9(part)


def test_no_such_part(host):
    with pytest.raises(Failure, match="no such part: milkman"):
        host.stop("milkman")


def test_a_part_that_is_down_is_not_killed(host):
    host.stop("subscriber")
    with pytest.raises(Failure, match="nothing runs"):
        host.kill9("subscriber")
    host.start("subscriber")


@pytest.mark.parametrize("recipient, dsn", [
    ("reply-550-5.1.1-a@example.net", "5.1.1"),
    ("data-554-5.7.9-b@example.net", "5.7.9"),
    ("reply-452-4.2.2@example.net", "4.2.2"),
])
def test_sink_refuses(host, recipient, dsn):
    sendmail(host, recipient)
    wait(lambda: delivery(host, recipient), 1, 20, "log line")
    assert "dsn=%s" % dsn in delivery(host, recipient)
    assert not host.mail(to=recipient)
    subprocess.run(["/usr/sbin/postsuper", "-c",
                    host.env["SESAME_POSTFIX_CONFIG"], "-d", "ALL"],
                   check=True, stderr=subprocess.DEVNULL)


def test_sink_defers_twice_then_takes_it(host):
    recipient = "defer-451-4.2.1-2-c@example.net"
    sendmail(host, recipient)
    host.wait_mail(to=recipient, seconds=30)
    with open(host.env["SESAME_MAILLOG"]) as file:
        log = file.read()
    assert log.count("to=<%s>, relay" % recipient) == 3


def test_sink_takes_its_time(host):
    began = time.time()
    sendmail(host, "slow-2-d@example.net")
    mail, = host.wait_mail(to="slow-2-d@example.net")
    assert mail.envelope["when"] - began >= 2


def test_settle_waits_and_gives_up(host):
    sendmail(host, "slow-4-e@example.net")
    with pytest.raises(Failure, match="not settled"):
        host.settle(1)
    host.settle(30)
    assert host.mail(to="slow-4-e@example.net")


def test_sink_without_8bitmime(host):
    def extensions():
        with smtplib.SMTP("127.0.0.1", host.layout.ports["sink"]) as client:
            client.ehlo()
            return client.esmtp_features

    assert "8bitmime" in extensions()
    host.set_sink(**{"8bitmime": False})
    assert "8bitmime" not in extensions()
    host.set_sink(**{"8bitmime": True})


def test_dns(host):
    resolver = host.resolver()
    host.dns("zone.example", "a 60 IN A 192.0.2.1\nb 60 IN CNAME "
             "c.other.example.\n")
    host.dns("other.example", "c 60 IN TXT \"far away\"\n")
    assert str(resolver.resolve("a.zone.example", "A")[0]) == "192.0.2.1"
    assert str(resolver.resolve("b.zone.example", "TXT")[0]) == '"far away"'
    host.dns("zone.example", "a 60 IN A 192.0.2.2\n")
    wait(lambda: [answer for answer in resolver.resolve("a.zone.example", "A")
                  if str(answer) == "192.0.2.2"], 1, 5, "new address")
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve("nothing.invalid.example", "A")
    with pytest.raises(Failure, match="zone broken.example"):
        host.dns("broken.example", "this is no record\n")


def post(host, path, body):
    request = urllib.request.Request(host.env["SESAME_SUBSCRIBER"] + path,
                                     data=json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            response.read()
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def test_subscriber(host):
    event = {"eventType": "Send", "mail": {"messageId": "of-the-test"}}
    envelope = {"Type": "Notification", "Message": json.dumps(event)}
    assert post(host, "/fail/503/x", envelope) == 503
    host.set_subscriber({"/gone": {"status": 410}})
    assert post(host, "/gone/x", envelope) == 410
    host.set_subscriber({})
    assert not host.events("of-the-test")
    assert post(host, "/gone/x", envelope) == 200
    assert host.events("of-the-test") == [event]
    with pytest.raises(http.client.IncompleteRead):
        post(host, "/close/x", envelope)


def test_relay(host, new_host):
    """Everything goes to another server: here, the other host's sink."""
    other = new_host("--relay", "127.0.0.1:%d" % host.layout.ports["sink"])
    other.verify_domain("relay.example")
    other.ses().send_email(
        FromEmailAddress="s@relay.example",
        Destination={"ToAddresses": ["relayed@rcpt.example"]},
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "x"}}}})
    assert host.wait_mail(to="relayed@rcpt.example")
    assert not other.mail()
    other.settle()
