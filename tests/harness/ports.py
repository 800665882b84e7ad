"""ports - free loopback ports that stay ours while nobody listens on them

A socket that is bound but does not listen keeps other programs from picking
the port (and the kernel from handing it to a client), while a server that
sets SO_REUSEADDR, as all of ours do, can still take it.
"""

import random
import socket

from harness.layout import LOOPBACK, PORTS, HostError

LOW, HIGH = 20000, 32000  # below the kernel's range for clients


def claim(port):
    """A placeholder on this port, or None if somebody has it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return None
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((LOOPBACK, port))  # without SO_REUSEADDR: strict
        except OSError:
            return None
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((LOOPBACK, port))
    except OSError:
        holder.close()
        return None
    return holder


def claim_all(more=()):
    """({name: port}, [placeholders]) for every name in PORTS, and more."""
    ports, holders = {}, []
    for name in PORTS + tuple(more):
        for _ in range(1000):
            port = random.randrange(LOW, HIGH)
            holder = claim(port)
            if holder is not None:
                break
        else:
            raise HostError("no free loopback port for %s" % name)
        ports[name] = port
        holders.append(holder)
    return ports, holders
