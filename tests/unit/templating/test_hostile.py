"""Nothing that is written or sent to do harm escapes, hangs or fills the memory; measured in other processes."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from pulp_notifiers.templating import TextForm, compile_text
from tests.support.hostile import cases, facts_of

CASES = {case["id"]: case for case in cases()}
MAX_MILLISECONDS = 500
MAX_MEGABYTES = 64

LEAKS = re.compile(r"0x[0-9a-f]{6}|<class|built-in|<function|object at|unexpectedly|Traceback")


@pytest.fixture(scope="module")
def results():
    """Run every case in a process that has nothing else to do."""
    done = subprocess.run([sys.executable, "-m", "tests.support.hostile"], capture_output=True, text=True, check=True)
    return {result["id"]: result for result in map(json.loads, done.stdout.splitlines())}


def test_every_hostile_case_ends_within_its_bounds(results):
    """The issue's bounds, in CPU time and growth of the process; most need less than a hundredth of them."""
    beyond = {
        name: (result["ms"], result["mb"])
        for name, result in results.items()
        if result["ms"] > MAX_MILLISECONDS or result["mb"] > MAX_MEGABYTES
    }

    assert CASES.keys() == results.keys()
    assert {} == beyond


def test_no_hostile_case_shows_what_is_inside(results):
    """Neither a text nor an error has an address, a class or an unexpected error."""
    shown = {name for name, result in results.items() for _, text in result["outcomes"] if LEAKS.search(text)}

    assert set() == shown


def test_nothing_that_tries_to_escape_is_rendered(results):
    """One asks only whether a key exists that an object does not have."""
    rendered = {
        name: outcome
        for name, result in results.items()
        if CASES[name]["kind"] in ("escape", "walk")
        for outcome in result["outcomes"]
        if outcome[0] not in ("refused", "failed")
    }

    assert {"h160": ["evaluated", "False"]} == rendered


class Skeleton(HTMLParser):
    """The elements of HTML, with their attributes and the schemes of addresses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, [name for name, _ in attributes]))
        for name, value in attributes:
            assert name not in ("href", "src") or re.match(r"https?:|[#/]", value), value
            assert name != "style" or "url" not in value

    def handle_endtag(self, tag):
        self.seen.append(tag)


def test_no_payload_changes_the_elements_of_html(results):
    """They are those that a harmless payload leads to."""
    checked = 0
    for name, result in results.items():
        case = CASES[name]
        for outcome, html in result["outcomes"]:
            if outcome == "rendered html" and case["where"] == "payload":
                harmless = compile_text(case["template"], TextForm.HTML).render(facts_of({**case, "text": "x"}))
                assert Skeleton(harmless).seen == Skeleton(html).seen, name
                checked += 1

    assert checked > 30


def test_no_payload_adds_a_header(results):
    """A line has no control characters, and nothing that is decoded to one."""
    lines = [text for result in results.values() for outcome, text in result["outcomes"] if outcome == "rendered line"]

    assert [] == [line for line in lines if re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]|=\\?", line)]
    assert len(lines) > 30
