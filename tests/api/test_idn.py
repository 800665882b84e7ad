"""Internationalised domains: however they are spelled, one identity"""

import json
import unicodedata

import pytest
from botocore.exceptions import ClientError

A_LABEL = "xn--bcher-kva.idn.example"
U_LABEL = "b\u00fccher.idn.example"
SPELLINGS = [A_LABEL, A_LABEL.upper(), U_LABEL, U_LABEL.upper(),
             unicodedata.normalize("NFD", U_LABEL), U_LABEL + ".",
             U_LABEL.replace(".", "\u3002")]
IDS = ["a", "A", "u", "U", "nfd", "dot", "ideographic dot"]


@pytest.fixture(scope="module")
def site(host):
    host.ses().create_email_identity(EmailIdentity=U_LABEL)
    host.publish_dns(A_LABEL)
    host.sesamectl("identity", "verify", U_LABEL, "--timeout", "30")
    host.ses().create_email_identity(EmailIdentity="ann@" + U_LABEL)
    return host


@pytest.mark.parametrize("name", SPELLINGS, ids=IDS)
def test_one_identity(site, name):
    ses = site.ses()
    with pytest.raises(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity=name)
    with pytest.raises(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity="ann@" + name)
    assert ses.get_email_identity(EmailIdentity=name)[
        "VerifiedForSendingStatus"]
    shown = site.sesamectl("identity", "show", site.env["SESAME_ACCOUNT"],
                           name, "--json")
    assert shown["identity"] == A_LABEL
    # A policy is found under each of them, too.
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "210987654321"},
        "Action": "ses:SendEmail",
        "Resource": "arn:aws:ses:us-east-1:%s:identity/%s" % (
            site.env["SESAME_ACCOUNT"], A_LABEL)}]})
    ses.create_email_identity_policy(EmailIdentity=name, PolicyName="one",
                                     Policy=policy)
    assert "one" in ses.get_email_identity_policies(
        EmailIdentity=A_LABEL)["Policies"]
    ses.delete_email_identity_policy(EmailIdentity=U_LABEL, PolicyName="one")


@pytest.mark.parametrize("name", [A_LABEL, A_LABEL.upper()])
def test_sent(site, name):
    """What is sent is signed by it, over the API and SMTP."""
    for way, to in enumerate(["idn-api-%s@rcpt.example" % name[0],
                              "idn-smtp-%s@rcpt.example" % name[0]]):
        if way == 0:
            site.ses().send_email(
                FromEmailAddress="news@" + name,
                Destination={"ToAddresses": [to]},
                Content={"Simple": {"Subject": {"Data": "x"},
                                    "Body": {"Text": {"Data": "x"}}}})
        else:
            assert site.swaks("news@" + name, to).code == 250
        assert site.dkim_domains(site.wait_mail(to=to)[0]) == [A_LABEL]


@pytest.mark.parametrize("name", [
    "b\u00fc cher.idn.example", "b\u00fc_cher.idn.example",
    "-b\u00fccher.idn.example", "\u0301b.idn.example",
    "a\u200db.idn.example", "\u00fc" * 64 + ".example"])
def test_invalid(site, name):
    for given in name, "ann@" + name:
        with pytest.raises(ClientError) as caught:
            site.ses().create_email_identity(EmailIdentity=given)
        error = caught.value.response["Error"]
        assert error["Code"] == "BadRequestException"
        assert "nvalid" in error["Message"]
    done = site.run(site.env["SESAMECTL"], "identity", "add", "--",
                    site.env["SESAME_ACCOUNT"], name)
    assert done.returncode == 1 and "is invalid" in done.stderr
