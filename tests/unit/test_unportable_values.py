"""JSON values that some database, broker or receiver could not carry."""

from typing import Any

import pytest

from pulp_notifiers.encoding import unportable


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\x00b", "U+0000"),
        ({"a\x00": 1}, "U+0000"),
        ({"a": [{"b": ["\ud800"]}]}, "U+D800"),
        ("\udfff", "U+DFFF"),
        (2**63, "64 bits"),
        (-(2**63) - 1, "64 bits"),
        ([1, (2, 10**400)], "64 bits"),
        (float("inf"), "not finite"),
        ([{"a": float("nan")}], "not finite"),
    ],
)
def test_a_value_that_cannot_be_carried_is_reported(value: Any, expected: str) -> None:
    """Its place in the value does not matter, and keys count too."""
    assert expected in str(unportable(value))


@pytest.mark.parametrize(
    "value", [None, True, 2**63 - 1, -(2**63), 1.5, "", "é😀\n\x01", {"a": [{}, [], {"b": None}]}, b"\x00", object()]
)
def test_other_values_are_accepted(value: Any) -> None:
    """Other kinds of values have their own forms in JSON."""
    assert unportable(value) is None
