"""GetAccount and the account's own switches, by boto3 and byte by byte"""

import json

import pytest

from raw import call, check_error

SENDING = "/v2/email/account/sending"
SUPPRESSION = "/v2/email/account/suppression"


@pytest.fixture(autouse=True)
def as_it_was(host):
    yield
    ses = host.ses()
    ses.put_account_sending_attributes(SendingEnabled=True)
    ses.put_account_suppression_attributes(
        SuppressedReasons=["BOUNCE", "COMPLAINT"])


def test_account(host):
    account = host.ses().get_account()
    assert account["ProductionAccessEnabled"] is True
    assert account["EnforcementStatus"] == "HEALTHY"
    assert account["SendingEnabled"] is True
    assert account["DedicatedIpAutoWarmupEnabled"] is False
    assert account["SendQuota"]["Max24HourSend"] == -1.0
    assert account["SendQuota"]["SentLast24Hours"] >= 0
    assert account["SuppressionAttributes"]["SuppressedReasons"] == [
        "BOUNCE", "COMPLAINT"]


@pytest.mark.parametrize("body,enabled", [
    (b"", False), (b"{}", False), (b'{"SendingEnabled":false}', False),
    (b'{"SendingEnabled":true}', True), (b'{"SendingEnabled":"false"}', True),
    (b'{"sendingEnabled":true}', False)])
def test_sending(host, body, enabled):
    assert call(host, "PUT", SENDING, body).status == 200
    assert host.ses().get_account()["SendingEnabled"] is enabled


@pytest.mark.parametrize("body,text", [
    (b'{"SendingEnabled":1}',
     "NUMBER_VALUE can not be converted to a Boolean"),
    (b'{"SendingEnabled":null}', None), (b" ", None), (b"[]", None)])
def test_sending_refused(host, body, text):
    answer = call(host, "PUT", SENDING, body)
    check_error(answer, 400, "SerializationException")
    assert json.loads(answer.body)["message"] == text
    assert host.ses().get_account()["SendingEnabled"] is True


def test_suppression(host):
    ses = host.ses()
    for reasons in (["COMPLAINT"], [], ["BOUNCE", "COMPLAINT"]):
        ses.put_account_suppression_attributes(SuppressedReasons=reasons)
        assert ses.get_account()["SuppressionAttributes"][
            "SuppressedReasons"] == reasons
    answer = call(host, "PUT", SUPPRESSION, {"SuppressedReasons": ["SPAM"]})
    check_error(answer, 400, "BadRequestException",
                "1 validation error detected: Value at 'suppressedReasons' "
                "failed to satisfy constraint: Member must satisfy "
                "constraint: [Member must satisfy enum value set: [BOUNCE, "
                "COMPLAINT]]")


def test_the_way_to_production(host):
    """Asked for over the API, answered by the operator."""
    account, ses = host.env["SESAME_ACCOUNT"], host.ses()
    details = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://a.example",
               "ContactLanguage": "EN", "UseCaseDescription": "orders",
               "AdditionalContactEmailAddresses": ["ops@a.example"]}

    def review():
        return ses.get_account()["Details"]["ReviewDetails"]

    def waiting(*options):
        listed = host.sesamectl("production", "list", "--json", *options)
        return [row["status"] for row in listed if row["account"] == account]

    with pytest.raises(Exception) as refused:
        host.sesamectl("production", "deny", account)
    assert "no request that waits" in str(refused.value)
    host.sesamectl("production", "revoke", account)
    try:
        for answer, status in (("deny", "DENIED"), ("grant", "GRANTED")):
            ses.put_account_details(ProductionAccessEnabled=True, **details)
            assert review()["Status"] == "PENDING" and review()["CaseId"]
            assert waiting() == ["PENDING"]
            check_error(call(host, "POST", "/v2/email/account/details",
                             json.dumps(details).encode()), 409,
                        "ConflictException",
                        "Your account details are under review and cannot be "
                        "changed until it is complete.")
            assert ses.get_account()["ProductionAccessEnabled"] is False
            host.sesamectl("production", answer, account)
            assert review()["Status"] == status
            assert waiting() == [] and waiting("--all") == [status]
    finally:
        host.sesamectl("production", "grant", account)
    shown = ses.get_account()
    assert shown["ProductionAccessEnabled"] is True
    shown["Details"].pop("ReviewDetails")
    assert shown["Details"] == details
