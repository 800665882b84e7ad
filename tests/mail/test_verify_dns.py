"""Verification on DNS that fails

What an identity's state and VerificationInfo become, with the private host's
Knot behind unbound and with a name server of the tests' own that answers as
it likes (name_server.py), asked by unbound.  All identities of a table wait
at once; meanwhile mail goes on, and once DNS is well they are verified by
themselves.
"""

import concurrent.futures
import json
import os

import pytest

from harness.host import wait
from harness.layout import LOOPBACK
from name_server import NameServer

ZONE, NO_TCP = "hostile.example", "notcp.example"
LAME = "lame.example"  # of which Knot knows a delegation, to itself
ADDRESSES, WITHOUT_TCP = ["127.0.0.2", "127.0.0.3"], ["127.0.0.4"]
SETTINGS = ["verify_retry_max = 2s"]
OK = None  # no error: verified
SECONDS = 60
RSS_GROWTH = 24 << 20


@pytest.fixture(scope="module")
def site(module_host):
    return module_host(
        "--stub", "%s=%s" % (ZONE, ",".join(ADDRESSES)),
        "--stub", "%s=%s" % (NO_TCP, ",".join(WITHOUT_TCP)),
        "--stub", "%s=%s" % (LAME, LOOPBACK),
        *(word for line in SETTINGS for word in ("--set", line)))


@pytest.fixture(scope="module")
def server(site):
    server = NameServer([ZONE, NO_TCP], ADDRESSES, WITHOUT_TCP,
                        site.layout.ports["knot"], site.env["SESAME_DNS"])
    yield server
    server.close()


def show(site, domain):
    return site.sesamectl("identity", "show", site.env["SESAME_ACCOUNT"],
                          domain, "--json")


def add(site, domains):
    """Identities; {domain: (name of its key record, the right text)}."""
    for domain in domains:
        site.ses().create_email_identity(EmailIdentity=domain)

    def made():
        return [one for one in (show(site, domain) for domain in domains)
                if one["dkim_public_key"]]
    return {domain: ("%s._domainkey.%s." % (one["selector"], domain),
                     "v=DKIM1; k=rsa; p=" + one["dkim_public_key"])
            for domain, one in zip(domains, wait(made, len(domains), SECONDS,
                                                 "identities with a key"))}


def info(site, domain):
    """(status, error) and VerificationInfo, of which boto3 does not know."""
    env = site.env
    done = site.run("curl", "-sS", "--aws-sigv4", "aws:amz:%s:ses" %
                    env["SESAME_REGION"], "--user", "%s:%s" % (
                        env["AWS_ACCESS_KEY_ID"],
                        env["AWS_SECRET_ACCESS_KEY"]),
                    env["SESAME_ENDPOINT"] + "/v2/email/identities/" + domain)
    found = json.loads(done.stdout)
    more = found["VerificationInfo"]
    return (found["VerificationStatus"], more.get("ErrorType")), more


def wait_error(site, domain, error):
    """Until it was looked at, with this result; VerificationInfo then."""
    want = ("PENDING", error) if error else ("SUCCESS", None)

    def look():
        state, more = info(site, domain)
        return [more] if state == want else []
    try:
        return wait(look, 1, SECONDS, "")[0]
    except AssertionError:
        pytest.fail("%s: %s instead of %s" % (domain, info(site, domain)[0],
                                              want))


def mail_goes(site, sender, subject):
    site.ses().send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["dns@rcpt.example"]},
        Content={"Simple": {"Subject": {"Data": subject},
                            "Body": {"Text": {"Data": "x"}}}})
    mail = site.wait_mail(subject=subject)[0]
    assert site.dkim_domains(mail) == [sender.partition("@")[2]]


def resident(site):
    with open("/proc/%d/statm" % agent(site)) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def agent(site):
    out = site.run(os.path.join(os.path.dirname(__file__), "..", "mailhost"),
                   "status", site.dir).stdout
    parts = dict(line.split() for line in out.splitlines())
    return int(parts["agent"])


# --- the real name server behind the real resolver ---------------------------

def text(value):
    return " ".join('"%s"' % value[at:at + 255]
                    for at in range(0, len(value), 255))


def chain(name, end, length):
    """Aliases from the record, one to the next, to `end`."""
    names = [name] + ["c%d.%s" % (n, name.partition("_domainkey.")[2])
                      for n in range(length - 1)] + [end]
    return "".join("%s 60 IN CNAME %s\n" % pair
                   for pair in zip(names, names[1:]))


def others(name, count, size):
    return "".join("%s 60 IN TXT %s\n" % (name, text("%0*d" % (size, n)))
                   for n in range(count))


# domain: (what comes of it, the zone's records from the name of the key
# record, the right text, and our name for it), or None for no zone.
KNOT = {
    "none": ("HOST_NOT_FOUND", None),
    "no-type": ("TYPE_NOT_FOUND", lambda n, t, a: n + " 60 IN A 192.0.2.1\n"),
    "wrong": ("INVALID_VALUE", lambda n, t, a: '%s 60 IN TXT "%s"\n' % (
        n, t[:100])),
    "alias": (OK, lambda n, t, a: "%s 60 IN CNAME %s\n" % (n, a)),
    "text": (OK, lambda n, t, a: "%s 60 IN TXT %s\n" % (n, text(t))),
    "dangling": ("HOST_NOT_FOUND", lambda n, t, a:
                 "%s 60 IN CNAME gone.%s\n" % (n, a)),
    "chain": (OK, lambda n, t, a: chain(n, a, 5)),
    "long-chain": ("DNS_SERVER_ERROR", lambda n, t, a: chain(n, a, 40)),
    "alias-loop": ("DNS_SERVER_ERROR", lambda n, t, a: chain(n, n, 3)),
    "many": (OK, lambda n, t, a: others(n, 500, 20) + "%s 60 IN TXT %s\n" % (
        n, text(t))),
    "huge": (OK, lambda n, t, a: others(n, 60, 980) + "%s 60 IN TXT %s\n" % (
        n, text(t))),
    "huge-wrong": ("INVALID_VALUE", lambda n, t, a: others(n, 1, 60000)),
    "servfail": ("DNS_SERVER_ERROR", lambda n, t, a: ""),
    # unbound takes a referral to where it asked for an empty answer.
    "lame": ("TYPE_NOT_FOUND", None),
}


def knot_domain(name):
    return LAME if name == "lame" else name + ".knot.example"


@pytest.fixture(scope="module")
def knot(site):
    """All zones of the table; what knows the records of each."""
    keys = add(site, [knot_domain(name) for name in KNOT])
    for name, (_, records) in KNOT.items():
        if records is not None:
            put(site, keys, name, records)
    expired = knot_domain("servfail")
    done = site.run("knotc", "-s", site.layout.path("run", "knot.sock"), "-b",
                    "-f", "zone-purge", expired, "+expire")
    assert done.returncode == 0, done.stdout
    site.dns(".", "{0}. 60 IN NS ns.{0}.\nns.{0}. 60 IN A {1}\n".format(
        LAME, LOOPBACK))
    return keys


def put(site, keys, name, records):
    record, value = keys[knot_domain(name)]
    alias = record.replace("_domainkey." + knot_domain(name),
                           "dkim.ses.sesame.test")
    site.dns(knot_domain(name), records(record, value, alias))


@pytest.mark.parametrize("name", KNOT)
def test_knot(site, knot, name):
    more = wait_error(site, knot_domain(name), KNOT[name][0])
    if KNOT[name][0] is OK:
        assert more["SOARecord"]["PrimaryNameServer"] == "ns.ses.sesame.test"
        assert more["LastSuccessTimestamp"] >= more["LastCheckedTimestamp"]


def test_knot_mended(site, knot):
    """Meanwhile mail goes; each is verified by itself, once it can be."""
    mail_goes(site, "a@" + knot_domain("text"), "knot fails")
    site.dns(".", "")
    bad = [name for name in KNOT if KNOT[name][0] is not OK]
    for name in bad:
        put(site, knot, name, KNOT["text"][1])
    for name in bad:
        wait_error(site, knot_domain(name), OK)


# --- a hostile one -----------------------------------------------------------

SERVER = "DNS_SERVER_ERROR"
HOSTILE = {
    "right": OK, "other-id": SERVER, "other-question": SERVER, "other-type": SERVER,
    "loop": SERVER, "long-loop": SERVER, "outside": SERVER,
    "long-count": SERVER, "long-rdata": SERVER,
    "long-string": SERVER, "no-string": SERVER,
    "half": SERVER, "garbage": SERVER, "short": SERVER, "query": SERVER,
    "case": OK, "ttl-zero": OK, "ttl-huge": OK, "ttl-negative": OK,
    "right-wrong": OK, "wrong-right": "INVALID_VALUE",
    "odd-soa": OK, "servfail": SERVER, "refused": SERVER, "formerr": SERVER,
    "notimp": SERVER, "upward": SERVER, "sideways": SERVER, "itself": SERVER,
    "silent": SERVER, "one-servfail": OK, "one-silent": OK, "one-denied": OK,
    "one-garbage": OK, "tcp": OK, "tcp-close": SERVER, "tcp-drip": SERVER,
    "tcp-endless": SERVER,
}
BY_UNBOUND = dict(HOSTILE, poison="HOST_NOT_FOUND",
                  sideways="TYPE_NOT_FOUND", **{"tcp-refused": SERVER})
TABLES = {"unbound": BY_UNBOUND}


def hostile_domain(via, way):
    if way == "tcp-refused":
        return "%s.%s.%s" % (way, via, NO_TCP)
    return "%s.%s.%s" % (way, via, ZONE)


@pytest.fixture(scope="module", params=[
    pytest.param(via, marks=pytest.mark.long) for via in TABLES])
def hostile(request, site, server):
    """How it is asked: by unbound; what the agent was before."""
    via = request.param
    server.mended = False
    before = resident(site), agent(site)
    domains = [hostile_domain(via, way) for way in TABLES[via]]
    server.keys.update(add(site, domains))
    return via, before


@pytest.mark.parametrize("way", BY_UNBOUND)
def test_hostile(site, hostile, way):
    via, _ = hostile
    more = wait_error(site, hostile_domain(via, way), TABLES[via][way])
    if way == "odd-soa":
        assert more["SOARecord"] == {
            "PrimaryNameServer": "n\\.s\\\"\\\\\\000",
            "AdminEmail": "\\255\\254\\010\\;.\\233", "SerialNumber": 7}


def test_hostile_and_the_rest(site, server, hostile):
    """Others are verified at once, mail goes, the agent neither grew nor
    ended; and when the server is well, all are verified."""
    via, (memory, process) = hostile
    calm = "calm-%s.example" % via
    site.verify_domain(calm)
    mail_goes(site, "a@" + calm, "hostile " + via)
    assert agent(site) == process
    assert resident(site) - memory < RSS_GROWTH

    server.mended = True
    for way in TABLES[via]:
        domain = hostile_domain(via, way)
        more = wait_error(site, domain, OK)
        if way == "right":
            assert more["SOARecord"]["AdminEmail"] == "hostmaster." + domain


LATER = {  # what becomes of a verified one
    "silent": ("SUCCESS", SERVER), "servfail": ("SUCCESS", SERVER),
    "loop": ("SUCCESS", SERVER),
    "denied": ("TEMPORARY_FAILURE", "HOST_NOT_FOUND"),
    "no-type": ("TEMPORARY_FAILURE", "TYPE_NOT_FOUND"),
}


@pytest.mark.long
def test_verified_before(site, server):
    """No answer proves nothing, but another one does; its mail goes on."""
    domains = {way: "%s.later.%s" % (way, ZONE) for way in LATER}
    server.mended = True
    server.keys.update(add(site, list(domains.values())))
    for domain in domains.values():
        wait_error(site, domain, OK)
    server.mended = False

    def fails(way):
        def look():  # unbound knows the right answer for a second yet
            site.run(site.env["SESAMECTL"], "identity", "verify",
                     domains[way], "--timeout", "12")
            return [1] if info(site, domains[way])[0] == LATER[way] else []
        wait(look, 1, SECONDS, "%s of %s" % (LATER[way], way))
        assert site.ses().get_email_identity(EmailIdentity=domains[way])[
            "VerifiedForSendingStatus"]

    with concurrent.futures.ThreadPoolExecutor(len(LATER)) as pool:
        list(pool.map(fails, LATER))
    server.mended = True
    for domain in domains.values():
        wait_error(site, domain, OK)
