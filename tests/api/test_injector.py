"""The injector: what it says to Postfix, and what it makes of the answers

A second nginx on the same store, whose `inject` is a server of the test's
own: a script that plays Postfix, or a proxy before the real one that loses
answers.
"""

import base64
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from harness.host import wait
from harness.ports import HIGH, LOW, claim
from raw import call

SEND = "/v2/email/outbound-emails"
DOMAIN = "injector.example"
QUEUE_ID = "4jYSxR17Mhz1dR2c"
EHLO = b"250-mta.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n"


@pytest.fixture(scope="module")
def verified(host):
    host.verify_domain(DOMAIN)
    return host


class Front:
    """The host, as the second nginx shows it."""

    def __init__(self, host, port, state):
        self.state = state
        self.env = dict(host.env,
                        SESAME_ENDPOINT="http://127.0.0.1:%d" % port)


@contextlib.contextmanager
def front(host, inject):
    """A second nginx that injects at this port."""
    state = tempfile.mkdtemp(prefix="sesame-front-", dir="/var/tmp")
    os.chmod(state, 0o755)
    holder = None
    while holder is None:
        port = random.randrange(LOW, HIGH)
        holder = claim(port)
    with open(host.env["SESAME_CONFIG"]) as file:
        conf = re.sub(r"(?m)^inject = .*$", "inject = 127.0.0.1:%d" % inject,
                      file.read())
    with open(os.path.join(state, "sesame.conf"), "w") as file:
        file.write(conf)
    with open(os.path.join(host.env["SESAME_STATE"],
                           "etc/nginx.conf")) as file:
        conf = file.read()
    old = host.env["SESAME_CONFIG"]
    conf = conf.replace("sesame_config %s;" % old,
                        "sesame_config %s/sesame.conf;" % state)
    conf = conf.replace(host.env["SESAME_ENDPOINT"][len("http://"):],
                        "127.0.0.1:%d" % port)
    conf = re.sub(r"(?m)^pid .*$", "pid %s/pid;" % state, conf)
    conf = re.sub(r"(?m)^error_log .*$", "error_log %s/error.log info;" %
                  state, conf)
    conf = re.sub(r"access_log .*;", "access_log off;", conf)
    conf = re.sub(r"worker_processes .*;", "worker_processes 1;", conf)
    with open(os.path.join(state, "nginx.conf"), "w") as file:
        file.write(conf)
    nginx = subprocess.Popen(
        ["/usr/sbin/nginx", "-p", state, "-c", state + "/nginx.conf",
         "-e", state + "/error.log"], stdin=subprocess.DEVNULL)
    try:
        def listens():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return [1]
            except OSError:
                return []
        wait(listens, 1, 20, "second nginx")
        yield Front(host, port, state)
        with open(state + "/error.log", errors="replace") as file:
            log = file.read()
        assert "[alert]" not in log and "[emerg]" not in log
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.wait(20)
        holder.close()
        shutil.rmtree(state)


class Server:
    """Plays Postfix: one function a connection, in the order they come."""

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.failure = None

    def __enter__(self):
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self.thread.join()
        self.listener.close()
        if self.failure:
            raise self.failure

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            script = self.scripts[min(self.connections,
                                      len(self.scripts) - 1)]
            self.connections += 1
            threading.Thread(target=self.serve, args=(script, conn),
                             daemon=True).start()

    def serve(self, script, conn):
        with conn:
            try:
                script(Talk(conn))
            except AssertionError as error:
                self.failure = error
            except OSError:
                pass


class Talk:
    def __init__(self, conn):
        self.conn, self.buffer = conn, b""
        conn.settimeout(70)

    def say(self, text):
        self.conn.sendall(text)

    def read(self):
        """What the client wrote in one go."""
        if not self.buffer:
            self.buffer = self.conn.recv(1 << 20)
            if not self.buffer:
                raise OSError("closed")
        taken, self.buffer = self.buffer, b""
        return taken

    def ended(self):
        """Did the client close without another word?"""
        try:
            return not self.read()
        except OSError:
            return True

    def hello(self):
        self.say(b"220 mta.test ESMTP\r\n")
        assert re.fullmatch(rb"EHLO \S+\r\n", self.read())
        self.say(EHLO)

    def envelope(self, *replies):
        """MAIL and RCPT in one write; answered one by one."""
        text = self.read()
        lines = text.split(b"\r\n")
        assert lines.pop() == b""
        assert lines[0].startswith(b"MAIL FROM:<")
        assert all(line.startswith(b"RCPT TO:<") for line in lines[1:])
        replies = replies or [b"250 2.1.0 Ok"] * len(lines)
        for reply in replies:
            self.say(reply + b"\r\n")
        return lines

    def data(self):
        """The chunk in a second write."""
        text = self.read()
        head, _, rest = text.partition(b"\r\n")
        size = int(re.fullmatch(rb"BDAT (\d+) LAST", head).group(1))
        while len(rest) < size:
            rest += self.read()
        assert len(rest) == size
        assert re.match(rb"X-Sesame-Ticket: 1 k=[^\r\n]{1,1000}\r\n", rest)
        return rest

    def accept(self, queue_id=QUEUE_ID):
        self.say(b"250 2.0.0 Ok: 62 bytes queued as %s\r\n" %
                 queue_id.encode())

    def message(self):
        self.envelope()
        text = self.data()
        self.accept()
        return text


def body_to(*recipients, text="hello"):
    return {"FromEmailAddress": "s@" + DOMAIN,
            "Destination": {"ToAddresses": list(recipients)},
            "Content": {"Simple": {"Subject": {"Data": "i"},
                                   "Body": {"Text": {"Data": text}}}}}


def send(where, *recipients, headers=(), text="hello"):
    """The answer, and how long it took."""
    started = time.monotonic()
    answer = call(where, "POST", SEND,
                  body_to(*(recipients or ["a@rcpt.example"]), text=text),
                  headers=headers)
    return answer, time.monotonic() - started


def message_id(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)["MessageId"]


def check_busy(answer):
    assert answer.status == 503, answer
    assert answer.headers["x-amzn-errortype"] == "ServiceUnavailable"
    assert json.loads(answer.body) == {"message": "Temporary service failure"}


# --- a script for Postfix

def test_one_connection_many_messages(verified):
    """The whole exchange; the id is the one `sesamectl id` computes."""
    seen = []

    def script(talk):
        talk.hello()
        while True:
            lines = talk.envelope()
            text = talk.data()
            talk.accept()
            seen.append((lines, text))

    with Server(script) as server, front(verified, server.port) as where:
        ids = [message_id(send(where, "a@rcpt.example", "b@rcpt.example")[0])
               for _ in range(3)]
        assert server.connections == 1
    assert len(set(ids)) == 1
    assert verified.sesamectl("id", QUEUE_ID).split()[-1] == ids[0]
    lines, text = seen[0]
    assert [line[:14] for line in lines[1:]] == [b"RCPT TO:<a@rcp",
                                                 b"RCPT TO:<b@rcp"]
    assert len({re.search(rb" r=(\S+) ", text).group(1)
                for _, text in seen}) == 3


def test_refused_recipient(verified):
    """RSET, never BDAT; the connection goes on."""
    said = []

    def script(talk):
        talk.hello()
        talk.envelope(b"250 2.1.0 Ok", b"550 5.1.1 <a@rcpt.example>: no")
        said.append(talk.read())
        talk.say(b"250 2.0.0 Ok\r\n")
        talk.message()
        talk.read()

    with Server(script) as server, front(verified, server.port) as where:
        answer, _ = send(where)
        assert answer.status == 400, answer
        assert answer.headers["x-amzn-errortype"] == "BadRequestException"
        assert "no" in json.loads(answer.body)["message"]
        message_id(send(where)[0])
        assert said == [b"RSET\r\n"] and server.connections == 1


ANSWERS = [
    (b"554 5.7.1 Message rejected: Email address is not verified.", 400,
     "MessageRejected", "Email address is not verified."),
    (b"454 4.7.0 Throttling failure: Maximum sending rate exceeded", 429,
     "TooManyRequestsException", "Maximum sending rate exceeded."),
    (b"454 4.7.0 Throttling failure: Daily message quota exceeded", 400,
     "LimitExceededException", "Daily message quota exceeded."),
    (b"452 4.3.1 Insufficient system storage", 503, "ServiceUnavailable",
     "Temporary service failure"),
    (b"554 5.7.7 Ticket refused", 500, "InternalServiceErrorException",
     "Temporary service failure"),
]


@pytest.mark.parametrize("line,status,error,text", ANSWERS)
def test_answers(verified, line, status, error, text):
    def script(talk):
        talk.hello()
        talk.envelope()
        talk.data()
        talk.say(line + b"\r\n")
        talk.message()
        talk.read()

    with Server(script) as server, front(verified, server.port) as where:
        answer, _ = send(where)
        assert answer.status == status, answer
        assert answer.headers["x-amzn-errortype"] == error
        assert json.loads(answer.body) == {"message": text}
        message_id(send(where)[0])
        assert server.connections == 1


def test_stale_ticket_is_stamped_anew(verified):
    tickets = []

    def script(talk):
        talk.hello()
        talk.envelope()
        tickets.append(talk.data())
        talk.say(b"451 4.7.0 Ticket is stale, stamp it anew\r\n")
        talk.envelope()
        tickets.append(talk.data())
        talk.accept()
        talk.read()

    with Server(script) as server, front(verified, server.port) as where:
        message_id(send(where)[0])
    stamps = [re.search(rb" t=(\d+) ", text).group(1) for text in tickets]
    keys = {re.search(rb" s=(\S+) ", text).group(1) for text in tickets}
    assert stamps[0] != stamps[1] and len(keys) == 1


def good(talk):
    talk.hello()
    while True:
        talk.message()


@pytest.mark.parametrize("reply", [
    b"451 4.7.1 Service unavailable - try again later", b"421 4.3.2 bye"])
@pytest.mark.parametrize("stage", ["envelope", "data"])
def test_gate_gone_and_back(verified, reply, stage):
    """Such an answer: drop the connection, once more on a new one."""
    def script(talk):
        talk.hello()
        if stage == "envelope":
            talk.envelope(reply, b"503 5.5.1 nested")
        else:
            talk.envelope()
            talk.data()
            talk.say(reply + b"\r\n")
        assert talk.ended()

    with Server(script, good) as server, front(verified,
                                               server.port) as where:
        message_id(send(where)[0])
        assert server.connections == 2


def test_gate_stays_gone(verified):
    def script(talk):
        talk.hello()
        talk.envelope(b"451 4.7.1 Service unavailable - try again later",
                      b"503 5.5.1 nested")
        talk.read()

    with Server(script) as server, front(verified, server.port) as where:
        answer, seconds = send(where)
        check_busy(answer)
        assert seconds < 3 and server.connections == 2


def test_idle_connection_was_closed(verified):
    """By the server, with or without a word: a new one is used."""
    def silent(talk):
        talk.hello()
        talk.message()

    def polite(talk):
        talk.hello()
        talk.message()
        talk.say(b"421 4.4.2 mta.test Error: timeout exceeded\r\n")

    with Server(silent, polite, good) as server, front(
            verified, server.port) as where:
        for number in range(3):
            message_id(send(where)[0])
            time.sleep(0.3)
            assert server.connections == number + 1


def test_closed_before_the_message(verified):
    def script(talk):
        talk.hello()
        talk.read()

    with Server(script, good) as server, front(verified,
                                               server.port) as where:
        message_id(send(where)[0])
        assert server.connections == 2


def test_lost_and_nothing_in_the_ledger(verified):
    """Closed after the message, which reached nobody: sent once more."""
    def script(talk):
        talk.hello()
        talk.envelope()
        talk.data()

    with Server(script, good) as server, front(verified,
                                               server.port) as where:
        message_id(send(where)[0])
        assert server.connections == 2
    with Server(script) as server, front(verified, server.port) as where:
        check_busy(send(where)[0])
        assert server.connections == 2


def test_nobody_there(verified):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with front(verified, port) as where:
        answer, seconds = send(where)
        check_busy(answer)
        assert seconds < 3


def test_no_banner(verified):
    with Server(lambda talk: talk.read()) as server, front(
            verified, server.port) as where:
        answer, seconds = send(where)
        check_busy(answer)
        assert 4 < seconds < 8


def test_no_chunking(verified):
    def script(talk):
        talk.say(b"220 x\r\n")
        talk.read()
        talk.say(b"250-x\r\n250 PIPELINING\r\n")
        talk.read()

    with Server(script) as server, front(verified, server.port) as where:
        check_busy(send(where)[0])


JUNK = [b"\x00\xff\r\n", b"x" * 100000, b"999 what\r\n", b"250",
        b"\r\n" * 100]


@pytest.mark.parametrize("junk", JUNK, ids=[str(junk[:10]) for junk in JUNK])
def test_junk(verified, junk):
    """A server that talks nonsense is no Postfix; nothing crashes."""
    def script(talk):
        talk.hello()
        talk.envelope()
        talk.data()
        talk.say(junk)

    with Server(script, good) as server, front(verified,
                                               server.port) as where:
        message_id(send(where)[0])
        message_id(send(where)[0])


def test_at_most_sixteen_connections(verified):
    """40 at once: 16 connections, the others wait in line."""
    gate = threading.Event()
    now = [0, 0]
    lock = threading.Lock()

    def script(talk):
        with lock:
            now[0] += 1
            now[1] = max(now)
        talk.hello()
        while True:
            talk.envelope()
            talk.data()
            gate.wait(30)
            talk.accept()

    with Server(script) as server, front(verified, server.port) as where:
        answers = []
        threads = [threading.Thread(
            target=lambda: answers.append(send(where)[0]))
            for _ in range(40)]
        for thread in threads:
            thread.start()
        wait(lambda: range(server.connections), 16, 20, "connections")
        time.sleep(0.5)
        assert server.connections == 16
        gate.set()
        for thread in threads:
            thread.join(60)
        assert len(answers) == 40
        for answer in answers:
            message_id(answer)
        assert server.connections == 16


def test_slow_reader(verified):
    """A message larger than every buffer, taken in small pieces."""
    def script(talk):
        talk.hello()
        talk.envelope()
        head = b""
        while b"\r\n" not in head:
            head += talk.conn.recv(1)
        size = int(head.split()[1])
        while size > 0:
            size -= len(talk.conn.recv(min(size, 200000)))
            time.sleep(0.001)
        talk.accept()
        talk.read()

    with Server(script) as server, front(verified, server.port) as where:
        message_id(send(where, text="x" * 9000000)[0])


def test_reload_waits_for_its_messages(verified):
    """A worker that quits answers first, then closes its connections."""
    closed = threading.Event()

    def script(talk):
        talk.hello()
        talk.envelope()
        talk.data()
        time.sleep(2)
        talk.accept()
        with contextlib.suppress(OSError):
            assert talk.read() == b"QUIT\r\n"
        closed.set()

    with Server(script) as server, front(verified, server.port) as where:
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(send(where)[0]))
        thread.start()
        wait(lambda: range(server.connections), 1, 20, "connections")
        time.sleep(0.3)
        with open(where.state + "/pid") as file:
            os.kill(int(file.read()), signal.SIGHUP)
        thread.join(30)
        message_id(answers[0])
        assert closed.wait(10)


# --- the real Postfix, and answers that are lost

class LossyProxy:
    """Passes SMTP on; drops the answer to the first `lose` messages."""

    def __init__(self, target, lose):
        host, _, port = target.rpartition(":")
        self.target = host, int(port)
        self.lose, self.lost = lose, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()

    def __enter__(self):
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            for one, other, answers in ((client, server, False),
                                        (server, client, True)):
                threading.Thread(target=self.pump, daemon=True,
                                 args=(one, other, answers)).start()

    def pump(self, one, other, answers):
        with contextlib.suppress(OSError):
            while True:
                data = one.recv(65536)
                if answers and b"queued as" in data:
                    with self.lock:
                        drop = self.lost < self.lose
                        self.lost += drop
                    if drop:
                        break
                if not data:
                    break
                other.sendall(data)
        for conn in (one, other):
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)


def test_lost_answer_is_found_in_the_ledger(verified):
    """Postfix has it, nobody heard: one message, and its id."""
    with LossyProxy(verified.env["SESAME_INJECT"], 1) as proxy, front(
            verified, proxy.port) as where:
        found = message_id(send(where, "ledger@rcpt.example")[0])
        assert proxy.lost == 1
    verified.settle()
    mails = verified.mail(to="ledger@rcpt.example")
    assert len(mails) == 1
    assert found in mails[0].header("Message-ID")


def test_every_answer_lost(verified):
    with LossyProxy(verified.env["SESAME_INJECT"], 1000) as proxy, front(
            verified, proxy.port) as where:
        ids = [message_id(send(where, "all-%d@rcpt.example" % number)[0])
               for number in range(5)]
        assert proxy.lost == 5
    assert len(set(ids)) == 5
    verified.settle()
    for number in range(5):
        assert len(verified.mail(to="all-%d@rcpt.example" % number)) == 1


def test_named_by_the_client(verified):
    """Idempotency-Key: the same request again has the same id; another
    request under the name is refused."""
    name = [("Idempotency-Key", "order-42")]
    first = message_id(send(verified, "named@rcpt.example",
                            headers=name)[0])
    verified.settle()
    again = message_id(send(verified, "named@rcpt.example",
                            headers=name)[0])
    assert first == again
    other, _ = send(verified, "other@rcpt.example", headers=name)
    assert other.status == 400
    assert other.headers["x-amzn-errortype"] == "BadRequestException"
    assert "idempotency key" in json.loads(other.body)["message"]
    verified.settle()
    assert len(verified.mail(to="named@rcpt.example")) == 1
    assert verified.mail(to="other@rcpt.example") == []


def test_a_header_that_is_none(verified):
    """Raw content that would stretch the ticket or end the header."""
    for text in (" folded\r\nFrom: s@%s\r\n\r\nx", "From s@%s Tue\r\n\r\nx",
                 "\r\nFrom: s@%s\r\n\r\nx", "X-Sesame-Ticket\r\n : %s\r\n\r\n"):
        data = base64.b64encode((text % DOMAIN).encode()).decode()
        body = {"FromEmailAddress": "s@" + DOMAIN,
                "Destination": {"ToAddresses": ["none@rcpt.example"]},
                "Content": {"Raw": {"Data": data}}}
        answer = call(verified, "POST", SEND, body)
        assert answer.status == 400, (text, answer)
    verified.settle()
    assert verified.mail(to="none@rcpt.example") == []
