"""Signatures: good ones pass, and each way to be wrong has its own answer

Every refusal is tried on a request that would create something, and nothing
is created.
"""

import datetime
import json
import re
import subprocess

import boto3
import botocore.exceptions
import pytest

from raw import call, check_alive, check_error, exchange, message, sign

MISMATCH = (
    "The request signature we calculated does not match the signature you "
    "provided. Check your AWS Secret Access Key and signing method. Consult "
    "the service documentation for details.")
BAD_TOKEN = "The security token included in the request is invalid."
INVALID = "InvalidSignatureException"
SETS = "/v2/email/configuration-sets"
STAMP = r"\d{8}T\d{6}Z"


def minutes(number):
    return datetime.datetime.utcnow() + datetime.timedelta(minutes=number)


def body_of(name):
    return json.dumps({"ConfigurationSetName": name}).encode()


WRONG = {
    "secret": (dict(key=None), INVALID, MISMATCH),
    "old": (dict(now=-16), INVALID, re.compile(
        r"Signature expired: %s is now earlier than %s \(%s - 15 min\.\)" %
        (STAMP, STAMP, STAMP))),
    "future": (dict(now=6), INVALID, re.compile(
        r"Signature not yet current: %s is still later than %s "
        r"\(%s \+ 5 min\.\)" % (STAMP, STAMP, STAMP))),
    "date": (dict(date="20200101"), INVALID, re.compile(
        r"Date in Credential scope does not match YYYYMMDD .*")),
    "region": (dict(region="us-west-1"), INVALID,
               "Credential should be scoped to a valid region, not "
               "'us-west-1'."),
    "service": (dict(service="email"), INVALID,
                "Credential should be scoped to correct service: 'ses'."),
    "host": (dict(signed=["x-amz-date"]), INVALID,
             "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
             "Authorization."),
    "hash": (dict(headers=[("x-amz-content-sha256", "0" * 64)]), INVALID,
             "The provided 'x-amz-content-sha256' header does not match what "
             "was computed."),
    "unsigned": (dict(headers=[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
                      claim="UNSIGNED-PAYLOAD"), INVALID, re.compile(
        r"The payload must be signed: .*")),
    "streaming": (dict(headers=[("x-amz-content-sha256",
                                 "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")],
                       claim="STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), INVALID,
                  re.compile(r"The payload must be signed: .*")),
    "token": (dict(headers=[("X-Amz-Security-Token", "abc")]),
              "UnrecognizedClientException", BAD_TOKEN),
    "key": (dict(key=("AKIAUNKNOWN000000000", "x" * 40)),
            "UnrecognizedClientException", BAD_TOKEN),
    "odd key": (dict(key=("../../etc", "x" * 40)),
                "IncompleteSignatureException", None),
    "no time": (dict(drop=["x-amz-date"]), "IncompleteSignatureException",
                None),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(host, name):
    how, error, text = WRONG[name]
    how = dict(how)
    if name == "secret":
        how["key"] = host.env["AWS_ACCESS_KEY_ID"], "x" * 40
    if "now" in how:
        how["now"] = minutes(how["now"])
    created = "wrong-" + name.replace(" ", "-")
    answer = call(host, "POST", SETS, body_of(created), **how)
    check_error(answer, 403, error, text)
    check_alive(host)
    assert created not in json.loads(
        call(host, "GET", SETS).body)["ConfigurationSets"]


def test_changed_body(host):
    answer = call(host, "POST", SETS, body_of("asked"),
                  sent=body_of("other"))
    check_error(answer, 403, INVALID, MISMATCH)
    sets = json.loads(call(host, "GET", SETS).body)["ConfigurationSets"]
    assert "asked" not in sets and "other" not in sets


def test_changed_large_body(host):
    """The same where a pool thread computes it."""
    body = json.dumps({"ConfigurationSetName": "large", "Unknown": "x" *
                       400000}).encode()
    answer = call(host, "POST", SETS, body,
                  sent=body.replace(b"large", b"lorge"))
    check_error(answer, 403, INVALID, MISMATCH)
    assert call(host, "POST", SETS, body).status == 200
    sets = json.loads(call(host, "GET", SETS).body)["ConfigurationSets"]
    assert "large" in sets and "lorge" not in sets


@pytest.mark.parametrize("change", [
    ("POST " + SETS, "PUT " + SETS),
    ("POST " + SETS, "POST /v2/email/identities"),
    ("X-Amz-Date: 2", "X-Amz-Date: 3"),
    ("Host: 127", "Host: 128"),
])
def test_changed_head(host, change):
    data = message("POST", SETS, body_of("changed"),
                   sign(host, "POST", SETS, body_of("changed")))
    old, new = (part.encode() for part in change)
    assert old in data
    answer = exchange(host, data.replace(old, new, 1))
    # Another method on this path is no operation, whoever signed it.
    assert answer.status in (403, 404)
    assert answer.headers["x-amzn-errortype"] in (
        INVALID, "UnknownOperationException", "IncompleteSignatureException")


def test_query_is_signed(host):
    target = "/v2/email/identities?PageSize=5&NextToken=a%2Bb%2F%3D%3D"
    answer = call(host, "GET", target)
    assert answer.headers["x-amzn-errortype"] in (
        "InvalidNextTokenException", "BadRequestException")
    data = message("GET", target, b"", sign(host, "GET", target))
    answer = exchange(host, data.replace(b"PageSize=5", b"PageSize=6"))
    check_error(answer, 403, INVALID, MISMATCH)
    # Order does not matter: the canonical form is sorted.
    swapped = "/v2/email/identities?NextToken=a%2Bb%2F%3D%3D&PageSize=5"
    again = exchange(host, data.replace(target.encode(), swapped.encode()))
    assert again.headers["x-amzn-errortype"] in (
        "InvalidNextTokenException", "BadRequestException")


AUTHORIZATIONS = [
    ("", "MissingAuthenticationTokenException",
     "Missing Authentication Token"),
    ("Basic YTpi", "IncompleteSignatureException",
     "Unsupported AWS 'algorithm': 'Basic' (only AWS4-HMAC-SHA256 for now)."),
    ("AWS4-HMAC-SHA256", "IncompleteSignatureException", None),
    ("AWS4-HMAC-SHA256 ", "IncompleteSignatureException", None),
    ("AWS4-HMAC-SHA256 x", "IncompleteSignatureException",
     "Authorization header requires 'Credential' parameter. "
     "Authorization=AWS4-HMAC-SHA256 x"),
    ("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=00",
     "IncompleteSignatureException",
     "Credential must have exactly 5 slash-delimited elements, e.g. "
     "keyid/date/region/service/term, got 'a'"),
    ("AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, "
     "Signature=00", "IncompleteSignatureException", None),
    ("AWS4-HMAC-SHA256 Credential=////, SignedHeaders=host, Signature=00",
     "IncompleteSignatureException", None),
    ("AWS4-HMAC-SHA256 Credential=\xff, SignedHeaders=\xff, Signature=\xff",
     "IncompleteSignatureException", None),
    ("AWS4-HMAC-SHA256 Credential=A/B/C/D/E, SignedHeaders=host, "
     "Signature=00", "UnrecognizedClientException", BAD_TOKEN),
    ("AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d", "IncompleteSignatureException",
     None),
]


@pytest.mark.parametrize("value,error,text", AUTHORIZATIONS)
def test_malformed(host, value, error, text):
    headers = [("Host", "x"), ("X-Amz-Date", "20261124T030000Z")]
    if value:
        headers.append(("Authorization", value))
    answer = exchange(host, message("GET", "/v2/email/account", b"", headers))
    check_error(answer, 403, error, text)


def test_given_twice(host):
    lines = sign(host, "GET", "/v2/email/account")
    for name in ("Authorization", "X-Amz-Date"):
        more = [line for line in lines if line[0] == name]
        answer = exchange(host, message("GET", "/v2/email/account", b"",
                                        lines + more))
        # nginx drops or refuses a second Authorization by itself.
        assert answer.status in (200, 400, 403), answer
        if name == "X-Amz-Date":
            check_error(answer, 403, "IncompleteSignatureException")


def test_query_form_is_refused(host):
    answer = exchange(host, message(
        "GET", "/v2/email/account?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Signature=00", b"", [("Host", "x")]))
    check_error(answer, 403, "IncompleteSignatureException")


def test_date_header(host):
    """Date stands in for X-Amz-Date."""
    now = datetime.datetime.utcnow().replace(microsecond=0)
    date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
    answer = call(host, "GET", "/v2/email/account", now=now,
                  headers=[("Date", date)], drop=["x-amz-date"])
    assert answer.status == 200, answer


def test_more_headers_signed(host):
    """As the JavaScript SDK does; blanks in values are folded."""
    answer = call(host, "GET", "/v2/email/account", headers=[
        ("amz-sdk-invocation-id", "0"), ("x-amz-user-agent", "a   b"),
        ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649"
                                 "b934ca495991b7852b855")])
    assert answer.status == 200, answer


def test_disabled_key(host):
    made = host.sesamectl("key", "add", host.env["SESAME_ACCOUNT"], "--json")
    key = made["access_key_id"], made["secret_access_key"]
    assert call(host, "GET", "/v2/email/account", key=key).status == 200
    host.sesamectl("key", "disable", key[0])
    answer = call(host, "GET", "/v2/email/account", key=key)
    check_error(answer, 403, "UnrecognizedClientException", BAD_TOKEN)
    host.sesamectl("key", "enable", key[0])
    assert call(host, "GET", "/v2/email/account", key=key).status == 200


@pytest.mark.parametrize("name", [
    "a+b@odd.example", "o'neil@odd.example", "a/b@odd.example",
    "100%@odd.example", "a b@odd.example", "tilde~x@odd.example",
    "per%2Fcent@odd.example", "a&b=c@odd.example", "a;b@odd.example",
])
def test_encoded_labels(host, name):
    """boto3's own signature over every awkward character."""
    ses = host.ses()
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ses.get_email_identity(EmailIdentity=name)
    error = caught.value.response["Error"]
    assert error["Code"] in ("NotFoundException", "BadRequestException")
    assert name in error["Message"]


def test_boto3_classes(host):
    ses = host.ses(key=(host.env["AWS_ACCESS_KEY_ID"], "x" * 40),
                   retries={"max_attempts": 0})
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ses.get_account()
    assert caught.value.response["Error"] == {
        "Code": INVALID, "Message": MISMATCH}
    metadata = caught.value.response["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 403
    assert metadata["RequestId"]


def test_another_region(host):
    ses = boto3.session.Session().client(
        "sesv2", endpoint_url=host.env["SESAME_ENDPOINT"],
        region_name="eu-west-1",
        aws_access_key_id=host.env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=host.env["AWS_SECRET_ACCESS_KEY"])
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ses.get_account()
    assert caught.value.response["Error"]["Message"] == (
        "Credential should be scoped to a valid region, not 'eu-west-1'.")


def test_sns_scope(host):
    """SNS calls are scoped to sns, and refusals are XML."""
    assert "Topics" in host.sns().list_topics()
    body = b"Action=ListTopics&Version=2010-03-31"
    answer = call(host, "POST", "/", body, service="ses")
    assert answer.status == 403
    assert answer.headers["content-type"] == "text/xml"
    assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body
    assert b"http://sns.amazonaws.com/doc/2010-03-31/" in answer.body
    answer = exchange(host, message("POST", "/", body, [("Host", "x")]))
    assert b"<Code>MissingAuthenticationToken</Code>" in answer.body
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        host.sns(key=("AKIAUNKNOWN000000000", "x" * 40)).list_topics()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_curl(host):
    """curl's signer, within its limits."""
    done = subprocess.run(
        ["curl", "-sS", "--aws-sigv4",
         "aws:amz:%s:ses" % host.env["SESAME_REGION"], "--user",
         "%s:%s" % (host.env["AWS_ACCESS_KEY_ID"],
                    host.env["AWS_SECRET_ACCESS_KEY"]),
         host.env["SESAME_ENDPOINT"] + "/v2/email/account"],
        stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    assert json.loads(done.stdout)["SendingEnabled"] is True
