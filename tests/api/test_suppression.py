"""The suppression list: put, show, list, delete"""

import datetime

import pytest
from botocore.exceptions import ClientError

from raw import call, check_error

LIST = "/v2/email/suppression/addresses"


def refused(action, error, text=None):
    with pytest.raises(ClientError) as caught:
        action()
    said = caught.value.response["Error"]
    assert said["Code"] == error, said
    if text is not None:
        assert said["Message"] == text


def everything(ses, **more):
    found, token = [], {}
    while True:
        page = ses.list_suppressed_destinations(**dict(more, **token))
        found += page["SuppressedDestinationSummaries"]
        if not page.get("NextToken"):
            return [row["EmailAddress"] for row in found]
        token = {"NextToken": page["NextToken"]}


@pytest.fixture
def ses(host):
    ses = host.ses()
    yield ses
    for address in everything(ses):
        ses.delete_suppressed_destination(EmailAddress=address)


def test_entry(ses):
    before = datetime.datetime.now(datetime.timezone.utc)
    ses.put_suppressed_destination(EmailAddress=" Ann+x@RCPT.example ",
                                   Reason="BOUNCE")
    shown = ses.get_suppressed_destination(
        EmailAddress="Ann+x@rcpt.EXAMPLE")["SuppressedDestination"]
    assert shown["EmailAddress"] == "Ann+x@rcpt.example"
    assert shown["Reason"] == "BOUNCE" and "Attributes" not in shown
    assert abs((shown["LastUpdateTime"] - before).total_seconds()) < 10
    ses.put_suppressed_destination(EmailAddress="Ann+x@rcpt.example",
                                   Reason="COMPLAINT")
    assert ses.get_suppressed_destination(
        EmailAddress="Ann+x@rcpt.example")[
            "SuppressedDestination"]["Reason"] == "COMPLAINT"
    ses.delete_suppressed_destination(EmailAddress="Ann+x@rcpt.example")
    for action in (ses.get_suppressed_destination,
                   ses.delete_suppressed_destination):
        refused(lambda: action(EmailAddress="Ann+x@rcpt.example"),
                "NotFoundException",
                "Email address Ann+x@rcpt.example does not exist on your "
                "suppression list.")


def test_refused(ses, host):
    for address, text in (("", "EmailAddress can't be blank."),
                          ("nobody", "EmailAddress <nobody> is invalid"),
                          ("A <a@b.example>",
                           "EmailAddress <A <a@b.example>> is invalid")):
        check_error(call(host, "PUT", LIST, {"EmailAddress": address,
                                             "Reason": "BOUNCE"}),
                    400, "BadRequestException", text)
    check_error(call(host, "PUT", LIST, {"EmailAddress": "a@b.example",
                                         "Reason": "SPAM"}),
                400, "BadRequestException",
                "1 validation error detected: Value at 'reason' failed to "
                "satisfy constraint: Member must satisfy enum value set: "
                "[BOUNCE, COMPLAINT]")
    check_error(call(host, "PUT", LIST, {"EmailAddress": "a@b.example",
                                         "Reason": "BOUNCE",
                                         "TenantName": "t"}),
                400, "BadRequestException",
                "TenantName is not supported yet.")
    check_error(call(host, "GET", LIST + "?Reason=SPAM"), 400,
                "BadRequestException",
                "Reason <SPAM> is invalid, must be one of [BOUNCE, "
                "COMPLAINT].")
    check_error(call(host, "GET", LIST + "?NextToken=nonsense"), 400,
                "InvalidNextTokenException")
    check_error(call(host, "GET", LIST + "?PageSize=ten"), 400,
                "SerializationException")
    assert everything(ses) == []


def test_list(ses):
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    bounced = ["b%02d@rcpt.example" % n for n in range(12)]
    complained = ["c%02d@rcpt.example" % n for n in range(3)]
    for address in bounced:
        ses.put_suppressed_destination(EmailAddress=address, Reason="BOUNCE")
    for address in complained:
        ses.put_suppressed_destination(EmailAddress=address,
                                       Reason="COMPLAINT")
    assert everything(ses) == bounced + complained
    assert everything(ses, PageSize=5) == bounced + complained
    assert everything(ses, Reasons=["COMPLAINT"], PageSize=2) == complained
    assert everything(ses, Reasons=["COMPLAINT", "BOUNCE"]) == \
        bounced + complained
    assert everything(ses, StartDate=now - hour, EndDate=now + hour) == \
        bounced + complained
    assert everything(ses, StartDate=now + hour) == []
    assert everything(ses, EndDate=now - hour) == []

    token = ses.list_suppressed_destinations(PageSize=1)["NextToken"]
    refused(lambda: ses.list_suppressed_destinations(
        NextToken=token, Reasons=["BOUNCE"]), "InvalidNextTokenException")
