"""Names and descriptions that people give."""

import pytest

from pulp_notifiers.records import MAX_DESCRIPTION, description_problem, is_name, name_problem


@pytest.mark.parametrize("name", ["a", "0", "A.b_c-d", "a" * 64, "0123456789abcdef01234567"])
def test_a_name_has_letters_digits_and_a_few_signs(name):
    """Up to 64, beginning with a letter or a digit."""
    assert is_name(name)
    assert name_problem(name) is None


@pytest.mark.parametrize("name", ["", "-a", ".a", "_a", "a b", "a\n", "é", "a/b", "a" * 65, "\ud800", 1, None, ["a"]])
def test_anything_else_is_quoted_in_the_refusal(name):
    """In printable ASCII or as it is."""
    assert not is_name(name)
    assert name_problem(name).startswith(f"{name!r} is not a name: use 1 to 64 letters")


def test_a_refusal_does_not_repeat_a_long_name():
    """It is shown in answers and logs."""
    assert len(name_problem("a" * 100_000)) < 250


def test_a_description_is_any_text_of_bounded_length_that_can_be_stored():
    """The refusal says what would be right."""
    assert description_problem("") is None
    assert description_problem("é" * MAX_DESCRIPTION) is None
    assert description_problem("é" * (MAX_DESCRIPTION + 1)) == (
        "A description may have at most 1000 characters, not 1001."
    )
    assert description_problem(None) == "A description must be a text."
    assert "U+0000" in description_problem("a\0")
