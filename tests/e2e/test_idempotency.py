"""A lost answer and a repeated request are one message with one id"""

import concurrent.futures
import json

import botocore.exceptions
import pytest

from proxy import Proxy
from signed import signed_post

DOMAIN = "idem.example"

MESSAGE = {
    "FromEmailAddress": "s@" + DOMAIN,
    "Content": {"Simple": {"Subject": {"Data": "once"},
                           "Body": {"Text": {"Data": "x"}}}},
}


@pytest.fixture(scope="module")
def verified(host):
    host.verify_domain(DOMAIN)
    return host


def message_to(recipient):
    return dict(MESSAGE, Destination={"ToAddresses": [recipient]})


def test_answer_lost_and_the_sdk_retries(verified):
    target = verified.env["SESAME_ENDPOINT"][len("http://"):]
    with Proxy(target) as proxy:
        ses = verified.client("sesv2", endpoint=proxy.url,
                              retries={"total_max_attempts": 3,
                                       "mode": "standard"})
        proxy.drop(1)
        answer = ses.send_email(**message_to("lost@rcpt.example"))
        assert proxy.dropped == 1
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    verified.settle()
    mails = verified.mail(to="lost@rcpt.example")
    assert len(mails) == 1
    assert answer["MessageId"] in mails[0].header("Message-ID")


def test_two_at_once(verified):
    body = json.dumps(message_to("twice@rcpt.example"))
    headers = {"amz-sdk-invocation-id": "11111111-2222-4333-8444-555555555555"}

    def post(_):
        return signed_post(verified, "/v2/email/outbound-emails", body,
                           headers)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["MessageId"] for answer in answers}) == 1
    verified.settle()
    assert len(verified.mail(to="twice@rcpt.example")) == 1


def test_same_name_for_another_message(verified):
    headers = {"amz-sdk-invocation-id": "99999999-2222-4333-8444-555555555555"}
    first = signed_post(verified, "/v2/email/outbound-emails",
                        json.dumps(message_to("first@rcpt.example")), headers)
    second = signed_post(verified, "/v2/email/outbound-emails",
                         json.dumps(message_to("other@rcpt.example")),
                         headers)
    assert first.status_code == 200
    assert second.status_code == 400
    assert second.headers["x-amzn-ErrorType"] == "BadRequestException"
    verified.settle()
    assert not verified.mail(to="other@rcpt.example")


def test_refused_is_not_remembered(verified):
    """A retry of a refused message is judged anew."""
    verified.sesamectl("account", "pause", verified.env["SESAME_ACCOUNT"])
    headers = {"amz-sdk-invocation-id": "77777777-2222-4333-8444-555555555555"}
    body = json.dumps(message_to("again@rcpt.example"))
    try:
        answer = signed_post(verified, "/v2/email/outbound-emails", body,
                             headers)
        assert answer.headers["x-amzn-ErrorType"] == "SendingPausedException"
    finally:
        verified.sesamectl("account", "resume",
                           verified.env["SESAME_ACCOUNT"])
    assert signed_post(verified, "/v2/email/outbound-emails", body,
                       headers).status_code == 200


def test_unknown_host_is_no_success(verified):
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        verified.client("sesv2", endpoint="http://127.0.0.1:9",
                        retries={"total_max_attempts": 1}).get_account()
