"""Entity tags, and what If-Match and If-None-Match demand."""

import pytest

from pulp_notifiers.rest.http.etags import EntityTag, MalformedTags, TagList

PLAIN = EntityTag("abc")
WITH_STATUS = EntityTag("abc", "def")


@pytest.mark.parametrize(
    ("lines", "matches", "is_known"),
    [
        (['"abc"'], True, True),
        (["*"], True, True),
        ([" * "], True, True),
        (['W/"abc"'], False, True),
        (['"x", "abc"'], True, True),
        (['"x","abc",'], True, True),
        ([',, "abc"\t'], True, True),
        (['"x"', '"abc"'], True, True),
        (['"x,y"'], False, False),
        (['""'], False, False),
        (['"ABC"'], False, False),
        (['W/"x", "y"'], False, False),
    ],
)
def test_a_tag_is_compared_strongly_for_changes_and_weakly_for_reads(
    lines: list[str], matches: bool, is_known: bool
) -> None:
    """RFC 9110, 13.1.1 and 13.1.2; a list may be empty in places."""
    assert (matches, is_known) == (TagList.parse(lines).has_content(PLAIN), TagList.parse(lines).has(PLAIN))


@pytest.mark.parametrize(
    "line", ["", ",", "abc", '"abc', 'abc"', '"a" "b"', '"a"b', 'w/"a"', 'W/ "a"', '*, "a"', '"a b"', '"a\x7f"']
)
def test_a_header_that_is_no_list_of_tags_is_malformed(line: str) -> None:
    """Also one whose tags are not separated."""
    with pytest.raises(MalformedTags):
        TagList.parse([line])


def test_a_change_demands_nothing_of_what_changes_by_itself() -> None:
    """A read does: its answer would be an old one."""
    old = TagList.parse(['"abc.old"'])

    assert '"abc.def"' == str(WITH_STATUS)
    assert old.has_content(WITH_STATUS)
    assert not old.has(WITH_STATUS)
    assert not TagList.parse(['"xyz.def"']).has_content(WITH_STATUS)
    assert EntityTag.of({"a": 1}, {"lag": 1}).content == EntityTag.of({"a": 1}).content


def test_a_long_header_is_read_in_linear_time() -> None:
    """Blanks and commas are no trap; a quadratic reader would need minutes."""
    with pytest.raises(MalformedTags):
        TagList.parse(['"a"' + " ," * 500_000 + "x"])
