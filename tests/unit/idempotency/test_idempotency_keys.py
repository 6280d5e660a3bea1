"""The syntax of idempotency keys."""

import pytest

from pulp_notifiers.idempotency import InvalidKey, digest, parse_key


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ('"8e03978e"', "8e03978e"),
        (' "a b" ', "a b"),
        (r'"a\"b\\c"', r"a\"b\\c".replace("\\\\", "\\").replace('\\"', '"')),
        ("a,b;c=d", "a,b;c=d"),
        ('a"b', 'a"b'),
        ("~" * 255, "~" * 255),
        ('"' + "~" * 255 + '"', "~" * 255),
    ],
)
def test_a_key_is_the_same_bare_and_quoted(line: str, key: str) -> None:
    """The draft demands quotes; many clients send none."""
    assert key == parse_key([line])


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        [" "],
        ['""'],
        ['"a'],
        ['"a"b'],
        ['"a";b=1'],
        [r'"a\b"'],
        ["a\tb"],
        ["\u00e9"],
        ["a\x7f"],
        ["~" * 256],
        ["a", "a"],
    ],
)
def test_a_key_that_is_empty_long_or_not_printable_ascii_is_refused(lines: list[str]) -> None:
    """So are two of them, and a string of RFC 8941 with parameters or without its end."""
    with pytest.raises(InvalidKey, match="1 to 255 printable ASCII characters"):
        parse_key(lines)


def test_a_digest_depends_on_where_its_parts_begin() -> None:
    """Otherwise two requests could have the same one."""
    assert 64 == len(digest("a", b"b")) == len(digest())
    assert digest("a", b"b") == digest("a", "b")
    assert 4 == len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("c", "ab")})
