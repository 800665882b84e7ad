"""The operator's zone: as sesamectl prints it, and as name servers take it"""

import subprocess

import dns.zone
import pytest

SERVICE = "ses.sesame.test"
BOUNCE = "bounce.sesame.test"
FEEDBACK = "feedback-smtp.us-east-1." + SERVICE


@pytest.fixture(scope="module")
def site(module_host):
    host = module_host("--set", "public_address = 192.0.2.25, 2001:db8::25")
    host.verify_domain("printed.example")
    return host


def accepted(tmp_path, zone, text):
    """Both name servers take it; the zone as dnspython reads it."""
    file = tmp_path / "zone"
    file.write_text(text)
    for command in (["named-checkzone", "-i", "full", "-n", "fail", zone],
                    ["kzonecheck", "-o", zone]):
        done = subprocess.run(command + [file], text=True, timeout=60,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
    return dns.zone.from_text(text, origin=zone, relativize=False)


def texts(zone, name, kind):
    found = zone.get_rdataset(name, kind)
    return sorted(rdata.to_text() for rdata in found or ())


def test_zone_file(site, tmp_path):
    text = site.sesamectl("dns", "--ns", "a.sesame.test,b.sesame.test",
                          "--serial", "7")
    zone = accepted(tmp_path, SERVICE, text)
    assert texts(zone, SERVICE + ".", "NS") == ["a.sesame.test.",
                                                "b.sesame.test."]
    assert texts(zone, SERVICE + ".", "SOA")[0].split()[2] == "7"
    assert texts(zone, SERVICE + ".", "TXT") == [
        '"v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all"']
    assert texts(zone, FEEDBACK + ".", "A") == ["192.0.2.25"]
    assert texts(zone, FEEDBACK + ".", "AAAA") == ["2001:db8::25"]
    # What a verifier finds: the strings joined are the key.
    shown = site.sesamectl("identity", "show", site.env["SESAME_ACCOUNT"],
                           "printed.example", "--json")
    record = zone.get_rdataset("%s.dkim.%s." % (shown["selector"], SERVICE),
                               "TXT")[0]
    assert b"".join(record.strings).decode() == (
        "v=DKIM1; k=rsa; p=" + shown["dkim_public_key"])
    assert len(record.strings) > 1
    # The service's own domain has aliases to its own keys.
    own = site.sesamectl("identity", "show", "system", SERVICE, "--json")
    alias = own["selector"] + "._domainkey." + SERVICE + "."
    assert texts(zone, alias, "CNAME") == ["%s.dkim.%s." % (own["selector"],
                                                            SERVICE)]
    # Twice the same; without a word about it this host is the name server.
    assert site.sesamectl("dns", "--ns", "a.sesame.test,b.sesame.test",
                          "--serial", "7") == text
    zone = accepted(tmp_path, SERVICE, site.sesamectl("dns"))
    assert texts(zone, SERVICE + ".", "NS") == [FEEDBACK + "."]


def test_other_zones(site, tmp_path):
    zone = accepted(tmp_path, BOUNCE, site.sesamectl(
        "dns", BOUNCE, "--ns", "a.sesame.test"))
    assert texts(zone, BOUNCE + ".", "MX") == ["10 %s." % FEEDBACK]
    assert texts(zone, BOUNCE + ".", "TXT") == [
        '"v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all"']
    # Both of them in the zone above, as records for a zone that is there.
    body = site.sesamectl("dns", "sesame.test", "--records")
    assert " SOA " not in body and " NS " not in body
    for name in (SERVICE, BOUNCE):
        assert "\n%s. 300 IN TXT " % name in "\n" + body
    listed = site.sesamectl("dns", "sesame.test", "--json")
    assert len(listed) == len(body.splitlines())
    assert {"name": BOUNCE, "type": "MX",
            "value": "10 " + FEEDBACK} in listed
    done = site.run(site.env["SESAMECTL"], "dns", "example.org")
    assert done.returncode == 1 and "nothing of ours" in done.stderr
