"""One account can neither see nor touch what belongs to another"""

import pytest

OTHER = "210987654321"
NAME = "mine.example"


@pytest.fixture(scope="module")
def two(host):
    """(host, key of our account, key of another)."""
    host.sesamectl("account", "add", OTHER)
    host.sesamectl("production", "grant", OTHER)
    made = host.sesamectl("key", "add", OTHER, "--json")
    theirs = made["access_key_id"], made["secret_access_key"]
    ours = (host.env["AWS_ACCESS_KEY_ID"],
            host.env["AWS_SECRET_ACCESS_KEY"])
    return host, ours, theirs


@pytest.fixture(scope="module")
def filled(two):
    """Our account has one of everything."""
    host, ours, theirs = two
    host.verify_domain(NAME, account=host.env["SESAME_ACCOUNT"])
    topic, subscription = host.subscribe("private-set", path="/private")
    host.ses().put_suppressed_destination(EmailAddress="x@private.example",
                                          Reason="BOUNCE")
    return host, theirs, topic, subscription


def test_nothing_in_lists(filled):
    host, theirs, topic, _ = filled
    ses, sns = host.ses(theirs), host.sns(theirs)
    assert not ses.list_email_identities()["EmailIdentities"]
    assert not ses.list_configuration_sets()["ConfigurationSets"]
    assert not ses.list_suppressed_destinations()[
        "SuppressedDestinationSummaries"]
    assert not sns.list_topics()["Topics"]
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 0


def test_nothing_by_name(filled):
    host, theirs, topic, subscription = filled
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
            lambda: sns.unsubscribe(SubscriptionArn=subscription)):
        with pytest.raises(sns.exceptions.ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] in (
            "NotFound", "AuthorizationError", "InvalidParameter")
    assert topic in [item["TopicArn"] for item in
                     host.sns().list_topics()["Topics"]]


def test_a_topic_of_another_is_no_sink(filled):
    host, theirs, topic, _ = filled
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


def test_sending_as_another(filled):
    host, theirs, _, _ = filled
    ses = host.ses(theirs)
    with pytest.raises(ses.exceptions.MessageRejected) as refused:
        ses.send_email(FromEmailAddress="s@" + NAME,
                       Destination={"ToAddresses": ["spy@rcpt.example"]},
                       Content={"Simple": {
                           "Subject": {"Data": "x"},
                           "Body": {"Text": {"Data": "x"}}}})
    assert refused.value.response["Error"]["Message"] == (
        "Email address is not verified. The following identities failed the "
        "check in region US-EAST-1: s@" + NAME)
    key = host.sesamectl("key", "add", OTHER, "--json")
    answer = host.swaks("s@" + NAME, "spy@rcpt.example",
                        user=key["smtp_user"], password=key["smtp_password"])
    assert answer.code == 554
    assert "Email address is not verified" in answer.reply
    assert not host.mail(to="spy@rcpt.example")


def test_the_same_names_are_two_things(filled):
    host, theirs, _, _ = filled
    ses = host.ses(theirs)
    ses.create_email_identity(EmailIdentity=NAME)
    ses.create_configuration_set(ConfigurationSetName="private-set")
    ses.put_suppressed_destination(EmailAddress="x@private.example",
                                   Reason="COMPLAINT")
    ours = host.ses()
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
    host, theirs, _, _ = filled
    ours, ses = host.ses(), host.ses(theirs)
    for number in range(2):
        ours.put_suppressed_destination(
            EmailAddress="p%d@private.example" % number, Reason="BOUNCE")
    token = ours.list_suppressed_destinations(PageSize=1)["NextToken"]
    with pytest.raises(ses.exceptions.InvalidNextTokenException):
        ses.list_suppressed_destinations(PageSize=1, NextToken=token)
