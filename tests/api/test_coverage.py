"""Operations and members against the service's own model

The model is the one botocore brings.  Every operation in it is there, or is
answered as unknown and listed as missing by `sesamectl coverage`; every
member of one that is there refuses what is not of its type.
"""

import json

import botocore.session
import pytest

from raw import call, check_error, encode

MODEL = botocore.session.Session().get_service_model("sesv2")
V1 = botocore.session.Session().get_service_model("ses")


@pytest.fixture(scope="module")
def rows(host):
    found = host.sesamectl("coverage", "--all", "--json")
    if isinstance(found, dict):
        found = next(iter(found.values()))
    return found


def listed(rows, api):
    return {row["operation"]: row["there"] for row in rows
            if row["api"] == api}


def target(operation, labels=None):
    """Method and path with something in every label."""
    http = operation.http
    path = http["requestUri"].partition("?")[0]
    shape = operation.input_shape
    for name, member in (shape.members if shape else {}).items():
        if member.serialization.get("location") == "uri":
            label = "{%s}" % member.serialization.get("name", name)
            path = path.replace(label, encode((labels or {}).get(name, "x")))
    return http["method"], path


def test_every_operation_is_listed(rows):
    for model, api in ((MODEL, "v2"), (V1, "v1")):
        there = listed(rows, api)
        missing = [name for name in model.operation_names
                   if name not in there]
        assert not missing, "not even listed: %s" % missing
    assert len(listed(rows, "v2")) == 116
    assert len(listed(rows, "v1")) == 71


def test_what_is_not_there_says_so(host, rows):
    there = listed(rows, "v2")
    for name in MODEL.operation_names:
        if there[name]:
            continue
        method, path = target(MODEL.operation_model(name))
        check_error(call(host, method, path, b"{}"), 404,
                    "UnknownOperationException")
    for name, done in listed(rows, "v1").items():
        if done:
            continue
        body = "Action=%s&Version=2010-12-01" % name
        answer = call(host, "POST", "/", body.encode(), headers=[(
            "Content-Type", "application/x-www-form-urlencoded")])
        assert answer.status == 400 and b"InvalidAction" in answer.body


# --- wrong types


THERE = ["CreateConfigurationSet", "CreateConfigurationSetEventDestination",
         "CreateEmailIdentity", "PutAccountSendingAttributes",
         "PutAccountSuppressionAttributes",
         "PutConfigurationSetSendingOptions", "PutSuppressedDestination",
         "SendEmail", "UpdateConfigurationSetEventDestination"]

WRONG = {
    "string": [1, 1.5, True, False, [], {}, ["x"]],
    "blob": [1, True, [], {}],
    "boolean": [1, 0.5, [], {}, None],
    "integer": ["x", True, [], {}],
    "long": ["x", True, [], {}],
    "timestamp": ["x", True, [], {}],
    "list": ["x", 1, True, {}, {"a": 1}],
    "structure": ["x", 1, True, [], [{}]],
}


def walk(shape, path=()):
    """Every member of the body, as a path of names and list positions."""
    for name, member in shape.members.items():
        if "location" in member.serialization:
            continue
        yield path + (name,), member
        inner, at = member, path + (name,)
        if inner.type_name == "list":
            inner, at = inner.member, at + (0,)
            yield at, inner
        if inner.type_name == "structure":
            yield from walk(inner, at)


def body_of(path, value):
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [value]
    return value


@pytest.mark.parametrize("name", THERE)
def test_wrong_types(host, name):
    operation = MODEL.operation_model(name)
    method, url = target(operation)
    count = 0
    for path, member in walk(operation.input_shape):
        for value in WRONG[member.type_name]:
            if value is None and isinstance(path[-1], int):
                continue
            answer = call(host, method, url, body_of(path, value))
            what = "%s %r = %r: %r" % (name, path, value, answer)
            assert answer.status == 400, what
            assert answer.headers["x-amzn-errortype"] == \
                "SerializationException", what
            assert list(json.loads(answer.body)) == ["message"], what
            count += 1
    assert count > 0


@pytest.mark.parametrize("name", THERE)
def test_required_members(host, name):
    shape = MODEL.operation_model(name).input_shape
    method, url = target(MODEL.operation_model(name))
    needed = [member for member in shape.required_members
              if "location" not in shape.members[member].serialization]
    if not needed:
        return
    texts = ["Value at '%s' failed to satisfy constraint: Member must not be "
             "null" % (member[0].lower() + member[1:])
             for member in shape.members if member in needed]
    check_error(call(host, method, url, b"{}"), 400, "BadRequestException",
                "%d validation error%s detected: %s" % (
                    len(texts), "s" if len(texts) > 1 else "",
                    "; ".join(texts)))


@pytest.mark.parametrize("name", THERE)
def test_enumerations(host, name):
    operation = MODEL.operation_model(name)
    method, url = target(operation)
    for path, member in walk(operation.input_shape):
        if not getattr(member, "enum", None):
            continue
        answer = call(host, method, url, body_of(path, "NONE_OF_THESE"))
        check_error(answer, 400, "BadRequestException")
        said = json.loads(answer.body)["message"]
        assert "Member must satisfy enum value set: [" in said, said
        told = said.partition("enum value set: [")[2].partition("]")[0]
        missing = set(member.enum) - set(told.split(", "))
        assert not missing, (path, said)
