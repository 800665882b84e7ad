"""A gate that is restarted ends its sessions, and cuts no message; one that
is reloaded has its new configuration from the next MAIL on"""

import base64
import contextlib
import os
import re
import resource
import select
import signal
import socket
import subprocess
import time

import pytest

import reloading
from conftest import bring_up, take_down
from harness.host import wait
from harness.sesame import MILTER_HELLO
from session import Session, queue_id

DOMAIN = "restart.example"
SENDER = "sender@" + DOMAIN
MAIL = b"From: sender@restart.example\r\nSubject: x\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def site(request):
    """A host whose gates have a minute to leave."""
    host = bring_up(["--set", "drain_timeout = 60s"])
    before = request.session.testsfailed
    host.verify_domain(DOMAIN)
    yield host
    take_down(host, request.session.testsfailed > before)


@pytest.fixture(scope="module")
def hasty(host):
    """The common host: its gates have a second."""
    host.verify_domain(DOMAIN)
    return host


STOPPED = r" stopped: connections=(\d+) cut=(\d+) messages_cut=(\d+)"


def lines(host, pattern):
    return reloading.lines(host, "gate", pattern)


def wait_line(host, pattern, before, seconds=30):
    reloading.wait_line(host, "gate", pattern, before, seconds)


def reload(host, *answer):
    reloading.reload(host, "gate", *answer)


def config(host, *more):
    return reloading.config(host, "gate", *more)


# --- one session

def begin(session, rcpt):
    assert session.command("MAIL FROM:<%s>" % SENDER)[0] == 250
    assert session.command("RCPT TO:<%s>" % rcpt)[0] == 250


def finish(session):
    assert session.command("DATA")[0] == 354
    session.smtp.send(MAIL + b".\r\n")
    code, reply = session.smtp.getreply()
    return code, reply.decode()


def test_old_process_serves_its_sessions(site):
    with Session(site) as idle, Session(site) as busy:
        begin(busy, "busy@rcpt.example")
        site.restart("gate")
        with Session(site) as fresh:
            assert fresh.message(SENDER, "fresh@rcpt.example", MAIL)[0] == 250
        assert finish(busy)[0] == 250
        assert busy.message(SENDER, "again@rcpt.example", MAIL)[0] == 250
        assert idle.message(SENDER, "idle@rcpt.example", MAIL)[0] == 250
        ended = len(lines(site, STOPPED))
    for name in "busy", "fresh", "again", "idle":
        site.wait_mail(to=name + "@rcpt.example")
    # Postfix's own connections to it close with its clients' sessions; those
    # of nginx's pool may live for a minute.
    site.stop("nginx")
    site.start("nginx")
    wait_line(site, STOPPED, ended - 1)


def test_no_message_is_cut_when_the_time_is_over(hasty):
    ended = len(lines(hasty, STOPPED))
    with Session(hasty) as idle, Session(hasty) as busy:
        begin(busy, "late@rcpt.example")
        hasty.restart("gate")
        # The second is over once MAIL is refused.
        def refused():
            code, reply = idle.command("MAIL FROM:<%s>" % SENDER)
            if code != 250:
                return [(code, reply)]
            idle.command("RSET")
            return []
        code, reply = wait(refused, 1, 20, "refusal")[0]
        assert (code, reply[:6]) == (421, "4.3.2 "), reply
        assert finish(busy)[0] == 250
        wait_line(hasty, STOPPED, ended)
        # Its connection is gone, and Postfix makes no second one.
        assert busy.command("MAIL FROM:<%s>" % SENDER)[0] == 451
    with Session(hasty) as fresh:
        assert fresh.message(SENDER, "fresh@rcpt.example", MAIL)[0] == 250
    connections, cut, messages = lines(hasty, STOPPED)[-1]
    assert int(cut) >= 1 and int(connections) >= 2
    assert messages == "0"
    assert hasty.sesamectl("status", "--json")["counters"]["session.cut"] \
        >= 1
    hasty.wait_mail(to="late@rcpt.example")


def test_login_under_way_ends_where_it_began(site):
    env = site.env
    with Session(site, login=False) as session:
        assert session.command("AUTH LOGIN")[0] == 334
        site.restart("gate")
        user = base64.b64encode(env["SESAME_SMTP_USER"].encode()).decode()
        word = base64.b64encode(env["SESAME_SMTP_PASSWORD"].encode()).decode()
        assert session.command(user)[0] == 334
        assert session.command(word)[0] == 235
        # The next login of this smtpd is with the new process.
        assert session.message(SENDER, "login@rcpt.example", MAIL)[0] == 250
    with Session(site):
        pass


def test_second_sigterm_is_in_a_hurry(site):
    with Session(site) as idle:
        site.restart("gate")
        ended = len(lines(site, STOPPED))
        stopping = [int(pid) for pid in
                    lines(site, r"sesame-milter\[(\d+)\]: stopping:")]
        time.sleep(1)  # sooner it would be the same request, told twice
        going = set(pids(site)) & set(stopping)
        for pid in going:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        wait_line(site, STOPPED, ended)
        # An earlier one may have been the one that ended just now.
        wait(lambda: [1] * (not going & set(pids(site))), 1, 30, "their end")
        assert idle.command("MAIL FROM:<%s>" % SENDER)[0] in (421, 451)


def worker(host):
    """The gate that serves now: parent and worker."""
    for pid in pids(host):
        with open("/proc/%d/stat" % pid) as file:
            parent = int(file.read().rpartition(")")[2].split()[1])
        if parent in pids(host):
            return parent, pid
    raise AssertionError("no gate")


def pids(host):
    return [int(pid) for pid in host.run(
        "pgrep", "-f", "sesame-milter -c %s" % host.layout.config)
        .stdout.split()]


def test_sigterm_to_the_worker_alone(site):
    """The parent ends too, at once, so that the next can be started; what the
    worker has, it serves."""
    with Session(site) as busy:
        begin(busy, "alone@rcpt.example")
        parent, child = worker(site)
        ended = len(lines(site, STOPPED))
        os.kill(child, signal.SIGTERM)
        wait(lambda: [1] if parent not in pids(site) else [], 1, 30,
             "end of the parent")
        assert child in pids(site)
        site.start("gate")
        assert worker(site)[0] != parent
        with Session(site) as fresh:
            assert fresh.message(SENDER, "next@rcpt.example", MAIL)[0] == 250
        assert finish(busy)[0] == 250
    site.stop("nginx")
    site.start("nginx")
    wait_line(site, STOPPED, ended)
    for name in "alone", "next":
        site.wait_mail(to=name + "@rcpt.example")


# --- out of descriptors

GUESTS, DESCRIPTORS = 64, 48


@pytest.fixture
def small(site, tmp_path):
    """One more gate, which can open little: its directory, and how to wait
    for a line of its log."""
    log = tmp_path / "log"
    with open(log, "w") as out:
        gate = subprocess.Popen(
            [os.path.join(site.layout.build, "sesame-milter"),
             "-c", site.layout.config, "--milter", "unix:%s/milter" % tmp_path,
             "--auth", "unix:%s/auth" % tmp_path],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)))

    def said(text, count=1):
        return wait(lambda: [line for line in log.read_text().splitlines()
                             if text in line], count, 30, "lines " + text)

    try:
        said(" ready: ")
        yield str(tmp_path), said
    finally:
        gate.send_signal(signal.SIGINT)
        assert gate.wait(30) == 0


@pytest.mark.parametrize("name, hello, full", [
    ("auth", b"", "login: accept: Too many open files"),
    ("milter", MILTER_HELLO, "milter: accept: Too many open files")],
    ids=["auth", "milter"])
def test_who_comes_without_descriptors_left_waits(small, name, hello, full):
    """He is not lost, the log says why, and the gate does not spin."""
    directory, said = small
    with contextlib.ExitStack() as stack:
        guests = []
        for _ in range(GUESTS):
            guest = stack.enter_context(socket.socket(socket.AF_UNIX))
            guest.settimeout(30)
            guest.connect(os.path.join(directory, name))
            guest.sendall(hello)
            guests.append(guest)
        began, before = time.monotonic(), len(said(full))
        count = len(said(full, before + 3))
        assert (count - before) / (time.monotonic() - began) < 50
        answered, waiting = guests, []
        while answered:
            served = select.select(answered, [], [], 0.5)[0]
            for guest in served:
                assert guest.recv(4096)
                guest.close()
            waiting.append(len(served))
            answered = [one for one in answered if one not in served]
        assert sum(waiting) == GUESTS and waiting[0] < DESCRIPTORS


# --- what a reload changes

def test_error_keeps_the_old_configuration(site):
    before = len(lines(site, r"reload: .*everything stays"))
    with config(site, "maximum = 3") as number:
        reload(site, r"reload: %s:%d: unknown option \"maximum\"; everything "
               "stays as it was" % (re.escape(site.layout.config), number))
        with Session(site) as session:
            assert session.message(SENDER, "kept@rcpt.example", MAIL)[0] \
                == 250
    assert len(lines(site, r"reload: .*everything stays")) == before + 1


def test_new_configuration_counts_from_the_next_mail(site):
    with Session(site) as session:
        begin(session, "one@rcpt.example")
        session.command("RCPT TO:<two@rcpt.example>")
        with config(site, "max_recipients = 1"):
            reload(site)
            assert finish(session)[0] == 250  # began under the old one
            code, reply = session.message(
                SENDER, ["one@rcpt.example", "two@rcpt.example"], MAIL)
            assert code == 554, reply
        assert session.message(
            SENDER, ["one@rcpt.example", "two@rcpt.example"], MAIL)[0] == 250


def test_what_cannot_change_is_named(site):
    with config(site, "store = /nonexistent", "gate_user = nobody"):
        before = {name: len(lines(site, name + " needs a restart"))
                  for name in ("store", "gate_user", "agent_user")}
        reload(site)
        for name, count in before.items():
            assert len(lines(site, name + " needs a restart")) == \
                count + (name != "agent_user")
        with Session(site) as session:
            assert session.message(SENDER, "same@rcpt.example", MAIL)[0] \
                == 250


def test_new_keys(site):
    """A key that is put in front is used by all who read it anew."""
    for name in "ticket.key", "token.key":
        reloading.put_key_in_front(site, name)
    reload(site)
    site.reload("nginx")

    def sent():
        answer = site.ses().send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": ["keys@rcpt.example"]},
            Content={"Simple": {"Subject": {"Data": "keys"},
                                "Body": {"Text": {"Data": "x"}}}})
        return [answer["MessageId"]]

    wait(sent, 1, 20, "answers")
    with Session(site) as session:
        code, reply = session.message(SENDER, "key@rcpt.example", MAIL)
        assert code == 250
    mail = site.wait_mail(to="key@rcpt.example")[0]
    local = mail.mail_from.partition("@")[0]
    assert local.partition(".")[2] and queue_id(reply)
