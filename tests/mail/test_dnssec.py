"""Verification where DNSSEC is validated: zones that Knot signs, and trust
anchors that fit them or do not"""

import contextlib
import os

import dns.rdatatype
import pytest

from harness.dns import ask
from harness.host import wait
from reloading import config, reload
from test_verify_dns import add, info, mail_goes, text, wait_error

GOOD, TURNS, BAD = ("%s.sec.example" % name for name in ("good", "turns",
                                                         "bad"))
CHILD = "plain." + GOOD  # not signed, below a delegation that says so
SIGNED = (GOOD, TURNS, BAD)
REFUTED = "DNS_SERVER_ERROR"


@pytest.fixture(scope="module")
def site(module_host):
    return module_host("--set", "verify_retry_max = 2s")


def put(site, domain, key=None, more=""):
    record = "" if key is None else "%s 60 IN TXT %s\n" % (key[0],
                                                          text(key[1]))
    site.dns(domain, record + more,
             *(["dnssec-signing: on"] if domain in SIGNED else []))


def secure_entry(site, zone):
    """The zone's own key that signs keys (RFC 4034 2.1.1), as it is
    published once Knot has made it."""
    def found():
        answer = ask(site.layout.ports["knot"], zone, "DNSKEY", 2)
        return [rdata.to_text() for rrset in answer.answer for rdata in rrset
                if rdata.rdtype == dns.rdatatype.DNSKEY and rdata.flags == 257]
    return wait(found, 1, 30, "key of " + zone)[0]


@pytest.fixture(scope="module")
def zones(site):
    """All zones, and what they are: before there is any anchor."""
    keys = add(site, [GOOD, CHILD, TURNS, BAD])
    put(site, TURNS, keys[TURNS])
    wait_error(site, TURNS, None)  # without an anchor nothing is validated
    return keys


@contextlib.contextmanager
def anchors(site, table):
    """With these zones' keys as the agent's trust anchors."""
    path = site.layout.path("etc", "anchors")

    def write(table):
        with open(path + ".new", "w") as file:
            for zone, key in table.items():
                file.write("%s. IN DNSKEY %s\n" % (zone, key))
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)

    write(table)
    with config(site, "agent", "dns_trust_anchor = " + path):
        reload(site, "agent")
        yield write


def verify_now(site, domain):
    """Make a look due, whatever comes of it."""
    site.sesamectl("identity", "verify", domain, "--timeout", "1", check=False)


def test_validated(site, zones):
    below = CHILD + ". 60 IN NS ns.ses.sesame.test.\n"
    put(site, GOOD, more=below)
    put(site, BAD)  # signed; their records come when they are validated
    keys = {zone: secure_entry(site, zone) for zone in SIGNED}
    wrong = dict.fromkeys(SIGNED, keys[GOOD])  # fits one of them
    with anchors(site, wrong) as write:
        put(site, GOOD, zones[GOOD], below)
        put(site, CHILD, zones[CHILD])
        put(site, BAD, zones[BAD])
        wait_error(site, GOOD, None)
        wait_error(site, CHILD, None)
        wait_error(site, BAD, REFUTED)  # pending
        verify_now(site, TURNS)
        wait(lambda: [1] if info(site, TURNS)[0] == (
            "TEMPORARY_FAILURE", REFUTED) else [], 1, 60, TURNS)
        mail_goes(site, "a@" + TURNS, "refuted")
        said = site.sesamectl("identity", "check", TURNS, check=False)
        assert "its DNSSEC signature is wrong" in said
        # Once the anchors are right, all of it is well by itself.
        write(keys)
        reload(site, "agent")
        for domain in (TURNS, BAD):
            wait_error(site, domain, None)
        assert "DNSSEC" not in site.sesamectl("identity", "check", TURNS,
                                              check=False)
