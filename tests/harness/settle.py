"""settle - wait until a private host is at rest

At rest: the queue is empty, the agent has read the whole delivery log, no
ledger entry waits for proof or for an end, and no destination is owed an event; seen twice
with nothing new in between.
"""

import json
import os
import time

from harness import sesame
from harness.layout import HostError
from harness.process import run

POLL_SECONDS = 0.15


def queued(layout):
    """What the queue holds, a line each."""
    done = run(["/usr/sbin/postqueue", "-c", layout.postfix_config, "-j"])
    if done.returncode:
        raise HostError("postqueue: %s" % done.stdout.strip())
    found = []
    for line in done.stdout.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        found.append("%s in %s: %s" % (
            entry.get("queue_id"), entry.get("queue_name"), ", ".join(
                "%s (%s)" % (rcpt.get("address"),
                             rcpt.get("delay_reason", "not tried"))
                for rcpt in entry.get("recipients", []))))
    drop = layout.path("queue", "maildrop")
    found += ["%s in maildrop" % name for name in os.listdir(drop)]
    return found


def outstanding(layout):
    """(what is still to be done, a value that changes with any progress)"""
    todo = queued(layout)
    size = os.stat(layout.maillog).st_size
    status = json.loads(sesame.sesamectl(layout, "status", "--json"))
    offset = (status.get("maillog") or {}).get("offset", 0)
    if offset < size:
        todo.append("the agent has read %d of %d bytes of the delivery log"
                    % (offset, size))
    if status.get("prepared"):
        todo.append("%d messages without proof" % status["prepared"])
    if status.get("open"):
        todo.append("%d messages without an end" % status["open"])
    todo += ["%d events owed to %s of %s" % (
        entry["lag"], entry.get("subscription") or entry.get("destination"),
        entry.get("configuration_set"))
        for entry in status.get("destinations", []) if entry.get("lag")]
    return todo, (size, status.get("events_end"), status.get("messages"))


def settle(layout, seconds):
    """Return when the host is at rest; HostError with the rest, if late."""
    end = time.monotonic() + seconds
    before = None
    while True:
        try:
            todo, progress = outstanding(layout)
        except ValueError as error:
            raise HostError("sesamectl status: %s" % error)
        if not todo and before == progress:
            return
        before = progress if not todo else None
        if time.monotonic() > end:
            raise HostError("not settled after %g s:\n  %s" % (
                seconds, "\n  ".join(todo or ["something still moves"])))
        time.sleep(POLL_SECONDS)
