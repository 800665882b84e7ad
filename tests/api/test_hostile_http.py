"""Hostile HTTP: each gets its answer, and the next request works"""

import concurrent.futures
import json
import os
import signal
import socket
import time

import pytest

from harness.host import wait
from raw import (Error, call, check_alive, check_error, connect, exchange,
                 message, read_answer, sign)

ACCOUNT = "/v2/email/account"
SENDING = "/v2/email/account/sending"
SETS = "/v2/email/configuration-sets"
SEND = "/v2/email/outbound-emails"
DOMAIN = "hostile.example"


def workers(host):
    """Process ids of nginx's workers."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name) as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            with open("/proc/%s/cmdline" % name, "rb") as file:
                title = file.read()
        except OSError:
            continue
        found.setdefault(parent, []).append((int(name), title))
    with open(os.path.join(host.env["SESAME_STATE"], "run/nginx.pid")) as file:
        master = int(file.read())
    return sorted(pid for pid, title in found.get(master, [])
                  if title.startswith(b"nginx: worker process"))


@pytest.fixture(autouse=True)
def unharmed(host, request):
    """No worker ends, whatever a test does, and the next request works."""
    before = workers(host)
    yield
    check_alive(host)
    assert request.node.name == "test_reload" or workers(host) == before


@pytest.fixture(scope="module")
def verified(host):
    host.verify_domain(DOMAIN)
    return host


def log(host):
    with open(os.path.join(host.env["SESAME_STATE"],
                           "log/nginx-error.log"), errors="replace") as file:
        return file.read()


# --- heads

def test_header_of_a_megabyte(host):
    answer = exchange(host, message("GET", ACCOUNT, b"", [
        ("Host", "x"), ("X-Long", "x" * 1024 * 1024)]))
    check_error(answer, 400, "BadRequestException")


def test_ten_thousand_headers(host):
    answer = exchange(host, message("GET", ACCOUNT, b"", [("Host", "x")] + [
        ("X-%d" % number, "x") for number in range(10000)]))
    check_error(answer, 400, "BadRequestException")


def test_many_signed_headers(host):
    lines = sign(host, "GET", ACCOUNT)
    name, value = lines.pop()
    value = value.replace("SignedHeaders=", "SignedHeaders=" + "a;" * 3000)
    answer = exchange(host, message("GET", ACCOUNT, b"",
                                    lines + [(name, value)]))
    check_error(answer, 403, "IncompleteSignatureException")


def test_long_target(host):
    answer = exchange(host, message("GET", ACCOUNT + "?" + "x" * 100000, b"",
                                    [("Host", "x")]))
    check_error(answer, 414, "BadRequestException")


@pytest.mark.parametrize("data", [
    b"GET /v2/email/account HTTP/1.1\r\nHost: x\r\nX-Nul: a\x00b\r\n\r\n",
    b"GET /v2/\x00email/account HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/email/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/email/account HTTP/1.1\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/email/account HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /v2/email/account HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /v2/email/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"nonsense\r\n\r\n",
])
def test_malformed_heads(host, data):
    try:
        answer = exchange(host, data)
    except Error:
        return  # closed: an answer too, where no HTTP version was heard
    check_error(answer, 400, "BadRequestException")


def test_bare_line_feeds(host):
    """A head with bare LF is read as HTTP/1.1 allows; it is not signed."""
    answer = exchange(host, b"GET /v2/email/account HTTP/1.1\nHost: x\n\n")
    check_error(answer, 403, "MissingAuthenticationTokenException")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "PROPFIND",
                                    "DELETE", "get"])
def test_methods(host, method):
    answer = exchange(host, message(method, ACCOUNT, b"", [("Host", "x")]),
                      method)
    assert answer.status in (400, 404)
    assert answer.headers["x-amzn-requestid"]
    assert answer.headers["x-amzn-errortype"] in (
        "UnknownOperationException", "BadRequestException")


def test_trace(host):
    answer = exchange(host, message("TRACE", ACCOUNT, b"", [("Host", "x")]))
    check_error(answer, 405, "UnknownOperationException")


@pytest.mark.parametrize("target", [
    "/", "/ping", "/v2", "/v2/email/", "/v2/email/nothing", ACCOUNT + "/",
    "//v2/email/account", "/v2//email/account", "/v2/email/./account",
    "/v2/email/x/../account", "/v2/email/%61ccount", "/V2/email/account",
    "/v2/email%2Faccount", "/v2/email/identities/", "/v2/email/identities/.",
    "/v2/email/identities/a/b",
])
def test_unknown_paths(host, target):
    """Signed or not: no such operation, and no other one is meant."""
    answer = exchange(host, message("GET", target, b"", [("Host", "x")]))
    check_error(answer, 404, "UnknownOperationException",
                "Unknown operation.")
    answer = call(host, "GET", target)
    check_error(answer, 404, "UnknownOperationException")


@pytest.mark.parametrize("label,error", [
    ("a%2Fb", "BadRequestException"), ("a%252Fb", "BadRequestException"),
    ("%ff", "BadRequestException"), ("%c3%28", "BadRequestException"),
    ("%20", "BadRequestException"), ("x" * 4000, "BadRequestException"),
    ("a%2Fb%40x.example", "NotFoundException"),
    ("x%40x.example%0d%0aX-Injected:%201", "BadRequestException"),
])
def test_labels(host, label, error):
    answer = call(host, "GET", "/v2/email/identities/" + label)
    assert answer.headers["x-amzn-errortype"] in (
        error, "NotFoundException", "BadRequestException"), answer
    assert answer.status in (400, 404)
    assert "x-injected" not in answer.headers


def test_dots_in_a_label(host):
    """%2E%2E%2F is a name, or nothing; never a way up."""
    for label in ("%2E%2E", "%2E%2E%2F%2E%2E%2Faccount", "..%2Faccount"):
        answer = call(host, "GET", "/v2/email/identities/" + label)
        assert answer.status in (400, 403, 404), answer
        assert b"SendQuota" not in answer.body


# --- bodies

SERIALIZATION = [
    b" ", b"\r\n", b"[]", b"1", b'"x"', b"null", b"{", b"{}{}", b"{} x",
    b'{"SendingEnabled":true,"SendingEnabled":false}',
    b'{"SendingEnabled":true,"x":"\xff"}', b'{"x":"\xed\xa0\x80"}',
    b'{"x":"\\ud800"}', b'{"x":"\\u0000"}', b'{"x":"a\nb"}', b'{"x":01}',
    b"{'x':1}", b'{"x":1,}', b'{"x":NaN}', b"\xef\xbb\xbf{}",
    b"[" * 100000 + b"]" * 100000,
    b'{"a":' * 100000 + b"1" + b"}" * 100000,
    b'{"x":' + b"[" * 40 + b"]" * 40 + b"}",
]


@pytest.mark.parametrize("body", SERIALIZATION,
                         ids=[str(body[:24]) for body in SERIALIZATION])
def test_not_json(host, body):
    answer = call(host, "PUT", SENDING, body)
    check_error(answer, 400, "SerializationException")
    assert json.loads(answer.body) == {"message": None}
    assert json.loads(call(host, "GET", ACCOUNT).body)["SendingEnabled"]


@pytest.mark.parametrize("body", [b"{}", b'{"Unknown":{"a":[1,null]}}',
                                  b'{"SendingEnabled":"false"}'])
def test_is_json(host, body):
    """Absent is false, any string is true, what is unknown is ignored."""
    assert call(host, "PUT", SENDING, body).status == 200
    enabled = json.loads(call(host, "GET", ACCOUNT).body)["SendingEnabled"]
    assert enabled == (b"SendingEnabled" in body)
    assert call(host, "PUT", SENDING, {"SendingEnabled": True}).status == 200


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, [[]], [{}], None,
                                   {"a": 1}, ["x"], 1e300, -1])
@pytest.mark.parametrize("member", ["ConfigurationSetName", "Tags",
                                    "SendingOptions", "SuppressionOptions"])
def test_wrong_types(host, member, value):
    """Every kind of JSON in every member: refused, or without effect."""
    body = {"ConfigurationSetName": "types"}
    body[member] = value
    answer = call(host, "POST", SETS, body)
    assert answer.status in (200, 400), answer
    if answer.status == 200:
        assert call(host, "DELETE", SETS + "/types").status == 200
    else:
        assert answer.headers["x-amzn-errortype"] in (
            "SerializationException", "BadRequestException")


@pytest.mark.parametrize("value", [1, True, [], {}, "x", [1], {"a": {}}])
@pytest.mark.parametrize("member", ["FromEmailAddress", "Destination",
                                    "Content", "EmailTags",
                                    "ConfigurationSetName"])
def test_wrong_types_in_a_send(host, member, value):
    body = {"FromEmailAddress": "a@unverified.example",
            "Destination": {"ToAddresses": ["b@rcpt.example"]},
            "Content": {"Simple": {"Subject": {"Data": "s"},
                                   "Body": {"Text": {"Data": "t"}}}}}
    body[member] = value
    answer = call(host, "POST", SEND, body)
    assert answer.status in (400, 404), answer
    assert answer.headers["x-amzn-errortype"]


def test_too_large(host):
    """Refused by its length alone."""
    lines = sign(host, "POST", SEND, b"")
    data = message("POST", SEND, b"", lines + [
        ("Content-Length", str(100 * 1024 * 1024))])
    check_error(exchange(host, data), 413, "RequestEntityTooLarge")


def test_large_and_chunked(host):
    """A chunked body of a megabyte: no length, and signed all the same."""
    body = json.dumps({"SendingEnabled": True, "x": "y" * 1024 * 1024})
    body = body.encode()
    lines = sign(host, "PUT", SENDING, body)
    data = message("PUT", SENDING, b"", lines + [
        ("Transfer-Encoding", "chunked")])
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at:at + 70000]), body[at:at + 70000])
        for at in range(0, len(body), 70000)) + b"0\r\n\r\n"
    assert exchange(host, data + chunks).status == 200


@pytest.mark.parametrize("size", [10, 1000000])
def test_expect_continue(host, size):
    body = json.dumps({"SendingEnabled": True, "x": "y" * size}).encode()
    lines = sign(host, "PUT", SENDING, body) + [
        ("Expect", "100-continue"), ("Content-Length", str(len(body)))]
    with connect(host) as conn, conn.makefile("rb") as file:
        conn.sendall(message("PUT", SENDING, b"", lines))
        assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        conn.sendall(body)
        file.readline()
        assert read_answer(file).status == 200


@pytest.mark.parametrize("size", [100, 1000000])
def test_body_cut_short(host, size):
    """What did not arrive whole is not done."""
    body = json.dumps({"ConfigurationSetName": "cut", "x": "y" *
                       size}).encode()
    data = message("POST", SETS, body, sign(host, "POST", SETS, body))
    with connect(host) as conn:
        conn.sendall(data[:-20])
        conn.shutdown(socket.SHUT_WR)
        conn.recv(1)
    with connect(host) as conn:
        conn.sendall(data[:-20])
    sets = json.loads(call(host, "GET", SETS).body)["ConfigurationSets"]
    assert "cut" not in sets


def test_body_beyond_its_length(host):
    """What follows a body is the next request."""
    body = b'{"SendingEnabled":true}'
    one = message("PUT", SENDING, body, sign(host, "PUT", SENDING, body))
    two = message("GET", ACCOUNT, b"", sign(host, "GET", ACCOUNT))
    with connect(host) as conn, conn.makefile("rb") as file:
        conn.sendall(one + two + one + two)
        answers = [read_answer(file) for _ in range(4)]
    assert [answer.status for answer in answers] == [200] * 4
    assert b"SendQuota" in answers[1].body and answers[2].body == b"{}"


FORMS = [
    (b"", 400, b"MissingAction"),
    (b"Action=", 400, b"MissingAction"),
    (b"Action=Nothing&Version=2010-12-01", 400, b"InvalidAction"),
    (b"Action=%ff", 400, b"InvalidParameterValue"),
    (b"Action=a%00b", 400, b"InvalidParameterValue"),
    (b"Action=%", 400, b"InvalidParameterValue"),
    (b"a=1&a=2", 400, b"InvalidParameterValue"),
    (b"&".join(b"a%d=" % number for number in range(30000)), 400,
     b"InvalidParameterValue"),
    (b"\x00\x01\x02", 400, b"InvalidParameterValue"),
    (b'{"Action":"ListTopics"}', 400, b"MissingAction"),
]


@pytest.mark.parametrize("body,status,code", FORMS,
                         ids=[str(form[0][:24]) for form in FORMS])
def test_forms(host, body, status, code):
    answer = call(host, "POST", "/", body, service="sns")
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "text/xml"
    assert b"<Code>%s</Code>" % code in answer.body


@pytest.mark.parametrize("body", [
    b"Name.member.1=a", b"Name=%3Cb%3E%26&x=y", b"Name=" + b"x" * 100000,
    b"Attributes.entry.1.key=a&Name=ok-1", b"Name=..%2F..",
    b"Attributes.entry.99999999999999999999.key=a&Name=ok-2",
    b"Tags.member.1.Key=k&Name=ok-3",
])
def test_topics(host, body):
    answer = call(host, "POST", "/", b"Action=CreateTopic&Version=2010-03-31&"
                  + body, service="sns")
    assert answer.status in (200, 400), answer
    assert b"<RequestId>" in answer.body
    assert b"<b>" not in answer.body


@pytest.mark.parametrize("query", [
    "Action=ConfirmSubscription", "Action=Unsubscribe",
    "Action=ConfirmSubscription&TopicArn=x&Token=x",
    "Action=Unsubscribe&SubscriptionArn=x",
    "Action=ConfirmSubscription&Token=%ff",
])
def test_anonymous_links(host, query):
    answer = exchange(host, message("GET", "/?" + query, b"", [("Host", "x")]))
    assert answer.status in (400, 403, 404), answer
    assert answer.headers["content-type"] == "text/xml"


def test_other_actions_are_not_anonymous(host):
    for query in ("Action=ListTopics", "Action=CreateTopic&Name=x"):
        answer = exchange(host, message("GET", "/?" + query, b"",
                                        [("Host", "x")]))
        assert answer.status == 403
        assert b"MissingAuthenticationToken" in answer.body


def test_certificate(host):
    """What SigningCertURL names; anybody may have it."""
    answer = exchange(host, message("GET", "/SimpleNotificationService.pem",
                                    b"", [("Host", "x")]))
    assert answer.status == 200
    assert answer.body.startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in answer.body


# --- clients that go

def send_request(recipient, size=10):
    return json.dumps({
        "FromEmailAddress": "s@" + DOMAIN,
        "Destination": {"ToAddresses": [recipient]},
        "Content": {"Simple": {"Subject": {"Data": "gone"}, "Body": {
            "Text": {"Data": "x" * size}}}}}).encode()


@pytest.mark.parametrize("size", [10, 1000000])
def test_client_leaves_while_its_send_waits(verified, size):
    """The gate stands still; 40 clients send and go; then it goes on."""
    gates = [int(pid) for pid in verified.run(
        "pgrep", "-f", "sesame-milter -c %s" % verified.env["SESAME_CONFIG"])
        .stdout.split()]
    name = "left-%d" % size
    body = send_request(name + "@rcpt.example", size)
    for pid in gates:
        os.kill(pid, signal.SIGSTOP)
    try:
        conns = []
        for number in range(40):
            conn = connect(verified)
            headers = [("amz-sdk-invocation-id", "%s-%d" % (name, number))]
            conn.sendall(message("POST", SEND, body, sign(
                verified, "POST", SEND, body, headers)))
            conns.append(conn)
        time.sleep(1)
        for conn in conns[:20]:
            conn.close()
        # Others are served meanwhile.
        check_alive(verified)
    finally:
        for pid in gates:
            os.kill(pid, signal.SIGCONT)
    good = 0
    for conn in conns[20:]:
        with conn, conn.makefile("rb") as file:
            conn.settimeout(90)
            good += read_answer(file).status == 200
    verified.settle()
    assert len(verified.mail(to=name + "@rcpt.example")) >= good
    # Those that left may repeat their requests: none goes out twice.
    for number in range(20):
        headers = [("amz-sdk-invocation-id", "%s-%d" % (name, number))]
        assert call(verified, "POST", SEND, body,
                    headers=headers).status == 200
    verified.settle()
    assert len(verified.mail(to=name + "@rcpt.example")) <= 40


def test_clients_leave_while_their_writes_wait(host):
    for _ in range(5):
        conns = []
        for number in range(30):
            body = json.dumps({"ConfigurationSetName": "left"}).encode()
            conn = connect(host)
            conn.sendall(message("POST", SETS, body,
                                 sign(host, "POST", SETS, body)))
            conns.append(conn)
        for conn in conns:
            conn.close()
    check_alive(host)
    assert call(host, "DELETE", SETS + "/left").status == 200


def test_reset_connections(host):
    """RST in the middle of everything."""
    body = send_request("rst@rcpt.example", 500000)
    data = message("POST", SEND, body, sign(host, "POST", SEND, body))
    for at in (10, 200, 5000, len(data) - 1, len(data)):
        conn = connect(host)
        conn.sendall(data[:at])
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        b"\1\0\0\0\0\0\0\0")
        conn.close()


def test_idle_connections_hold_nothing(host):
    conns = [connect(host) for _ in range(200)]
    check_alive(host)
    for conn in conns:
        conn.sendall(b"POST / HT")
    check_alive(host)
    for conn in conns:
        conn.close()


def test_answers_on_one_connection(host):
    """Errors and successes on one kept connection, in order."""
    with connect(host) as conn, conn.makefile("rb") as file:
        for number in range(20):
            conn.sendall(message("GET", ACCOUNT, b"",
                                 sign(host, "GET", ACCOUNT)))
            assert read_answer(file).status == 200
            conn.sendall(message("GET", "/nothing", b"", [("Host", "x")]))
            assert read_answer(file).status == 404
            body = b"x" * (number * 100000)
            conn.sendall(message("POST", SETS, body, [("Host", "x")]))
            assert read_answer(file).status == 403


# --- the server changes meanwhile

def test_reload(verified):
    """SIGHUP under load: no answer is lost, none is an error."""
    with open(os.path.join(verified.env["SESAME_STATE"],
                           "run/nginx.pid")) as file:
        master = int(file.read())
    alerts = log(verified).count("[alert]")
    end = time.monotonic() + 6

    def client(number):
        # A connection for each request: one that is kept open may be closed
        # by the server at the moment the client writes, whoever serves it.
        body = send_request("reload@rcpt.example")
        address = "/v2/email/suppression/addresses"
        count = 0
        while time.monotonic() < end:
            assert call(verified, "PUT", address, {
                "EmailAddress": "r%d@rcpt.example" % number,
                "Reason": "BOUNCE"}).status == 200
            assert call(verified, "POST", SEND, body).status == 200
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(client, number) for number in range(8)]
        while time.monotonic() < end - 1:
            time.sleep(1.2)
            os.kill(master, signal.SIGHUP)
        sent = sum(one.result() for one in running)
    verified.settle()
    assert len(verified.mail(to="reload@rcpt.example")) == sent
    wait(lambda: [1] * (len(workers(verified)) == 2), 1, 30, "two workers")
    assert log(verified).count("[alert]") == alerts
