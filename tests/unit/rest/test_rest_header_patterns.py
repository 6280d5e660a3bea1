"""The patterns of headers in the OpenAPI document allow what is accepted."""

import re

import pytest

from pulp_notifiers.idempotency import InvalidKey, parse_key
from pulp_notifiers.rest.http.etags import MalformedTags, TagList
from pulp_notifiers.rest.v3 import idempotency, preconditions


@pytest.mark.parametrize(
    "text", ["*", '"a"', 'W/"a"', '"a", "b"', '"a",W/"b"', '""', "a", "", '"a" "b"', '*, "a"', '"a"b', '"\u0100"']
)
def test_the_pattern_of_if_match_allows_exactly_what_is_accepted(text: str) -> None:
    """Except for blanks and commas that nobody needs."""
    try:
        accepted = bool(TagList.parse([text]))
    except MalformedTags:
        accepted = False
    assert accepted == bool(re.search(preconditions.TAGS_PATTERN, text))


@pytest.mark.parametrize(
    "text",
    ["a", "a b", "~" * 255, "~" * 256, '"a"', '"a b"', r'"a\"\\"', r'"\a"', '""', '"', '"a', "", 'a"', "\u00e9", "a\t"],
)
def test_the_pattern_of_the_idempotency_key_allows_exactly_what_is_accepted(text: str) -> None:
    """Bare or quoted."""
    try:
        accepted = bool(parse_key([text])) and text == text.strip()
    except InvalidKey:
        accepted = False
    assert accepted == bool(re.search(idempotency.KEY_PATTERN, text))
