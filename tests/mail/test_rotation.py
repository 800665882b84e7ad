"""DKIM keys: the second signature, and the way from one key to the next, on
DNS that lags, lies and loses records.  Beside the private host's Knot another
name server stands for the customer's domain, and says what a test wants."""

import base64
import contextlib
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from harness.host import wait
from session import Session

SETTINGS = ["dkim_settle = 1s", "dkim_keep = 1h", "verify_retry_min = 200ms",
            "verify_retry_max = 1s"]


@pytest.fixture(scope="module")
def site(request):
    from conftest import bring_up, take_down
    host = bring_up([word for line in SETTINGS for word in ("--set", line)])
    before = request.session.testsfailed
    yield host
    take_down(host, request.session.testsfailed > before)


@pytest.fixture(scope="module")
def smtp(site):
    with Session(site) as session:
        yield session


class Server:
    """A name server of a test's own, at 127.0.0.2 and Knot's port.

    It answers for one zone with the aliases of its `tokens`; `mode` says
    how: good, lost (denies them all), silent, broken (SERVFAIL), wrong
    (a key of nobody's)."""

    def __init__(self, host, zone):
        self.zone, self.mode, self.tokens = zone, "good", set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.2", host.layout.ports["knot"]))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            if self.mode != "silent":
                self.socket.sendto(self.answer(packet), peer)

    def answer(self, packet):
        query = dns.message.from_wire(packet)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        name = query.question[0].name.to_text()
        token = name.partition(".")[0]
        if self.mode == "broken":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif token not in self.tokens or self.mode == "lost":
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif self.mode == "wrong":
            reply.answer.append(dns.rrset.from_text(
                name, 60, "IN", "TXT", '"v=DKIM1; k=rsa; p=%s"' %
                base64.b64encode(b"x" * 90).decode()))
        else:
            reply.answer.append(dns.rrset.from_text(
                name, 60, "IN", "CNAME", token + ".dkim.ses.sesame.test."))
        return reply.to_wire()

    def close(self):
        # A thread in recvfrom is not woken by close.
        self.mode = "silent"
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def second(site):
    """A function: a second name server for a domain that is then added."""
    servers = []

    def make(domain):
        servers.append(Server(site, domain))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def keys(site, domain):
    """Slots that hold a key: {(kind, state): selector}."""
    shown = site.sesamectl("identity", "show", site.env["SESAME_ACCOUNT"],
                           domain, "--json")
    return {(key["kind"], key["state"]): key["selector"]
            for key in shown["dkim_keys"] if key["state"] != "EMPTY"}


def wait_keys(site, domain, **want):
    """Wait until the RSA (or Ed25519) key of a state is another, or there:
    rsa="CURRENT" ...; the slots then."""
    states = {(kind, state) for kind, names in want.items()
              for state in names.split()}
    return wait(lambda: [found for found in [keys(site, domain)]
                         if set(found) == states], 1, 40,
                "keys %s of %s, but %s" % (want, domain, keys(site, domain)))[0]


def add(site, domain, records="", ed25519=True):
    site.sesamectl("identity", "add", site.env["SESAME_ACCOUNT"], domain)
    if not ed25519:
        site.sesamectl("identity", "ed25519", domain, "off")
    site.publish_dns(domain, records)
    site.sesamectl("identity", "verify", domain, "--timeout", "30")


def signatures(site, smtp, domain):
    """Selectors of the signatures of a new message; all verify."""
    signatures.n += 1
    to = "n%d@rcpt.example" % signatures.n
    code, reply = smtp.message("s@" + domain, to, (
        "From: s@%s\r\nTo: %s\r\nSubject: x\r\n\r\nhello\r\n" %
        (domain, to)).encode())
    assert code == 250, reply
    mail = site.wait_mail(to=to)[-1]
    headers = mail.message.get_all("DKIM-Signature")
    assert site.dkim_domains(mail) == [domain] * len(headers)
    return [dict(part.strip().split("=", 1) for part in
                 header.split(";"))["s"] for header in headers]


signatures.n = 0


def test_second_signature(site, smtp):
    """It comes by itself, goes by command, and never alone."""
    add(site, "ed.example")
    found = wait_keys(site, "ed.example", rsa="CURRENT", ed25519="CURRENT")
    both = [found["rsa", "CURRENT"], found["ed25519", "CURRENT"]]
    assert signatures(site, smtp, "ed.example") == both
    tokens = site.ses().get_email_identity(EmailIdentity="ed.example")[
        "DkimAttributes"]["Tokens"]
    assert set(both) < set(tokens)  # no record of its own

    site.sesamectl("identity", "ed25519", "ed.example", "off")
    found = wait_keys(site, "ed.example", rsa="CURRENT", ed25519="PREVIOUS")
    assert signatures(site, smtp, "ed.example") == both[:1]


def test_rotation(site, smtp):
    """The next key signs, the one before verifies still, at every moment."""
    add(site, "rotate.example")
    before = wait_keys(site, "rotate.example", rsa="CURRENT",
                       ed25519="CURRENT")
    site.sesamectl("identity", "rotate", "rotate.example", "--key-length",
                   "1024")
    while True:  # all verify, whichever signs: signatures() says so
        used = signatures(site, smtp, "rotate.example")
        if used[0] != before["rsa", "CURRENT"]:
            break
    after = wait_keys(site, "rotate.example", rsa="CURRENT PREVIOUS",
                      ed25519="CURRENT")
    assert after["rsa", "PREVIOUS"] == before["rsa", "CURRENT"]
    assert used == [after["rsa", "CURRENT"], after["ed25519", "CURRENT"]]
    shown = site.ses().get_email_identity(EmailIdentity="rotate.example")[
        "DkimAttributes"]
    assert shown["CurrentSigningKeyLength"] == "RSA_1024_BIT"
    assert shown["NextSigningKeyLength"] == "RSA_1024_BIT"


@pytest.mark.long
def test_dns_that_lags_lies_and_loses(site, smtp, second):
    domain = "lag.example"
    server = second(domain)
    add(site, domain, "@ 60 IN NS ns2.lag.example.\n"
        "ns2 60 IN A 127.0.0.2\n", ed25519=False)
    tokens = site.ses().get_email_identity(EmailIdentity=domain)[
        "DkimAttributes"]["Tokens"]
    first = keys(site, domain)["rsa", "CURRENT"]
    server.tokens = {first}
    site.sesamectl("identity", "rotate", domain)

    def next_key():
        return [name for (kind, state), name in keys(site, domain).items()
                if (kind, state) == ("rsa", "NEXT")]

    (following,) = wait(next_key, 1, 20, "a next key")
    for mode in "good", "wrong", "broken", "silent":
        # One server lags, lies, fails or says nothing: the old key signs.
        server.mode = mode
        seen_twice(site, domain)
        server.tokens = set(tokens)
        assert signatures(site, smtp, domain) == [first], mode
    server.mode = "good"
    wait(lambda: [1] if keys(site, domain).get(("rsa", "CURRENT")) ==
         following else [], 1, 30, "change of keys")
    assert signatures(site, smtp, domain) == [following]

    # The new record is lost at one server: the one before signs again, ...
    server.tokens = {first}
    wait(lambda: [1] if keys(site, domain).get(("rsa", "CURRENT")) ==
         first else [], 1, 30, "change back")
    assert signatures(site, smtp, domain) == [first]
    # ... and when it is there again, and stays, the new one.
    server.tokens = set(tokens)
    wait(lambda: [1] if keys(site, domain).get(("rsa", "CURRENT")) ==
         following else [], 1, 30, "change of keys")


def seen_twice(site, domain):
    """Two looks at the domain's keys have begun and ended since."""
    looks = set()

    def look():
        looks.add(site.sesamectl("identity", "show",
                                 site.env["SESAME_ACCOUNT"], domain,
                                 "--json")["dkim_check"])
        return looks
    wait(look, 3, 60, "looks at the keys of " + domain)
