"""Source addresses of accounts: pools over the API, what the sink sees, TLS"""

import os
import re
import subprocess

import pytest
from botocore.exceptions import ClientError

from harness.host import wait
from session import Session, queue_id

DOMAIN = "pools.example"
SENDER = "s@" + DOMAIN
HEAD = b"From: s@pools.example\r\nSubject: x\r\n"
STANDARD, MANAGED, DEFAULT, THEIRS = ("127.0.0.%d" % n for n in range(11, 15))
SHARED = "127.0.0.2"  # of the harness's pool a1
NAMES = {"standard": STANDARD, "managed": MANAGED,
         "ses-default-dedicated-pool": DEFAULT, "ses-shared-pool": SHARED}


def account(site):
    return site.env["SESAME_ACCOUNT"]


def states(site):
    return {row["address"]: row["state"]
            for row in site.sesamectl("address", "list", "--json")}


def wait_live(site, count):
    wait(lambda: [state for state in states(site).values() if state == "live"],
         count, 60, "addresses that are live")


@pytest.fixture(scope="module")
def site(module_host):
    host = module_host()
    with open(host.env["SESAME_CONFIG"], "a") as file:
        file.write("pool_map = %s/sesame-addresses.pcre\n"
                   "pool_address = 127.0.0.3\n" %
                   host.env["SESAME_POSTFIX_CONFIG"])
    for part in ("gate", "agent", "nginx"):
        host.stop(part)
        host.start(part)
    host.verify_domain(DOMAIN)
    ses = host.ses()
    ses.create_dedicated_ip_pool(PoolName="standard")
    ses.create_dedicated_ip_pool(PoolName="managed", ScalingMode="MANAGED")
    host.sesamectl("address", "add", account(host), MANAGED, "--pool",
                   "managed", "--helo", "managed.pools.example")
    for address in (STANDARD, DEFAULT):
        host.sesamectl("address", "add", account(host), address)
    ses.put_dedicated_ip_in_pool(Ip=STANDARD, DestinationPoolName="standard")
    for name in NAMES:
        ses.create_configuration_set(ConfigurationSetName="in-" + name)
        ses.put_configuration_set_delivery_options(
            ConfigurationSetName="in-" + name, SendingPoolName=name)
    wait_live(host, 3)
    return host


@pytest.fixture(scope="module")
def smtp(site):
    with Session(site) as session:
        yield session


def send(smtp, to, config_set=None):
    data = HEAD + b"To: " + to.encode() + b"\r\n"
    if config_set:
        data += b"X-SES-CONFIGURATION-SET: " + config_set.encode() + b"\r\n"
    return smtp.message(SENDER, to, data + b"\r\nx\r\n")


def peer(site, smtp, to, config_set=None):
    code, reply = send(smtp, to, config_set)
    assert code == 250, reply
    return site.wait_mail(to=to)[-1].envelope


@pytest.mark.parametrize("name", NAMES)
def test_the_address_that_the_sink_sees(site, smtp, name):
    seen = peer(site, smtp, name + "@rcpt.example", "in-" + name)
    assert seen["peer"] == NAMES[name]
    assert seen["helo"] == ("managed.pools.example" if name == "managed" else
                            "a.mta.sesame.test" if name == "ses-shared-pool"
                            else "mta.sesame.test")


def test_a_message_of_no_pool(site, smtp):
    """By the account's own addresses that are in no pool."""
    assert peer(site, smtp, "none@rcpt.example")["peer"] == DEFAULT


LOOKS = "%s." + "a" * 43  # as the map has it


def labels(site):
    """Those of source addresses in the map."""
    with open(os.path.join(site.env["SESAME_POSTFIX_CONFIG"],
                           "sesame-addresses.pcre")) as file:
        return re.findall(r"/\^(ip\d+[a-z]{6})\\\.\[a-z2-7\]\{43\}@/",
                          file.read())


def test_nobody_chooses_a_pool_by_address(site, smtp):
    """A sender that looks like the label of a source address is only one
    that looks so: the gate puts its own in its place."""
    assert len(labels(site)) == 3
    for label in labels(site):
        sender = LOOKS % label + "@" + DOMAIN
        to = "smtp-%s@rcpt.example" % label
        code, reply = smtp.message(sender, to, HEAD + b"\r\nx\r\n")
        assert code == 250, reply
        seen = site.wait_mail(to=to)[-1].envelope
        assert seen["peer"] == DEFAULT and sender not in seen["mail_from"]

        to = "api-%s@rcpt.example" % label
        site.ses().send_email(
            FromEmailAddress=sender, Destination={"ToAddresses": [to]},
            Content={"Simple": {"Subject": {"Data": "x"},
                                "Body": {"Text": {"Data": "x"}}}})
        assert site.wait_mail(to=to)[-1].envelope["peer"] == DEFAULT


def sendmail(site, sender, to):
    subprocess.run(["/usr/sbin/sendmail", "-C",
                    site.env["SESAME_POSTFIX_CONFIG"], "-i", "-f", sender, to],
                   input=b"Subject: x\n\nx\n", check=True)


def refused(site, sender):
    with open(site.env["SESAME_MAILLOG"]) as file:
        return re.findall(r"milter-reject: .*himself; from=<\"?%s" %
                          re.escape(sender), file.read())


def test_nobody_s_mail_leaves_by_no_account_s_address(site):
    """Not by one that he names; and a label that another host made, which
    has another mark, is none here."""
    for label in labels(site):
        for looks in (label, label + "t", label.upper(), '"%s' % label):
            sender = LOOKS % looks + ('"' if looks[0] == '"' else "")
            sendmail(site, sender + "@far.example", "nobody@rcpt.example")
            wait(lambda: refused(site, looks.strip('"') + ".a"), 1, 30,
                 "refusals of " + sender)
        number = re.match(r"ip\d+", label)[0]
        for other in (number, number + "qzqzqz"):
            to = "other-%s@rcpt.example" % other
            sender = LOOKS % other + "@far.example"
            sendmail(site, sender, to)
            seen = site.wait_mail(to=to)[-1].envelope
            assert seen["mail_from"] == sender
            assert seen["peer"] not in NAMES.values()
    assert not site.mail(to="nobody@rcpt.example")


def test_what_the_api_shows(site):
    ses = site.ses()
    assert ses.list_dedicated_ip_pools()["DedicatedIpPools"] == ["managed",
                                                                 "standard"]
    assert ses.get_dedicated_ip_pool(PoolName="managed")[
        "DedicatedIpPool"] == {"PoolName": "managed", "ScalingMode": "MANAGED"}
    shown = {row["Ip"]: row for row in ses.get_dedicated_ips()["DedicatedIps"]}
    assert shown == {
        STANDARD: {"Ip": STANDARD, "WarmupStatus": "DONE",
                   "WarmupPercentage": 100, "PoolName": "standard"},
        MANAGED: {"Ip": MANAGED, "WarmupStatus": "NOT_APPLICABLE",
                  "WarmupPercentage": -1, "PoolName": "managed"},
        DEFAULT: {"Ip": DEFAULT, "WarmupStatus": "DONE",
                  "WarmupPercentage": 100,
                  "PoolName": "ses-default-dedicated-pool"}}
    assert ses.get_dedicated_ip(Ip=STANDARD)["DedicatedIp"] == shown[STANDARD]
    assert [row["Ip"] for row in ses.get_dedicated_ips(
        PoolName="standard")["DedicatedIps"]] == [STANDARD]
    page = ses.get_dedicated_ips(PageSize=2)
    rest = ses.get_dedicated_ips(PageSize=2, NextToken=page["NextToken"])
    assert [row["Ip"] for row in page["DedicatedIps"] + rest["DedicatedIps"]
            ] == sorted(shown)
    assert ses.get_configuration_set(ConfigurationSetName="in-standard")[
        "DeliveryOptions"] == {"TlsPolicy": "OPTIONAL",
                               "SendingPoolName": "standard"}


REFUSED = {
    "pool again": (
        lambda ses: ses.create_dedicated_ip_pool(PoolName="standard"),
        "AlreadyExistsException", "The pool <standard> already exists."),
    "a reserved name": (
        lambda ses: ses.create_dedicated_ip_pool(PoolName="ses-shared-pool"),
        "AlreadyExistsException", "The pool <ses-shared-pool> already exists."),
    "no such pool": (
        lambda ses: ses.get_dedicated_ip_pool(PoolName="x"),
        "NotFoundException", "The requested pool <x> does not exist."),
    "mode": (
        lambda ses: ses.create_dedicated_ip_pool(PoolName="y",
                                                 ScalingMode="X"),
        "BadRequestException", "The ScalingMode parameter is invalid."),
    "into a managed pool": (
        lambda ses: ses.put_dedicated_ip_in_pool(
            Ip=STANDARD, DestinationPoolName="managed"),
        "BadRequestException", "The addresses of the managed pool <managed> "
        "are not yours to move."),
    "no such address": (
        lambda ses: ses.get_dedicated_ip(Ip="192.0.2.1"),
        "NotFoundException",
        "Could not find dedicated IP 192.0.2.1 under this account."),
    "pool of a set": (
        lambda ses: ses.put_configuration_set_delivery_options(
            ConfigurationSetName="in-standard", SendingPoolName="x"),
        "BadRequestException", "SendingPool <x> doesn't exist"),
    "pool of a set, blank": (
        lambda ses: ses.put_configuration_set_delivery_options(
            ConfigurationSetName="in-standard", SendingPoolName=" "),
        "BadRequestException", "sendingPoolName can't be blank."),
    "a pool that is used": (
        lambda ses: ses.delete_dedicated_ip_pool(PoolName="standard"),
        "BadRequestException", "The pool <standard> is used by configuration "
        "set <in-standard>."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(site, name):
    call, error, text = REFUSED[name]
    with pytest.raises(ClientError) as refused:
        call(site.ses())
    said = refused.value.response["Error"]
    assert (said["Code"], said["Message"]) == (error, text)


def test_tls_is_required(site, smtp):
    """The sink has none: the message waits, by the pool's address."""
    ses = site.ses()
    for name, pool in (("tls", None), ("tls-standard", "standard")):
        options = {"SendingPoolName": pool} if pool else {}
        ses.create_configuration_set(
            ConfigurationSetName=name,
            DeliveryOptions={"TlsPolicy": "REQUIRE", **options})
        to = name + "@rcpt.example"
        code, reply = send(smtp, to, name)
        assert code == 250, reply

        def waits():
            with open(os.path.join(site.env["SESAME_MAILLOG"])) as file:
                return re.findall("postfix/(sesame-[a-z0-9]+)/smtp.*%s: to=<%s"
                                  ">.*dsn=4.7.4, status=deferred.*TLS is "
                                  "required" % (queue_id(reply), to),
                                  file.read())

        used = wait(waits, 1, 30, "a delivery that was deferred for TLS")[0]
        assert used.endswith("t") and not site.mail(to=to)
        site.run("postsuper", "-c", site.env["SESAME_POSTFIX_CONFIG"], "-d",
                 queue_id(reply))
        assert ses.get_configuration_set(ConfigurationSetName=name)[
            "DeliveryOptions"]["TlsPolicy"] == "REQUIRE"


def test_an_empty_pool_sends_nothing(site, smtp):
    ses = site.ses()
    ses.create_dedicated_ip_pool(PoolName="empty")
    ses.create_configuration_set(ConfigurationSetName="in-empty",
                                 DeliveryOptions={"SendingPoolName": "empty"})
    code, reply = send(smtp, "empty@rcpt.example", "in-empty")
    assert (code, reply) == (451, "4.3.2 Temporary service failure")
    ses.delete_configuration_set(ConfigurationSetName="in-empty")
    ses.delete_dedicated_ip_pool(PoolName="empty")


def test_changes_under_way_lose_nothing(site, smtp):
    """Addresses come and go while mail flows; each message arrives once, by
    an address that was the account's."""
    sent = []
    for turn in range(3):
        site.sesamectl("address", "add", account(site), THEIRS)
        for number in range(8):
            to = "turn%d-%d@rcpt.example" % (turn, number)
            code, reply = send(smtp, to)
            assert code == 250, reply
            sent.append(to)
        wait_live(site, 4)
        wait(lambda: [1] if peer(site, smtp, "seen%d@rcpt.example" % turn)[
            "peer"] == THEIRS else [], 1, 60, "mail by the new address")
        site.sesamectl("address", "delete", account(site), THEIRS)
        assert states(site)[THEIRS] == "deleted"
    for to in sent:
        mails = site.wait_mail(to=to)
        assert [mail.envelope["peer"] in (DEFAULT, THEIRS)
                for mail in mails] == [True]
