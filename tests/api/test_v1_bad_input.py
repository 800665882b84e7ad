"""SES v1: what no client should send, for every operation

From botocore's model: each member missing, empty, too long, of a wrong type,
with each control character.  Only documented errors, and nothing changed.
"""

import botocore.session
import pytest

from v1 import error, journal, query

MODEL = botocore.session.Session().get_service_model("ses")

# What the service's reference lists for every operation.
COMMON = {"InvalidParameterValue", "ValidationError", "MessageRejected",
          "Throttling"}
# Any input of it is good.
WITHOUT = {"UpdateAccountSendingEnabled"}


@pytest.fixture(scope="module")
def names(host):
    rows = host.sesamectl("coverage", "--all", "--json")
    if isinstance(rows, dict):
        rows = next(iter(rows.values()))
    return [row["operation"] for row in rows
            if row["api"] == "v1" and row["there"] and
            row["operation"] not in WITHOUT]


def fill(shape, path=""):
    """A value for every member, as fields of a form."""
    if shape.type_name == "structure":
        fields = {}
        for name, member in shape.members.items():
            fields.update(fill(member, path + "." + name if path else name))
        return fields
    if shape.type_name == "list":
        return fill(shape.member, path + ".member.1")
    value = {"string": "nothing.v1bad.example", "boolean": "true",
             "integer": "5", "blob": "eA=="}[shape.type_name]
    if getattr(shape, "enum", None):
        value = shape.enum[0]
    # what else would be made
    return {path: "nodots" if path == "Domain" else value}


def types(shape, path=""):
    found = {}
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            found.update(types(member, path + "." + name if path else name))
    elif shape.type_name == "list":
        found = types(shape.member, path + ".member.1")
    else:
        found = {path: shape.type_name}
    return found


def variants(shape):
    good, kinds = fill(shape), types(shape)
    yield "nothing", {}
    for path in good:
        yield "no " + path, {name: value for name, value in good.items()
                             if name != path}
        for value in ("", "x" * 70000, "\u20ac" * 400, "<&\"'>"):
            yield "%s %.9s" % (path, value), dict(good, **{path: value})
        if kinds[path] != "string":
            yield path + " type", dict(good, **{path: "maybe"})
        yield path + " as structure", dict(good, **{path + ".member.1.X": "y"})
    for code in list(range(1, 32)) + [127]:
        yield "control %d" % code, {
            name: "a%cb.v1bad.example" % code if kinds[name] == "string"
            else value for name, value in good.items()}


def documented(operation):
    found = set(COMMON)
    for shape in operation.error_shapes:
        found.add(shape.metadata.get("error", {}).get("code", shape.name))
    return found


def test_bad_input(host, names):
    before, tried, wrong = journal(host), 0, []
    for name in names:
        operation = MODEL.operation_model(name)
        if operation.input_shape is None:
            continue
        may = documented(operation)
        for what, fields in variants(operation.input_shape):
            answer, root = query(host, name, fields)
            tried += 1
            where = "%s, %s: %r" % (name, what, answer.body[:300])
            if answer.status not in (200, 400) or (
                    answer.status == 400 and error(root)[0] not in may):
                wrong.append(where)
        assert journal(host) == before, name
    assert not wrong, "\n".join(wrong[:50])
    assert tried > 1500
