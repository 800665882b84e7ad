"""Sending as another account's identity: both accounts have to allow it"""

import json

import botocore.exceptions
import pytest

from harness.host import wait
from mail.session import Session

OWNER = "333333333333"
DOMAIN = "owner.example"
TO = "rcpt@cross.example"
BODY = b"\r\nx\r\n"


class Site:
    """The owner's domain, and a user of the host's account who would use
    it."""

    def __init__(self, host, folder):
        self.host, self.folder = host, str(folder)
        self.account = host.env["SESAME_ACCOUNT"]
        self.arn = "arn:aws:ses:%s:%s:identity/%s" % (
            host.env["SESAME_REGION"], OWNER, DOMAIN)
        host.sesamectl("account", "add", OWNER)
        host.sesamectl("production", "grant", OWNER)
        made = host.sesamectl("key", "add", OWNER, "--json")
        self.owner_key = made["access_key_id"], made["secret_access_key"]
        self.owner = host.ses(self.owner_key)
        host.verify_domain(DOMAIN, self.owner, OWNER)
        host.sesamectl("iam", "user", "add", self.account, "delegate")
        made = host.sesamectl("iam", "key", "add", self.account, "delegate",
                              "--json")
        self.ses = host.ses((made["access_key_id"],
                             made["secret_access_key"]))
        self.login = made["smtp_user"], made["smtp_password"]
        self.owner_allows("none")
        self.caller_allows("none")

    def owner_allows(self, effect, principal=None, **condition):
        try:
            self.owner.delete_email_identity_policy(EmailIdentity=DOMAIN,
                                                    PolicyName="p")
        except self.owner.exceptions.NotFoundException:
            pass
        if effect != "none":
            statement = {"Effect": effect, "Action": "ses:Send*",
                         "Principal": {"AWS": principal or self.account},
                         "Resource": self.arn}
            if condition:
                statement["Condition"] = condition["condition"]
            self.owner.create_email_identity_policy(
                EmailIdentity=DOMAIN, PolicyName="p", Policy=json.dumps(
                    {"Version": "2012-10-17", "Statement": [statement]}))

    def caller_allows(self, effect):
        actions = {"none": ("Allow", "ses:GetAccount"),
                   "Allow": ("Allow", "ses:Send*"),
                   "Deny": ("Deny", "ses:Send*")}
        path = self.folder + "/policy.json"
        with open(path, "w") as file:
            json.dump({"Version": "2012-10-17", "Statement": {
                "Effect": actions[effect][0], "Action": actions[effect][1],
                "Resource": "*"}}, file)
        self.host.sesamectl("iam", "policy", "put", self.account, "p", path,
                            "--user", "delegate")

    def api(self, arn=None, sender="news@" + DOMAIN):
        """The message's id, or the error's (code, text)."""
        try:
            return self.ses.send_email(
                FromEmailAddress=sender,
                FromEmailAddressIdentityArn=arn or self.arn,
                Destination={"ToAddresses": [TO]},
                Content={"Simple": {"Subject": {"Data": "x"},
                                    "Body": {"Text": {"Data": "x"}}}},
            )["MessageId"]
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"][
                "Message"]

    def smtp(self, arn=None, sender="news@" + DOMAIN):
        """(code, text)"""
        arn = arn or self.arn
        head = "From: <%s>\r\nTo: %s\r\nSubject: x\r\n" % (sender, TO)
        head += "X-SES-SOURCE-ARN: %s\r\nX-SES-FROM-ARN: %s\r\n" % (arn, arn)
        with Session(self.host, *self.login) as session:
            return session.message(sender, TO, head.encode() + BODY)

    def denial(self, action, arn=None):
        return ("User `arn:aws:iam::%s:user/delegate' is not authorized to "
                "perform `%s' on resource `%s'" % (self.account, action,
                                                   arn or self.arn))


@pytest.fixture(scope="module")
def site(host, tmp_path_factory):
    return Site(host, tmp_path_factory.mktemp("cross"))


@pytest.mark.parametrize("caller", ["none", "Allow", "Deny"])
@pytest.mark.parametrize("owner", ["none", "Allow", "Deny"])
def test_pairs(site, owner, caller):
    site.owner_allows(owner)
    site.caller_allows(caller)
    if owner == caller == "Allow":
        assert isinstance(site.api(), str)
        assert site.smtp()[0] == 250
    else:
        assert site.api() == ("AccessDeniedException",
                              site.denial("ses:SendEmail"))
        assert site.smtp() == (554, "5.7.1 Access denied: " +
                               site.denial("ses:SendRawEmail"))


def test_owner_may_name_a_user_and_conditions(site):
    site.caller_allows("Allow")
    user = "arn:aws:iam::%s:user/delegate" % site.account
    site.owner_allows("Allow", user, condition={
        "StringLike": {"ses:FromAddress": "news@*"}})
    assert isinstance(site.api(), str)
    assert site.api(sender="boss@" + DOMAIN)[0] == "AccessDeniedException"
    assert site.smtp(sender="boss@" + DOMAIN)[0] == 554
    site.owner_allows("Allow", user[:-len("delegate")] + "somebody")
    assert site.api()[0] == "AccessDeniedException"


def test_quota_of_the_sender_signature_of_the_owner(site):
    site.owner_allows("Allow")
    site.caller_allows("Allow")
    theirs = site.owner.get_account()["SendQuota"]["SentLast24Hours"]
    ours = site.host.ses().get_account()["SendQuota"]["SentLast24Hours"]
    assert site.smtp()[0] == 250
    assert site.host.ses().get_account()["SendQuota"][
        "SentLast24Hours"] == ours + 1
    assert site.owner.get_account()["SendQuota"]["SentLast24Hours"] == theirs
    message_id = site.api()
    site.host.settle()
    mail = [mail for mail in site.host.mail(to=TO)
            if message_id in str(mail.header("Message-ID"))]
    assert len(mail) == 1
    assert DOMAIN in site.host.dkim_domains(mail[0])
    assert "X-SES" not in mail[0].head()


def test_probing_tells_nothing(site):
    """Another account's identities: there or not, verified or not, the
    account there or not, with other policies or none."""
    site.caller_allows("Allow")
    site.owner_allows("Allow", "444444444444")
    site.owner.create_email_identity(EmailIdentity="pending.example")
    region = site.host.env["SESAME_REGION"]
    for account, domain in ((OWNER, DOMAIN), (OWNER, "pending.example"),
                            (OWNER, "never.example"),
                            ("555555555555", DOMAIN)):
        arn = "arn:aws:ses:%s:%s:identity/%s" % (region, account, domain)
        assert site.api(arn, "a@" + domain) == (
            "AccessDeniedException", site.denial("ses:SendEmail", arn))
        assert site.smtp(arn, "a@" + domain) == (
            554, "5.7.1 Access denied: " +
            site.denial("ses:SendRawEmail", arn))


def test_without_the_arn_it_is_nobodys(site):
    site.caller_allows("Allow")
    site.owner_allows("Allow")
    with Session(site.host, *site.login) as session:
        code, text = session.message(
            "news@" + DOMAIN, TO, b"From: <news@owner.example>\r\nTo: " +
            TO.encode() + b"\r\nX-SES-FROM-ARN: " + site.arn.encode() +
            b"\r\n" + BODY)
    assert code == 554 and "Email address is not verified" in text


def test_policies_of_an_identity(site):
    ses, gone = site.owner, site.owner.exceptions.NotFoundException
    named = dict(EmailIdentity=DOMAIN, PolicyName="one")
    text = json.dumps({"Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "ses:SendEmail",
        "Resource": site.arn}]})
    with pytest.raises(gone, match="Policy <one> does not exist"):
        ses.update_email_identity_policy(Policy=text, **named)
    ses.create_email_identity_policy(Policy=text, **named)
    with pytest.raises(ses.exceptions.AlreadyExistsException,
                       match="Policy <one> already exists"):
        ses.create_email_identity_policy(Policy=text, **named)
    ses.update_email_identity_policy(Policy=text + " ", **named)
    assert ses.get_email_identity_policies(EmailIdentity=DOMAIN)["Policies"][
        "one"] == text + " "
    assert "one" in ses.get_email_identity(EmailIdentity=DOMAIN)["Policies"]
    ses.delete_email_identity_policy(**named)
    ses.delete_email_identity_policy(**named)
    for bad, why in (
            ("{", "it is not valid JSON"),
            (text.replace(DOMAIN, "x.example"),
             "is not the ARN of this identity"),
            (text.replace("ses:SendEmail", "ses:Get*"),
             "is no sending action")):
        with pytest.raises(ses.exceptions.BadRequestException, match=why):
            ses.create_email_identity_policy(Policy=bad, **named)
    with pytest.raises(ses.exceptions.BadRequestException,
                       match="PolicyName is invalid"):
        ses.create_email_identity_policy(
            EmailIdentity=DOMAIN, PolicyName="a b", Policy=text)
    with pytest.raises(gone, match="Email identity no.example does not exist"):
        ses.get_email_identity_policies(EmailIdentity="no.example")


def test_policies_go_with_their_identity(site):
    ses = site.owner
    ses.create_email_identity(EmailIdentity="brief.example")
    arn = site.arn.replace(DOMAIN, "brief.example")
    text = json.dumps({"Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "ses:SendEmail",
        "Resource": arn}]})
    ses.create_email_identity_policy(EmailIdentity="brief.example",
                                     PolicyName="p", Policy=text)
    ses.delete_email_identity(EmailIdentity="brief.example")
    ses.create_email_identity(EmailIdentity="brief.example")
    assert ses.get_email_identity_policies(
        EmailIdentity="brief.example")["Policies"] == {}


def test_the_owner_is_notified(site):
    """Topics of the identity are its owner's, whoever sends."""
    host = site.host
    sns, v1 = host.sns(site.owner_key), host.client("ses", site.owner_key)
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http",
                  Endpoint=host.env["SESAME_SUBSCRIBER"] + "/owner-told")
    wait(lambda: [row for row in sns.list_subscriptions_by_topic(
        TopicArn=topic)["Subscriptions"]
        if row["SubscriptionArn"].startswith("arn:")], 1, 30, "confirmation")
    v1.set_identity_notification_topic(
        Identity=DOMAIN, NotificationType="Delivery", SnsTopic=topic)
    site.owner_allows("Allow")
    site.caller_allows("Allow")
    sent = site.api()
    told = wait(lambda: [
        request["message"] for request in host.requests("/owner-told")
        if isinstance(request["message"], dict) and
        request["message"].get("mail", {}).get("messageId") == sent], 1, 60,
        "the notification")[0]
    assert told["mail"]["sendingAccountId"] == site.account
    assert told["mail"]["sourceArn"] == site.arn
    v1.set_identity_notification_topic(Identity=DOMAIN,
                                       NotificationType="Delivery")
