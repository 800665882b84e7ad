"""Identities: create, show, list, delete, verify"""

import re
import subprocess

import pytest
from botocore.exceptions import ClientError

from harness.host import wait
from raw import call, check_error

IDENTITIES = "/v2/email/identities"


def refused(action, error, text=None):
    with pytest.raises(ClientError) as caught:
        action()
    said = caught.value.response["Error"]
    assert said["Code"] == error, said
    if text is not None:
        assert said["Message"] == text


@pytest.fixture
def ses(host):
    """A client; what a test created below these names is gone after it."""
    ses = host.ses()
    yield ses
    for page in ses.get_paginator("list_email_identities").paginate() \
            if ses.can_paginate("list_email_identities") \
            else [ses.list_email_identities()]:
        for item in page["EmailIdentities"]:
            if "ident" in item["IdentityName"]:
                ses.delete_email_identity(EmailIdentity=item["IdentityName"])


def test_domain(ses, host):
    made = ses.create_email_identity(
        EmailIdentity="A.Ident.Example",
        Tags=[{"Key": "team", "Value": "mail"}],
        DkimSigningAttributes={"NextSigningKeyLength": "RSA_2048_BIT"})
    dkim = made["DkimAttributes"]
    assert made["IdentityType"] == "DOMAIN"
    assert made["VerifiedForSendingStatus"] is False
    assert dkim["SigningEnabled"] is True and dkim["Status"] == "PENDING"
    assert all(len(token) == 32 and token == token.lower()
               for token in dkim["Tokens"]) and len(set(dkim["Tokens"])) == 3
    assert dkim["SigningAttributesOrigin"] == "AWS_SES"

    shown = ses.get_email_identity(EmailIdentity="a.ident.example")
    assert shown["DkimAttributes"]["Tokens"] == dkim["Tokens"]
    assert shown["FeedbackForwardingStatus"] is True
    assert shown["MailFromAttributes"] == {
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    assert shown["Policies"] == {}
    assert shown["Tags"] == [{"Key": "team", "Value": "mail"}]
    assert "ConfigurationSetName" not in shown


def test_internationalized(ses):
    ses.create_email_identity(EmailIdentity="b\u00fccher.ident.example")
    shown = ses.get_email_identity(
        EmailIdentity="xn--bcher-kva.ident.example")
    assert shown["IdentityType"] == "DOMAIN"


def test_address(ses, host):
    made = ses.create_email_identity(EmailIdentity="Me@ident.example")
    assert made["IdentityType"] == "EMAIL_ADDRESS"
    assert made["DkimAttributes"]["SigningEnabled"] is False
    host.verify_domain("ident.example")
    shown = ses.get_email_identity(EmailIdentity="Me@ident.example")
    assert shown["VerifiedForSendingStatus"] is True
    assert shown["VerificationStatus"] == "PENDING"
    assert shown["DkimAttributes"]["Status"] == "SUCCESS"
    domain = ses.get_email_identity(EmailIdentity="ident.example")
    assert domain["VerificationStatus"] == "SUCCESS"
    refused(lambda: ses.get_email_identity(EmailIdentity="me@ident.example"),
            "NotFoundException",
            "Email identity me@ident.example does not exist.")


def test_refused(ses, host):
    ses.create_email_identity(EmailIdentity="c.ident.example")
    refused(lambda: ses.create_email_identity(EmailIdentity="c.ident.example"),
            "AlreadyExistsException",
            "Email identity c.ident.example already exist.")
    refused(lambda: ses.delete_email_identity(EmailIdentity="d.ident.example"),
            "NotFoundException",
            "Email identity d.ident.example does not exist.")
    refused(lambda: ses.create_email_identity(
        EmailIdentity="d.ident.example", ConfigurationSetName="none"),
        "NotFoundException", "Configuration set <none> does not exist.")
    for name in ("nodots", "-a.ident.example", "a..ident.example",
                 "a b.ident.example", "@ident.example", "a@b@", "a" * 64 +
                 ".ident.example", "x" * 300 + "@ident.example"):
        refused(lambda: ses.create_email_identity(EmailIdentity=name),
                "BadRequestException")
    check_error(call(host, "POST", IDENTITIES, {"EmailIdentity": ""}), 400,
                "BadRequestException",
                "1 validation error detected: Value at 'emailIdentity' failed "
                "to satisfy constraint: Member must have length greater than "
                "or equal to 1")
    refused(lambda: ses.get_email_identity(EmailIdentity="d.ident.example"),
            "NotFoundException")


def names(answer):
    return [item["IdentityName"] for item in answer["EmailIdentities"]
            if "ident" in item["IdentityName"]]


def test_list(ses, host):
    wanted = ["l%02d.ident.example" % n for n in range(25)]
    for name in wanted:
        ses.create_email_identity(EmailIdentity=name)
    assert names(ses.list_email_identities()) == wanted

    found, token = [], None
    while True:
        more = {"NextToken": token} if token else {}
        page = ses.list_email_identities(PageSize=7, **more)
        assert len(page["EmailIdentities"]) <= 7
        found += names(page)
        token = page.get("NextToken")
        if not token:
            break
        # A row that comes or goes meanwhile moves nothing.
        if len(found) == 14:
            ses.delete_email_identity(EmailIdentity=wanted[0])
            ses.create_email_identity(EmailIdentity="zz.ident.example")
    assert [name for name in found if name[0] == "l"] == wanted

    newer = call(host, "POST", "/v2/email/list-identities",
                 {"Filter": {"IDENTITY_NAME_CONTAINS": "L1",
                             "IDENTITY_TYPE": "DOMAIN"}, "PageSize": 3})
    assert newer.status == 200
    assert newer.body.count(b"IdentityName") == 3
    assert b"l10.ident.example" in newer.body


def test_tokens(ses, host):
    for name in "ab":
        ses.create_email_identity(EmailIdentity=name + ".ident.example")
    token = ses.list_email_identities(PageSize=1)["NextToken"]
    assert ses.list_email_identities(PageSize=1000, NextToken=token)
    for wrong in (token[:-2], "x" + token, "AAAA", "%"):
        with pytest.raises(ClientError) as caught:
            ses.list_email_identities(NextToken=wrong)
        assert caught.value.response["Error"]["Code"] in (
            "InvalidNextTokenException", "BadRequestException")
    with pytest.raises(ClientError):  # of another list
        ses.list_configuration_sets(NextToken=token)
    refused(lambda: ses.list_email_identities(PageSize=-1),
            "BadRequestException")


def test_a_server_that_fails_is_asked_until_it_answers(host):
    """identity verify: its failure says nothing about the records."""
    name = "slow-start.example"
    host.ses().create_email_identity(EmailIdentity=name)
    good = host.sesamectl("identity", "records", name, "--zone")
    token = re.search(r"^(\w+\._domainkey)\.", good, re.M).group(1)
    host.dns(name, "%s CNAME loop\nloop CNAME %s\n" % (token, token))
    looks = set()

    def look_again():
        seen = host.sesamectl("identity", "show", host.env["SESAME_ACCOUNT"],
                              name, "--json")
        looks.add(seen["last_check"])
        return [1] * (len(looks - {None}) > 3)
    verify = subprocess.Popen(
        [host.env["SESAMECTL"], "identity", "verify", name, "--timeout",
         "90"], stdout=subprocess.PIPE, text=True)
    try:
        wait(look_again, 1, 60, "a fourth look")
        assert verify.poll() is None
    finally:
        host.dns(name, good)
        said, _ = verify.communicate(timeout=100)
    assert verify.returncode == 0 and "status = SUCCESS" in said, said
