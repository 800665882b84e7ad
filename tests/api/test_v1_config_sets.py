"""SES v1: configuration sets, event destinations, the account"""

import datetime
import json
import re

import pytest

from harness.host import wait
from raw import call
from v1 import error, journal, pages, query, refused

SETS = "/v2/email/configuration-sets"
EVERYTHING = ["eventDestinations", "trackingOptions", "deliveryOptions",
              "reputationOptions"]


@pytest.fixture
def v2(host):
    return host.ses()


@pytest.fixture
def v1(host, v2):
    yield host.client("ses")
    for name in pages(v2.list_configuration_sets, "ConfigurationSets"):
        if name.startswith("v1-"):
            v2.delete_configuration_set(ConfigurationSetName=name)


def describe(v1, name="v1-a", what=EVERYTHING):
    shown = v1.describe_configuration_set(
        ConfigurationSetName=name, ConfigurationSetAttributeNames=what)
    del shown["ResponseMetadata"]
    return shown


def test_sets(v1, v2):
    v1.create_configuration_set(ConfigurationSet={"Name": "v1-a"})
    shown = describe(v1)
    assert shown == {
        "ConfigurationSet": {"Name": "v1-a"}, "EventDestinations": [],
        "DeliveryOptions": {"TlsPolicy": "Optional"},
        "ReputationOptions": {"SendingEnabled": True,
                              "ReputationMetricsEnabled": False}}
    assert describe(v1, what=[]) == {"ConfigurationSet": {"Name": "v1-a"}}
    assert list(describe(v1, what=["deliveryOptions"])) == [
        "ConfigurationSet", "DeliveryOptions"]
    assert v2.get_configuration_set(ConfigurationSetName="v1-a")[
        "ReputationOptions"] == {"ReputationMetricsEnabled": False}

    v1.update_configuration_set_reputation_metrics_enabled(
        ConfigurationSetName="v1-a", Enabled=True)
    v1.update_configuration_set_sending_enabled(
        ConfigurationSetName="v1-a", Enabled=False)
    shown = v2.get_configuration_set(ConfigurationSetName="v1-a")
    assert shown["ReputationOptions"] == {"ReputationMetricsEnabled": True}
    assert shown["SendingOptions"] == {"SendingEnabled": False}
    v2.put_configuration_set_sending_options(ConfigurationSetName="v1-a",
                                             SendingEnabled=True)
    shown = describe(v1)["ReputationOptions"]
    assert shown["SendingEnabled"] is True
    age = datetime.datetime.now(datetime.timezone.utc) - \
        shown["LastFreshStart"]
    assert abs(age.total_seconds()) < 120
    v1.delete_configuration_set(ConfigurationSetName="v1-a")
    refused(lambda: describe(v1), "ConfigurationSetDoesNotExist",
            "Configuration set <v1-a> does not exist.")


def test_list(v1, v2):
    names = ["v1-%02d" % n for n in range(7)]
    for name in names[::2]:
        v1.create_configuration_set(ConfigurationSet={"Name": name})
    for name in names[1::2]:
        v2.create_configuration_set(ConfigurationSetName=name)

    def listed(**more):
        return [row["Name"] for row in pages(
            v1.list_configuration_sets, "ConfigurationSets", **more)
            if row["Name"].startswith("v1-")]
    assert listed() == listed(MaxItems=1) == listed(MaxItems=2) == names


def test_delivery(v1, v2, host):
    # a member that this boto3 does not know
    assert call(host, "POST", SETS, {
        "ConfigurationSetName": "v1-a",
        "DeliveryOptions": {"MaxDeliverySeconds": 400}}).status == 200
    put = v1.put_configuration_set_delivery_options
    put(ConfigurationSetName="v1-a", DeliveryOptions={"TlsPolicy": "Optional"})
    put(ConfigurationSetName="v1-a")
    assert describe(v1)["DeliveryOptions"] == {"TlsPolicy": "Optional"}
    shown = json.loads(call(host, "GET", SETS + "/v1-a").body)
    assert shown["DeliveryOptions"] == {"TlsPolicy": "OPTIONAL",
                                        "MaxDeliverySeconds": 400}
    # this host has no transport that could require it
    refused(lambda: put(ConfigurationSetName="v1-a", DeliveryOptions={
        "TlsPolicy": "Require"}), "InvalidDeliveryOptions",
        re.compile("pool_map"))
    refused(lambda: put(ConfigurationSetName="v1-a", DeliveryOptions={
        "TlsPolicy": "Never"}), "ValidationError",
        "1 validation error detected: Value at 'deliveryOptions.tlsPolicy' "
        "failed to satisfy constraint: Member must satisfy enum value set: "
        "[Optional, Require]")
    refused(lambda: put(ConfigurationSetName="v1-no"),
            "ConfigurationSetDoesNotExist", None,
            ConfigurationSetName="v1-no")


def definition(arn, **more):
    made = {"Name": "d", "MatchingEventTypes": ["send", "bounce"],
            "SNSDestination": {"TopicARN": arn}}
    made.update(more)
    return {key: value for key, value in made.items() if value is not None}


def test_destinations(v1, v2, host):
    arn = host.sns().create_topic(Name="v1-topic")["TopicArn"]
    v1.create_configuration_set(ConfigurationSet={"Name": "v1-a"})
    create = v1.create_configuration_set_event_destination
    create(ConfigurationSetName="v1-a", EventDestination=definition(arn))
    assert describe(v1)["EventDestinations"] == [{
        "Name": "d", "Enabled": False,
        "MatchingEventTypes": ["bounce", "send"],
        "SNSDestination": {"TopicARN": arn}}]
    get = v2.get_configuration_set_event_destinations
    assert get(ConfigurationSetName="v1-a")["EventDestinations"] == [{
        "Name": "d", "Enabled": False,
        "MatchingEventTypes": ["SEND", "BOUNCE"],
        "SnsDestination": {"TopicArn": arn}}]
    every = ["renderingFailure", "click", "open", "delivery", "complaint",
             "bounce", "reject", "send"]
    v1.update_configuration_set_event_destination(
        ConfigurationSetName="v1-a", EventDestination=definition(
            arn, Enabled=True, MatchingEventTypes=every))
    assert describe(v1)["EventDestinations"][0]["MatchingEventTypes"] == \
        sorted(every)
    assert get(ConfigurationSetName="v1-a")["EventDestinations"][0][
        "Enabled"] is True
    refused(lambda: create(ConfigurationSetName="v1-a",
                           EventDestination=definition(arn)),
            "EventDestinationAlreadyExists",
            "An event destination with name <d> already exists for "
            "configuration set <v1-a>.", ConfigurationSetName="v1-a",
            EventDestinationName="d")
    v1.delete_configuration_set_event_destination(
        ConfigurationSetName="v1-a", EventDestinationName="d")
    refused(lambda: v1.delete_configuration_set_event_destination(
        ConfigurationSetName="v1-a", EventDestinationName="d"),
        "EventDestinationDoesNotExist",
        "No EventDestination found for <v1-a>")
    refused(lambda: v1.update_configuration_set_event_destination(
        ConfigurationSetName="v1-a", EventDestination=definition(arn)),
        "EventDestinationDoesNotExist",
        "An event destination with name <d> does not exist for configuration "
        "set <v1-a>.")
    assert describe(v1)["EventDestinations"] == []

    before = journal(host)
    for code, more in (
            ("InvalidSNSDestination",
             {"SNSDestination": {"TopicARN": arn + "x"}}),
            ("InvalidSNSDestination", {"SNSDestination": {"TopicARN": "x"}}),
            ("InvalidFirehoseDestination",
             {"SNSDestination": None, "KinesisFirehoseDestination": {
                 "IAMRoleARN": "a", "DeliveryStreamARN": "b"}}),
            ("InvalidCloudWatchDestination",
             {"SNSDestination": None, "CloudWatchDestination": {
                 "DimensionConfigurations": [{
                     "DimensionName": "a", "DimensionValueSource":
                     "messageTag", "DefaultDimensionValue": "b"}]}}),
            ("InvalidParameterValue", {"SNSDestination": None}),
            ("InvalidParameterValue",
             {"KinesisFirehoseDestination": {
                 "IAMRoleARN": "a", "DeliveryStreamARN": "b"}}),
            ("InvalidParameterValue", {"Name": "a b"}),
            ("InvalidParameterValue", {"MatchingEventTypes": []}),
            ("ValidationError", {"MatchingEventTypes": ["SEND"]})):
        refused(lambda: create(ConfigurationSetName="v1-a",
                               EventDestination=definition(arn, **more)),
                code)
    refused(lambda: create(ConfigurationSetName="v1-a",
                           EventDestination=definition(arn + "x")),
            "InvalidSNSDestination", "SNS topic <%sx> not found." % arn)
    refused(lambda: create(ConfigurationSetName="v1-no",
                           EventDestination=definition(arn)),
            "ConfigurationSetDoesNotExist")
    assert journal(host) == before


def test_refused(v1, host):
    v1.create_configuration_set(ConfigurationSet={"Name": "v1-a"})
    create = v1.create_configuration_set
    before = journal(host)
    refused(lambda: create(ConfigurationSet={"Name": "v1-a"}),
            "ConfigurationSetAlreadyExists",
            "Configuration set v1-a already exists.",
            ConfigurationSetName="v1-a")
    for name in ("", "a b", "a.b", "x" * 65, "a\n"):
        refused(lambda: create(ConfigurationSet={"Name": name}),
                "InvalidConfigurationSet")
    for change in (v1.delete_configuration_set,
                   lambda **more:
                       v1.update_configuration_set_sending_enabled(
                           Enabled=True, **more),
                   lambda **more:
                       v1.update_configuration_set_reputation_metrics_enabled(
                           Enabled=True, **more)):
        refused(lambda: change(ConfigurationSetName="v1-<no>"),
                "ConfigurationSetDoesNotExist",
                "Configuration set <v1-<no>> does not exist.",
                ConfigurationSetName="v1-<no>")
    answer, root = query(host, "UpdateConfigurationSetSendingEnabled",
                         {"ConfigurationSetName": "v1-a"})
    assert error(root) == (
        "ValidationError",
        "1 validation error detected: Value at 'enabled' failed to satisfy "
        "constraint: Member must not be null")
    refused(lambda: describe(v1, what=["everything"]), "ValidationError",
            re.compile("enum value set"))
    assert journal(host) == before


# --- the account


def test_account(v1, v2):
    quota = v1.get_send_quota()
    del quota["ResponseMetadata"]
    assert quota == v2.get_account()["SendQuota"]
    assert v1.get_account_sending_enabled()["Enabled"] is True
    v1.update_account_sending_enabled(Enabled=False)
    try:
        assert v1.get_account_sending_enabled()["Enabled"] is False
        assert v2.get_account()["SendingEnabled"] is False
    finally:
        v2.put_account_sending_attributes(SendingEnabled=True)
    assert v1.get_account_sending_enabled()["Enabled"] is True
    v1.update_account_sending_enabled()
    assert v2.get_account()["SendingEnabled"] is False
    v1.update_account_sending_enabled(Enabled=True)


def total(v1):
    points = v1.get_send_statistics()["SendDataPoints"]
    for point in points:
        assert point["Timestamp"].timestamp() % 900 == 0
    return [sum(point[name] for point in points)
            for name in ("DeliveryAttempts", "Bounces", "Complaints",
                         "Rejects")]


def test_statistics(v1, v2, host):
    """Two recipients, one of whom bounces; the simulator's do not count."""
    host.verify_domain("v1stat.example")
    host.settle()  # nothing of earlier tests is counted from here on
    before = total(v1)

    def send(*to):
        return v2.send_email(
            FromEmailAddress="a@v1stat.example",
            Destination={"ToAddresses": list(to)},
            Content={"Simple": {"Subject": {"Data": "x"},
                                "Body": {"Text": {"Data": "x"}}}})
    send("ann@rcpt.example", "reply-550-5.1.1-v1stat@rcpt.example")
    send("bounce@simulator.amazonses.com")
    wanted = [before[0] + 2, before[1] + 1, before[2], before[3]]
    wait(lambda: [1] if total(v1) == wanted else [], 1, 60,
         "statistics %r, now %r" % (wanted, total(v1)))
    host.settle()
    assert total(v1) == wanted
