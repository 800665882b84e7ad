"""The quota is never exceeded: by clocks that are set, by gates that are
killed, restarted, reloaded, or run side by side

True time here is the steady clock, which a test has run ahead; the wall clock
is what an operator does to it.  What was accepted and what was refused is held
against a model, in which each message has the moments before and after it was
sent: so a test fails for what is certain only.
"""

import collections
import concurrent.futures
import contextlib
import itertools
import os
import random
import re
import signal
import smtplib
import ssl
import subprocess
import threading
import time

import botocore.exceptions
import pytest

from harness.host import wait

DAY = 86400
SLACK = 120  # a minute's bucket leaves as a whole
ACCEPTED, REFUSED, UNSURE = "accepted", "refused", "unsure"
TEXT = "Daily message quota exceeded"
SMTP_TEXT = "4.7.0 Throttling failure: " + TEXT

# What is done to a wall clock: an hour, a leap second, a day, a month.
WALLS = ("+3600s", "-3600s", "-1s", "+90000s", "-90000s", "+2592000s")
# Little enough for nginx's clock and the gate's to agree about a ticket.
NEAR = ("+0s", "-1s", "+1s", "-40s", "+40s")

Try = collections.namedtuple("Try", "before after to how result")


class Customer:
    """An account of its own, its limit, and all that was tried."""

    numbers = itertools.count(1)

    def __init__(self, site, limit):
        number = next(self.numbers)
        self.site, self.limit, self.ahead = site, limit, 0
        self.account = "%012d" % (700000000000 + number)
        self.domain = "quota%d.example" % number
        self.tries = []
        self.addresses = itertools.count(1)
        site.sesamectl("account", "add", self.account)
        site.sesamectl("production", "grant", self.account)
        site.sesamectl("quota", "set", self.account, "--max24", limit,
                       "--rate", "-1")
        key = site.sesamectl("key", "add", self.account, "--json")
        pair = key["access_key_id"], key["secret_access_key"]
        self.login = key["access_key_id"], key["smtp_password"]
        site.verify_domain(self.domain, site.ses(pair), self.account)
        self.ses = site.ses(pair, retries={"total_max_attempts": 1},
                            read_timeout=90)

    def now(self):
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self.ahead

    def pass_to(self, moment):
        self.ahead += max(0, int(moment - self.now()) + 1)
        self.site.set_steady("gate", self.ahead)

    def new(self, number):
        return ["r%d-%s@rcpt.example" % (next(self.addresses), self.account)
                for _ in range(number)]

    def count(self, result):
        return sum(len(one.to) for one in self.tries if one.result == result)

    # --- the model

    def check(self):
        good = [one for one in self.tries if one.result == ACCEPTED]
        for first in good:
            within = sum(len(one.to) for one in good
                         if one.before >= first.before and
                         one.after < first.before + DAY)
            assert within <= self.limit, (first, within, self.tries)
        for refused in self.tries:
            if refused.result != REFUSED:
                continue
            around = sum(len(one.to) for one in self.tries
                         if one.result != REFUSED and
                         one.before < refused.after and
                         one.after > refused.before - DAY - SLACK)
            assert around + len(refused.to) > self.limit, (
                refused, around, self.tries)

    def settle(self):
        """Now it shows which of the unsure ones were accepted."""
        self.site.settle(120)
        got = collections.Counter(rcpt for mail in self.site.mail()
                                  for rcpt in mail.rcpt_tos)
        for place, one in enumerate(self.tries):
            here = {got[rcpt] for rcpt in one.to}
            assert len(here) == 1, one  # to all, or to nobody
            assert here == {1} or one.result != ACCEPTED, one
            assert here == {0} or one.result != REFUSED, one
            if here == {1}:
                self.tries[place] = one._replace(result=ACCEPTED)

    def used(self):
        return self.ses.get_account()["SendQuota"]["SentLast24Hours"]


class Lane:
    """One client, over the API or over SMTP."""

    def __init__(self, customer, how):
        self.customer, self.how = customer, how
        self.session = None

    def __call__(self, number=1):
        customer = self.customer
        to, before = customer.new(number), customer.now()
        result = getattr(self, self.how)(to)
        customer.tries.append(Try(before, customer.now(), to, self.how,
                                  result))
        return result

    def api(self, to):
        try:
            self.customer.ses.send_email(
                FromEmailAddress="s@" + self.customer.domain,
                Destination={"ToAddresses": to},
                Content={"Simple": {"Subject": {"Data": "quota"},
                                    "Body": {"Text": {"Data": "Hello"}}}})
        except botocore.exceptions.ClientError as error:
            answer = error.response
            status = answer["ResponseMetadata"]["HTTPStatusCode"]
            if answer["Error"]["Code"] != "LimitExceededException":
                assert status >= 500, answer
                return UNSURE
            assert (status, answer["Error"]["Message"]) == (400, TEXT + ".")
            return REFUSED
        except botocore.exceptions.HTTPClientError:
            return UNSURE
        return ACCEPTED

    def smtp(self, to):
        try:
            code, reply = self.say(to)
        except (OSError, smtplib.SMTPException) as error:
            code, reply = 0, str(error)
        if code == 250:
            return ACCEPTED
        if code == 454:
            assert reply == SMTP_TEXT
            return REFUSED
        assert code in (0, 421, 451), (code, reply)
        self.close()
        return UNSURE

    def say(self, to):
        sender = "s@" + self.customer.domain
        if self.session is None:
            self.session = connect(self.customer)
        for code, reply in itertools.chain(
                [self.session.mail(sender)],
                (self.session.rcpt(rcpt) for rcpt in to)):
            if code != 250:
                return code, reply.decode()
        code, reply = self.session.data(
            "From: %s\r\nSubject: quota\r\n\r\nHello\r\n" % sender)
        return code, reply.decode()

    def close(self):
        if self.session is not None:
            self.session.close()
        self.session = None


def connect(customer):
    host, _, port = customer.site.env["SESAME_SMTP"].partition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    smtp = smtplib.SMTP(host, int(port), "client.example", timeout=90)
    smtp.starttls(context=context)
    smtp.login(*customer.login)
    return smtp


def lanes_of(customer, *how):
    return [Lane(customer, one) for one in how]


def together(lanes, work):
    """work(lane) for each of them at once; what they return."""
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        return list(pool.map(work, lanes))


def until_full(lane):
    while lane() == ACCEPTED:
        pass


# --- the host

@pytest.fixture(scope="module")
def common(module_host):
    host = module_host("--set", "drain_timeout = 60s")
    host.set_clock("gate", "+0s")
    host.stop("gate")
    host.start("gate")
    return host


@pytest.fixture
def site(common):
    """With its clocks right, for a new customer's quota."""
    common.set_clock("gate", "+0s")
    common.set_steady("gate", 0)
    return common


def gates(site):
    return [int(pid) for pid in site.run(
        "pgrep", "-f", "sesame-milter -c %s" % site.layout.config)
        .stdout.split()]


def kill_at_random(site, rng, pids):
    time.sleep(rng.uniform(0, 0.3))
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    site.start("gate")


def killed(site, rng, lanes):
    """Clients that do not stop, a gate that is killed and comes back."""
    pids, enough = gates(site), threading.Event()

    def work(lane):
        while not enough.is_set():
            lane()

    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        running = [pool.submit(work, lane) for lane in lanes]
        try:
            kill_at_random(site, rng, pids)
        finally:
            enough.set()
        for one in running:
            one.result()


# --- clocks

def test_a_wall_clock_that_is_set(site):
    """It opens no window and closes none; a day that passes does."""
    customer = Customer(site, len(WALLS))
    api, smtp = lanes_of(customer, "api", "smtp")
    first = customer.now()
    for wall in WALLS:
        site.set_clock("gate", wall)
        assert smtp() == ACCEPTED, wall
    last = customer.now()
    for wall in WALLS:
        site.set_clock("gate", wall)
        assert smtp() == REFUSED, wall
    site.set_clock("gate", "+0s")
    assert api() == REFUSED
    assert customer.used() == len(WALLS)

    customer.pass_to(first + DAY - 300)
    assert [api(), smtp()] == [REFUSED, REFUSED]
    customer.pass_to(last + DAY + 61)
    assert [api(), smtp()] == [ACCEPTED, ACCEPTED]
    customer.settle()
    customer.check()
    # the clock was set, indeed
    dates = {mail.rcpt_tos[0]: mail.message["Date"].datetime
             for mail in site.mail()}
    for wall, one in zip(WALLS, customer.tries):
        off = dates[one.to[0]].timestamp() - time.time()
        assert abs(off - int(wall[:-1])) < 600, wall


# --- two gates at once

@contextlib.contextmanager
def second_gate(site, log):
    """One more gate on the same store; Postfix's submission service asks it,
    the one of the API the first."""
    service = "127.0.0.1:%d/inet/smtpd_milters" % site.layout.ports["smtp"]

    def lead_to(name):
        for words in (["postconf", "-c", site.layout.postfix_config, "-P",
                       "%s=unix:sesame/%s" % (service, name)],
                      ["postfix", "-c", site.layout.postfix_config,
                       "reload"]):
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    with open(log, "w") as out:
        gate = subprocess.Popen(
            [os.path.join(site.layout.build, "sesame-milter"),
             "-c", site.layout.config,
             "--milter", "unix:%s/second" % site.layout.sockets,
             "--auth", "unix:%s/second-auth" % site.layout.sockets],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait(lambda: re.findall(" ready: ", log.read_text()), 1, 30,
             "a second gate")
        lead_to("second")
        yield
    finally:
        lead_to("milter")
        gate.send_signal(signal.SIGINT)
        assert gate.wait(30) == 0


def accepted_by(text, customer):
    """The processes that accepted some of the customer's messages."""
    return set(re.findall(
        r"sesame-milter\[(\d+)\]: .* account=%s .* rc=ok " % customer.account,
        text))


def test_two_services(site, tmp_path):
    customer, log = Customer(site, 60), tmp_path / "second.log"

    def second_at_work():  # Postfix is reloaded when its master gets to it
        lane = Lane(customer, "smtp")
        assert lane() == ACCEPTED
        lane.close()
        return accepted_by(log.read_text(), customer)

    with second_gate(site, log):
        wait(second_at_work, 1, 60, "messages of the second gate")
        together(lanes_of(customer, *["api", "smtp"] * 4), until_full)
    assert customer.count(ACCEPTED) == customer.limit == customer.used()
    assert customer.count(UNSURE) == 0
    assert {"api", "smtp"} == {one.how for one in customer.tries
                               if one.result == ACCEPTED}
    assert accepted_by(site.log("gate"), customer)
    customer.settle()
    customer.check()


def test_old_and_new_process(site):
    """After a restart the old one serves the sessions that it has."""
    customer = Customer(site, 40)
    old = lanes_of(customer, *["smtp"] * 4)
    assert together(old, Lane.__call__) == [ACCEPTED] * 4
    site.restart("gate")
    new = lanes_of(customer, *["smtp", "api"] * 2)
    assert together(new, Lane.__call__) == [ACCEPTED] * 4
    together(old + new, until_full)
    assert customer.count(ACCEPTED) == customer.limit == customer.used()
    assert customer.count(UNSURE) == 0
    assert len(accepted_by(site.log("gate"), customer)) == 2
    for lane in old:
        lane.close()
    customer.settle()
    customer.check()


# --- a gate that is killed

@pytest.mark.long
def test_killed_again_and_again(site):
    """What was charged and not accepted is given back, all of it."""
    rng = seeded()
    customer = Customer(site, 400)
    lanes = lanes_of(customer, *["api", "smtp"] * 4)
    for _ in range(5):
        killed(site, rng, lanes)
    customer.settle()
    assert customer.used() == customer.count(ACCEPTED)
    together(lanes, until_full)
    customer.settle()
    customer.check()
    assert customer.count(ACCEPTED) == customer.limit == customer.used()


# --- anything at all

def seeded():
    seed = int(os.environ.get("SESAME_SEED") or
               random.SystemRandom().randrange(1 << 32))
    print("SESAME_SEED=%d" % seed)
    return random.Random(seed)


class Schedule:
    """What happens to a customer's messages, in random order."""

    def __init__(self, site, rng):
        self.site, self.rng = site, rng
        self.customer = Customer(site, rng.randint(12, 40))
        self.lanes = lanes_of(self.customer, *["api", "smtp"] * 2)
        self.wall = "+0s"

    def usable(self):
        return [lane for lane in self.lanes
                if lane.how == "smtp" or self.wall in NEAR]

    def some(self):
        return self.rng.randint(1, max(1, self.customer.limit // 4))

    def one(self):
        self.rng.choice(self.usable())(self.some())

    def burst(self):
        lanes = self.usable()
        numbers = {lane: self.some() for lane in lanes}
        together(lanes, lambda lane: lane(numbers[lane]))

    def time_passes(self):
        most = self.rng.choice([60, 2400, 2400, 80000])
        self.customer.pass_to(self.customer.now() +
                              self.rng.uniform(0, most))

    def clock_is_set(self):
        self.wall = self.rng.choice(WALLS + NEAR + NEAR)
        self.site.set_clock("gate", self.wall)

    def kill(self):
        killed(self.site, self.rng, self.usable())

    def restart(self):
        self.site.restart("gate")
        for lane in self.lanes:
            if self.rng.random() < 0.5:
                lane.close()

    def reload(self):
        self.site.reload("gate")


@pytest.mark.parametrize("steps", [
    60, pytest.param(2000, marks=[pytest.mark.long,
                                  pytest.mark.timeout(1800)])])
def test_random_schedule(site, steps):
    rng = seeded()
    schedule = Schedule(site, rng)
    plan = ([Schedule.one] * steps +
            [Schedule.burst, Schedule.clock_is_set] * (steps // 10) +
            [Schedule.time_passes] * (steps // 4) +
            [Schedule.kill] * max(2, steps // 100) +
            [Schedule.restart, Schedule.reload] * max(1, steps // 200))
    rng.shuffle(plan)
    for number, step in enumerate(plan, 1):
        step(schedule)
        if number % 50 == 0:
            schedule.customer.check()
    for lane in schedule.lanes:
        lane.close()
    customer = schedule.customer
    customer.settle()
    customer.check()
    assert customer.count(ACCEPTED) > steps // 10, customer.tries
    assert customer.count(REFUSED) > steps // 10, customer.tries
