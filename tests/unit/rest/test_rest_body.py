"""Parsing of request bodies as strict JSON."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulp_notifiers.rest.http.body import MAX_DEPTH, parse_object
from pulp_notifiers.rest.http.errors import NotAnObject, NotJson


def nested(levels: int) -> bytes:
    """Return an object with this many levels of nesting."""
    return b'{"a": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b" \n",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": 1} {}',
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "c": 2, "b": 3}}',
        b'[{"a": 1, "a": 2}]',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b'{"a": "\xff\xfe"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\x00"}',
        b'{"a": "\n"}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b"\x1f\x8b\x08\x00",
        nested(MAX_DEPTH + 1),
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
    ],
)
def test_text_that_is_not_strictly_json_is_refused(sent: bytes) -> None:
    """Python's own parser accepts some of it."""
    with pytest.raises(NotJson):
        parse_object(sent)


@pytest.mark.parametrize("sent", [b"null", b"true", b"5", b"1.5", b'"x"', b"[]", b'[{"a": 1}]'])
def test_json_that_is_not_an_object_has_an_error_of_its_own(sent: bytes) -> None:
    """Pulp 2 had another error code for it."""
    with pytest.raises(NotAnObject):
        parse_object(sent)


@given(st.one_of(st.binary(max_size=50), st.text('{}[]":,\\u0dE-+. \n', max_size=50).map(str.encode)))
@settings(deadline=None)
def test_any_bytes_are_parsed_as_an_object_or_refused(sent: bytes) -> None:
    """Parsing raises no other error."""
    try:
        found = parse_object(sent)
    except (NotJson, NotAnObject):
        return

    assert json.loads(sent) == found


def test_an_object_is_returned_as_it_was_sent() -> None:
    """Keys keep their order."""
    sent = '{"b": [1, 2.5, null, true, {"x": {}}], "a": "é\\u00e9\\ud83d\\ude00", "": ""}'

    found = parse_object(sent.encode())

    assert {"b": [1, 2.5, None, True, {"x": {}}], "a": "éé😀", "": ""} == found
    assert ["b", "a", ""] == list(found)


def test_nesting_up_to_the_limit_is_accepted() -> None:
    """One level more is refused, as shown above."""
    assert parse_object(nested(MAX_DEPTH)) != {}


def test_numbers_that_cannot_be_stored_are_parsed_and_left_to_the_check_of_values() -> None:
    """They are valid JSON, so the error can name the property that holds them."""
    digits = "9" * 10_000

    found = parse_object(f'{{"a": {digits}, "b": -{digits}, "c": 1e400, "d": {2**63}}}'.encode())

    assert {"a": math.inf, "b": math.inf, "c": math.inf, "d": 2**63} == found
