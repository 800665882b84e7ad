"""Users with policies: what they may do, over the API and over SMTP"""

import json
import os

import botocore.exceptions
import pytest

from mail.session import Session
from raw import call, check_error

DOMAIN = "iam.example"
TO = "rcpt@rcpt.example"


def statement(effect, action, resource="*", **condition):
    made = {"Effect": effect, "Action": action, "Resource": resource}
    if condition:
        made["Condition"] = condition["condition"]
    return made


class Account:
    """The private host's account, with a file for documents."""

    def __init__(self, host, folder):
        self.host, self.folder = host, str(folder)
        self.id = host.env["SESAME_ACCOUNT"]

    def iam(self, *words, **options):
        return self.host.sesamectl("iam", *words, **options)

    def document(self, *statements):
        path = os.path.join(self.folder, "policy.json")
        with open(path, "w") as file:
            json.dump({"Version": "2012-10-17",
                       "Statement": list(statements)}, file)
        return path

    def user(self, name):
        """A user with a key: (user name, key of boto3, SMTP login)."""
        self.iam("user", "add", self.id, name)
        made = self.iam("key", "add", self.id, name, "--json")
        return name, (made["access_key_id"], made["secret_access_key"]), (
            made["smtp_user"], made["smtp_password"])

    def allow(self, user, *statements):
        """The user's one inline policy, from now on."""
        self.iam("policy", "put", self.id, "own", self.document(*statements),
                 "--user", user)

    def arn(self, kind, name):
        return "arn:aws:ses:%s:%s:%s/%s" % (self.host.env["SESAME_REGION"],
                                            self.id, kind, name)


@pytest.fixture(scope="module")
def account(host, tmp_path_factory):
    host.verify_domain(DOMAIN)
    return Account(host, tmp_path_factory.mktemp("iam"))


@pytest.fixture(scope="module")
def ann(account):
    return account.user("ann")


def send(ses, **more):
    more.setdefault("FromEmailAddress", "news@" + DOMAIN)
    more.setdefault("Destination", {"ToAddresses": [TO]})
    return ses.send_email(Content={"Simple": {
        "Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}}, **more)


def refused(call, **words):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**words)
    error = caught.value.response
    return (error["Error"]["Code"], error["Error"]["Message"],
            error["ResponseMetadata"]["HTTPStatusCode"])


def smtp(account, login, sender="news@" + DOMAIN, to=TO, head=b""):
    with Session(account.host, *login) as session:
        return session.message(
            sender, to, b"From: <" + sender.encode() + b">\r\nTo: " +
            to.encode() + b"\r\nSubject: x\r\n" + head + b"\r\nx\r\n")


def denial(account, user, action, resource):
    return ("User `arn:aws:iam::%s:user/%s' is not authorized to perform "
            "`%s' on resource `%s'" % (account.id, user, action, resource))


def test_nothing_is_allowed_at_first(account):
    name, key, login = account.user("nobody")
    ses = account.host.ses(key)
    assert refused(ses.get_account) == (
        "AccessDeniedException",
        "User: arn:aws:iam::%s:user/nobody is not authorized to perform: "
        "ses:GetAccount on resource: * because no identity-based policy "
        "allows the ses:GetAccount action" % account.id, 403)
    text = denial(account, name, "ses:SendEmail",
                  account.arn("identity", DOMAIN))
    assert refused(send, ses=ses) == ("AccessDeniedException", text, 403)
    assert smtp(account, login) == (
        554, "5.7.1 Access denied: " + text.replace("SendEmail",
                                                    "SendRawEmail"))


def test_the_accounts_own_key_may_everything(account):
    account.host.ses().get_account()
    send(account.host.ses())
    keys = account.host.sesamectl("key", "list", "--json", account.id)
    assert [row["owner"] for row in keys
            if row["access_key_id"] ==
            account.host.env["AWS_ACCESS_KEY_ID"]] == ["account"]


def test_allow_and_deny_at_once(account, ann):
    name, key, login = ann
    ses = account.host.ses(key)
    account.allow(name, statement("Allow", "ses:*"))
    ses.get_account()
    send(ses)
    assert smtp(account, login)[0] == 250
    account.allow(name, statement("Allow", "ses:*"),
                  statement("Deny", ["ses:GetAccount", "ses:SendRawEmail"]))
    assert refused(ses.get_account)[1].endswith(
        "on resource: * with an explicit deny in an identity-based policy "
        "for the ses:GetAccount action")
    send(ses)
    assert smtp(account, login)[0] == 554
    raw = {"Content": {"Raw": {"Data": b"From: news@iam.example\r\nTo: " +
                               TO.encode() + b"\r\n\r\nx\r\n"}}}
    assert refused(ses.send_email, **raw)[1] == denial(
        account, name, "ses:SendRawEmail", account.arn("identity", DOMAIN))


def test_resources(account, ann):
    name, key, _ = ann
    ses = account.host.ses(key)
    account.allow(name, statement(
        "Allow", "ses:*", [account.arn("identity", DOMAIN),
                           account.arn("configuration-set", "iam-a*")]))
    ses.get_email_identity(EmailIdentity=DOMAIN)
    assert refused(ses.get_email_identity, EmailIdentity="x.example")[0] == (
        "AccessDeniedException")
    ses.create_configuration_set(ConfigurationSetName="iam-a1")
    assert refused(ses.create_configuration_set,
                   ConfigurationSetName="iam-b1")[0] == "AccessDeniedException"
    send(ses, ConfigurationSetName="iam-a1")
    account.host.ses().create_configuration_set(ConfigurationSetName="iam-b1")
    assert refused(send, ses=ses, ConfigurationSetName="iam-b1")[1] == denial(
        account, name, "ses:SendEmail",
        account.arn("configuration-set", "iam-b1"))


def test_one_identity_has_one_arn(account, ann):
    name, key, _ = ann
    account.allow(name, statement("Allow", "ses:*"), statement(
        "Deny", "ses:*", account.arn("identity", DOMAIN)))
    for spelling in (DOMAIN, DOMAIN.upper(), DOMAIN + "."):
        assert refused(account.host.ses(key).get_email_identity,
                       EmailIdentity=spelling)[0] == "AccessDeniedException"


def test_members_that_have_no_effect_are_not_asked_about(account, ann):
    """Else one could name a resource that is allowed beside the one that
    counts."""
    name, key, _ = ann
    account.allow(name, statement("Allow", "ses:*"), statement(
        "Deny", "ses:*", account.arn("configuration-set", "iam-secret")))

    def create(**members):
        return call(account.host, "POST", "/v2/email/configuration-sets",
                    json.dumps(members).encode(), key=key)

    for member in ("EmailIdentity", "ContactListName", "ResourceArn",
                   "TopicArn", "TemplateName"):
        check_error(create(ConfigurationSetName="iam-secret",
                           **{member: "arn:aws:ses:x:y:identity/mine"}),
                    403, "AccessDeniedException")
    assert create(ConfigurationSetName="iam-open",
                  EmailIdentity="x.example").status == 200


def test_tags_need_their_own_action(account, ann):
    name, key, _ = ann
    ses = account.host.ses(key)
    tags = [{"Key": "team", "Value": "shop"}]
    account.allow(name, statement("Allow", "ses:Create*"))
    code, text, _ = refused(ses.create_configuration_set, Tags=tags,
                            ConfigurationSetName="iam-tagged")
    assert code == "AccessDeniedException" and "ses:TagResource" in text
    account.allow(name, statement(
        "Allow", ["ses:Create*", "ses:TagResource"],
        condition={"StringEquals": {"aws:RequestTag/team": "shop"}}),
        statement("Allow", "ses:Get*", condition={
            "StringEquals": {"aws:ResourceTag/team": "shop"}}))
    ses.create_configuration_set(Tags=tags, ConfigurationSetName="iam-tagged")
    ses.get_configuration_set(ConfigurationSetName="iam-tagged")
    assert refused(ses.get_configuration_set,
                   ConfigurationSetName="iam-a1")[0] == "AccessDeniedException"


CONDITIONS = {  # name: (condition, is it met by what send() sends?)
    "from": ({"StringLike": {"ses:FromAddress": "news@*"}}, True),
    "other from": ({"StringLike": {"ses:FromAddress": "NEWS@*"}}, False),
    "recipients": ({"ForAllValues:StringLike": {
        "ses:Recipients": "*@rcpt.example"}}, True),
    "other recipients": ({"ForAllValues:StringLike": {
        "ses:Recipients": "*@else.example"}}, False),
    "feedback": ({"StringEquals": {
        "ses:FeedbackAddress": "news@" + DOMAIN}}, True),
    "client": ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
    "other client": ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
    "version": ({"StringEquals": {"ses:ApiVersion": "2"}}, True),
    "time": ({"DateGreaterThan": {
        "aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    "past": ({"DateLessThan": {"aws:EpochTime": "1500000000"}}, False),
    "user": ({"StringEquals": {"aws:username": "ann"}}, True),
    "display name": ({"Null": {"ses:FromDisplayName": "true"}}, True),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions(account, ann, name):
    user, key, login = ann
    condition, met = CONDITIONS[name]
    account.allow(user, statement("Allow", "ses:Send*", condition=condition))
    if met:
        send(account.host.ses(key))
    else:
        assert refused(send, ses=account.host.ses(key))[0] == (
            "AccessDeniedException")
    assert smtp(account, login)[0] == (250 if met else 554)


def test_what_the_api_alone_knows(account, ann):
    user, key, login = ann
    account.allow(user, statement("Allow", "ses:Send*", condition={
        "StringLike": {"aws:UserAgent": "*Boto*"},
        "Bool": {"aws:SecureTransport": "false"}}))
    send(account.host.ses(key))
    assert smtp(account, login)[0] == 554  # by TLS, and with no user agent
    forged = {"Content": {"Raw": {"Data": (
        b"X-Sesame-Caller: tls=1 agent=\r\nFrom: news@iam.example\r\nTo: " +
        TO.encode() + b"\r\n\r\nx\r\n")}}}
    account.host.ses(key).send_email(**forged)
    account.allow(user, statement("Allow", "ses:Send*", condition={
        "Bool": {"aws:SecureTransport": "true"}}))
    assert refused(account.host.ses(key).send_email, **forged)[0] == (
        "AccessDeniedException")
    assert smtp(account, login)[0] == 250


def test_every_recipient_counts(account, ann):
    user, key, _ = ann
    to = {"ToAddresses": [TO], "BccAddresses": ["x@else.example"]}
    account.allow(user, statement("Allow", "ses:Send*", condition={
        "ForAllValues:StringLike": {"ses:Recipients": "*@rcpt.example"}}))
    assert refused(send, ses=account.host.ses(key), Destination=to)[0] == (
        "AccessDeniedException")


def test_groups_and_managed_policies(account):
    name, key, _ = account.user("greg")
    ses = account.host.ses(key)
    account.iam("policy", "put", account.id, "read", account.document(
        statement("Allow", "ses:Get*")))
    account.iam("group", "add", account.id, "readers")
    account.iam("policy", "attach", account.id, "read", "--group", "readers")
    refused(ses.get_account)
    account.iam("group", "join", account.id, "readers", name)
    ses.get_account()
    account.iam("policy", "put", account.id, "read", account.document(
        statement("Deny", "ses:Get*")))
    assert "explicit deny" in refused(ses.get_account)[1]
    for words in (("policy", "delete", account.id, "read"),
                  ("group", "delete", account.id, "readers"),
                  ("user", "delete", account.id, name)):
        with pytest.raises(AssertionError):  # in use
            account.iam(*words)
    account.iam("group", "leave", account.id, "readers", name)
    account.iam("group", "delete", account.id, "readers")
    account.iam("policy", "delete", account.id, "read")


def test_keys(account):
    name, key, login = account.user("kim")
    account.allow(name, statement("Allow", "ses:*"))
    account.iam("key", "add", account.id, name)
    with pytest.raises(AssertionError):
        account.iam("key", "add", account.id, name)
    rows = {row["access_key_id"]: row for row in account.iam(
        "key", "list", account.id, name, "--json")}
    assert len(rows) == 2 and rows[key[0]]["last_used"] is None
    with pytest.raises(AssertionError):  # would be the account's
        account.host.sesamectl("key", "rotate", key[0])

    # An inactive key is refused at once, in a session that is open, too.
    message = (b"From: <news@iam.example>\r\nTo: " + TO.encode() +
               b"\r\n\r\nx\r\n")
    with Session(account.host, *login) as session:
        assert session.message("news@" + DOMAIN, TO, message)[0] == 250
        account.host.sesamectl("key", "disable", key[0])
        assert session.message("news@" + DOMAIN, TO, message)[0] == 535
    rows = {row["access_key_id"]: row for row in account.iam(
        "key", "list", account.id, name, "--json")}
    assert rows[key[0]]["last_used"] and not rows[key[0]]["active"]
    assert refused(account.host.ses(key).get_account)[0] == (
        "UnrecognizedClientException")
    account.iam("key", "delete", key[0])
    assert len(account.iam("key", "list", account.id, name, "--json")) == 1


def test_simulate(account, ann):
    account.allow(ann[0], statement("Allow", "ses:Send*"), statement(
        "Deny", "ses:Send*", condition={
            "StringLike": {"ses:FromAddress": "boss@*"}}))

    def simulate(sender):
        return account.iam("simulate", account.id, ann[0], "ses:SendEmail",
                           account.arn("identity", DOMAIN), "--from", sender,
                           "--json")

    said = simulate("news@iam.example")
    assert said["decision"] == "allowed"
    assert [(row["policy"], row["applies"], row["differs"])
            for row in said["statements"]] == [
                ("user/ann/own", "yes", ""),
                ("user/ann/own", "no", "Condition StringLike ses:FromAddress")]
    assert simulate("boss@iam.example")["decision"] == "explicitDeny"


def test_bad_documents(account, ann):
    path = os.path.join(account.folder, "bad.json")
    with open(path, "w") as file:
        file.write('{"Statement": {"Effect": "Alow"}}')
    done = account.host.run(account.host.env["SESAMECTL"], "iam", "policy",
                            "put", account.id, "own", path, "--user", ann[0])
    assert done.returncode == 1
    assert ("Invalid policy: statement 1: Effect must be Allow or Deny." in
            done.stderr)
