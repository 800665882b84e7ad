"""name_server - a name server of the tests' own, that answers as it likes

It serves domains whose first label is the name of a way to answer (WAYS):
wrong ids, loops of compression pointers, answers that never end.  While it
is `mended` it answers all of them rightly.  It listens at several addresses
of loopback, some without TCP.  Whoever asks for a name elsewhere gets the
answer of the private resolver.
"""

import contextlib
import socket
import struct
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 60
TXT = dns.rdatatype.TXT
DRIP_SECONDS = 0.2


def record(owner, kind, *values, ttl=TTL):
    return dns.rrset.from_text(owner, ttl, "IN", kind, *values)


def quoted(text):
    return " ".join('"%s"' % text[at:at + 255]
                    for at in range(0, len(text), 255))


def raw(owner, kind, rdata, ttl=TTL):
    """A record as on the wire."""
    return dns.name.from_text(owner).to_wire() + struct.pack(
        "!HHIH", kind, 1, ttl, len(rdata)) + rdata


def with_answer(q, answer, count=1, rcode=dns.rcode.NOERROR):
    """Head and question of a reply, then what is given as its answer."""
    bare = q.empty(rcode)
    bare.use_edns(False)
    wire = bytearray(bare.to_wire())
    wire[6:8] = struct.pack("!H", count)
    return bytes(wire) + answer


class Question:
    """One query, and what would be right to say."""

    def __init__(self, server, wire, address):
        self.query = dns.message.from_wire(wire)
        self.name = self.query.question[0].name.to_text().lower()
        self.kind = self.query.question[0].rdtype
        self.server, self.address = server, address
        labels = self.name.rstrip(".").split(".")
        self.domain = next((domain for domain in server.keys
                            if self.name.endswith("." + domain + ".") or
                            self.name == domain + "."), None)
        self.way = self.domain and self.domain.partition(".")[0]
        self.ours = ".".join(labels[-2:]) in server.zones

    @property
    def is_key(self):
        return self.kind == TXT and "._domainkey." in self.name

    @property
    def is_first(self):
        """Came to the first of the two servers?"""
        return self.address == self.server.addresses[0]

    def empty(self, rcode=dns.rcode.NOERROR):
        reply = dns.message.make_response(self.query)
        reply.flags |= dns.flags.AA | dns.flags.RA
        reply.set_rcode(rcode)
        return reply

    def right(self, ttl=TTL):
        reply = self.empty()
        if self.domain and self.kind == dns.rdatatype.SOA and (
                self.name == self.domain + "."):
            reply.answer.append(record(
                self.name, "SOA",
                "ns.%s. hostmaster.%s. 7 60 60 60 0" % (2 * (self.domain,)),
                ttl=ttl))
        elif self.domain and self.is_key and (
                self.name == self.server.keys[self.domain][0]):
            reply.answer.append(record(
                self.name, "TXT", quoted(self.server.keys[self.domain][1]),
                ttl=ttl))
        elif self.name != (self.domain or "") + ".":
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def cut(self):
        """Nothing, and come again by TCP."""
        reply = self.empty()
        reply.flags |= dns.flags.TC
        return reply


# --- ways to answer: the datagrams of an answer, from a question ------------

def other_id(q):
    reply = q.right()
    reply.id ^= 1
    return [reply]


def other_question(q):
    query = dns.message.make_query("other." + q.name, q.kind)
    reply = dns.message.make_response(query)
    reply.id = q.query.id
    return [reply]


def other_type(q):
    query = dns.message.make_query(q.name, "A")
    reply = dns.message.make_response(query)
    reply.id = q.query.id
    reply.answer.append(record(q.name, "A", "192.0.2.1"))
    return [reply]


def loop(q):
    """A name whose compression pointer points at itself."""
    head = with_answer(q, b"")
    return [with_answer(q, struct.pack(
        "!HHHIH", 0xc000 | len(head), TXT, 1, TTL, 2) + b"\1x")]


def long_loop(q):
    """Of two pointers, in a label each."""
    head = with_answer(q, b"")
    return [with_answer(q, b"\1a" + struct.pack(
        "!H", 0xc000 | len(head)) + struct.pack("!HHIH", TXT, 1, TTL, 2) +
        b"\1x")]


def outside(q):
    """A pointer beyond the end."""
    return [with_answer(q, b"\xff\xff" + struct.pack(
        "!HHIH", TXT, 1, TTL, 2) + b"\1x")]


def long_count(q):
    return [with_answer(q, raw(q.name, TXT, b"\1x"), 65535)]


def long_rdata(q):
    """A record that says it is longer than the message."""
    return [with_answer(q, dns.name.from_text(q.name).to_wire() + struct.pack(
        "!HHIH", TXT, 1, TTL, 60000) + b"\1x")]


def long_string(q):
    """A string longer than its record."""
    if q.kind != TXT:
        return [q.right()]
    return [with_answer(q, raw(q.name, TXT, b"\xf0v=DKIM1"))]


def no_string(q):
    if q.kind != TXT:
        return [q.right()]
    return [with_answer(q, raw(q.name, TXT, b""))]


def half(q):
    wire = q.right().to_wire()
    return [wire[:len(wire) // 2]]


def garbage(q):
    return [struct.pack("!H", q.query.id) + bytes(range(0x85, 0xfe)) * 3]


def short(q):
    return [b"", struct.pack("!H", q.query.id), b"\0" * 12]


def is_query(q):
    reply = q.right()
    wire = bytearray(reply.to_wire())
    wire[2] &= 0x7f
    return [bytes(wire)]


def respelt(q, name, ttl=TTL):
    """The right answer, its records with another name and time."""
    reply = q.right()
    answer = b"".join(raw(name, rrset.rdtype, rdata.to_wire(), ttl)
                      for rrset in reply.answer for rdata in rrset)
    return [with_answer(q, answer, len(reply.answer), reply.rcode())]


def other_case(q):
    return respelt(q, q.name.swapcase())


def with_ttl(ttl):
    return lambda q: respelt(q, q.name, ttl)


def wrong(q):
    reply = q.empty()
    if q.kind == TXT:
        reply.answer.append(record(q.name, "TXT", '"v=DKIM1; k=rsa; p=QUJD"'))
        return reply
    return q.right()


def outside_zone(q):
    """An alias to another zone, and the key there, of which we know
    nothing."""
    if not q.is_key:
        return [q.right()]
    reply, name = q.empty(), "key.poisoned.example."
    reply.answer.append(record(q.name, "CNAME", name))
    for rrset in q.right().answer:
        reply.answer.append(record(name, "TXT", rrset[0].to_text()))
    return [reply]


def odd_soa(q):
    """Bytes in the names of the zone's SOA that no row should hold."""
    if q.kind != dns.rdatatype.SOA or q.name != q.domain + ".":
        return [q.right()]
    names = b"\6n.s\"\\\0\0" + b"\4\xff\xfe\n;\1\xe9\0"
    return [with_answer(q, raw(q.name, dns.rdatatype.SOA, names +
                               struct.pack("!5I", 7, 60, 60, 60, 0)))]


def referral(q, zone, host):
    reply = dns.message.make_response(q.query)
    reply.authority.append(record(zone, "NS", host))
    return [reply]


def coded(rcode):
    return lambda q: [q.empty(rcode)]


def split(other):
    """One of the servers right, the other otherwise."""
    return lambda q: [q.right()] if q.is_first else other(q)


def denied(q):
    return [q.empty(dns.rcode.NXDOMAIN)]


def no_type(q):
    return [q.empty()]


def silent(q):
    return []


def by_tcp(q):
    return [q.cut()]


WAYS = {
    "right": lambda q: [q.right()],
    "other-id": other_id,
    "other-question": other_question,
    "other-type": other_type,
    "loop": loop,
    "long-loop": long_loop,
    "outside": outside,
    "long-count": long_count,
    "long-rdata": long_rdata,
    "long-string": long_string,
    "no-string": no_string,
    "half": half,
    "garbage": garbage,
    "short": short,
    "query": is_query,
    "case": other_case,
    "ttl-zero": with_ttl(0),
    "ttl-huge": with_ttl(0x7fffffff),
    "ttl-negative": with_ttl(0xffffffff),
    "right-wrong": lambda q: [q.right(), wrong(q)],
    "wrong-right": lambda q: [wrong(q), q.right()],
    "poison": outside_zone,
    "odd-soa": odd_soa,
    "upward": lambda q: referral(q, ".", "a.root.example."),
    "sideways": lambda q: referral(q, "other.example.", "ns.other.example."),
    "itself": lambda q: referral(q, q.domain + ".", "ns." + q.domain + "."),
    "servfail": coded(dns.rcode.SERVFAIL),
    "refused": coded(dns.rcode.REFUSED),
    "formerr": coded(dns.rcode.FORMERR),
    "notimp": coded(dns.rcode.NOTIMP),
    "denied": denied,
    "no-type": no_type,
    "silent": silent,
    "one-servfail": split(coded(dns.rcode.SERVFAIL)),
    "one-silent": split(silent),
    "one-denied": split(denied),
    "one-garbage": split(garbage),
    "tcp": by_tcp,
    "tcp-close": by_tcp,
    "tcp-drip": by_tcp,
    "tcp-endless": by_tcp,
    "tcp-refused": by_tcp,
}


# --- and by TCP, what is written to the connection --------------------------

def framed(reply):
    wire = reply.to_wire()
    return struct.pack("!H", len(wire)) + wire


def drip(connection, q):
    for byte in framed(q.right()):
        connection.sendall(bytes([byte]))
        time.sleep(DRIP_SECONDS)


def endless(connection, q):
    chunk = struct.pack("!H", q.query.id) * 4096
    connection.sendall(b"\xff\xff")
    while True:
        connection.sendall(chunk)


TCP_WAYS = {
    "tcp-close": lambda connection, q: None,
    "tcp-drip": drip,
    "tcp-endless": endless,
}


class NameServer:
    """`keys` are {domain: (name of its key record, text)}."""

    def __init__(self, zones, addresses, without_tcp, port, resolver):
        self.zones, self.addresses = zones, addresses
        self.port, self.resolver = port, resolver
        self.keys, self.mended, self.closed = {}, False, False
        self.asked = {}  # how often, about which domain
        self.sockets = []
        for address in addresses + without_tcp:
            self.listen(address, socket.SOCK_DGRAM, self.serve_udp)
        for address in addresses:
            self.listen(address, socket.SOCK_STREAM, self.serve_tcp)

    def listen(self, address, kind, serve):
        sock = socket.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, self.port))
        if kind == socket.SOCK_STREAM:
            sock.listen(64)
        self.sockets.append(sock)
        self.thread(serve, sock, address)

    def thread(self, *words):
        threading.Thread(target=self.quietly, args=words,
                         daemon=True).start()

    def quietly(self, serve, *words):
        with contextlib.suppress(OSError):  # closed by either side
            serve(*words)

    def serve_udp(self, sock, address):
        while not self.closed:
            wire, peer = sock.recvfrom(4096)
            if len(wire) >= 12:  # not our own end
                self.thread(self.answer_udp, sock, address, wire, peer)

    def answer_udp(self, sock, address, wire, peer):
        for reply in self.answers(wire, address):
            sock.sendto(reply if isinstance(reply, bytes)
                        else reply.to_wire(), peer)

    def answers(self, wire, address):
        q = Question(self, wire, address)
        if not q.ours:
            return self.relay(q.query)
        self.asked[q.domain] = self.asked.get(q.domain, 0) + 1
        if self.mended or q.way is None:
            return [q.right()]
        return WAYS[q.way](q)

    def relay(self, query):
        host, _, port = self.resolver.partition(":")
        try:
            reply = dns.query.udp(dns.message.make_query(
                query.question[0].name, query.question[0].rdtype), host,
                timeout=2, port=int(port))
        except dns.exception.DNSException:
            return []
        reply.id = query.id
        return [reply]

    def serve_tcp(self, sock, address):
        while not self.closed:
            connection, _ = sock.accept()
            self.thread(self.answer_tcp, connection, address)

    def answer_tcp(self, connection, address):
        with connection:
            connection.settimeout(30)
            stream = connection.makefile("rb")
            head = stream.read(2)
            while len(head) == 2:
                wire = stream.read(*struct.unpack("!H", head))
                if len(wire) < 12:  # the end, in the middle
                    return
                q = Question(self, wire, address)
                way = TCP_WAYS.get(q.way)
                if way is None or self.mended:
                    connection.sendall(framed(q.right()))
                else:
                    way(connection, q)
                    return
                head = stream.read(2)

    def close(self):
        self.closed = True
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
