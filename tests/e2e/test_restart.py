"""Daemons restarted and reloaded under load: no client notices

Eight clients that do not retry send over API and SMTP, without a pause.
"""

import queue
import re
import threading

import pytest

from harness.host import wait
from load import Load
from verdict import quota_adds_up, verdicts

DOMAIN = "restart.example"
RELOADED = r"reload: configuration and keys are read"


@pytest.fixture
def loaded(new_host):
    # Longer than any session of these clients lasts, on a slow machine, too.
    host = new_host("--set", "drain_timeout = 10m")
    host.verify_domain(DOMAIN)
    host.subscribe("restarts")
    return host


def reload(host, part):
    before = len(re.findall(RELOADED, host.log(part)))
    host.reload(part)
    wait(lambda: re.findall(RELOADED, host.log(part)), before + 1, 60,
         "reloads of the " + part)


class Stream(Load):
    """Clients that send until they are told that it is enough."""

    def __init__(self, host):
        super().__init__(host, DOMAIN, count=0, config_set="restarts")
        self.todo, self.enough = self, threading.Event()
        self.number = 0

    def get_nowait(self):
        if self.enough.is_set():
            raise queue.Empty
        with self.lock:
            self.number += 1
            number = self.number
        return ("load %d" % number,
                [("reply-550-5.1.1-%d@rcpt.example" if number % 10 == 0 else
                  "user-%d@rcpt.example") % number])

    def more(self, count=20):
        """Wait for some more answers."""
        before = self.answered()
        wait(lambda: range(self.answered() - before), count, 60, "answers")

    def run_during(self, stir):
        def during():
            try:
                stir()
            finally:
                self.enough.set()
        self.run(during)


@pytest.mark.parametrize("rounds", [
    1, pytest.param(5, marks=pytest.mark.long)])
def test_gate(loaded, rounds):
    """In each round four reloads and a restart."""
    load = Stream(loaded)

    def stir():
        for _ in range(rounds):
            for _ in range(4):
                reload(loaded, "gate")
                load.more(10)
            loaded.restart("gate")
            load.more(10)

    load.run_during(stir)
    assert load.bad == []
    loaded.settle(120)
    verdicts(loaded, load)
    quota_adds_up(loaded)
    assert "session.cut" not in loaded.sesamectl("status",
                                                 "--json")["counters"]


def test_agent(loaded):
    """Every event is told of once, whatever is reloaded and restarted."""
    load = Stream(loaded)

    def stir():
        for _ in range(4):
            reload(loaded, "agent")
            load.more(10)
        loaded.restart("agent")
        load.more(10)

    load.run_during(stir)
    assert load.bad == []
    loaded.settle(120)
    verdicts(loaded, load)
    quota_adds_up(loaded)
