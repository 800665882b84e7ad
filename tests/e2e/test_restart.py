"""Daemons restarted and reloaded under load: no client notices

Eight clients that do not retry send over API and SMTP, without a pause.
"""

import re

import pytest

from harness.host import wait
from load import Stream
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


@pytest.mark.parametrize("rounds", [
    1, pytest.param(5, marks=pytest.mark.long)])
def test_gate(loaded, rounds):
    """In each round four reloads and a restart."""
    load = Stream(loaded, DOMAIN, "restarts")

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
    load = Stream(loaded, DOMAIN, "restarts")

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
