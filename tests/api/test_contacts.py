"""The contact list: topics, contacts, what each chose, pages"""

import datetime
import json
import time

import pytest
from botocore.exceptions import ClientError

from raw import call, check_error

NEWS = {"TopicName": "news", "DisplayName": "The news",
        "Description": "Once a week", "DefaultSubscriptionStatus": "OPT_IN"}
OFFERS = {"TopicName": "offers", "DisplayName": "Offers",
          "DefaultSubscriptionStatus": "OPT_OUT"}
IN, OUT = "OPT_IN", "OPT_OUT"


def refused(action, error, text):
    with pytest.raises(ClientError) as caught:
        action()
    said = caught.value.response["Error"]
    assert (said["Code"], said["Message"]) == (error, text)


def preferences(shown, name="TopicPreferences"):
    return {row["TopicName"]: row["SubscriptionStatus"]
            for row in shown[name]}


def chosen(**topics):
    return [{"TopicName": name, "SubscriptionStatus": status}
            for name, status in topics.items()]


@pytest.fixture
def ses(host):
    ses = host.ses()
    yield ses
    for row in ses.list_contact_lists()["ContactLists"]:
        ses.delete_contact_list(ContactListName=row["ContactListName"])


@pytest.fixture
def people(ses):
    ses.create_contact_list(ContactListName="people", Topics=[NEWS, OFFERS],
                            Description="Everybody",
                            Tags=[{"Key": "team", "Value": "web"}])
    return ses


def everybody(ses, size=None, **filters):
    more = {"PageSize": size} if size else {}
    if filters:
        more["Filter"] = filters
    found = []
    while True:
        page = ses.list_contacts(ContactListName="people", **more)
        assert size is None or len(page["Contacts"]) <= size
        found += [row["EmailAddress"] for row in page["Contacts"]]
        if not page.get("NextToken"):
            return found
        more["NextToken"] = page["NextToken"]


def test_list(people):
    before = datetime.datetime.now(datetime.timezone.utc)
    shown = people.get_contact_list(ContactListName="people")
    assert shown["Topics"] == [NEWS, OFFERS]
    assert shown["Description"] == "Everybody"
    assert shown["Tags"] == [{"Key": "team", "Value": "web"}]
    assert shown["CreatedTimestamp"] == shown["LastUpdatedTimestamp"]
    assert abs((shown["CreatedTimestamp"] - before).total_seconds()) < 30
    rows = people.list_contact_lists()["ContactLists"]
    assert [row["ContactListName"] for row in rows] == ["people"]
    assert rows[0]["LastUpdatedTimestamp"] == shown["LastUpdatedTimestamp"]
    # The whole list anew: what is left out is gone, tags are not its part.
    people.update_contact_list(ContactListName="people", Topics=[OFFERS])
    after = people.get_contact_list(ContactListName="people")
    assert after["Topics"] == [OFFERS] and "Description" not in after
    assert after["Tags"] == shown["Tags"]
    assert after["CreatedTimestamp"] == shown["CreatedTimestamp"]
    assert after["LastUpdatedTimestamp"] > shown["LastUpdatedTimestamp"]


def topic(name="t", **more):
    return dict({"TopicName": name, "DisplayName": "T",
                 "DefaultSubscriptionStatus": IN}, **more)


BAD_LISTS = [
    ({"ContactListName": " "}, "ContactListName can't be blank."),
    ({"ContactListName": "a b"}, "ContactListName can contain up to 64 "
     "characters. Only alphanumeric characters, underscores(_) and "
     "hyphens(-) are allowed."),
    ({"ContactListName": "a" * 65}, "ContactListName can contain up to 64 "
     "characters. Only alphanumeric characters, underscores(_) and "
     "hyphens(-) are allowed."),
    ({"Topics": [topic("a\u00e9")]}, "TopicName can contain up to 64 "
     "characters. Only alphanumeric characters, underscores(_) and "
     "hyphens(-) are allowed."),
    ({"Topics": [topic("")]}, "TopicName can't be blank."),
    ({"Topics": [topic("t"), topic("t")]},
     "Duplicate topic names are not allowed within a List."),
    ({"Topics": [topic("t%d" % n) for n in range(21)]},
     "Maximum of <20> topics allowed per ContactList"),
    ({"Topics": [topic(DisplayName="x" * 129)]},
     "Topic DisplayName can contain up to <128> characters."),
    ({"Topics": [topic(DisplayName="")]},
     "Topic DisplayName can't be blank."),
    ({"Topics": [topic(Description="x" * 501)]},
     "Topic Description can contain up to <500> characters."),
    ({"Description": "x" * 501},
     "List description can contain up to 500 characters."),
    ({"Topics": [topic(DefaultSubscriptionStatus="MAYBE")]},
     "1 validation error detected: Value at "
     "'topics.1.member.defaultSubscriptionStatus' failed to satisfy "
     "constraint: Member must satisfy enum value set: [OPT_OUT, OPT_IN]"),
]


@pytest.mark.parametrize("given, text", BAD_LISTS)
def test_bad_list(ses, given, text):
    refused(lambda: ses.create_contact_list(
        **dict({"ContactListName": "people"}, **given)),
        "BadRequestException", text)
    assert ses.list_contact_lists()["ContactLists"] == []


def test_one_list(people):
    for name in ("people", "others"):
        refused(lambda: people.create_contact_list(ContactListName=name),
                "BadRequestException",
                "A maximum of 1 Lists allowed per account.")
    for action in (people.get_contact_list, people.delete_contact_list,
                   people.update_contact_list, people.list_contacts):
        refused(lambda: action(ContactListName="others"), "NotFoundException",
                "List with name: others doesn't exist.")
        refused(lambda: action(ContactListName="no list"),
                "BadRequestException",
                "ContactListName can contain up to 64 characters. Only "
                "alphanumeric characters, underscores(_) and hyphens(-) are "
                "allowed.")


def test_contact(people):
    people.create_contact(ContactListName="people",
                          EmailAddress="Ann+x@RCPT.example",
                          TopicPreferences=chosen(news=OUT),
                          AttributesData='{"name": "Ann, B\u00e9a"}')
    shown = people.get_contact(ContactListName="people",
                               EmailAddress="Ann+x@rcpt.EXAMPLE")
    assert shown["ContactListName"] == "people"
    assert shown["EmailAddress"] == "Ann+x@RCPT.example"
    assert preferences(shown) == {"news": OUT}
    assert preferences(shown, "TopicDefaultPreferences") == {"offers": OUT}
    assert shown["UnsubscribeAll"] is False
    assert shown["AttributesData"] == '{"name": "Ann, B\u00e9a"}'
    refused(lambda: people.create_contact(
        ContactListName="people", EmailAddress="Ann+x@rcpt.example"),
        "AlreadyExistsException", "Ann+x@rcpt.example already exists in List.")
    # All of it anew.
    people.update_contact(ContactListName="people",
                          EmailAddress="Ann+x@rcpt.example",
                          TopicPreferences=chosen(offers=IN),
                          UnsubscribeAll=True)
    after = people.get_contact(ContactListName="people",
                               EmailAddress="Ann+x@rcpt.example")
    assert after["EmailAddress"] == "Ann+x@RCPT.example"
    assert preferences(after) == {"offers": IN}
    assert preferences(after, "TopicDefaultPreferences") == {"news": IN}
    assert after["UnsubscribeAll"] is True and "AttributesData" not in after
    assert after["CreatedTimestamp"] == shown["CreatedTimestamp"]
    people.delete_contact(ContactListName="people",
                          EmailAddress="Ann+x@rcpt.example")
    for action in (people.get_contact, people.delete_contact,
                   people.update_contact):
        refused(lambda: action(ContactListName="people",
                               EmailAddress="Ann+x@rcpt.example"),
                "NotFoundException",
                "Ann+x@rcpt.example doesn't exist in List.")
    # The local part's case is the contact's own.
    for address in ("ann@rcpt.example", "Ann@rcpt.example"):
        people.create_contact(ContactListName="people", EmailAddress=address)
    assert everybody(people) == ["Ann@rcpt.example", "ann@rcpt.example"]


BAD_CONTACTS = [
    ({"TopicPreferences": chosen(news="NO"), "EmailAddress": "bad"},
     "BadRequestException", "1 validation error detected: Value at "
     "'topicPreferences.1.member.subscriptionStatus' failed to satisfy "
     "constraint: Member must satisfy enum value set: [OPT_OUT, OPT_IN]"),
    ({"EmailAddress": "bad", "ContactListName": "none"},
     "BadRequestException", "EmailAddress <bad> is invalid"),
    ({"EmailAddress": " "}, "BadRequestException",
     "EmailAddress can't be blank."),
    ({"ContactListName": "none", "TopicPreferences": chosen(other=IN)},
     "NotFoundException", "List with name: none doesn't exist."),
    ({"TopicPreferences": chosen(other=IN)}, "BadRequestException",
     "List: people doesn't contain Topic: other"),
    ({"TopicPreferences": chosen(news=IN) + chosen(news=OUT)},
     "BadRequestException",
     "Duplicate topic names are not allowed within a Contact."),
    ({"TopicPreferences": [row for n in range(21)
                           for row in chosen(**{"t%d" % n: IN})]},
     "BadRequestException", "Maximum of <20> topics allowed per ContactList"),
    ({"AttributesData": "x" * 65537}, "BadRequestException",
     "AttributesData can contain up to 65536 characters."),
]


@pytest.mark.parametrize("given, error, text", BAD_CONTACTS)
def test_bad_contact(people, given, error, text):
    refused(lambda: people.create_contact(
        **dict({"ContactListName": "people",
                "EmailAddress": "ann@rcpt.example"}, **given)), error, text)
    assert everybody(people) == []


def test_filters(people):
    for name, given in {
            "in": {"TopicPreferences": chosen(news=IN, offers=IN)},
            "out": {"TopicPreferences": chosen(news=OUT)},
            "nothing": {},
            "gone": {"TopicPreferences": chosen(news=IN),
                     "UnsubscribeAll": True}}.items():
        people.create_contact(ContactListName="people",
                              EmailAddress=name + "@rcpt.example", **given)

    def found(**filters):
        return {row.partition("@")[0] for row in everybody(people, **filters)}

    news = {"TopicName": "news"}
    default = dict(news, UseDefaultIfPreferenceUnavailable=True)
    offers = {"TopicName": "offers", "UseDefaultIfPreferenceUnavailable": True}
    assert found() == {"in", "out", "nothing", "gone"}
    assert found(FilteredStatus=IN) == {"in", "out", "nothing"}
    assert found(FilteredStatus=OUT) == {"gone"}
    assert found(FilteredStatus=IN, TopicFilter=news) == {"in"}
    assert found(FilteredStatus=OUT, TopicFilter=news) == {"out", "gone"}
    assert found(FilteredStatus=IN, TopicFilter=default) == {"in", "nothing"}
    assert found(TopicFilter=news) == {"in", "out", "gone"}
    assert found(FilteredStatus=OUT, TopicFilter=offers) == {
        "out", "nothing", "gone"}
    refused(lambda: everybody(people, TopicFilter={"TopicName": "other"}),
            "BadRequestException", "List: people doesn't contain Topic: other")
    # A topic that the list drops is not shown with its contacts either.
    people.update_contact_list(ContactListName="people", Topics=[OFFERS])
    shown = people.get_contact(ContactListName="people",
                               EmailAddress="in@rcpt.example")
    assert preferences(shown) == {"offers": IN}
    assert preferences(shown, "TopicDefaultPreferences") == {}


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_pages(people, size):
    names = ["p%02d@rcpt.example" % n for n in range(7)]
    for name in names:
        people.create_contact(ContactListName="people", EmailAddress=name)
    assert everybody(people, size) == names
    if size == 1000:
        return
    # Rows that come and go between two pages.
    first = people.list_contacts(ContactListName="people", PageSize=size)
    people.delete_contact(ContactListName="people", EmailAddress=names[0])
    people.create_contact(ContactListName="people",
                          EmailAddress="p99@rcpt.example")
    second = people.list_contacts(ContactListName="people", PageSize=1000,
                                  NextToken=first["NextToken"])
    assert [row["EmailAddress"] for row in second["Contacts"]] == \
        names[size:] + ["p99@rcpt.example"]
    # A token belongs to its list and its filter.
    with pytest.raises(ClientError) as caught:
        people.list_contacts(ContactListName="people", PageSize=size,
                             NextToken=first["NextToken"],
                             Filter={"FilteredStatus": IN})
    assert caught.value.response["Error"]["Code"] == "InvalidNextTokenException"


def test_page_of_large_contacts(people):
    """A page ends early when its rows are large, and nothing is lost."""
    names = ["p%02d@rcpt.example" % n for n in range(40)]
    for name in names:
        people.create_contact(ContactListName="people", EmailAddress=name,
                              AttributesData="x" * 65536)
    page = people.list_contacts(ContactListName="people")
    assert 0 < len(page["Contacts"]) < 20 and page["NextToken"]
    assert everybody(people) == names
    assert everybody(people, FilteredStatus=OUT) == []


def test_contact_named_list(people):
    """POST .../contacts/list lists; the other methods take it for a name,
    which is no address."""
    for action in (people.get_contact, people.delete_contact,
                   people.update_contact):
        refused(lambda: action(ContactListName="people", EmailAddress="list"),
                "BadRequestException", "EmailAddress <list> is invalid")


def test_list_goes_with_its_contacts(host, people):
    for number in range(40):
        people.create_contact(ContactListName="people",
                              EmailAddress="p%d@rcpt.example" % number)
    people.delete_contact_list(ContactListName="people")
    people.create_contact_list(ContactListName="people")
    assert everybody(people) == []
    people.create_contact(ContactListName="people",
                          EmailAddress="p1@rcpt.example")
    assert everybody(people) == ["p1@rcpt.example"]


@pytest.mark.long
def test_contacts_of_a_deleted_list_go(host, people):
    """The janitor removes the rows, in its minute."""
    for number in range(40):
        people.create_contact(ContactListName="people",
                              EmailAddress="p%d@rcpt.example" % number)
    people.delete_contact_list(ContactListName="people")
    until = time.monotonic() + 150
    while host.sesamectl("audit").count("contacts of a deleted list") < 4:
        assert time.monotonic() < until
        time.sleep(1)


def test_both_paths(host, people):
    """Newer clients POST .../contacts/list, older ones GET .../contacts."""
    for name in ("a", "b"):
        people.create_contact(ContactListName="people",
                              EmailAddress=name + "@rcpt.example",
                              UnsubscribeAll=name == "b")
    path = "/v2/email/contact-lists/people/contacts"
    body = {"Filter": {"FilteredStatus": "OPT_OUT"}}
    for answer in (call(host, "POST", path + "/list", dict(body, PageSize=5)),
                   call(host, "GET", path + "?PageSize=5", body)):
        assert answer.status == 200, answer
        assert [row["EmailAddress"]
                for row in json.loads(answer.body)["Contacts"]] == [
                    "b@rcpt.example"]
    check_error(call(host, "GET", path, b"{"), 400, "SerializationException")


def test_raw(host):
    """What no client library would send."""
    path = "/v2/email/contact-lists/people/contacts"
    for body in (b'{"EmailAddress": 5}', b'{"EmailAddress": "a@b.example", '
                 b'"TopicPreferences": {}}', b'{"EmailAddress": "a@b.example"'
                 b', "UnsubscribeAll": 1}', b"[]", b"{"):
        check_error(call(host, "POST", path, body), 400,
                    "SerializationException")
