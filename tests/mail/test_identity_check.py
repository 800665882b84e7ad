"""sesamectl identity check: good and bad zones, as a receiver sees them"""

import json

import pytest

from harness.host import wait

SERVICE = "ses.sesame.test"
HOST = "feedback-smtp.us-east-1." + SERVICE
DOMAIN = "checked.example"
BOUNCES = "bounces." + DOMAIN
DMARC = '_dmarc.%s. 60 IN TXT "v=DMARC1; p=reject%%s"\n' % DOMAIN
MX = "%s. 60 IN MX 10 %s.\n" % (BOUNCES, HOST)
SPF = '%s. 60 IN TXT "v=spf1 include:%s ~all"\n' % (BOUNCES, SERVICE)


@pytest.fixture(scope="module")
def site(module_host):
    host = module_host("--dns-update", "--set",
                       "public_address = 192.0.2.25")
    host.verify_domain(DOMAIN)
    host.ses().put_email_identity_mail_from_attributes(
        EmailIdentity=DOMAIN, MailFromDomain=BOUNCES,
        BehaviorOnMxFailure="USE_DEFAULT_VALUE")
    return host


def publish(site, keys=None, mx=MX, spf=SPF, dmarc=DMARC % ""):
    """The zone of the domain, one part of it perhaps another."""
    if keys is None:
        keys = "".join(line + "\n" for line in site.sesamectl(
            "identity", "records", DOMAIN, "--zone").splitlines()
            if "._domainkey." in line)
    site.dns(DOMAIN, keys + mx + spf + dmarc)


def check(site, domain=DOMAIN):
    """(exit status, {check: (result, found, remedy)} of the worst)."""
    done = site.run(site.env["SESAMECTL"], "identity", "check", domain,
                    "--json")
    rows = {}
    for row in json.loads(done.stdout):
        key = row["check"]
        if row["result"] == "FAIL" or key not in rows:
            rows[key] = row
        if row["result"] == "FAIL":
            assert row["remedy"], row
    return done.returncode, rows


def failures(rows):
    return {key for key, row in rows.items() if row["result"] == "FAIL"}


def settled(site, good, domain=DOMAIN):
    """A check's rows once good(status, rows): the private resolver keeps
    what it knows for a second."""
    def look():
        status, rows = check(site, domain)
        return [rows] if good(status, rows) else []
    return wait(look, 1, 20, "checks as wanted of " + domain)[0]


def wait_mail_from(site):
    wait(lambda: [1] if site.ses().get_email_identity(EmailIdentity=DOMAIN)[
        "MailFromAttributes"]["MailFromDomainStatus"] == "SUCCESS" else [],
        1, 30, "verified MAIL FROM")


def test_good(site):
    publish(site)
    wait_mail_from(site)
    rows = settled(site, lambda status, rows: status == 0)
    assert failures(rows) == set()
    assert rows["DMARC"]["found"] == "passes by both"
    # As a table for people.
    table = site.sesamectl("identity", "check", DOMAIN)
    assert table.splitlines()[0].split() == ["CHECK", "NAME", "RESULT",
                                             "FOUND", "REMEDY"]
    assert "FAIL" not in table


@pytest.mark.parametrize("zone, failed, remedy", [
    (dict(keys=""), {"DKIM", "DKIM, for the next key"}, "CNAME"),
    (dict(mx=""), {"MX of MAIL FROM"}, "MX 10 " + HOST),
    (dict(mx=MX + MX.replace(HOST, "mx.example")), {"MX of MAIL FROM"},
     "and no other"),
    (dict(mx=MX.replace(HOST, "mx.example")), {"MX of MAIL FROM"},
     "MX 10 " + HOST),
    (dict(spf=""), {"SPF"}, "include:" + SERVICE),
    (dict(spf=SPF.replace(SERVICE, "x.example")), {"SPF"},
     "include:" + SERVICE),
    (dict(spf=SPF + SPF.replace("~all", "-all")), {"SPF"}, "one SPF record"),
    (dict(dmarc=""), {"DMARC policy"}, "v=DMARC1; p=none"),
    (dict(dmarc=DMARC % "" + DMARC % "; pct=50"), {"DMARC policy"},
     "one DMARC record"),
    (dict(keys="", spf=""), {"DKIM", "DKIM, for the next key", "SPF",
                             "DMARC"}, "CNAME"),
], ids=["keys", "no mx", "two mx", "other mx", "no spf", "other spf",
        "two spf", "no dmarc", "two dmarc", "nothing"])
def test_bad(site, zone, failed, remedy):
    publish(site, **zone)
    settled(site, lambda status, rows: status == 1 and
            failures(rows) - {"MAIL FROM in use"} == failed and
            any(remedy in rows[name]["remedy"] for name in failed))


def test_alignment(site):
    """From in a sub-domain: relaxed by the parent's key, not strict."""
    publish(site)
    rows = settled(site, lambda status, rows:
                   rows["DMARC"]["found"] == "passes by both",
                   "news." + DOMAIN)
    assert rows["DMARC by DKIM"]["found"] == (
        "aligned with news.%s (relaxed)" % DOMAIN)
    publish(site, dmarc=DMARC % "; adkim=s; aspf=s")
    rows = settled(site, lambda status, rows:
                   rows["DMARC"]["found"] == "passes by DKIM")
    assert rows["DMARC by DKIM"]["result"] == "ok"
    assert rows["DMARC by SPF"]["result"] == "no"
    assert "aspf=r" in rows["DMARC by SPF"]["remedy"]
    status, rows = check(site, "news." + DOMAIN)
    assert status == 1 and rows["DMARC"]["result"] == "FAIL"
    assert "identity of its own" in rows["DMARC by DKIM"]["remedy"]


def test_default_bounce_domain(site):
    """Without MAIL FROM, SPF is the site's and aligns with nothing."""
    site.verify_domain("plain-check.example")
    site.publish_dns("plain-check.example",
                     '_dmarc 60 IN TXT "v=DMARC1; p=none"\n')
    rows = settled(site, lambda status, rows: status == 0,
                   "plain-check.example")
    assert rows["DMARC by SPF"]["result"] == "no"
    assert "MAIL FROM domain of its own" in rows["DMARC by SPF"]["remedy"]
    assert rows["SPF"]["name"] == "bounce.sesame.test"


@pytest.mark.long
def test_dead_dns(site):
    site.stop("unbound")
    try:
        status, rows = check(site)
    finally:
        site.start("unbound")
    assert status == 1 and "DKIM" in failures(rows)
    assert "name servers" in rows["DKIM"]["remedy"]


def test_nobodys(site):
    done = site.run(site.env["SESAMECTL"], "identity", "check",
                    "a.nobody.example")
    assert done.returncode == 1
    assert "there is no identity a.nobody.example, nor one above it" in (
        done.stderr)
