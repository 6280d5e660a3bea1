"""Whatever an event carries, what people read about it is clean, bounded, and free of passwords."""

import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pulp_notifiers.event_types import ABOUT_SCHEMA, about, known_types

TYPES = [*(known.name for known in known_types()), "myapp.deploy", "repo.sync.other", ""]
KEYS = sorted({name for known in known_types() for one in known.samples for name in one.event.payload})
REPORT_KEYS = sorted({name for known in known_types() for one in known.samples for name in one.event.call_report or {}})
VALIDATOR = Draft202012Validator(ABOUT_SCHEMA)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(codec=None), max_size=20),  # lone surrogates too
    st.sampled_from(
        [
            "\x1b[31mred\x1b[0m",
            "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
            "Ada\r\nBcc: x@example.net",
            "\u202egnp.exe",
            "\ud800",
            "<script>alert(1)</script>",
            "https://ops:hunter2@pulp.example/x",
            "2016-04-29T16:19:60Z",
            "0001-01-01T00:00:00+23:59",
            "9" * 5000,
            "\u0301" * 1000,
            " ",
            "failed",
            "success",
        ]
    ),
)
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -1, 1e308, float("nan"), float("-inf")]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(TEXTS, st.sampled_from(["added", "removed", "$date", "count", "description", "rpm.package"])),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


def objects(keys: list[str]) -> Any:
    """Return a strategy for objects that often have the known keys."""
    return st.dictionaries(st.one_of(st.sampled_from(keys), TEXTS), VALUES, max_size=12)


def texts_in(value: Any) -> list[str]:
    """Return all texts of a document, keys too."""
    if isinstance(value, str):
        return [value]
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in texts_in(part)]


def assert_readable(found: dict[str, Any]) -> None:
    """Check everything that readers of it rely on."""
    VALIDATOR.validate(found)
    for text in texts_in(found):
        text.encode("utf-8")
        assert not [one for one in text if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")]
        assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
        assert "hunter2" not in text
    assert len(json.dumps(found)) < 100_000


@settings(max_examples=60)
@given(st.sampled_from(TYPES), objects(KEYS), st.one_of(st.none(), objects(REPORT_KEYS)), TEXTS)
def test_no_event_is_unreadable(event_type, payload, report, source):
    """Values of the wrong type count as missing."""
    assert_readable(about({"event_type": event_type, "payload": payload, "call_report": report, "source": source}))


@settings(max_examples=50)
@given(VALUES, VALUES, VALUES)
def test_no_body_is_unreadable(event_type, payload, report):
    """Not even one whose parts have the wrong types."""
    assert_readable(about({"event_type": event_type, "payload": payload, "call_report": report}))
    assert_readable(about(payload))


@pytest.mark.parametrize("known", known_types(), ids=lambda known: known.name)
def test_every_sample_is_readable(known):
    """What the JSON of a sample says is what the sample says."""
    for one in known.samples:
        found = about(one.event)
        assert_readable(found)
        assert {**found, "source": "?"} == {**about({**one.event.body(), "source": "x"}), "source": "?"}


def sync(**payload: Any) -> dict[str, Any]:
    """Return what people read about a failed sync."""
    return about(
        {
            "event_type": "repo.sync.finish",
            "payload": {"repo_id": "zoo", "result": "failed", **payload},
            "call_report": None,
        }
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("\n\n  first\nsecond", "first"),
        ("\x1b[1;31mboom\x1b[0m\x07", "boom"),
        ("\x1b]0;title\x07boom", "boom"),
        ("a\x00b\tc", "a b c"),
        ("a\u202eb\u2066c\u200fd\u00ade", "abcde"),
        ("\ud800x", "\ufffdx"),
        ("zo\u200d\u0915", "zo\u200d\u0915"),  # joiners are part of words
        ("cannot open https://ops:hunter2@cdn.example/x", "cannot open https://*****@cdn.example/x"),
        ("https://ops:p/w@cdn.example/x", "https://ops:*****@cdn.example/x"),
        ("https://ops:p@w@cdn.example/x", "https://*****@cdn.example/x"),
        ("https://ops:\x1b[0mhunter2@cdn.example", "https://*****@cdn.example"),
        ("no login at https://cdn.example:8443/@scope/x@1.0", "no login at https://cdn.example:8443/@scope/x@1.0"),
        ("Authorization: Bearer abc", "Authorization: Bearer *****"),
        ("token=abc password: xyz", "token=***** password: *****"),
        ("404, message='Not Found', url='https://cdn.example/x'", "HTTP 404 Not Found: https://cdn.example/x"),
        ("403, message='Forbidden', url=URL('https://cdn.example/x')", "HTTP 403 Forbidden: https://cdn.example/x"),
        ("404, message=\"Can't\", url='https://cdn.example/x'", "HTTP 404 Can't: https://cdn.example/x"),
        ("404, message='', url='https://cdn.example/x'", "HTTP 404: https://cdn.example/x"),
    ],
)
def test_a_reason_is_one_clean_line(error, reason):
    """It is the first line of the error that is not blank."""
    assert reason == sync(error_message=error)["reason"]


@pytest.mark.parametrize("length", [300, 301, 5000, 10_000_000])
def test_a_long_reason_is_shortened(length):
    """An ellipsis stands at the end."""
    reason = sync(error_message="x" * length)["reason"]
    assert min(length, 300) == len(reason)
    assert (length > 300) == reason.endswith("…")


@pytest.mark.parametrize(
    "number",
    [pytest.param(10**5000, id="5000 digits"), float("nan"), float("inf"), 1e308, True, "7", None, [7]],
)
def test_what_is_no_number_of_units_is_not_known(number):
    """An integer of 5000 digits has no text in Python."""
    assert_readable(sync(added_count=number, repo_version=number, summary={"added": {"rpm.package": number}}))
    assert None is sync(added_count=number)["changes"]
    assert None is sync(repo_version=number)["version"]
    assert_readable(about({"event_type": "myapp.deploy", "payload": {"number": number}, "call_report": None}))


def test_a_text_is_not_cut_before_an_accent():
    """The letter before it would look like another."""
    assert "x" * 298 + "…" == sync(error_message="x" * 298 + "e\u0301" * 10)["reason"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"exception": ["Traceback...\n", "ValueError: boom\n"]}, "ValueError: boom"),
        ({"exception": "Traceback\nValueError: boom\n\n"}, "ValueError: boom"),
        ({"traceback": ["  File x\n", "    raise y\n", "KeyError: 'z'\n"]}, "KeyError: 'z'"),
        ({"traceback": "  File x\n    raise y\nKeyError: 'z'\n"}, "KeyError: 'z'"),
        ({"error": {"description": "boom"}}, "boom"),
        ({"error": "boom"}, "boom"),
        ({"summary": {"metadata": {"state": "FAILED", "error": "no repomd.xml"}}}, "no repomd.xml"),
        ({"details": [{"content": {"error_details": [{"error_message": "bad digest"}]}}]}, "bad digest"),
        ({"error_message": "", "exception": "  ", "traceback": []}, None),
        ({"error_message": ["x"], "error": {"description": {}}}, None),
    ],
)
def test_a_reason_is_found_wherever_pulp_puts_it(fields, reason):
    """In the message, the exception, the last line of the traceback, or the report of Pulp 2's importer."""
    assert reason == sync(**fields)["reason"]


def test_the_last_lines_of_a_traceback_are_shown():
    """With their indentation; whether it is one text or many."""
    lines = [f"  File {number}\n    code {number}\n" for number in range(100)]
    found = sync(traceback=lines)
    assert 200 == found["traceback_lines"]
    assert ["    code 92", "  File 93", "    code 93"] == found["traceback"][:3]
    assert 15 == len(found["traceback"])
    assert found == sync(traceback="".join(lines))


@pytest.mark.parametrize("line", ["x" * 250 + "\n", "é" * 250 + "\n", "x" * 100_000 + "\n"])
def test_a_traceback_has_at_most_2000_characters(line):
    """The last line says what went wrong, and is always there."""
    found = sync(traceback=[line] * 20)["traceback"]
    assert 1 <= len(found)
    assert sum(len(one) + 1 for one in found) <= 2001


@pytest.mark.parametrize(
    ("url", "href", "links"),
    [
        ("https://pulp.example", "/pulp/api/v3/x/", ["https://pulp.example/pulp/api/v3/x/"]),
        ("http://[::1]:24817/", "/x/", ["http://[::1]:24817/x/"]),
        (None, "/x/", []),
        ("javascript:alert(1)//", "/x/", []),
        ("https://pulp.example", "//evil.example/", []),
        ("https://pulp.example", "https://evil.example/", []),
        ("https://pulp.example", "@evil.example/", []),
        ("https://pulp.example", "/a/../../admin", []),
        ("https://pulp.example", '/x" onmouseover="y', []),
        ("https://pulp.example", "/x\n/y", []),
        ("https://pulp.example", ["/x/"], []),
        ("https://pulp.example/admin?x=", "/x/", []),
        ("https://ops:hunter2@pulp.example", "/x/", []),
        ("https://pulp.example:99999999", "/x/", []),
        ("https://[", "/x/", []),
        ("https://pulp.example\n", "/x/", []),
    ],
)
def test_links_lead_below_the_servers_own_url_only(url, href, links):
    """Anything else makes no link."""
    assert links == [link["url"] for link in sync(server_url=url, repo_href=href)["links"]]


def test_links_of_a_real_sync_lead_to_repository_version_and_task():
    """As its event says where the server is."""
    [found] = [one for one in known_types()[1].samples if one.name == "pulp3-rpm"]
    links = {link["title"]: link["url"] for link in about(found.event)["links"]}
    assert {"Repository", "Version", "Task"} == links.keys()
    assert {url.partition("/pulp/api/v3/")[0] for url in links.values()} == {"https://pulp.example.com"}
