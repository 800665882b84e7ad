"""Nobody sends as someone else, and a report is not proof"""

import smtplib
import subprocess
import time

import pytest

from ticket import stamp

DOMAIN = "forge.example"
SENDER = "s@" + DOMAIN


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain(DOMAIN)
    return host


def inject(host, value, recipients, sender=SENDER, lead="X-Sesame-Ticket: "):
    """A message straight to the injection port; the answer to its data."""
    address, _, port = host.env["SESAME_INJECT"].partition(":")
    with smtplib.SMTP(address, int(port), "x", timeout=30) as smtp:
        smtp.ehlo()
        code, reply = smtp.mail(sender)
        for recipient in recipients:
            code, reply = smtp.rcpt(recipient)
            if code != 250:
                return code, reply.decode()
        code, reply = smtp.data(
            "%s%sFrom: %s\r\nTo: %s\r\nSubject: forged\r\n\r\nx\r\n" % (
                lead if value else "", value + "\r\n" if value else "",
                sender, recipients[0]))
        return code, reply.decode()


def test_a_true_stamp_is_taken(site):
    """Otherwise the refusals below would show nothing."""
    to = "true@rcpt.example"
    code, _ = inject(site, stamp(site, SENDER, [to]), [to])
    assert code == 250
    assert site.wait_mail(to=to)[0].header("X-Sesame-Ticket") is None


def test_replayed(site):
    to = "replayed@rcpt.example"
    value = stamp(site, SENDER, [to])
    assert inject(site, value, [to])[0] == 250
    code, reply = inject(site, value, [to])
    assert code == 554 and "duplicate of" in reply
    site.settle()
    assert len(site.mail(to=to)) == 1


@pytest.mark.parametrize("what, want", [
    ("none", 554), ("stale", 451), ("future", 451), ("wrong key", 554),
    ("other recipient", 554), ("more recipients", 554), ("other sender", 554),
    ("other account", 554), ("flipped", 554), ("not first", 554),
    ("garbage", 554), ("empty", 554),
])
def test_refused(site, what, want):
    to = "refused@rcpt.example"
    recipients, sender, lead = [to], SENDER, "X-Sesame-Ticket: "
    value = stamp(site, SENDER, [to])
    if what == "none":
        value = ""
    elif what == "stale":
        value = stamp(site, SENDER, [to], when=time.time() - 120)
    elif what == "future":
        value = stamp(site, SENDER, [to], when=time.time() + 120)
    elif what == "wrong key":
        value = stamp(site, SENDER, [to], secret=b"x" * 32)
    elif what == "other recipient":
        recipients = ["victim@rcpt.example"]
    elif what == "more recipients":
        recipients = [to, "victim@rcpt.example"]
    elif what == "other sender":
        sender = "other@" + DOMAIN
    elif what == "other account":
        value = value.replace(site.env["SESAME_ACCOUNT"], "999999999999")
    elif what == "flipped":
        value = value[:-1] + ("0" if value[-1] != "0" else "1")
    elif what == "not first":
        lead = "X-First: 1\r\nX-Sesame-Ticket: "
    elif what == "garbage":
        value = "1 k= a= \x7f" + "x" * 900
    elif what == "empty":
        value = " "
    code, reply = inject(site, value, recipients, sender, lead)
    assert code == want, reply
    assert not site.mail(to="victim@rcpt.example")
    assert not site.mail(to=to)


def test_refusals_are_counted(site):
    assert inject(site, "", ["c@rcpt.example"])[0] == 554
    assert inject(site, stamp(site, SENDER, ["c@rcpt.example"],
                              secret=b"x" * 32), ["c@rcpt.example"])[0] == 554
    end = time.monotonic() + 10
    while True:
        counters = site.sesamectl("status", "--json")["counters"]
        if counters.get("ticket.missing") and counters.get("ticket.forged"):
            break
        assert time.monotonic() < end, counters
        time.sleep(0.2)


def test_a_stamp_in_somebody_elses_mail(site):
    """On the submission port, a ticket is nothing but a header to remove."""
    to = "smtp@rcpt.example"
    answer = site.swaks(SENDER, to, headers=[
        "X-Sesame-Ticket: " + stamp(site, SENDER, [to], n="999999999999")])
    assert answer.code == 250
    assert site.wait_mail(to=to)[0].header("X-Sesame-Ticket") is None


def test_milter_socket_is_postfix_alone(site):
    for name in ("milter", "auth", "lmtp"):
        path = "%s/queue/sesame/%s" % (site.env["SESAME_STATE"], name)
        for user in ("nobody", "www-data"):
            done = subprocess.run(
                ["setpriv", "--reuid", user, "--regid", "nogroup",
                 "--clear-groups", "/usr/bin/python3", "-c",
                 "import socket,sys\n"
                 "socket.socket(socket.AF_UNIX).connect(sys.argv[1])", path],
                stderr=subprocess.PIPE, text=True)
            assert done.returncode != 0
            assert "PermissionError" in done.stderr


# --- sendmail: mail of no account


def sendmail(host, *words, text):
    return subprocess.run(
        ["/usr/sbin/sendmail", "-C", host.env["SESAME_POSTFIX_CONFIG"]] +
        list(words), input=text, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=30)


def test_sendmail_passes_unchanged(site):
    used = site.ses().get_account()["SendQuota"]["SentLast24Hours"]
    to = "cron@rcpt.example"
    done = sendmail(site, "-f", "root@anything.example", to,
                    text="From: root@anything.example\nTo: %s\n"
                         "Subject: cron\nX-SES-Own: kept\n\nout\n" % to)
    assert done.returncode == 0, done.stdout
    mail = site.wait_mail(to=to)[0]
    assert mail.mail_from == "root@anything.example"
    assert mail.header("DKIM-Signature") is None
    assert mail.header("X-SES-Own") == "kept"
    site.settle()
    assert site.ses().get_account()["SendQuota"]["SentLast24Hours"] == used


def test_sendmail_as_our_bounce_domain(site):
    to = "cronforged@rcpt.example"
    sender = "a1.%s@%s" % ("a" * 40, site.env["SESAME_BOUNCE_DOMAIN"])
    sendmail(site, "-f", sender, to, text="Subject: forged\n\nx\n")
    time.sleep(2)
    assert not site.mail(to=to)


# --- reports


def report(host, token, recipient, status="5.1.1", action="failed"):
    text = (
        "From: MAILER-DAEMON@mx.example\r\nTo: <{token}>\r\n"
        "Subject: Undelivered\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status;"
        " boundary=\"b\"\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\n"
        "Status: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n"
        "--b--\r\n").format(token=token, recipient=recipient, action=action,
                            status=status)
    address, _, port = host.env["SESAME_INBOUND"].partition(":")
    with smtplib.SMTP(address, int(port), "mx.example", timeout=30) as smtp:
        smtp.ehlo()
        smtp.mail("<>")
        code, reply = smtp.rcpt(token)
        if code != 250:
            return code, reply.decode()
        code, reply = smtp.data(text)
        return code, reply.decode()


@pytest.fixture(scope="module")
def reported(site):
    site.subscribe("reports", kinds=("SEND", "DELIVERY", "BOUNCE"))
    return site


def sent(host, to):
    answer = host.ses().send_email(
        FromEmailAddress=SENDER, Destination={"ToAddresses": [to]},
        ConfigurationSetName="reports",
        Content={"Simple": {"Subject": {"Data": to},
                            "Body": {"Text": {"Data": "x"}}}})
    mail = host.wait_mail(to=to)[0]
    host.settle()
    return answer["MessageId"], mail.mail_from


def test_a_true_report(reported):
    message_id, token = sent(reported, "late@rcpt.example")
    assert report(reported, token, "late@rcpt.example")[0] == 250
    event = reported.wait_events(message_id, "Bounce")[0]
    assert event["bounce"]["bounceType"] == "Permanent"
    assert report(reported, token, "late@rcpt.example")[0] == 250
    reported.settle()
    assert len(reported.events(message_id, "Bounce")) == 1
    entry = reported.ses().get_suppressed_destination(
        EmailAddress="late@rcpt.example")["SuppressedDestination"]
    assert entry["Reason"] == "BOUNCE"
    assert entry["Attributes"]["MessageId"] == message_id


def test_upper_case_token(reported):
    """Other hosts fold the case of local parts."""
    message_id, token = sent(reported, "folded@rcpt.example")
    local, _, domain = token.partition("@")
    assert report(reported, local.upper() + "@" + domain,
                  "folded@rcpt.example")[0] == 250
    reported.wait_events(message_id, "Bounce")


@pytest.mark.parametrize("what", ["stranger", "forged token", "delayed",
                                  "no report"])
def test_ignored_reports(reported, what):
    to = "kept-%s@rcpt.example" % what.replace(" ", "-")
    message_id, token = sent(reported, to)
    if what == "stranger":
        code, _ = report(reported, token, "stranger@rcpt.example")
        assert code == 250
    elif what == "forged token":
        local, _, domain = token.partition("@")
        flipped = local[:-1] + ("a" if local[-1] != "a" else "b")
        code, _ = report(reported, flipped + "@" + domain, to)
        assert code == 250 or 400 <= code < 500
    elif what == "delayed":
        code, _ = report(reported, token, to, "4.4.1", "delayed")
        assert code == 250
    else:
        address, _, port = reported.env["SESAME_INBOUND"].partition(":")
        with smtplib.SMTP(address, int(port), timeout=30) as smtp:
            smtp.sendmail("<>", [token], "Subject: out of office\r\n\r\nx\r\n")
    time.sleep(1)
    reported.settle()
    assert not reported.events(message_id, "Bounce")
    with pytest.raises(reported.ses().exceptions.NotFoundException):
        reported.ses().get_suppressed_destination(EmailAddress=to)
