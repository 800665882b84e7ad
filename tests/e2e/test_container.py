"""A Debian that boots, with Sesame as README installs it

    make check-container

By hand, since it fetches a hundred packages the first time: mmdebstrap makes
the tree, systemd-nspawn boots it.  In it everything runs by its unit.
"""

import os
import re
import time

import pytest
from botocore.exceptions import ConnectionClosedError

from harness.host import wait
from harness.layout import build_dir
from harness.machine import Machine
from load import Stream
from verdict import quota_adds_up, verdicts

pytestmark = [pytest.mark.container,
              pytest.mark.timeout(2400)]  # the packages may come slowly

DOMAIN = "container.example"
SENDER = "sender@" + DOMAIN
SERVICES = ("sesame-milter", "sesame-agent", "postfix@-", "nginx")
POOL = "127.0.0.21"


@pytest.fixture(scope="module")
def machine(request):
    machine = Machine(build_dir())
    before, ready = request.session.testsfailed, False
    try:
        machine.install()
        machine.boot()
        machine.join()
        machine.verify_domain(DOMAIN)
        machine.subscribe("set")
        ready = True
        yield machine
    finally:
        machine.down()
        if ready and request.session.testsfailed == before:
            machine.remove()
        else:
            print("kept: %s" % machine.dir)


def state(machine, unit):
    text = machine.inside("systemctl", "show", unit, "-p",
                          "ActiveState,MainPID,NRestarts,UnitFileState")
    return dict(line.split("=", 1) for line in text.splitlines())


def test_everything_runs(machine):
    for unit in SERVICES:
        shown = state(machine, unit)
        assert shown["ActiveState"] == "active", machine.inside(
            "journalctl", "-u", unit, "-n", "50", check=False)
        assert shown["NRestarts"] == "0", unit
    failed = machine.inside("systemctl", "--failed", "--plain", "--no-legend")
    assert not re.search("sesame|postfix|nginx", failed), failed


@pytest.mark.parametrize("unit, below", [("sesame-milter", 2.0),
                                         ("sesame-agent", 3.0)])
def test_exposure_of_what_runs(machine, unit, below):
    told = machine.inside("systemd-analyze", "security", "--no-pager",
                          unit + ".service", check=False)
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", told)
    assert found and float(found.group(1)) < below, told


def test_checks_are_content(machine):
    assert machine.inside("sesamectl", "postfix", "--check",
                          check=False) == "Nothing found.\n"
    told = machine.inside("sesamectl", "check", check=False)
    assert told == "Nothing found.\n" or not told, told


def test_the_log_and_the_sockets(machine):
    """Whose they are: nobody but Postfix reaches the gate."""
    for name, want in (("/var/spool/postfix/sesame", "750 root postfix"),
                       ("/var/spool/postfix/sesame/milter",
                        "660 root postfix"),
                       ("/var/spool/postfix/sesame/auth", "660 root postfix"),
                       ("/var/spool/postfix/sesame/lmtp", "660 root postfix"),
                       ("/var/lib/sesame", "2770 root sesame"),
                       ("/var/lib/sesame/data.mdb", "660 root sesame"),
                       ("/var/log/postfix/maillog", "600 root root")):
        assert machine.inside("stat", "-c", "%a %U %G", name).strip() == want
    users = machine.inside(
        "sh", "-c", "for p in /proc/[0-9]*; do "
        "echo $(stat -c %U $p) $(tr '\\0' ' ' < $p/cmdline); done")
    for name in ("gate /usr/sbin/sesame-milter",
                 "agent /usr/sbin/sesame-agent"):
        assert "sesame-" + name in users, users


def send(machine, to, config_set="set"):
    return machine.ses().send_email(
        FromEmailAddress=SENDER, ConfigurationSetName=config_set,
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "Hello"}}}})["MessageId"]


def test_over_the_api(machine):
    to = "api-%d@rcpt.example" % time.time_ns()
    message = send(machine, to)
    mail = machine.wait_mail(to=to)[0]
    assert DOMAIN in machine.dkim_domains(mail)
    assert machine.wait_events(message, "Send")
    assert machine.wait_events(message, "Delivery")
    told = machine.sesamectl("message", message)
    assert to in told


def test_over_smtp(machine):
    to = "smtp-%d@rcpt.example" % time.time_ns()
    reply = machine.swaks(SENDER, to, headers=["X-SES-CONFIGURATION-SET: set"])
    assert reply.code == 250, reply.output
    mail = machine.wait_mail(to=to)[0]
    assert DOMAIN in machine.dkim_domains(mail)
    message = machine.sesamectl("id", reply.queue_id).split()[-1]
    assert machine.wait_events(message, "Delivery")


def test_a_bounce(machine):
    """Over LMTP, out of Postfix's chroot."""
    message = send(machine, "reply-550-5.1.1@rcpt.example")
    assert machine.wait_events(message, "Bounce")
    wait(lambda: re.findall(r"relay=.*\[sesame/lmtp\].*status=sent",
                            machine.read("var/log/postfix/maillog")), 1, 30,
         "reports taken by the agent")


def test_a_source_address(machine):
    """The agent writes Postfix's files and reloads it, hardened as it is."""
    machine.sesamectl("address", "add", machine.env["SESAME_ACCOUNT"], POOL)
    wait(lambda: [row for row in machine.sesamectl("address", "list", "--json")
                  if row["state"] == "live"], 1, 60, "live addresses")
    send(machine, "pool@rcpt.example")
    seen = machine.wait_mail(to="pool@rcpt.example")[0].envelope
    assert seen["peer"] == POOL
    assert machine.inside("sesamectl", "postfix", "--check",
                          check=False) == "Nothing found.\n"


def stream(machine, stir):
    load = Stream(machine, DOMAIN, "set", tag="%d-" % time.time_ns())
    load.run_during(lambda: stir(load))
    machine.settle(120)
    return load


def again(machine, verb, unit):
    """The same unit is active afterwards."""
    machine.inside("systemctl", verb, unit)
    shown = state(machine, unit)
    assert shown["ActiveState"] == "active", machine.inside(
        "journalctl", "-u", unit, "-n", "50", check=False)


@pytest.mark.parametrize("unit", ["sesame-milter", "sesame-agent"])
@pytest.mark.parametrize("verb", ["restart", "reload"])
def test_a_daemon_under_load(machine, unit, verb):
    """No client notices."""
    def stir(load):
        for _ in range(3):
            again(machine, verb, unit)
            load.more(20)

    load = stream(machine, stir)
    assert load.bad == []
    verdicts(machine, load)
    quota_adds_up(machine)


@pytest.mark.parametrize("unit, verb", [
    ("nginx", "reload"), ("nginx", "restart"), ("postfix", "reload"),
    ("postfix", "restart")])
def test_its_neighbours_under_load(machine, unit, verb):
    """A restart may cut clients off; what was answered with success is sent,
    and told of, once."""
    def stir(load):
        for _ in range(2):
            again(machine, verb, unit)
            load.more(20)

    load = stream(machine, stir)
    assert len(load.good) >= 30
    if (unit, verb) == ("nginx", "reload"):
        # at most connections that were idle, which any client opens again
        assert all(isinstance(error, ConnectionClosedError)
                   for _, error in load.bad), load.bad
    verdicts(machine, load)
    quota_adds_up(machine)


def test_the_log_is_rotated(machine):
    """Twice, in the middle of traffic: the second one compresses the first."""
    def stir(load):
        for _ in range(2):
            machine.inside("logrotate", "--force", "/etc/logrotate.d/sesame")
            load.more(20)

    load = stream(machine, stir)
    verdicts(machine, load)
    names = sorted(os.listdir(machine.path("var/log/postfix")))
    assert names == ["maillog", "maillog.1", "maillog.2.gz"]


def test_reboot(machine):
    """Nobody is asked; what waited in the queue goes out, and is told of."""
    machine.parts[2].stop()
    message = send(machine, "later@rcpt.example")
    wait(lambda: re.findall(r"to=<later@rcpt\.example>.*status=deferred",
                            machine.read("var/log/postfix/maillog")), 1, 30,
         "a deferred delivery")
    machine.parts[2].start()
    machine.reboot()
    for unit in SERVICES:
        assert state(machine, unit)["ActiveState"] == "active", unit
    machine.wait_mail(to="later@rcpt.example", seconds=60)
    assert machine.wait_events(message, "Delivery", seconds=60)
    test_over_the_api(machine)
    test_over_smtp(machine)
    machine.settle(120)
    quota_adds_up(machine)
    test_checks_are_content(machine)
