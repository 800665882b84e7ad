"""The agent and a real Postfix: what its log and its queue tell, through
rotations, requeueing, expiry and restarts, and what silence means"""

import concurrent.futures
import os
import pwd
import re
import socket
import stat
import subprocess
import time

import pytest

from harness import example
from harness.host import wait
from session import Session, queue_id

SENDER = "s@follow.example"
MAIL = b"From: s@follow.example\r\nSubject: x\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def site(host):
    host.sesamectl("identity", "add", host.env["SESAME_ACCOUNT"], SENDER)
    host.sesamectl("identity", "verify", SENDER)
    return host


@pytest.fixture
def send(site):
    """send(recipient...) -> queue id; every test has recipients of its own."""
    def to(*rcpts):
        with Session(site) as session:
            code, reply = session.message(SENDER, list(rcpts), MAIL)
        assert code == 250, reply
        return queue_id(reply)
    return to


def postfix(host, command, *words):
    done = host.run(command, "-c", host.env["SESAME_POSTFIX_CONFIG"], *words)
    assert done.returncode == 0, done.stderr


def told(host, queue):
    """[(event, recipients...)] of a message, in their order."""
    entry = host.sesamectl("message", queue, "--json")
    return [(event["type"], *event["recipients"])
            for event in entry["events"]]


def details(host, queue, kind):
    entry = host.sesamectl("message", queue, "--json")
    return [event["event"] for event in entry["events"]
            if event["type"] == kind]


def state(host, queue):
    return host.sesamectl("message", queue, "--json")["state"]


def used(host):
    return host.sesamectl("account", "show", host.env["SESAME_ACCOUNT"],
                          "--json")["sent24"]


def finals(host, queue):
    return [event for event in told(host, queue)
            if event[0] in ("Delivery", "Bounce")]


def wait_finals(host, queue, count=1, seconds=20):
    wait(lambda: finals(host, queue), count, seconds,
         "final events of %s" % queue)


@pytest.fixture
def hardened(site, tmp_path):
    """hardened(dropped): the agent with what its unit leaves it of root's
    capabilities, but those; its log.  The host's own stands still."""
    (kept,) = re.findall(r"(?m)^CapabilityBoundingSet=(.*)$",
                         example.text("systemd/sesame-agent.service"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "lmtp"))
    listener.listen()
    listener.setblocking(False)
    running = []

    def start(dropped=()):
        names = [name for name in kept.split() if name not in dropped]
        log = tmp_path / ("log%d" % len(running))
        with open(log, "w") as out:
            running.append(subprocess.Popen(
                ["setpriv", "--bounding-set", ",".join(
                    ["-all"] + ["+" + name[4:].lower() for name in names]),
                 os.path.join(site.layout.build, "sesame-agent"),
                 "-c", site.layout.config,
                 "--lmtp", "fd:%d" % listener.fileno()],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                pass_fds=[listener.fileno()]))
        return log

    def stop():
        if running and running[-1].poll() is None:
            running[-1].terminate()
            assert running[-1].wait(30) == 0

    site.stop("agent")
    start.stop = stop
    try:
        yield start
    finally:
        stop()
        listener.close()
        site.start("agent")


def test_log_of_another_user(site, send, hardened):
    """As rsyslog's is.  The unit lets the agent's parent read it, by the one
    capability that it is there for."""
    maillog = site.layout.maillog
    was = os.stat(maillog)
    stranger = pwd.getpwnam("nobody")
    os.chown(maillog, stranger.pw_uid, stranger.pw_gid)
    os.chmod(maillog, 0o600)
    try:
        log = hardened(["CAP_DAC_READ_SEARCH"])
        wait(lambda: re.findall("Permission denied", log.read_text()), 1, 30,
             "a complaint")
        hardened.stop()
        hardened()
        queue = send("stranger@own.example")
        wait_finals(site, queue, seconds=40)
        assert [event[0] for event in told(site, queue)] == ["Send",
                                                             "Delivery"]
        hardened.stop()
    finally:
        os.chown(maillog, was.st_uid, was.st_gid)
        os.chmod(maillog, stat.S_IMODE(was.st_mode))


def test_rotation_while_mail_flows(site, send):
    before = [send("r%d@rotate.example" % n) for n in range(5)]
    postfix(site, "postfix", "logrotate")
    after = [send("r%d@rotate.example" % n) for n in range(5, 10)]
    for queue in before + after:
        wait_finals(site, queue)
    site.settle()
    for number, queue in enumerate(before + after):
        rcpt = "r%d@rotate.example" % number
        assert [event[0] for event in told(site, queue)] == [
            "Send", "Delivery"]
        assert finals(site, queue) == [("Delivery", rcpt)]


def test_logrotate_while_mail_flows(site, send, tmp_path):
    """logrotate by the example, twice, under mail that does not stop."""
    text = example.text(
        "logrotate.d/sesame",
        ("/var/log/postfix/maillog", site.env["SESAME_MAILLOG"]),
        ("/usr/sbin/postfix ", "/usr/sbin/postfix -c %s " %
         site.env["SESAME_POSTFIX_CONFIG"]))
    rules = tmp_path / "sesame"
    rules.write_text(text)
    rules.chmod(0o644)
    rotated = [0]
    sent = {}

    def rotate():
        done = site.run("logrotate", "--force", "--state",
                        tmp_path / "state", rules)
        assert done.returncode == 0, done.stdout + done.stderr
        rotated[0] += 1

    def client(number):
        while rotated[0] < 2 or len(sent) < 60:
            rcpt = "l%d-%d@rotate.example" % (number, len(sent))
            sent[rcpt] = send(rcpt)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        clients = [pool.submit(client, number) for number in range(3)]
        for more in 10, 30:
            wait(lambda: list(sent), more, 60, "messages")
            rotate()
        for one in clients:
            one.result(120)
    site.settle(120)
    for rcpt, queue in sent.items():
        assert told(site, queue) == [("Send", rcpt), ("Delivery", rcpt)]
    folder, name = os.path.split(site.env["SESAME_MAILLOG"])
    found = sorted(os.listdir(folder))
    assert name + ".1" in found and name + ".2.gz" in found


def test_rotated_twice_while_the_agent_was_away(site, send):
    first = send("away1@rotate.example")
    wait_finals(site, first)
    site.stop("agent")
    queues = [send("away2@rotate.example")]
    for number in range(3, 5):
        site.wait_mail(to="away%d@rotate.example" % (number - 1))
        time.sleep(1.1)  # the names of rotated files have whole seconds
        postfix(site, "postfix", "logrotate")
        queues.append(send("away%d@rotate.example" % number))
    site.start("agent")
    for queue in queues:
        wait_finals(site, queue)
        assert [event[0] for event in told(site, queue)] == [
            "Send", "Delivery"]


def test_requeued(site, send):
    """postsuper -r: another queue file and id, the same message."""
    bad = "defer-450-4.2.0-3-requeue@rcpt.example"
    queue = send("requeue@rcpt.example", bad)
    wait(lambda: details(site, queue, "DeliveryDelay"), 1, 20, "delays")
    postfix(site, "postsuper", "-r", queue)

    def flush():
        postfix(site, "postqueue", "-f")
        time.sleep(0.5)
        return finals(site, queue)

    wait(flush, 2, 60, "final events")
    site.settle()
    assert sorted(finals(site, queue)) == [
        ("Delivery", bad), ("Delivery", "requeue@rcpt.example")]
    with open(site.env["SESAME_MAILLOG"]) as log:
        made = [line for line in log if "orig_id=" + queue in line]
    new = made[0].split(": ")[1]
    assert site.sesamectl("message", new, "--json")["queue_id"] == queue


def test_expired(site, send):
    """The queue lifetime is over for whoever is left, with the last words."""
    bad = "data-452-4.2.2-expired@rcpt.example"
    gone = "reply-550-5.1.1-expired@rcpt.example"
    queue = send(gone, bad)
    wait(lambda: details(site, queue, "DeliveryDelay"), 1, 20, "delays")
    postfix(site, "postsuper", "-e", queue)
    postfix(site, "postqueue", "-f")
    wait_finals(site, queue, 2)
    site.settle()  # Postfix's own report of it has come too
    assert finals(site, queue) == [("Bounce", gone), ("Bounce", bad)]
    bounce = details(site, queue, "Bounce")[-1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == (
        "Transient", "General")
    who = bounce["bouncedRecipients"][0]
    assert "452 4.2.2" in who["diagnosticCode"]
    with pytest.raises(AssertionError):
        site.sesamectl("suppression", "get", site.env["SESAME_ACCOUNT"], bad)
    site.sesamectl("suppression", "get", site.env["SESAME_ACCOUNT"], gone)


def report_to(host, token, kind, fields):
    """A report as another host would send it, over port 25."""
    path = os.path.join(host.dir, "report.eml")
    with open(path, "w") as file:
        file.write("From: MAILER-DAEMON@mx.rcpt.example\n"
                   "Content-Type: multipart/report; boundary=b\n\n"
                   "--b\nContent-Type: message/%s\n\n%s\n--b--\n" % (
                       kind, fields))
    done = host.swaks("<>", token, "--data", "@" + path, service="inbound")
    assert done.code == 250, done.output


def test_bounced_after_delivery(site, send):
    """The next host took it and returned it later."""
    to = "returned@rcpt.example"
    queue = send(to)
    wait_finals(site, queue)
    report_to(site, site.wait_mail(to=to)[0].mail_from, "delivery-status", (
        "Reporting-MTA: dns; mx.rcpt.example\n\n"
        "Final-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 gone\n" % to))
    wait_finals(site, queue, 2)
    assert finals(site, queue) == [("Delivery", to), ("Bounce", to)]
    bounce = details(site, queue, "Bounce")[0]["bounce"]
    assert bounce["reportingMTA"] == "dns; mx.rcpt.example"
    site.sesamectl("suppression", "get", site.env["SESAME_ACCOUNT"], to)


def test_complaint(site, send):
    to = "annoyed@rcpt.example"
    queue = send(to)
    wait_finals(site, queue)
    token = site.wait_mail(to=to)[0].mail_from
    for _ in range(2):
        report_to(site, token, "feedback-report", (
            "Feedback-Type: abuse\nUser-Agent: FBL/1.0\nVersion: 1\n"
            "Original-Rcpt-To: <%s>\n" % to))
    wait(lambda: details(site, queue, "Complaint"), 1, 20, "complaints")
    site.settle()
    complaint, = details(site, queue, "Complaint")
    assert complaint["complaint"]["complaintFeedbackType"] == "abuse"
    assert complaint["complaint"]["userAgent"] == "FBL/1.0"
    assert complaint["complaint"]["complainedRecipients"] == [
        {"emailAddress": to}]
    entry = site.sesamectl("suppression", "get", site.env["SESAME_ACCOUNT"],
                           to, "--json")
    assert entry["reason"] == "COMPLAINT"


def header_checks(host, rule):
    """What Postfix does to a message after the gate has accepted it."""
    config = host.env["SESAME_POSTFIX_CONFIG"]
    with open(os.path.join(config, "after.pcre"), "w") as file:
        file.write(rule)
    host.run("postconf", "-c", config, "milter_header_checks=" + (
        "pcre:" + os.path.join(config, "after.pcre") if rule else ""))
    postfix(host, "postfix", "reload")
    time.sleep(1)


def test_not_taken_and_said_so(site):
    before = used(site)
    header_checks(site, "/^Message-ID:/ REJECT not today\n")
    try:
        with Session(site) as session:
            code, reply = session.message(SENDER, "no@rcpt.example", MAIL)
    finally:
        header_checks(site, "")
    assert code == 550 and "not today" in reply
    wait(lambda: [1] if used(site) == before else [], 1, 5, "quotas returned")
    assert not site.mail(to="no@rcpt.example")


def test_not_taken_without_a_word(site, send):
    """Neither in the log nor in the queue: aborted, but not before its time;
    what is in the queue alone stays."""
    before = used(site)
    header_checks(site, "/^Message-ID:/ DISCARD\n")
    sent = time.monotonic()
    try:
        queue = send("silence@rcpt.example", "silence2@rcpt.example")
    finally:
        header_checks(site, "")
    assert state(site, queue) == "PREPARED" and used(site) == before + 2
    wait(lambda: [1] if state(site, queue) == "ABORTED" else [], 1, 40,
         "aborted entries")
    assert time.monotonic() - sent > 5
    assert used(site) == before
    assert told(site, queue) == []


def test_the_log_was_lost(new_host):
    """Absence proves nothing then; presence in the queue still does."""
    host = new_host()
    host.sesamectl("identity", "add", host.env["SESAME_ACCOUNT"], SENDER)
    host.sesamectl("identity", "verify", SENDER)
    host.stop("agent")
    with Session(host) as session:
        delivered = queue_id(session.message(SENDER, "a@b.example", MAIL)[1])
        deferred = queue_id(session.message(
            SENDER, "reply-450-4.2.0@b.example", MAIL)[1])
    host.wait_mail(to="a@b.example")
    time.sleep(1)
    os.truncate(host.env["SESAME_MAILLOG"], 0)
    host.start("agent")
    wait(lambda: [1] if state(host, deferred) == "QUEUED" else [], 1, 40,
         "queued entries")
    time.sleep(5)
    assert state(host, delivered) == "PREPARED"
    assert used(host) == 2
