"""Configuration sets and their event destinations"""

import json

import pytest
from botocore.exceptions import ClientError

from raw import call, check_error

SETS = "/v2/email/configuration-sets"


def refused(action, error, text=None):
    with pytest.raises(ClientError) as caught:
        action()
    said = caught.value.response["Error"]
    assert said["Code"] == error, said
    if text is not None:
        assert said["Message"] == text


@pytest.fixture
def ses(host):
    ses = host.ses()
    yield ses
    for name in ses.list_configuration_sets()["ConfigurationSets"]:
        if name.startswith("cs-"):
            ses.delete_configuration_set(ConfigurationSetName=name)


def test_life(ses):
    ses.create_configuration_set(ConfigurationSetName="cs-a")
    shown = ses.get_configuration_set(ConfigurationSetName="cs-a")
    shown.pop("ResponseMetadata")
    assert shown == {"ConfigurationSetName": "cs-a",
                     "DeliveryOptions": {"TlsPolicy": "OPTIONAL"},
                     "ReputationOptions": {"ReputationMetricsEnabled": True},
                     "SendingOptions": {"SendingEnabled": True}, "Tags": []}
    refused(lambda: ses.create_configuration_set(ConfigurationSetName="cs-a"),
            "AlreadyExistsException",
            "Configuration set cs-a already exists.")
    ses.put_configuration_set_sending_options(ConfigurationSetName="cs-a",
                                              SendingEnabled=False)
    shown = ses.get_configuration_set(ConfigurationSetName="cs-a")
    assert shown["SendingOptions"] == {"SendingEnabled": False}
    ses.delete_configuration_set(ConfigurationSetName="cs-a")
    refused(lambda: ses.delete_configuration_set(ConfigurationSetName="cs-a"),
            "NotFoundException", "Configuration set <cs-a> does not exist.")


def test_options(ses):
    ses.create_configuration_set(
        ConfigurationSetName="cs-b",
        SendingOptions={"SendingEnabled": False},
        ReputationOptions={"ReputationMetricsEnabled": False},
        SuppressionOptions={"SuppressedReasons": []},
        DeliveryOptions={"TlsPolicy": "OPTIONAL"},
        Tags=[{"Key": "k", "Value": ""}])
    shown = ses.get_configuration_set(ConfigurationSetName="cs-b")
    assert shown["SendingOptions"]["SendingEnabled"] is False
    assert shown["ReputationOptions"]["ReputationMetricsEnabled"] is False
    assert shown["SuppressionOptions"] == {"SuppressedReasons": []}
    assert shown["Tags"] == [{"Key": "k", "Value": ""}]
    ses.put_configuration_set_sending_options(ConfigurationSetName="cs-b",
                                              SendingEnabled=True)
    shown = ses.get_configuration_set(ConfigurationSetName="cs-b")
    assert "LastFreshStart" in shown["ReputationOptions"]


def test_max_delivery_seconds(host):
    answer = call(host, "POST", SETS,
                  {"ConfigurationSetName": "cs-time",
                   "DeliveryOptions": {"MaxDeliverySeconds": 50401}})
    check_error(answer, 400, "BadRequestException",
                "1 validation error detected: Value at "
                "'deliveryOptions.maxDeliverySeconds' failed to satisfy "
                "constraint: Member must have value less than or equal to "
                "50400")
    answer = call(host, "POST", SETS,
                  {"ConfigurationSetName": "cs-time",
                   "DeliveryOptions": {"MaxDeliverySeconds": 50400}})
    assert answer.status == 200, answer
    shown = json.loads(call(host, "GET", SETS + "/cs-time").body)
    assert shown["DeliveryOptions"] == {"TlsPolicy": "OPTIONAL",
                                        "MaxDeliverySeconds": 50400}


@pytest.mark.parametrize("more,named", [
    ({"TrackingOptions": {"CustomRedirectDomain": "t.example"}},
     "TrackingOptions"),
    ({"VdmOptions": {"GuardianOptions": {
        "OptimizedSharedDelivery": "ENABLED"}}},
     "VdmOptions.GuardianOptions.OptimizedSharedDelivery"),
    ({"SuppressionOptions": {"SuppressedReasons": [],
                             "SuppressionScope": "TENANT"}},
     "SuppressionOptions.SuppressionScope"),
    ({"MessageSecurityOptions": {"SigningScheme": {"SmimeScheme": {
        "SignatureFormat": "DETACHED"}}}},
     "MessageSecurityOptions.SigningScheme.SmimeScheme")])
def test_later(ses, host, more, named):
    answer = call(host, "POST", SETS,
                  dict(more, ConfigurationSetName="cs-later"))
    check_error(answer, 400, "BadRequestException",
                named + " is not supported yet.")
    refused(lambda: ses.get_configuration_set(ConfigurationSetName="cs-later"),
            "NotFoundException")


@pytest.mark.parametrize("options", [{"TlsPolicy": "REQUIRE"},
                                     {"SendingPoolName":
                                      "ses-default-dedicated-pool"}])
def test_a_site_without_pools(ses, host, options):
    """What could not be done is refused, never left out."""
    answer = call(host, "POST", SETS, {"ConfigurationSetName": "cs-later",
                                       "DeliveryOptions": options})
    check_error(answer, 400, "BadRequestException",
                "This site has no sending pools and cannot require TLS: its "
                "operator has to set pool_map.")


def test_unknown_members_are_ignored(ses, host):
    answer = call(host, "POST", SETS, {"ConfigurationSetName": "cs-c",
                                       "FutureOptions": {"A": [1, None]}})
    assert answer.status == 200, answer
    assert answer.body in (b"{}", b"")


def test_list(ses, host):
    for name in "abc":
        ses.create_configuration_set(ConfigurationSetName="cs-list-" + name)
    page = ses.list_configuration_sets(PageSize=1)
    assert len(page["ConfigurationSets"]) == 1 and page["NextToken"]
    newer = call(host, "POST", "/v2/email/list-configuration-sets",
                 {"Filter": {"CONFIGURATION_SET_NAME_CONTAINS": "LIST-"}})
    assert json.loads(newer.body) == {
        "ConfigurationSets": ["cs-list-a", "cs-list-b", "cs-list-c"]}


# --- event destinations


@pytest.fixture
def topic(host):
    sns = host.sns()
    arn = sns.create_topic(Name="cs-topic")["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


def test_destinations(ses, topic):
    ses.create_configuration_set(ConfigurationSetName="cs-d")
    named = {"ConfigurationSetName": "cs-d", "EventDestinationName": "d"}
    ses.create_configuration_set_event_destination(
        EventDestination={"MatchingEventTypes": ["BOUNCE", "SEND"],
                          "SnsDestination": {"TopicArn": topic}}, **named)
    shown = ses.get_configuration_set_event_destinations(
        ConfigurationSetName="cs-d")["EventDestinations"]
    assert shown == [{"Name": "d", "Enabled": False,
                      "MatchingEventTypes": ["SEND", "BOUNCE"],
                      "SnsDestination": {"TopicArn": topic}}]
    refused(lambda: ses.create_configuration_set_event_destination(
        EventDestination={"MatchingEventTypes": ["SEND"],
                          "SnsDestination": {"TopicArn": topic}}, **named),
        "AlreadyExistsException",
        "An event destination with name <d> already exists for configuration "
        "set <cs-d>.")
    ses.update_configuration_set_event_destination(
        EventDestination={"Enabled": True,
                          "MatchingEventTypes": ["DELIVERY"],
                          "SnsDestination": {"TopicArn": topic}}, **named)
    shown = ses.get_configuration_set_event_destinations(
        ConfigurationSetName="cs-d")["EventDestinations"][0]
    assert shown["Enabled"] and shown["MatchingEventTypes"] == ["DELIVERY"]
    ses.delete_configuration_set_event_destination(**named)
    refused(lambda: ses.delete_configuration_set_event_destination(**named),
            "NotFoundException",
            "An event destination with name <d> does not exist for "
            "configuration set <cs-d>.")


def test_destinations_refused(ses, topic):
    ses.create_configuration_set(ConfigurationSetName="cs-e")

    def create(definition, name="d"):
        return lambda: ses.create_configuration_set_event_destination(
            ConfigurationSetName="cs-e", EventDestinationName=name,
            EventDestination=definition)

    sns = {"SnsDestination": {"TopicArn": topic}}
    types = {"MatchingEventTypes": ["SEND"]}
    firehose = {"KinesisFirehoseDestination": {"IamRoleArn": "a",
                                               "DeliveryStreamArn": "b"}}
    refused(create(types), "BadRequestException",
            "Event destination is not provided.")
    refused(create(sns), "BadRequestException",
            "At least one event type must be specified.")
    refused(create(dict(types, **firehose)), "BadRequestException",
            "EventDestination.KinesisFirehoseDestination is not supported "
            "yet.")
    refused(create(dict(dict(types, **firehose), **sns)),
            "BadRequestException",
            "Please provide only one destination with each request. Either a "
            "Firehose Destination or a Cloudwatch Destination or an SNS "
            "Destination or an EventBridge Destination.")
    refused(create(dict(types, SnsDestination={"TopicArn": topic + "x"})),
            "BadRequestException", "SNS topic <%sx> not found." % topic)
    refused(create(dict(types, **sns), "d.d"), "BadRequestException",
            "Invalid event destination name <d.d>: only alphanumeric ASCII "
            "characters, '_', and '-' are allowed.")
    refused(create(dict(types, **sns), "d" * 65), "BadRequestException",
            "Event destination name cannot exceed 64 characters.")
    assert ses.get_configuration_set_event_destinations(
        ConfigurationSetName="cs-e")["EventDestinations"] == []
    for number in range(10):
        create(dict(types, **sns), "d%d" % number)()
    refused(create(dict(types, **sns), "d10"), "LimitExceededException")
    ses.delete_configuration_set(ConfigurationSetName="cs-e")
