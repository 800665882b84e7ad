"""v1 - what the tests of SES v1 (Query) share"""

import re
import xml.etree.ElementTree
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from raw import call

VERSION = "2010-12-01"
NS = "{http://ses.amazonaws.com/doc/2010-12-01/}"
FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")


def refused(action, error, text=None, **names):
    """The call fails with this code, text, and members of the error."""
    with pytest.raises(ClientError) as caught:
        action()
    said = caught.value.response["Error"]
    assert said["Code"] == error, said
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert said["Type"] == "Sender"
    if hasattr(text, "search"):
        assert text.search(said["Message"]), said
    elif text is not None:
        assert said["Message"] == text
    for name, value in names.items():
        assert caught.value.response["Error"].get(name) == value or \
            caught.value.response.get(name) == value, caught.value.response
    return said["Message"]


def query(host, action, fields=(), method="POST", body=None, **how):
    """A signed call in the bytes that are given; status, root element."""
    if body is None:
        pairs = [("Action", action), ("Version", VERSION)]
        body = urlencode(pairs + list(dict(fields).items())).encode()
    if method == "GET":
        answer = call(host, "GET", "/?" + body.decode(), **how)
    else:
        answer = call(host, method, "/", body, headers=[FORM], **how)
    assert answer.headers["content-type"] == "text/xml", answer
    root = xml.etree.ElementTree.fromstring(answer.body)
    return answer, root


def error(root):
    """Code and message of an error, whose form is checked."""
    assert root.tag == NS + "ErrorResponse"
    assert [child.tag for child in root] == [NS + "Error", NS + "RequestId"]
    inner = root.find(NS + "Error")
    assert [child.tag for child in inner][:3] == [NS + "Type", NS + "Code",
                                                  NS + "Message"]
    return inner.findtext(NS + "Code"), inner.findtext(NS + "Message")


def journal(host):
    """How many changes clients made; the agent makes some at any time."""
    rows = host.sesamectl("audit", "--limit", "1000000", "--json")
    if isinstance(rows, dict):
        rows = next(iter(rows.values()))
    return len([row for row in rows if row["caller"]])


def pages(call, key, **more):
    found, token = [], None
    while True:
        page = call(**more, **({"NextToken": token} if token else {}))
        found += page[key]
        token = page.get("NextToken")
        if not token:
            return found


MISSING = re.compile(r"validation errors? detected: .*must not be null")
