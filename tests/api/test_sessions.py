"""Temporary credentials: a key, its secret and its token, for a while"""

import base64
import hashlib
import hmac
import json
import os
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from harness.host import wait
from raw import call, check_error
from test_iam import Account, refused, send, statement

DOMAIN = "sessions.example"
SENDER = "news@" + DOMAIN
BAD = ("UnrecognizedClientException",
       "The security token included in the request is invalid.", 403)
EXPIRED = ("ExpiredTokenException",
           "The security token included in the request is expired", 403)


class Site(Account):
    def session(self, *words, before=(), account=None):
        """(access key id, secret, token); `before` the command's name."""
        done = self.host.run(*before, self.host.env["SESAMECTL"], "iam",
                             "session", "add", account or self.id, "--json",
                             *words)
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)
        return (made["access_key_id"], made["secret_access_key"],
                made["session_token"])


@pytest.fixture(scope="module")
def site(host, tmp_path_factory):
    host.verify_domain(DOMAIN)
    return Site(host, tmp_path_factory.mktemp("sessions"))


@pytest.fixture(scope="module")
def user(site):
    """One who may everything, and has no key."""
    site.iam("user", "add", site.id, "tess")
    site.allow("tess", statement("Allow", "ses:*"))
    return "tess"


@pytest.fixture(scope="module")
def key(site, user):
    return site.session("--user", user)


def test_a_session_is_its_user(site, user, key):
    ses = site.host.ses(key)
    assert ses.get_account()["SendingEnabled"]
    send(ses, FromEmailAddress=SENDER,
         Destination={"ToAddresses": ["session@rcpt.example"]})
    assert site.host.wait_mail(to="session@rcpt.example")
    cli = site.host.run(
        "env", "AWS_ACCESS_KEY_ID=" + key[0],
        "AWS_SECRET_ACCESS_KEY=" + key[1], "AWS_SESSION_TOKEN=" + key[2],
        "aws", "--endpoint-url", site.host.env["SESAME_ENDPOINT"],
        "sesv2", "get-account")
    assert cli.returncode == 0, cli.stderr
    site.allow(user, statement("Deny", "ses:GetAccount"))
    try:
        assert refused(ses.get_account)[1].startswith(
            "User: arn:aws:iam::%s:user/%s is not authorized" % (site.id,
                                                                 user))
    finally:
        site.allow(user, statement("Allow", "ses:*"))


def test_a_session_of_the_account(site):
    key = site.session("--duration", "15m")
    site.host.sns(key).list_topics()
    send(site.host.ses(key), FromEmailAddress=SENDER)


def test_the_token_must_be_its_own(site, key):
    other = site.session()
    own = (site.host.env["AWS_ACCESS_KEY_ID"],
           site.host.env["AWS_SECRET_ACCESS_KEY"])
    swapped = key[2][:-1] + ("A" if key[2][-1] != "A" else "B")
    for wrong in (key[:2], key[:2] + (other[2],), key[:2] + (swapped,),
                  key[:2] + ("x" * 64,), own + (key[2],),
                  ("ASIA" + "A" * 16,) + key[1:]):
        assert refused(site.host.ses(wrong).get_account) == BAD
        assert refused(site.host.sns(wrong).list_topics) == (
            "InvalidClientTokenId",) + BAD[1:]
    # The right one, and another's secret.
    assert refused(site.host.ses((key[0], other[1], key[2])).get_account)[
        0] == "InvalidSignatureException"


def test_the_token_must_be_signed(site, key):
    def get(**how):
        return call(site.host, "GET", "/v2/email/account", key=key[:2],
                    headers=[("X-Amz-Security-Token", key[2])], **how)

    assert get().status == 200
    check_error(get(signed=["host", "x-amz-date"]), 403,
                "InvalidSignatureException",
                "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS "
                "Authorization.")
    answer = call(site.host, "GET", "/v2/email/account", key=key[:2],
                  headers=[("X-Amz-Security-Token", key[2])] * 2)
    assert answer.status == 403
    answer = call(site.host, "GET", "/v2/email/account", key=key[:2],
                  headers=[("X-Amz-Security-Token", "")])
    check_error(answer, 403, *BAD[:2])


def presign(site, key, target, service="ses", expires=60):
    """A URL whose signature is in its query, good for so many seconds."""
    request = botocore.awsrequest.AWSRequest(
        "GET", site.host.env["SESAME_ENDPOINT"] + target)
    botocore.auth.SigV4QueryAuth(
        botocore.credentials.Credentials(*key), service,
        site.host.env["SESAME_REGION"], expires=expires).add_auth(request)
    return request.url


def fetch(url):
    """(status, body)"""
    try:
        answer = urllib.request.urlopen(url, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.read().decode()


def presigned(site, key, target, service="ses", change=lambda url: url):
    return fetch(change(presign(site, key, target, service)))


def test_in_the_query(site, key):
    account, topics = "/v2/email/account", (
        "/?Action=ListTopics&Version=2010-03-31")
    own = (site.host.env["AWS_ACCESS_KEY_ID"],
           site.host.env["AWS_SECRET_ACCESS_KEY"])
    assert presigned(site, own, account)[0] == 200
    assert presigned(site, key, account)[0] == 200
    status, body = presigned(site, site.session(), topics, "sns")
    assert status == 200 and "<ListTopicsResult" in body

    status, body = presigned(site, key[:2], account)
    assert status == 403 and json.loads(body)["message"] == BAD[1]
    status, body = presigned(site, key[:2] + ("x" * 64,), topics, "sns")
    assert status == 403 and "<Code>InvalidClientTokenId</Code>" in body
    for old, new in (("X-Amz-Expires=60", "X-Amz-Expires=61"),
                     ("ListTopics", "CreateTopic&Name=presigned")):
        status, body = presigned(site, own, topics, "sns",
                                 lambda url: url.replace(old, new))
        assert status == 403 and "SignatureDoesNotMatch" in body
    for name in ("Algorithm", "Credential", "Date", "Expires",
                 "SignedHeaders"):
        status, body = presigned(
            site, own, account,
            change=lambda url: url.replace("X-Amz-" + name, "X-Amz-No"))
        assert status == 403 and "'X-Amz-%s'" % name in body


def test_in_the_query_too_late(site):
    own = (site.host.env["AWS_ACCESS_KEY_ID"],
           site.host.env["AWS_SECRET_ACCESS_KEY"])
    for target, service, text in (
            ("/v2/email/account", "ses", '"message":"Request has expired."'),
            ("/?Action=ListTopics&Version=2010-03-31", "sns",
             "<Code>RequestExpired</Code>")):
        long, short = (presign(site, own, target, service, expires)
                       for expires in (60, 1))
        status, body = wait(lambda: [answer for answer in [fetch(short)]
                                     if answer[0] != 200], 1, 30, "refusals")[0]
        assert status == 400 and text in body
        assert fetch(long)[0] == 200


def test_expired(site, user):
    key = site.session("--user", user, "--duration", "15m",
                       before=("faketime", "-f", "-16m"))
    assert refused(site.host.ses(key).get_account) == EXPIRED
    assert refused(send, ses=site.host.ses(key),
                   FromEmailAddress=SENDER) == EXPIRED
    assert refused(site.host.sns(key).list_topics) == (
        "ExpiredToken",) + EXPIRED[1:]
    status, body = presigned(site, key, "/v2/email/account")
    assert status == 403 and json.loads(body)["message"] == EXPIRED[1]
    wrong = key[:2] + ("x" * 64,)  # that it has expired is not for everybody
    assert refused(site.host.ses(wrong).get_account) == BAD
    assert key[0] in site.iam("session", "list", site.id)


def test_its_end(site):
    """Deleted, disabled, or its user gone: at once."""
    host = site.host
    key = site.session()
    host.ses(key).get_account()
    site.iam("session", "delete", key[0])
    assert refused(host.ses(key).get_account) == BAD

    key = site.session()
    host.sesamectl("key", "disable", key[0])
    assert refused(host.ses(key).get_account) == BAD
    host.sesamectl("key", "enable", key[0])
    host.ses(key).get_account()

    def make():
        site.iam("user", "add", site.id, "brief")
        site.allow("brief", statement("Allow", "ses:*"))

    make()
    key = site.session("--user", "brief")
    host.ses(key).get_account()
    site.iam("user", "delete", site.id, "brief")
    assert refused(host.ses(key).get_account) == BAD
    make()  # another of the same name
    assert refused(host.ses(key).get_account) == BAD
    assert refused(send, ses=host.ses(key), FromEmailAddress=SENDER) == BAD


def test_a_policy_narrows(site, user):
    def ses(*statements, words=("--user", user)):
        return site.host.ses(site.session(
            *words, "--policy", site.document(*statements)))

    only = ses(statement("Allow", ["ses:GetAccount"]))
    only.get_account()
    assert refused(only.list_email_identities)[1].endswith(
        "because no session policy allows the ses:ListEmailIdentities action")
    assert refused(send, ses=only, FromEmailAddress=SENDER) == (
        "AccessDeniedException",
        "User `arn:aws:iam::%s:user/%s' is not authorized to perform "
        "`ses:SendEmail' on resource `%s'" % (
            site.id, user, site.arn("identity", DOMAIN)), 403)

    to = ses(statement("Allow", "ses:SendEmail", condition={
        "ForAllValues:StringEquals": {"ses:Recipients": ["a@rcpt.example"]}}))
    send(to, FromEmailAddress=SENDER,
         Destination={"ToAddresses": ["a@rcpt.example"]})
    assert refused(send, ses=to, FromEmailAddress=SENDER, Destination={
        "ToAddresses": ["b@rcpt.example"]})[0] == "AccessDeniedException"

    # The account's own, which may everything otherwise.
    own = ses(statement("Allow", "ses:*"), statement("Deny", "ses:SendEmail"),
              words=())
    own.get_account()
    assert refused(send, ses=own, FromEmailAddress=SENDER)[0] == (
        "AccessDeniedException")

    # And never widens; what an identity's policy allows counts as little.
    site.allow(user, statement("Allow", "ses:GetAccount"))
    arn = site.arn("identity", DOMAIN)
    policy = dict(statement("Allow", "ses:SendEmail", arn), Principal={
        "AWS": "arn:aws:iam::%s:user/%s" % (site.id, user)})
    site.host.ses().create_email_identity_policy(
        EmailIdentity=DOMAIN, PolicyName="open", Policy=json.dumps(
            {"Version": "2012-10-17", "Statement": [policy]}))
    try:
        wide = ses(statement("Allow", "*"))
        wide.get_account()
        assert refused(wide.list_email_identities)[1].endswith(
            "because no identity-based policy allows the "
            "ses:ListEmailIdentities action")
        send(wide, FromEmailAddress=SENDER)
        assert refused(send, ses=only, FromEmailAddress=SENDER)[0] == (
            "AccessDeniedException")
    finally:
        site.host.ses().delete_email_identity_policy(EmailIdentity=DOMAIN,
                                                     PolicyName="open")
        site.allow(user, statement("Allow", "ses:*"))


def smtp_password(secret, region):
    value = ("AWS4" + secret).encode()
    for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        value = hmac.new(value, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + value).decode()


def test_no_login_over_smtp(site, key):
    region = site.host.env["SESAME_REGION"]
    own = smtp_password(site.host.env["AWS_SECRET_ACCESS_KEY"], region)
    assert own == site.host.env["SESAME_SMTP_PASSWORD"]
    for password in (smtp_password(key[1], region), key[2]):
        said = site.host.swaks(SENDER, "r@rcpt.example", user=key[0],
                               password=password)
        assert said.code == 535, said.output
        assert "Authentication Credentials Invalid" in said.reply


def test_another_accounts_session(site):
    other = "555566667777"
    site.host.sesamectl("account", "add", other)
    key = site.session(account=other)
    ses = site.host.ses(key)
    assert ses.list_email_identities()["EmailIdentities"] == []
    assert refused(send, ses=ses, FromEmailAddress=SENDER)[0] == (
        "MessageRejected")
    own = site.session()
    for mixed in (own[:2] + (key[2],), key[:2] + (own[2],)):
        assert refused(site.host.ses(mixed).get_account) == BAD


def test_lists_and_limits(site, user, key):
    rows = {row["access_key_id"]: row for row in site.iam(
        "session", "list", site.id, "--json")}
    assert rows[key[0]]["user"] == user and rows[key[0]]["active"] is True
    assert key[0] not in site.host.sesamectl("key", "list")
    assert key[0] not in site.iam("key", "list", site.id, user)
    for _ in range(2):
        site.iam("key", "add", site.id, user)
    for words, text in (
            (("--duration", "14m"), "--duration: "),
            (("--duration", "37h"), "--duration: "),
            (("--user", "ghost"), "user ghost does not exist"),
            (("--policy", site.document({"Effect": "Maybe"})),
             "Invalid policy: ")):
        done = site.host.run(site.host.env["SESAMECTL"], "iam", "session",
                             "add", site.id, *words)
        assert done.returncode in (1, 2) and text in done.stderr
    for words in (("key", "rotate", key[0]), ("iam", "key", "delete", key[0])):
        assert site.host.run(site.host.env["SESAMECTL"],
                             *words).returncode == 1


def test_no_secret_is_stored_or_logged(site, key):
    with open(os.path.join(site.host.layout.store, "data.mdb"), "rb") as file:
        store = file.read()
    logs = "".join(site.host.log(part) for part in ("gate", "agent",
                                                   "nginx-error"))
    assert key[0].encode() in store
    for secret in key[1:]:
        assert secret.encode() not in store
        assert secret not in logs
