"""The part of SNS beside SES: topics and subscriptions"""

import re
import urllib.request

import pytest
from botocore.exceptions import ClientError

from harness.host import wait


def refused(action, error, text=None):
    with pytest.raises(ClientError) as caught:
        action()
    said = caught.value.response["Error"]
    assert said["Code"] == error, said
    if text is not None:
        assert text in said["Message"], said


@pytest.fixture
def sns(host):
    sns = host.sns()
    yield sns
    for topic in sns.list_topics()["Topics"]:
        if ":tp-" in topic["TopicArn"]:
            sns.delete_topic(TopicArn=topic["TopicArn"])


def test_topics(sns, host):
    arn = sns.create_topic(Name="tp-a")["TopicArn"]
    assert arn == "arn:aws:sns:%s:%s:tp-a" % (host.env["SESAME_REGION"],
                                              host.env["SESAME_ACCOUNT"])
    assert sns.create_topic(Name="tp-a")["TopicArn"] == arn
    assert {"TopicArn": arn} in sns.list_topics()["Topics"]
    shown = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert shown["TopicArn"] == arn
    assert shown["SubscriptionsConfirmed"] == "0"
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    refused(lambda: sns.get_topic_attributes(TopicArn=arn), "NotFound",
            "Topic does not exist")
    for name in ("", "a b", "x" * 257, "tp-a.fifo"):
        refused(lambda: sns.create_topic(Name=name), "InvalidParameter")
    refused(lambda: sns.create_topic(
        Name="tp-b", Attributes={"DisplayName": "x"}), "InvalidParameter",
        "DisplayName is not supported yet.")
    refused(lambda: sns.create_topic(
        Name="tp-b", Tags=[{"Key": "a", "Value": "b"}]), "InvalidParameter",
        "Tags is not supported yet.")


def test_many_topics(sns):
    names = ["tp-%03d" % n for n in range(105)]
    for name in names:
        sns.create_topic(Name=name)
    found = [topic["TopicArn"].rpartition(":")[2]
             for page in sns.get_paginator("list_topics").paginate()
             for topic in page["Topics"]]
    assert [name for name in found if name.startswith("tp-")] == names


def test_subscribe(sns, host):
    arn = sns.create_topic(Name="tp-s")["TopicArn"]
    endpoint = host.env["SESAME_SUBSCRIBER"] + "/tp-s"
    made = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=endpoint,
                         Attributes={"RawMessageDelivery": "true"})
    assert made["SubscriptionArn"] == "pending confirmation"
    rows = wait(lambda: [
        row for row in
        sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        if row["SubscriptionArn"].startswith(arn)], 1, 20, "confirmation")
    assert rows == [{"SubscriptionArn": rows[0]["SubscriptionArn"],
                     "Owner": host.env["SESAME_ACCOUNT"], "Protocol": "http",
                     "Endpoint": endpoint, "TopicArn": arn}]
    subscription = rows[0]["SubscriptionArn"]
    assert rows[0] in sns.list_subscriptions()["Subscriptions"]
    shown = sns.get_subscription_attributes(
        SubscriptionArn=subscription)["Attributes"]
    assert shown["RawMessageDelivery"] == "true"
    assert shown["PendingConfirmation"] == "false"
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery",
        AttributeValue="false")
    assert sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=endpoint)[
        "SubscriptionArn"] == subscription
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(
        TopicArn=arn)["Subscriptions"] == []


def test_confirm(sns, host):
    """The link of a confirmation, followed once more; another token."""
    arn = sns.create_topic(Name="tp-c")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="http",
                  Endpoint=host.env["SESAME_SUBSCRIBER"] + "/tp-confirm")
    asked = wait(lambda: host.requests("/tp-confirm"), 1, 20,
                 "the confirmation")[0]["json"]
    assert asked["Type"] == "SubscriptionConfirmation"
    refused(lambda: sns.confirm_subscription(
        TopicArn=arn, Token="0" * len(asked["Token"])),
        "InvalidParameter", "Token")
    refused(lambda: sns.confirm_subscription(
        TopicArn=arn + "x", Token=asked["Token"]),
        "InvalidParameter", "Token")
    with urllib.request.urlopen(asked["SubscribeURL"]) as answer:
        text = answer.read().decode()
    confirmed = re.search(r"<SubscriptionArn>(arn:[^<]*)<", text).group(1)
    assert sns.confirm_subscription(
        TopicArn=arn, Token=asked["Token"])["SubscriptionArn"] == confirmed
    rows = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert rows[0]["SubscriptionArn"] == confirmed

    # The owner of the endpoint leaves by the link of a message.
    with urllib.request.urlopen(
            "%s/?Action=Unsubscribe&SubscriptionArn=%s" % (
                host.env["SESAME_ENDPOINT"], confirmed)) as answer:
        assert answer.status == 200
    assert sns.list_subscriptions_by_topic(
        TopicArn=arn)["Subscriptions"] == []


def test_subscribe_refused(sns, host):
    arn = sns.create_topic(Name="tp-r")["TopicArn"]

    def subscribe(**more):
        call = dict(TopicArn=arn, Protocol="http",
                    Endpoint=host.env["SESAME_SUBSCRIBER"] + "/tp-r")
        call.update(more)
        return lambda: sns.subscribe(**call)

    refused(subscribe(Protocol="email", Endpoint="a@b.example"),
            "InvalidParameter", "email is not supported yet")
    refused(subscribe(Protocol="https"), "InvalidParameter",
            "it must match the specified protocol")
    refused(subscribe(Endpoint="http://"), "InvalidParameter")
    refused(subscribe(TopicArn=arn + "x"), "NotFound", "Topic does not exist")
    refused(subscribe(TopicArn="nonsense"), "InvalidParameter", "TopicArn")
    refused(subscribe(TopicArn=arn.replace(host.env["SESAME_ACCOUNT"],
                                           "999999999999")),
            "AuthorizationError")
    refused(subscribe(Attributes={"FilterPolicy": "{}"}), "InvalidParameter",
            "FilterPolicy is not supported yet.")
    assert sns.list_subscriptions_by_topic(
        TopicArn=arn)["Subscriptions"] == []
