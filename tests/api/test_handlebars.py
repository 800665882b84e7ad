"""The template language beside Handlebars.js

handlebars.mjs makes templates and data and renders them with Handlebars.js
(noEscape); ours must print the same bytes, or both must refuse.

What is different, and how it is left out of the comparison:

- With noEscape Handlebars.js adds numbers that stand side by side, and fails
  to indent a partial that is a number alone.  Ours prints them; the oracle is
  made to.
- A raw block prints its text, and SES's two placeholders print themselves;
  the oracle has helpers for both.
- One half of a surrogate pair, as {{s.[0]}} may be, prints as U+FFFD; two
  halves side by side do not become a character again (HALVES).
- A decorator that does not exist is refused when the template is compiled,
  not when it is reached (DECORATOR).
- The value of @partial-block, @_parent, block parameters that a section over
  an object or a definition declares: Handlebars.js's own insides, nothing
  here (INSIDES; else not made).
- Members of data named toString or valueOf, which JavaScript would call, and
  __proto__: not made.
- What is nested deeper than our bounds: not made.
- A missing attribute, which is an error in SES: allowed here.

SESAME_SEED in the environment makes other cases.
"""

import base64
import json
import os
import re
import subprocess

import pytest

from harness.layout import TESTS, build_dir

ASTRAL = re.compile("[\U00010000-\U0010ffff]")
INSIDES = re.compile(r"\{\{~?[#^&{/]?\s*@(partial-block|_parent)")
DECORATOR = b"there is no decorator but inline"


@pytest.fixture(scope="module")
def programs():
    """Ours, and the directory with Handlebars.js."""
    ours = os.path.join(build_dir(), "unit", "render_cases")
    subprocess.run(["make", "-s", "B=" + build_dir(), "js", ours], check=True,
                   cwd=os.path.dirname(TESTS))
    return ours, os.path.join(build_dir(), "js", "handlebars")


def make_cases(modules, seed, count):
    """Cases with what Handlebars.js says: bytes, or None and an error."""
    done = subprocess.run(
        ["node", os.path.join(os.path.dirname(__file__), "handlebars.mjs"),
         modules, str(seed), str(count)], check=True, stdout=subprocess.PIPE)
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(cases) == count
    for case in cases:
        if "result" in case:
            case["result"] = base64.b64decode(case["result"])
    return cases


def render(program, cases, *options):
    """What ours says: (ok, bytes) each."""
    parts = []
    for case in cases:
        template, data = case["template"].encode(), case["data"].encode()
        parts += [b"%d %d\n" % (len(template), len(data)), template, data]
    done = subprocess.run([program, *options], input=b"".join(parts),
                          check=True, stdout=subprocess.PIPE)
    found, at = [], 0
    while at < len(done.stdout):
        end = done.stdout.index(b"\n", at)
        how, size = done.stdout[at:end].split()
        at = end + 1 + int(size)
        found.append((how == b"ok", done.stdout[end + 1:at]))
    assert len(found) == len(cases)
    return found


def halves(text):
    return ASTRAL.sub("\ufffd\ufffd", text.decode()).encode()


def agree(case, ok, said):
    theirs = case.get("result")
    if theirs is None or not ok:
        return (theirs is None and not ok) or (
            not ok and DECORATOR in said) or bool(
            INSIDES.search(case["template"]))
    return (theirs == said or halves(theirs) == halves(said) or
            bool(INSIDES.search(case["template"])))


def compare(programs, seed, count):
    program, modules = programs
    cases = make_cases(modules, seed, count)
    bad = []
    for case, (ok, said) in zip(cases, render(program, cases)):
        if not agree(case, ok, said):
            bad.append("%r\n%s\nHandlebars.js: %r\nours: %r" % (
                case["template"], case["data"],
                case.get("result", case.get("error")), said))
    assert not bad, "seed %d: %d of %d differ\n%s" % (
        seed, len(bad), count, min(bad, key=len))
    printed = [case for case in cases if case.get("result")]
    assert len(printed) > count // 2  # the generator does its work
    assert len(printed) < count * 0.95


def seeds(count):
    first = int(os.environ.get("SESAME_SEED", "1"))
    return range(first, first + count)


def test_like_handlebars(programs):
    for seed in seeds(1):
        compare(programs, seed, 2000)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_like_handlebars_100000(programs):
    for seed in seeds(25):
        compare(programs, 1000 + seed, 4000)


def test_ours_alone(programs):
    """A missing attribute is refused when that is not allowed."""
    cases = [{"template": "{{#if a}}{{a}}{{/if}}{{b}}", "data": data}
             for data in ('{"b": 1}', '{"a": 1}')]
    assert render(programs[0], cases) == [(True, b"1"), (True, b"1")]
    assert render(programs[0], cases, "strict") == [
        (True, b"1"),
        (False, b"Attribute 'b' is not present in the rendering data.")]
