"""raw - HTTP byte by byte, and signatures made here

What a client library would not send.  The signer is our own reading of the
contract, so that it can be wrong in one thing at a time.
"""

import collections
import datetime
import hashlib
import hmac
import json
import socket
import urllib.parse

Answer = collections.namedtuple("Answer", "status headers body")


class Error(Exception):
    """The server closed without an answer."""


def address(host):
    name, _, port = host.env["SESAME_ENDPOINT"][len("http://"):].rpartition(
        ":")
    return name, int(port)


def connect(host, timeout=30):
    return socket.create_connection(address(host), timeout=timeout)


def read_answer(file, method="GET"):
    """One response; 100 Continue is passed over."""
    while True:
        line = file.readline()
        if not line:
            raise Error("closed")
        status = int(line.split()[1])
        headers = {}
        while True:
            line = file.readline().strip()
            if not line:
                break
            name, _, value = line.partition(b":")
            headers[name.decode().lower()] = value.strip().decode()
        if status != 100:
            break
    body = b""
    if method != "HEAD":
        body = file.read(int(headers.get("content-length", 0)))
    return Answer(status, headers, body)


def exchange(host, data, method="GET", timeout=30):
    """Send bytes as they are; the answer."""
    with connect(host, timeout) as conn:
        conn.sendall(data)
        with conn.makefile("rb") as file:
            return read_answer(file, method)


def encode(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def sign(host, method, target, body=b"", headers=(), key=None, service="ses",
         region="us-east-1", now=None, signed=None, drop=(), date=None,
         claim=None):
    """Header lines of a signed request; each argument may be wrong."""
    access, secret = key or (host.env["AWS_ACCESS_KEY_ID"],
                             host.env["AWS_SECRET_ACCESS_KEY"])
    now = now or datetime.datetime.utcnow()
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    day = date or stamp[:8]
    lines = [("Host", "%s:%d" % address(host)), ("X-Amz-Date", stamp)]
    lines += list(headers)
    lines = [line for line in lines if line[0].lower() not in drop]
    values = {}
    for name, value in lines:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    if signed is None:
        signed = sorted(values)

    path, _, query = target.partition("?")
    pairs = sorted((encode(urllib.parse.unquote(name)),
                    encode(urllib.parse.unquote(value)))
                   for name, _, value in (part.partition("=") for part in
                                          query.split("&") if part))
    canonical = "\n".join(
        [method, encode(path, "/"), "&".join("%s=%s" % pair
                                             for pair in pairs)] +
        ["%s:%s" % (name, ",".join(values.get(name, [""])))
         for name in signed] +
        ["", ";".join(signed), claim or hashlib.sha256(body).hexdigest()])
    scope = "%s/%s/%s/aws4_request" % (day, region, service)
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    secret = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request", text):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return lines + [("Authorization",
                     "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
                     "Signature=%s" % (access, scope, ";".join(signed),
                                       secret.hex()))]


def message(method, target, body=b"", headers=(), length=True):
    """The bytes of a request."""
    lines = ["%s %s HTTP/1.1" % (method, target)]
    lines += ["%s: %s" % line for line in headers]
    if length and not any(line[0].lower() in ("content-length",
                                              "transfer-encoding")
                          for line in headers):
        lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + \
        b"\r\n\r\n" + body


def call(host, method, target, body=b"", headers=(), sent=None, **how):
    """A signed request and its answer; `sent` is a body other than the
    signed one."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    lines = sign(host, method, target, body, headers, **how)
    return exchange(host, message(method, target,
                                  body if sent is None else sent, lines),
                    method)


def check_error(answer, status, error, text=None):
    """An error as the contract wants it."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-amzn-errortype"] == error, answer
    assert len(answer.headers["x-amzn-requestid"]) == 36
    assert "date" in answer.headers
    said = json.loads(answer.body)
    assert list(said) == ["message"]
    if text is not None:
        assert said["message"] == text or (
            hasattr(text, "fullmatch") and text.fullmatch(said["message"])), \
            said["message"]


def check_alive(host):
    """The next request works."""
    answer = call(host, "GET", "/v2/email/account")
    assert answer.status == 200, answer
