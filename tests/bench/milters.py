"""milters - the gate beside no milter, one that accepts all, and OpenDKIM

The gate does all it does for a bound account: rules, quota, ledger, DKIM
(rsa2048 relaxed/simple, as OpenDKIM), durable commit.  Processor time is
that of the milter's processes.  The agent, who follows the log at its
leisure, is stopped while the throughput into the queue is measured.  One row
adds the second signature (Ed25519) that the gate makes unless told otherwise.
"""

from bench.rig import Rig, cpu

CPU = "processor time of a message / OpenDKIM's"
RATE = "messages/s into the queue / %s"

SECOND = "gate_cpu_vs_opendkim_5k_ed25519"

# name: unit, peer, goal
GOALS = {
    "gate_cpu_vs_opendkim_5k": (CPU, "opendkim", ("<=", 0.45)),
    "gate_cpu_vs_opendkim_100k": (CPU, "opendkim", ("<=", 0.45)),
    SECOND: (CPU, "opendkim"),
    "gate_cpu_5k": ("microseconds of processor a message",),
    "opendkim_cpu_5k": ("microseconds of processor a message",),
    "gate_throughput_vs_acceptall": (
        RATE % "accept-all milter's", "acceptall", (">=", 0.85)),
    "gate_throughput_vs_none": (RATE % "no milter's", "none"),
    "gate_throughput_vs_opendkim": (
        RATE % "OpenDKIM's", "opendkim", (">=", 1.3)),
}

CPU_CLIENTS, RATE_CLIENTS = 4, 16
SIZES = {"5k": (5120, 600), "100k": (102400, 200)}  # bytes, messages
RATE_COUNT = 1000


def spent(rig, kind, count, size):
    """Microseconds of processor time that a message costs its milter."""
    rig.rest()
    before = cpu(rig.pid(kind))
    rig.send(kind, count, CPU_CLIENTS, size)
    return (cpu(rig.pid(kind)) - before) / count * 1e6


def pairs(rig, rounds, name, size, count):
    """(gate, OpenDKIM) of each round, in microseconds a message."""
    for number in range(-1, rounds):
        gate, peer = (spent(rig, kind, count, size)
                      for kind in ("gate", "opendkim"))
        if number < 0:
            continue  # caches fill
        print("round %d  %-31s gate %6.0f us  opendkim %6.0f us  %.3f" % (
            number + 1, name, gate, peer, gate / peer), flush=True)
        yield gate, peer


def measure_cpu(rig, rounds, wanted, found):
    for label, (size, count) in SIZES.items():
        name = "gate_cpu_vs_opendkim_" + label
        if name not in wanted and not (
                label == "5k" and {"gate_cpu_5k", "opendkim_cpu_5k"} &
                set(wanted)):
            continue
        for gate, peer in pairs(rig, rounds, name, size, count):
            found.setdefault(name, []).append(gate / peer)
            if label == "5k":
                found.setdefault("gate_cpu_5k", []).append(gate)
                found.setdefault("opendkim_cpu_5k", []).append(peer)


def measure_rate(rig, rounds, wanted, found):
    kinds = ("none", "acceptall", "opendkim", "gate")
    if not any(name.startswith("gate_throughput") for name in wanted):
        return
    rig.host.stop("agent")
    for number in range(-1, rounds):
        rates = {}
        for kind in kinds:
            rig.rest()
            rates[kind] = RATE_COUNT / rig.send(kind, RATE_COUNT,
                                                RATE_CLIENTS, SIZES["5k"][0])
        if number < 0:
            continue
        print("round %d  messages/s: %s" % (number + 1, "  ".join(
            "%s %.0f" % (kind, rates[kind]) for kind in kinds)), flush=True)
        for peer in kinds[:3]:
            found.setdefault("gate_throughput_vs_" + peer, []).append(
                rates["gate"] / rates[peer])


def measure(build, rounds, wanted):
    found = {}
    if set(wanted) & set(GOALS) - {SECOND}:
        rig = Rig(build)
        try:
            measure_cpu(rig, rounds, wanted, found)
            measure_rate(rig, rounds, wanted, found)
        finally:
            rig.down()
    if SECOND in wanted:
        rig = Rig(build, ed25519="yes")
        try:
            size, count = SIZES["5k"]
            found[SECOND] = [gate / peer for gate, peer in
                             pairs(rig, rounds, SECOND, size, count)]
        finally:
            rig.down()
    return found
