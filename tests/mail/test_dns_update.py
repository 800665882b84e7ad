"""dns_update: the agent keeps our zones at a name server, whatever happens
to either of them.  The server is Knot, and asks for our signature."""

import re

import pytest

from harness import dns as knot
from harness.host import wait

SERVICE = "ses.sesame.test"
BOUNCE = "bounce.sesame.test"


@pytest.fixture(scope="module")
def site(module_host):
    settings = ("public_address = 192.0.2.25", "verify_retry_min = 200ms",
                "verify_retry_max = 1s", "dkim_settle = 1s",
                "dkim_keep = 1s", "dkim_ed25519 = no")
    return module_host("--dns-update", *[word for line in settings
                                         for word in ("--set", line)])


def ask(site, name, kind):
    """The records at Knot itself; None when the name does not exist."""
    answer = knot.ask(site.layout.ports["knot"], name, kind, 5)
    if answer.rcode() == 3:
        return None
    return sorted(rdata.to_text() for rrset in answer.answer
                  for rdata in rrset)


def printed(site):
    """What sesamectl says: {(name, type): sorted values}."""
    found = {}
    for zone in SERVICE, BOUNCE:
        for line in site.sesamectl("dns", zone, "--records").splitlines():
            name, _, _, kind, value = line.split(" ", 4)
            found.setdefault((name, kind), []).append(value)
    return {key: sorted(values) for key, values in found.items()}


def wait_same(site, but=()):
    """Until Knot has what sesamectl prints."""
    wait(lambda: [1] if all(ask(site, *key) == values
                            for key, values in printed(site).items()
                            if key not in but) else [], 1, 40,
         "all records at the name server")


def add(site, *domains):
    """Identities; back when the gate has made their keys."""
    for domain in domains:
        site.sesamectl("identity", "add", site.env["SESAME_ACCOUNT"], domain)
    return {domain: wait(lambda: [key for key in [show(site, domain)[
        "selector"]] if key], 1, 30, "key of " + domain)[0]
            for domain in domains}


def show(site, domain):
    return site.sesamectl("identity", "show", site.env["SESAME_ACCOUNT"],
                          domain, "--json")


def name_of(token):
    return "%s.dkim.%s." % (token, SERVICE)


def wait_log(site, text, count=1):
    wait(lambda: re.findall(re.escape(text), site.log("agent")), count, 30,
         "%r in the agent's log" % text)


def count_log(site, text):
    return site.log("agent").count(text)


def test_published(site):
    """A customer is verified through what the agent published."""
    site.verify_domain("updated.example")
    assert show(site, "updated.example")["status"] == "SUCCESS"
    wait_same(site)
    assert ask(site, BOUNCE, "TXT") == ['"v=spf1 ip4:192.0.2.25 -all"']
    tokens = show(site, "updated.example")["tokens"]
    site.sesamectl("identity", "delete", site.env["SESAME_ACCOUNT"],
                   "updated.example")
    wait(lambda: [1] if not any(ask(site, name_of(token), "TXT")
                                for token in tokens) else [], 1, 30,
         "removal of the keys")
    wait_same(site)


def test_others_records_stay(site):
    """At a name that is not ours alone, what is not ours stays."""
    site.run("knotc", "-s", site.layout.path("run", "knot.sock"),
             "zone-begin", SERVICE)
    for words in (("zone-set", SERVICE, "@", "300", "TXT", "of-another"),
                  ("zone-commit", SERVICE)):
        done = site.run("knotc", "-s", site.layout.path("run", "knot.sock"),
                        *words)
        assert done.returncode == 0, done.stderr
    first = '"v=spf1 ip4:192.0.2.25 -all"'
    assert ask(site, SERVICE, "TXT") == ['"of-another"', first]
    site.sesamectl("address", "add", site.env["SESAME_ACCOUNT"],
                   "127.0.0.77")
    second = '"v=spf1 ip4:192.0.2.25 ip4:127.0.0.77 -all"'
    wait(lambda: [1] if ask(site, SERVICE, "TXT") == [
        '"of-another"', second] else [], 1, 30, "the other SPF")
    wait(lambda: [1] if ask(site, BOUNCE, "TXT") == [second] else [], 1, 30,
         "the other SPF of the bounce domain")


def test_rotation(site):
    """The next key is published and seen before it signs, the one before
    is revoked after its time."""
    site.verify_domain("turn.example")
    before = show(site, "turn.example")["selector"]
    site.sesamectl("identity", "rotate", "turn.example")
    wait(lambda: [1] if show(site, "turn.example")["selector"] != before
         else [], 1, 40, "the next key")
    wait(lambda: [1] if ask(site, name_of(before), "TXT") ==
         ['"v=DKIM1; p="'] else [], 1, 40, "the end of the old key")
    wait_same(site, but={(SERVICE + ".", "TXT")})


def test_server_and_agent_killed(site):
    """Changes of the time without server, or without agent, are made up."""
    add(site, "first.example")
    wait_same(site, but={(SERVICE + ".", "TXT")})
    seen = count_log(site, "does not answer")
    site.kill9("knot")
    tokens = add(site, *["dead%d.example" % n for n in range(4)])
    wait_log(site, "does not answer", seen + 1)
    site.start("knot")
    wait_same(site, but={(SERVICE + ".", "TXT")})
    # The agent dies while it publishes, and identities go meanwhile.
    add(site, *["late%d.example" % n for n in range(2)])
    site.kill9("agent")
    for n in range(4):
        site.sesamectl("identity", "delete", site.env["SESAME_ACCOUNT"],
                       "dead%d.example" % n)
    site.start("agent")
    wait(lambda: [1] if not any(ask(site, name_of(token), "TXT")
                                for token in tokens.values()) else [], 1, 40,
         "removal of the keys")
    wait_same(site, but={(SERVICE + ".", "TXT")})


@pytest.mark.long
def test_more_at_once_than_a_batch_holds(site):
    """Changes that came while the server did not answer, one by one and in
    one, and no pass over everything to find what was forgotten."""
    add(site, "before.example")
    wait_same(site, but={(SERVICE + ".", "TXT")})
    complete = count_log(site, "is complete")
    seen = count_log(site, "does not answer")
    site.kill9("knot")
    tokens = add(site, *["many%d.example" % n for n in range(60)])
    wait_log(site, "does not answer", seen + 1)
    site.start("knot")
    wait_same(site, but={(SERVICE + ".", "TXT")})
    assert all(ask(site, name_of(token), "TXT") for token in tokens.values())
    assert count_log(site, "is complete") == complete


def restart(site):
    """The agent has gone over everything again."""
    text = "is complete"
    seen = count_log(site, text)
    site.restart("agent")
    wait_log(site, text, seen + 2)


def test_idempotent(site):
    serial = ask(site, SERVICE, "SOA")
    restart(site)
    assert ask(site, SERVICE, "SOA") == serial


def test_lost_update(site):
    """The server has forgotten: all of it comes back."""
    add(site, "lost.example")
    wait_same(site, but={(SERVICE + ".", "TXT")})
    tokens = show(site, "lost.example")["tokens"]
    control = ("knotc", "-s", site.layout.path("run", "knot.sock"))
    for words in (("zone-begin", SERVICE),
                  *(("zone-unset", SERVICE, name_of(token))
                    for token in tokens),
                  ("zone-set", SERVICE, name_of(tokens[0]), "300", "TXT",
                   "nonsense"), ("zone-commit", SERVICE)):
        site.run(*control, *words)
    assert ask(site, name_of(tokens[0]), "TXT") == ['"nonsense"']
    restart(site)
    wait_same(site, but={(SERVICE + ".", "TXT")})


@pytest.mark.parametrize("wrong, said", [
    (lambda site: knot.write_key(site.layout, "c2VjcmV0" * 5),
     "BADSIG: the secret of our key is not the server's"),
    (lambda site: knot.write_key(site.layout, "c2VjcmV0" * 5, "nobody"),
     "BADKEY: the server does not know"),
    (lambda site: site.run("chmod", "644",
                           site.layout.path("etc", "dns.key")),
     "others may read this key: chmod o="),
    (lambda site: site.run("cp", "/dev/null",
                           site.layout.path("etc", "dns.key")),
     "is not a TSIG key"),
], ids=["secret", "name", "mode", "empty"])
def test_wrong_key(site, request, wrong, said):
    """Said, with what helps; and made up for when it is right again."""
    secret = knot.secret(site.layout)
    seen = count_log(site, said)
    wrong(site)
    try:
        add(site, "key-%s.example" % request.node.callspec.id)
        wait_log(site, said, seen + 1)
    finally:
        knot.write_key(site.layout, secret)
    wait_same(site, but={(SERVICE + ".", "TXT")})


def test_key_is_not_told(site):
    secret = knot.secret(site.layout)
    assert secret not in site.log("agent")


def test_refused(site):
    """A key that may not update: the log says what to allow."""
    path = site.layout.path("etc", "knot.conf")
    with open(path) as file:
        text = file.read()
    control = ("knotc", "-s", site.layout.path("run", "knot.sock"), "reload")
    seen = count_log(site, "does not let it update the zone")
    try:
        with open(path, "w") as file:
            file.write(text.replace("action: update", "action: notify"))
        assert site.run(*control).returncode == 0
        add(site, "refused.example")
        wait_log(site, "does not let it update the zone", seen + 1)
    finally:
        with open(path, "w") as file:
            file.write(text)
        assert site.run(*control).returncode == 0
    wait_same(site, but={(SERVICE + ".", "TXT")})
