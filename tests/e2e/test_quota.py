"""The quota is exact, over API and SMTP mixed"""

import os
import subprocess

import botocore.exceptions
import pytest

from harness.layout import TESTS, build_dir
from load import Load

DOMAIN = "example.com"


def test_25_against_10(new_host):
    host = new_host("--quota", "10")
    host.verify_domain(DOMAIN)
    load = Load(host, DOMAIN, count=25, clients=25, bounce_every=1000)
    while not load.todo.empty():  # one recipient each
        load.todo.get()
    for number in range(25):
        load.todo.put(("q %d" % number, ["q-%d@rcpt.example" % number]))
    load.run()
    assert len(load.good) == 10, (load.good, load.bad)
    assert {"api", "smtp"} == ({sent.how for sent in load.good} |
                               set(load.tried))
    texts = {str(error) for _, error in load.bad}
    assert all("Daily message quota exceeded" in text for text in texts), texts
    host.settle(30)
    assert len(host.mail()) == 10
    quota = host.ses().get_account()["SendQuota"]
    assert quota["SentLast24Hours"] == 10
    assert quota["Max24HourSend"] == 10


def test_whole_or_not_at_all(new_host):
    host = new_host("--quota", "5")
    host.verify_domain(DOMAIN)
    ses = host.ses(retries={"total_max_attempts": 1})

    def send(count):
        return ses.send_email(
            FromEmailAddress="s@" + DOMAIN,
            Destination={"ToAddresses": ["r%d@rcpt.example" % number
                                         for number in range(count)]},
            Content={"Simple": {"Subject": {"Data": "x"},
                                "Body": {"Text": {"Data": "x"}}}})

    send(2)
    with pytest.raises(ses.exceptions.LimitExceededException) as refused:
        send(4)
    assert refused.value.response["Error"]["Message"] == \
        "Daily message quota exceeded."
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 2
    send(3)
    answer = host.swaks("s@" + DOMAIN, "last@rcpt.example")
    assert answer.code == 454
    assert "Throttling failure: Daily message quota exceeded" in answer.reply


def test_rate(new_host):
    host = new_host("--rate", "5")
    host.verify_domain(DOMAIN)
    ses = host.ses(retries={"total_max_attempts": 1})
    good = bad = 0
    for number in range(15):
        try:
            ses.send_email(
                FromEmailAddress="s@" + DOMAIN,
                Destination={"ToAddresses": ["r@rcpt.example"]},
                Content={"Simple": {"Subject": {"Data": str(number)},
                                    "Body": {"Text": {"Data": "x"}}}})
            good += 1
        except ses.exceptions.TooManyRequestsException as error:
            assert error.response["Error"]["Message"] == \
                "Maximum sending rate exceeded."
            bad += 1
        except botocore.exceptions.ClientError:
            raise
    assert good >= 5 and bad > 0
    account = ses.get_account()["SendQuota"]
    assert account["MaxSendRate"] == 5
    assert account["SentLast24Hours"] == good


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["quota_model", "suppression_many"])
def test_long_forms_of_unit_tests(name):
    """A long random schedule against the model; a million suppressed."""
    program = os.path.join(build_dir(), "unit", "test_" + name)
    subprocess.run(["make", "-s", "B=" + build_dir(), program], check=True,
                   cwd=os.path.dirname(TESTS))
    subprocess.run([program], check=True,
                   env=dict(os.environ, SESAME_LONG="1"))
