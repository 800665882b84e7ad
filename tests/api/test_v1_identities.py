"""SES v1: identities, their attributes and policies, and v2's view of them"""

import json
import re

import pytest

from v1 import NS, error, journal, pages, query, refused

DOMAIN = "a.v1id.example"
ADDRESS = "Me@b.v1id.example"
INVALID = "Identity %s is invalid. Must be a verified email address or domain."


@pytest.fixture
def v1(host):
    v1 = host.client("ses")
    yield v1
    for name in pages(v1.list_identities, "Identities"):
        if "v1id" in name:
            v1.delete_identity(Identity=name)


@pytest.fixture
def v2(host):
    return host.ses()


def test_domain(v1, v2, host):
    token = v1.verify_domain_identity(Domain="A.V1id.example")[
        "VerificationToken"]
    assert len(token) == 44
    assert v1.verify_domain_identity(Domain=DOMAIN)["VerificationToken"] == \
        token
    tokens = v1.verify_domain_dkim(Domain=DOMAIN)["DkimTokens"]
    assert len(set(tokens)) == 3
    assert v1.verify_domain_dkim(Domain=DOMAIN)["DkimTokens"] == tokens

    shown = v2.get_email_identity(EmailIdentity=DOMAIN)
    assert shown["IdentityType"] == "DOMAIN"
    assert shown["DkimAttributes"]["Tokens"] == tokens
    assert shown["VerificationStatus"] == "PENDING"
    assert v1.get_identity_verification_attributes(Identities=[
        DOMAIN, "none.v1id.example", DOMAIN])["VerificationAttributes"] == {
            DOMAIN: {"VerificationStatus": "Pending",
                     "VerificationToken": token}}
    assert v1.get_identity_dkim_attributes(Identities=[DOMAIN])[
        "DkimAttributes"] == {DOMAIN: {
            "DkimEnabled": True, "DkimVerificationStatus": "Pending",
            "DkimTokens": tokens}}

    v1.set_identity_dkim_enabled(Identity=DOMAIN, DkimEnabled=False)
    assert v2.get_email_identity(EmailIdentity=DOMAIN)[
        "DkimAttributes"]["SigningEnabled"] is False
    v1.delete_identity(Identity=DOMAIN)
    v1.delete_identity(Identity=DOMAIN)
    assert v1.get_identity_verification_attributes(Identities=[DOMAIN])[
        "VerificationAttributes"] == {}


def test_text_record_verifies(v1, host):
    """The token of VerifyDomainIdentity alone, as a TXT record."""
    token = v1.verify_domain_identity(Domain="txt.v1id.example")[
        "VerificationToken"]
    host.dns("txt.v1id.example",
             '_amazonses TXT "%s"\n' % token)
    host.sesamectl("identity", "verify", "txt.v1id.example", "--timeout",
                   "30")
    assert v1.get_identity_verification_attributes(
        Identities=["txt.v1id.example"])["VerificationAttributes"][
            "txt.v1id.example"]["VerificationStatus"] == "Success"


def confirm(host, address):
    text = host.wait_mail(to=address)[-1].message.get_body(
        ("plain",)).get_content()
    link = re.search(r"\S+/verify-email\?\S+", text).group(0)
    answer, _ = None, host.run("curl", "-sS", "-o", "/dev/null", link)
    return answer


def test_address(v1, v2, host):
    v1.verify_email_identity(EmailAddress=ADDRESS)
    assert v2.get_email_identity(EmailIdentity=ADDRESS)[
        "IdentityType"] == "EMAIL_ADDRESS"
    assert v1.get_identity_verification_attributes(Identities=[ADDRESS])[
        "VerificationAttributes"] == {
            ADDRESS: {"VerificationStatus": "Pending"}}
    assert v1.get_identity_dkim_attributes(Identities=[ADDRESS])[
        "DkimAttributes"][ADDRESS] == {
            "DkimEnabled": False, "DkimVerificationStatus": "NotStarted"}
    assert len(host.wait_mail(to=ADDRESS)) == 1
    v1.verify_email_address(EmailAddress=ADDRESS)
    host.wait_mail(to=ADDRESS, count=2)

    v1.verify_domain_identity(Domain="b.v1id.example")
    tokens = v1.verify_domain_dkim(Domain="b.v1id.example")["DkimTokens"]
    assert v1.get_identity_dkim_attributes(Identities=[ADDRESS])[
        "DkimAttributes"][ADDRESS]["DkimTokens"] == tokens
    assert ADDRESS not in v1.list_verified_email_addresses()[
        "VerifiedEmailAddresses"]
    v1.delete_verified_email_address(EmailAddress=ADDRESS)
    assert ADDRESS not in v1.list_identities()["Identities"]
    v1.delete_verified_email_address(EmailAddress="b.v1id.example")
    assert "b.v1id.example" in v1.list_identities()["Identities"]


def test_list(v1):
    domains = ["l%02d.v1id.example" % n for n in range(12)]
    addresses = ["u%d@v1id.example" % n for n in range(3)]
    for name in domains:
        v1.verify_domain_identity(Domain=name)
    for name in addresses:
        v1.verify_email_identity(EmailAddress=name)

    def listed(**more):
        return [name for name in pages(v1.list_identities, "Identities",
                                       **more) if "v1id" in name]
    assert listed() == sorted(domains + addresses)
    assert listed(MaxItems=1) == listed(MaxItems=2) == listed(MaxItems=1000)
    assert listed(IdentityType="Domain", MaxItems=5) == domains
    assert listed(IdentityType="EmailAddress") == addresses
    paged = [name for page in v1.get_paginator("list_identities").paginate(
        IdentityType="Domain", PaginationConfig={"PageSize": 5})
        for name in page["Identities"] if "v1id" in name]
    assert paged == domains
    token = v1.list_identities(MaxItems=1)["NextToken"]
    refused(lambda: v1.list_identities(NextToken=token,
                                       IdentityType="Domain"),
            "InvalidParameterValue", "The specified NextToken is invalid.")
    refused(lambda: v1.list_identities(IdentityType="Phone"),
            "ValidationError",
            "1 validation error detected: Value at 'identityType' failed to "
            "satisfy constraint: Member must satisfy enum value set: "
            "[EmailAddress, Domain]")


def test_mail_from(v1, v2):
    v1.verify_domain_identity(Domain=DOMAIN)
    get = v1.get_identity_mail_from_domain_attributes
    assert get(Identities=[DOMAIN])["MailFromDomainAttributes"] == {
        DOMAIN: {"BehaviorOnMXFailure": "UseDefaultValue"}}
    v1.set_identity_mail_from_domain(
        Identity=DOMAIN, MailFromDomain="Back." + DOMAIN,
        BehaviorOnMXFailure="RejectMessage")
    assert get(Identities=[DOMAIN])["MailFromDomainAttributes"] == {DOMAIN: {
        "MailFromDomain": "back." + DOMAIN, "MailFromDomainStatus": "Pending",
        "BehaviorOnMXFailure": "RejectMessage"}}
    assert v2.get_email_identity(EmailIdentity=DOMAIN)[
        "MailFromAttributes"] == {
            "MailFromDomain": "back." + DOMAIN,
            "MailFromDomainStatus": "PENDING",
            "BehaviorOnMxFailure": "REJECT_MESSAGE"}
    refused(lambda: v1.set_identity_mail_from_domain(Identity=DOMAIN),
            "InvalidParameterValue",
            "MailFromDomain is required (use an empty string to clear the "
            "existing setting).")
    refused(lambda: v1.set_identity_mail_from_domain(
        Identity=DOMAIN, MailFromDomain="elsewhere.example"),
        "InvalidParameterValue")
    refused(lambda: v1.set_identity_mail_from_domain(
        Identity="no.v1id.example", MailFromDomain="x.no.v1id.example"),
        "InvalidParameterValue", INVALID % "no.v1id.example")
    v1.set_identity_mail_from_domain(Identity=DOMAIN, MailFromDomain="")
    assert "MailFromDomain" not in v2.get_email_identity(
        EmailIdentity=DOMAIN)["MailFromAttributes"]


def document(host, name=DOMAIN, **more):
    statement = {"Effect": "Allow", "Principal": "*",
                 "Action": "ses:SendEmail",
                 "Resource": "arn:aws:ses:%s:%s:identity/%s" % (
                     host.env["SESAME_REGION"], host.env["SESAME_ACCOUNT"],
                     name)}
    statement.update(more)
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_policies(v1, v2, host):
    v1.verify_domain_identity(Domain=DOMAIN)
    first = document(host, Sid='<&">\u00e9')
    second = document(host, Action="ses:SendRawEmail")
    v1.put_identity_policy(Identity=DOMAIN, PolicyName="one", Policy=first)
    v2.create_email_identity_policy(EmailIdentity=DOMAIN, PolicyName="two",
                                    Policy=second)
    v1.put_identity_policy(Identity=DOMAIN.upper(), PolicyName="two",
                           Policy=first)
    assert v1.list_identity_policies(Identity=DOMAIN)["PolicyNames"] == [
        "one", "two"]
    assert v1.get_identity_policies(Identity=DOMAIN, PolicyNames=[
        "two", "none"])["Policies"] == {"two": first}
    assert v1.get_identity_policies(Identity=DOMAIN, PolicyNames=[])[
        "Policies"] == {}
    assert v2.get_email_identity_policies(EmailIdentity=DOMAIN)[
        "Policies"] == {"one": first, "two": first}
    v1.delete_identity_policy(Identity=DOMAIN, PolicyName="one")
    v1.delete_identity_policy(Identity=DOMAIN, PolicyName="one")
    v1.delete_identity_policy(Identity="no.v1id.example", PolicyName="one")
    assert list(v2.get_email_identity_policies(EmailIdentity=DOMAIN)[
        "Policies"]) == ["two"]

    put = v1.put_identity_policy
    for text in ("{", "[]", "x", document(host, Resource="*"),
                 document(host, Effect="Perhaps")):
        refused(lambda: put(Identity=DOMAIN, PolicyName="bad", Policy=text),
                "InvalidPolicy")
    refused(lambda: put(Identity=DOMAIN, PolicyName="a b", Policy=first),
            "InvalidParameterValue",
            "PolicyName is invalid. Policy names must only include "
            "alpha-numeric characters, dashes, and underscores.")
    refused(lambda: put(Identity="no.v1id.example", PolicyName="a",
                        Policy=first), "InvalidParameterValue",
            INVALID % "no.v1id.example")
    for n in range(19):
        put(Identity=DOMAIN, PolicyName="p%d" % n, Policy=second)
    refused(lambda: put(Identity=DOMAIN, PolicyName="more", Policy=second),
            "LimitExceeded")


def test_refused(v1, host):
    before = journal(host)
    for name in ("nodots", "-a.v1id.example", "a@b.v1id.example", "",
                 "a b.v1id.example", "x" * 300 + ".example"):
        text = "Domain %s is invalid." % name
        refused(lambda: v1.verify_domain_identity(Domain=name),
                "InvalidParameterValue", text)
        refused(lambda: v1.verify_domain_dkim(Domain=name),
                "InvalidParameterValue", text)
    for name in ("v1id.example", "a b@v1id.example", "@v1id.example", "a@",
                 ""):
        text = "Invalid email address<%s>." % name
        refused(lambda: v1.verify_email_identity(EmailAddress=name),
                "InvalidParameterValue", text)
        refused(lambda: v1.verify_email_address(EmailAddress=name),
                "InvalidParameterValue", text)
    refused(lambda: v1.set_identity_dkim_enabled(
        Identity="no.v1id.example", DkimEnabled=True),
        "InvalidParameterValue",
        "Domain no.v1id.example is not verified for DKIM signing.")
    many = ["n%d.v1id.example" % n for n in range(101)]
    refused(lambda: v1.get_identity_dkim_attributes(Identities=many),
            "ValidationError", re.compile("length less than or equal to 100"))
    assert v1.get_identity_dkim_attributes(Identities=many[:100])[
        "DkimAttributes"] == {}
    assert journal(host) == before


# --- the form of requests and answers


def test_forms(v1, host):
    """The same call in every encoding that a client may use."""
    v1.verify_domain_identity(Domain=DOMAIN)
    v1.verify_email_identity(EmailAddress="a+b@v1id.example")
    head = "Action=GetIdentityVerificationAttributes&Version=2010-12-01"
    one, two = DOMAIN.encode(), b"a%2Bb%40v1id.example"
    for fields in (b"&Identities.member.1=" + one +
                   b"&Identities.member.2=" + two,
                   b"&Identities.member.2=" + two +
                   b"&Identities.member.1=" + one,
                   b"&Identities.member.10=" + two +
                   b"&Identities.member.9=" + one,
                   b"&Identities.member.1=%61.v1id.example" +
                   b"&Identities.member.3=" + two + b"&Unknown.Member=x"):
        for method in ("POST", "GET"):
            answer, root = query(host, None, method=method,
                                 body=head.encode() + fields)
            assert answer.status == 200
            result = root.find(NS + "GetIdentityVerificationAttributesResult")
            keys = [key.text for key in result.iter(NS + "key")]
            assert keys == [DOMAIN, "a+b@v1id.example"]
            assert root.find(NS + "ResponseMetadata").findtext(
                NS + "RequestId") == answer.headers["x-amzn-requestid"]

    answer, root = query(host, "GetIdentityDkimAttributes",
                         {"Identities": ""})
    result = root.find(NS + "GetIdentityDkimAttributesResult")
    assert [child.tag for child in result] == [NS + "DkimAttributes"]
    assert len(result[0]) == 0
    answer, root = query(host, "DeleteIdentity", {"Identity": DOMAIN})
    assert [child.tag for child in root] == [NS + "DeleteIdentityResult",
                                             NS + "ResponseMetadata"]
    answer, root = query(host, "DeleteVerifiedEmailAddress",
                         {"EmailAddress": "a+b@v1id.example"})
    assert [child.tag for child in root] == [NS + "ResponseMetadata"]


def test_bad_forms(host):
    before = journal(host)
    for body, status, code in (
            (b"Version=2010-12-01", 400, "MissingAction"),
            (b"Action=NoSuch&Version=2010-12-01", 400, "InvalidAction"),
            (b"Action=VerifyDomainIdentity&Version=2009-01-01&Domain=a.b",
             400, "InvalidAction"),
            (b"Action=VerifyDomainIdentity&Version=2010-12-01", 400,
             "ValidationError"),
            (b"Action=VerifyDomainIdentity&Version=2010-12-01&Domain=%ff", 400,
             "InvalidParameterValue"),
            (b"Action=VerifyDomainIdentity&Version=2010-12-01&Domain=a.b%00",
             400, "InvalidParameterValue"),
            (b"Action=VerifyDomainIdentity&Version=2010-12-01&Domain=a.b&"
             b"Domain=c.d", 400, "InvalidParameterValue"),
            (b"Action=SetIdentityDkimEnabled&Version=2010-12-01&Identity=a.b&"
             b"DkimEnabled=perhaps", 400, "ValidationError"),
            (b"Action=ListIdentities&Version=2010-12-01&MaxItems=x", 400,
             "ValidationError"),
            (b"Action=ListIdentities&Version=2010-12-01&MaxItems=-1", 400,
             "ValidationError"),
            (b"Action=GetIdentityDkimAttributes&Version=2010-12-01&"
             b"Identities=a.b", 400, "ValidationError")):
        answer, root = query(host, None, body=body)
        assert (answer.status, error(root)[0]) == (status, code), body
    answer, root = query(host, "VerifyDomainIdentity", {"Domain": "a.b"},
                         key=("AKIAUNKNOWN", "x"))
    assert (answer.status, error(root)[0]) == (403, "InvalidClientTokenId")
    answer, root = query(host, "VerifyDomainIdentity", {"Domain": "<&>\x01"})
    assert error(root) == ("InvalidParameterValue",
                           "Domain <&>\ufffd is invalid.")
    assert journal(host) == before
