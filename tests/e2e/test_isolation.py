"""One account can neither see nor touch what belongs to another"""

import pytest

OTHER = "210987654321"
NAME = "mine.example"


@pytest.fixture(scope="module")
def keys(host):
    """{account: (access key id, secret)} of ours and of another."""
    host.sesamectl("account", "add", OTHER)
    host.sesamectl("production", "grant", OTHER)
    made = host.sesamectl("key", "add", OTHER, "--json")
    return {host.env["SESAME_ACCOUNT"]: (host.env["AWS_ACCESS_KEY_ID"],
                                         host.env["AWS_SECRET_ACCESS_KEY"]),
            OTHER: (made["access_key_id"], made["secret_access_key"])}


@pytest.fixture(scope="module", params=["ours", "theirs"])
def filled(host, keys, request):
    """One account has one of everything; the other one tries.

    (host, owner's key, intruder's key, topic, subscription); the names that
    tests use are NAME, private-set and x@private.example."""
    mine, other = host.env["SESAME_ACCOUNT"], OTHER
    if request.param == "theirs":
        mine, other = other, mine
    key = keys[mine]
    host.verify_domain(NAME, host.ses(key), mine)
    topic, subscription = host.subscribe("private-set", path="/private",
                                         key=key)
    host.ses(key).put_suppressed_destination(
        EmailAddress="x@private.example", Reason="BOUNCE")
    yield host, key, keys[other], topic, subscription
    ses, sns = host.ses(key), host.sns(key)
    ses.delete_email_identity(EmailIdentity=NAME)
    ses.delete_configuration_set(ConfigurationSetName="private-set")
    sns.delete_topic(TopicArn=topic)
    for row in ses.list_suppressed_destinations()[
            "SuppressedDestinationSummaries"]:
        ses.delete_suppressed_destination(EmailAddress=row["EmailAddress"])


def test_nothing_in_lists(filled):
    host, _, theirs, topic, _ = filled
    ses, sns = host.ses(theirs), host.sns(theirs)
    assert NAME not in str(ses.list_email_identities(PageSize=1000))
    assert "private-set" not in str(ses.list_configuration_sets(PageSize=1000))
    assert "x@private.example" not in str(ses.list_suppressed_destinations(
        PageSize=1000))
    assert topic not in str(sns.list_topics())


def test_quota_is_ones_own(filled):
    host, ours, theirs, _, _ = filled
    used = [host.ses(key).get_account()["SendQuota"]["SentLast24Hours"]
            for key in (ours, theirs)]
    host.ses(ours).send_email(
        FromEmailAddress="s@" + NAME,
        Destination={"ToAddresses": ["q@rcpt.example"]},
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "x"}}}})
    assert [host.ses(key).get_account()["SendQuota"]["SentLast24Hours"]
            for key in (ours, theirs)] == [used[0] + 1, used[1]]


def test_nothing_by_name(filled):
    host, ours, theirs, topic, subscription = filled
    ses, sns = host.ses(theirs), host.sns(theirs)
    gone = ses.exceptions.NotFoundException
    destination = {"Enabled": True, "MatchingEventTypes": ["SEND"],
                   "SnsDestination": {"TopicArn": topic}}
    named = {"ConfigurationSetName": "private-set",
             "EventDestinationName": "events"}
    for call in (
            lambda: ses.get_email_identity(EmailIdentity=NAME),
            lambda: ses.delete_email_identity(EmailIdentity=NAME),
            lambda: ses.get_configuration_set(
                ConfigurationSetName="private-set"),
            lambda: ses.delete_configuration_set(
                ConfigurationSetName="private-set"),
            lambda: ses.put_configuration_set_sending_options(
                ConfigurationSetName="private-set", SendingEnabled=False),
            lambda: ses.get_configuration_set_event_destinations(
                ConfigurationSetName="private-set"),
            lambda: ses.create_configuration_set_event_destination(
                ConfigurationSetName="private-set",
                EventDestinationName="spy", EventDestination=destination),
            lambda: ses.update_configuration_set_event_destination(
                EventDestination=destination, **named),
            lambda: ses.delete_configuration_set_event_destination(**named),
            lambda: ses.get_suppressed_destination(
                EmailAddress="x@private.example"),
            lambda: ses.delete_suppressed_destination(
                EmailAddress="x@private.example"),
            lambda: ses.create_email_identity(
                EmailIdentity="else.example",
                ConfigurationSetName="private-set")):
        with pytest.raises(gone):
            call()
    for call in (
            lambda: sns.list_subscriptions_by_topic(TopicArn=topic),
            lambda: sns.subscribe(TopicArn=topic, Protocol="http",
                                  Endpoint=host.env["SESAME_SUBSCRIBER"]),
            lambda: sns.confirm_subscription(TopicArn=topic, Token="x" * 64),
            lambda: sns.delete_topic(TopicArn=topic),
            lambda: sns.get_topic_attributes(TopicArn=topic),
            lambda: sns.get_subscription_attributes(
                SubscriptionArn=subscription),
            lambda: sns.set_subscription_attributes(
                SubscriptionArn=subscription,
                AttributeName="RawMessageDelivery", AttributeValue="true"),
            lambda: sns.unsubscribe(SubscriptionArn=subscription)):
        with pytest.raises(sns.exceptions.ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] in (
            "NotFound", "AuthorizationError", "InvalidParameter")
    assert topic in [item["TopicArn"] for item in
                     host.sns(ours).list_topics()["Topics"]]


def test_a_topic_of_another_is_no_sink(filled):
    host, _, theirs, topic, _ = filled
    ses = host.ses(theirs)
    ses.create_configuration_set(ConfigurationSetName="own")
    try:
        with pytest.raises(ses.exceptions.BadRequestException):
            ses.create_configuration_set_event_destination(
                ConfigurationSetName="own", EventDestinationName="e",
                EventDestination={"Enabled": True,
                                  "MatchingEventTypes": ["SEND"],
                                  "SnsDestination": {"TopicArn": topic}})
    finally:
        ses.delete_configuration_set(ConfigurationSetName="own")


def test_sending_with_the_set_of_another(filled):
    """Also of one's own identity: the set is not there."""
    host, _, theirs, _, _ = filled
    ses = host.ses(theirs)
    message = b"From: s@own.example\r\nX-SES-CONFIGURATION-SET: private-set" \
        b"\r\n\r\nx\r\n"
    simple = {"Simple": {"Subject": {"Data": "x"},
                         "Body": {"Text": {"Data": "x"}}}}
    for more in ({"Content": simple, "ConfigurationSetName": "private-set"},
                 {"Content": {"Raw": {"Data": message}}}):
        with pytest.raises(ses.exceptions.BadRequestException) as refused:
            ses.send_email(FromEmailAddress="s@own.example",
                           Destination={"ToAddresses": ["x@rcpt.example"]},
                           **more)
        assert "<private-set> does not exist" in str(refused.value)


def test_sending_as_another(filled, keys):
    host, _, theirs, _, _ = filled
    ses = host.ses(theirs)
    account = [a for a, key in keys.items() if key == theirs][0]
    with pytest.raises(ses.exceptions.MessageRejected) as refused:
        ses.send_email(FromEmailAddress="s@" + NAME,
                       Destination={"ToAddresses": ["spy@rcpt.example"]},
                       Content={"Simple": {
                           "Subject": {"Data": "x"},
                           "Body": {"Text": {"Data": "x"}}}})
    assert refused.value.response["Error"]["Message"] == (
        "Email address is not verified. The following identities failed the "
        "check in region US-EAST-1: s@" + NAME)
    key = host.sesamectl("key", "add", account, "--json")
    answer = host.swaks("s@" + NAME, "spy@rcpt.example",
                        user=key["smtp_user"], password=key["smtp_password"])
    assert answer.code == 554
    assert "Email address is not verified" in answer.reply
    assert not host.mail(to="spy@rcpt.example")


def test_the_same_names_are_two_things(filled):
    host, mine, theirs, _, _ = filled
    ses = host.ses(theirs)
    ses.create_email_identity(EmailIdentity=NAME)
    ses.create_configuration_set(ConfigurationSetName="private-set")
    ses.put_suppressed_destination(EmailAddress="x@private.example",
                                   Reason="COMPLAINT")
    ours = host.ses(mine)
    assert ours.get_email_identity(EmailIdentity=NAME)[
        "VerifiedForSendingStatus"]
    assert not ses.get_email_identity(EmailIdentity=NAME)[
        "VerifiedForSendingStatus"]
    assert ours.get_email_identity(EmailIdentity=NAME)["DkimAttributes"][
        "Tokens"] != ses.get_email_identity(EmailIdentity=NAME)[
            "DkimAttributes"]["Tokens"]
    assert ours.get_suppressed_destination(
        EmailAddress="x@private.example")["SuppressedDestination"][
            "Reason"] == "BOUNCE"
    ses.delete_email_identity(EmailIdentity=NAME)
    ses.delete_configuration_set(ConfigurationSetName="private-set")
    ses.delete_suppressed_destination(EmailAddress="x@private.example")
    assert ours.get_configuration_set(ConfigurationSetName="private-set")


def test_a_page_token_of_another(filled):
    host, mine, theirs, _, _ = filled
    ours, ses = host.ses(mine), host.ses(theirs)
    for number in range(2):
        ours.put_suppressed_destination(
            EmailAddress="p%d@private.example" % number, Reason="BOUNCE")
    token = ours.list_suppressed_destinations(PageSize=1)["NextToken"]
    with pytest.raises(ses.exceptions.InvalidNextTokenException):
        ses.list_suppressed_destinations(PageSize=1, NextToken=token)
