"""Signatures as others see them: every signature of every message of a corpus
verifies, alone, by dkimpy and by opendkim-testmsg; and a gate that has the
store but not its key signs nothing."""

import os
import random
import re
import secrets
import shutil
import socket
import threading

import dkim
import dns.message
import dns.query
import pytest

from harness.host import wait
from session import Session

DOMAIN = "corpus.example"
SERVICE = "ses.sesame.test"
SETTINGS = ["dkim_settle = 0ms", "dkim_service = yes",
            "verify_retry_min = 200ms", "verify_retry_max = 1s"]

HEAD = (b"From: Shop <s@corpus.example>\r\nTo: r@rcpt.example\r\n"
        b"Subject: x\r\n")
CORPUS = {
    "plain": HEAD + b"\r\nhello\r\n",
    "from a sub-domain": HEAD.replace(b"@corpus", b"@sub.corpus") +
    b"\r\nhello\r\n",
    "folded fields": (
        b"From: \"A very\r\n long name\"\r\n <s@corpus.example>\r\n"
        b"To: a@rcpt.example,\r\n\tb@rcpt.example\r\n"
        b"Subject: a\r\n b\r\n\tc  d \r\n  e\r\n"
        b"List-Unsubscribe: <https://x.example/>,\r\n"
        b"  <mailto:u@corpus.example>\r\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nx\r\n"),
    "empty body": HEAD + b"\r\n",
    "no empty line": HEAD,
    "empty lines only": HEAD + b"\r\n\r\n\r\n\r\n",
    "trailing spaces": HEAD + b"X: y \t \r\n\r\na \t\r\nb\t \r\n  \r\n\r\n",
    "8-bit": HEAD + (
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"),
    "8-bit undeclared": HEAD + b"\r\nGr\xfc\xdfe\r\n",
    "lines of 998": HEAD + b"\r\n" + (b"x" * 998 + b"\r\n") * 40,
    "no final newline": HEAD + b"\r\nhello",
    "duplicate fields": HEAD + (
        b"Received: from a\r\nReceived: from b\r\nX-A: 1\r\nX-A: 2\r\n"
        b"Feedback-ID: a\r\nFeedback-ID: b\r\nMessage-ID: <a@b>\r\n"
        b"\r\nx\r\n"),
    "dots": HEAD + b"\r\n.\r\n..a\r\n.b\r\n",
    "a signature of the client's": HEAD + (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=client.example; s=x;\r\n"
        b" h=from; bh=AAAA; b=AAAA\r\n\r\nx\r\n"),
    "10 MB": HEAD + b"\r\n" + (b"y" * 76 + b"\r\n") * (10 * 2 ** 20 // 78),
}


@pytest.fixture(scope="module")
def site(request):
    from conftest import bring_up, take_down
    host = bring_up([word for line in SETTINGS for word in ("--set", line)])
    before = request.session.testsfailed
    host.sesamectl("identity", "add", host.env["SESAME_ACCOUNT"], DOMAIN)
    host.publish_dns(DOMAIN)
    host.sesamectl("identity", "verify", DOMAIN, "--timeout", "30")
    host.sesamectl("identity", "verify", SERVICE, "--timeout", "30")
    wait(lambda: [key for key in host.sesamectl(
        "identity", "show", host.env["SESAME_ACCOUNT"], DOMAIN,
        "--json")["dkim_keys"] if key["state"] == "CURRENT"], 2, 40, "keys")
    yield host
    take_down(host, request.session.testsfailed > before)


@pytest.fixture(scope="module")
def smtp(site):
    with Session(site) as session:
        yield session


@pytest.fixture(scope="module")
def resolv_conf(site, tmp_path_factory):
    """opendkim-testmsg asks at port 53 of what resolv.conf names: an address
    of loopback where questions are passed on to the private resolver."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        address = "127.%d.%d.53" % (random.randint(1, 250),
                                    random.randint(1, 250))
        try:
            listener.bind((address, 53))
            break
        except OSError:
            pass
    listener.settimeout(0.5)
    stopping = threading.Event()

    def serve():
        while not stopping.is_set():
            try:
                packet, peer = listener.recvfrom(4096)
            except socket.timeout:
                continue
            answer = dns.query.udp(
                dns.message.from_wire(packet), "127.0.0.1", timeout=10,
                port=site.layout.ports["resolver"])
            listener.sendto(answer.to_wire(), peer)

    thread = threading.Thread(target=serve)
    thread.start()
    path = tmp_path_factory.mktemp("resolv") / "resolv.conf"
    path.write_text("nameserver %s\n" % address)
    yield path
    stopping.set()
    thread.join()
    listener.close()


def sent(site, smtp, data):
    to = secrets.token_hex(8) + "@rcpt.example"
    sender = re.search(rb"s@[a-z.]*corpus\.example", data).group().decode()
    code, reply = smtp.message(sender, to, data)
    assert code == 250, reply
    return site.wait_mail(to=to, seconds=60)[-1]


def split(data):
    """The message without signatures, and each of these."""
    head, _, body = data.partition(b"\r\n\r\n")
    fields = re.findall(rb"[^\r\n].*?(?:\r\n(?![ \t])|\Z)", head + b"\r\n",
                        re.S)
    signed = [f for f in fields if f.lower().startswith(b"dkim-signature")]
    rest = b"".join(f for f in fields if f not in signed)
    return signed, rest + b"\r\n" + body


def tags(field):
    value = re.sub(rb"\s", b"", field.partition(b":")[2]).decode()
    return dict(tag.split("=", 1) for tag in value.split(";") if tag)


def opendkim(site, resolv_conf, data, folder):
    path = os.path.join(folder, "message.eml")
    with open(path, "wb") as file:
        file.write(data)
    return site.run("unshare", "-m", "sh", "-c",
                    'mount --bind "$1" /etc/resolv.conf && '
                    'exec opendkim-testmsg < "$2"', "sh", resolv_conf, path)


@pytest.mark.parametrize("name", CORPUS)
def test_every_signature(site, smtp, resolv_conf, tmp_path, name):
    signed, bare = split(sent(site, smtp, CORPUS[name]).bytes)
    ours = [field for field in signed if b"d=client.example" not in field]
    assert len(signed) - len(ours) == (name == "a signature of the client's")
    assert [(tags(f)["a"], tags(f)["d"]) for f in ours] == [
        ("rsa-sha256", DOMAIN), ("ed25519-sha256", DOMAIN),
        ("rsa-sha256", SERVICE)]
    for field in ours:
        one = field + bare
        assert dkim.verify(one, dnsfunc=site.dkim_key), tags(field)["a"]
        done = opendkim(site, resolv_conf, one, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    # The verifiers can say no.
    one = ours[1] + bare.replace(b"Subject:", b"Subject: not", 1)
    assert not dkim.verify(one, dnsfunc=site.dkim_key)
    assert opendkim(site, resolv_conf, one, tmp_path).returncode != 0


def test_what_is_signed(site, smtp):
    """relaxed/simple; and what nobody may add afterwards."""
    signed, bare = split(sent(site, smtp, CORPUS["plain"]).bytes)
    for field in signed:
        names = tags(field)["h"].lower().split(":")
        assert tags(field)["c"] == "relaxed/simple"
        for name in ("from", "to", "subject", "date", "message-id"):
            assert names.count(name) == 2, name
        for name in ("reply-to", "cc", "sender", "list-unsubscribe",
                     "list-unsubscribe-post", "mime-version", "content-type",
                     "content-transfer-encoding"):
            assert names.count(name) == 1, name
        assert names.count("feedback-id") == 1
        assert "l" not in tags(field)
        for more in (b"From: e@evil.example\r\n", b"Subject: y\r\n",
                     b"Reply-To: e@evil.example\r\n",
                     b"List-Unsubscribe: <https://evil.example/>\r\n"):
            assert not dkim.verify(field + more + bare,
                                   dnsfunc=site.dkim_key), more


# --- the gate's own key


def sealed_to(site):
    with open(site.layout.keys + "/gate.key") as file:
        return [line for line in file if line.strip()]


def test_another_gate_key(site, smtp):
    """Sealed anew while mail is signed; the old key is gone, and not missed,
    by a gate that starts afterwards neither."""
    before = sealed_to(site)
    codes, stopping = [], threading.Event()

    def send():
        with Session(site) as session:
            while not stopping.is_set():
                codes.append(session.message("s@" + DOMAIN,
                                             "load@rcpt.example",
                                             CORPUS["plain"])[0])

    thread = threading.Thread(target=send)
    thread.start()
    try:
        site.sesamectl("gate-key", "rotate")
    finally:
        stopping.set()
        thread.join()
    assert len(codes) > 0 and set(codes) == {250}
    after = sealed_to(site)
    assert len(after) == 1 and after != before
    site.stop("gate")
    site.start("gate")
    with Session(site) as session:
        mail = sent(site, session, CORPUS["plain"])
    assert site.dkim_domains(mail) == [DOMAIN, DOMAIN, SERVICE]
    site.sesamectl("gate-key", "rotate", "--keep")
    assert sealed_to(site)[1:] == after
    site.sesamectl("gate-key", "retire")
    assert len(sealed_to(site)) == 1


def test_the_store_alone_signs_nothing(site):
    """Whoever has all of the store, and every key file but gate.key."""
    path = site.layout.keys + "/gate.key"
    site.stop("gate")
    shutil.copy2(path, path + ".right")
    owner = os.stat(path)
    try:
        with open(path, "w") as file:
            file.write("a %s\n" % secrets.token_hex(32))
        assert os.stat(path).st_uid == owner.st_uid
        site.start("gate")
        with Session(site) as session:
            code, _ = session.message("s@" + DOMAIN, "thief@rcpt.example",
                                      CORPUS["plain"])
        assert code == 451
        assert not site.mail(to="thief@rcpt.example")
        site.stop("gate")
    finally:
        os.replace(path + ".right", path)
        os.chown(path, owner.st_uid, owner.st_gid)
    site.start("gate")
    with Session(site) as session:
        mail = sent(site, session, CORPUS["plain"])
    assert DOMAIN in site.dkim_domains(mail)
