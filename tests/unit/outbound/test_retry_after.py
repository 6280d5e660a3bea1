"""How long servers ask to wait."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.outbound import retry_after_seconds

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
LONGEST = 1e9


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("0" * 5000 + "7", 7.0),
        ("Mon, 23 Nov 2026 16:01:30 GMT", 90.0),
        ("Monday, 23-Nov-26 16:01:30 GMT", 90.0),
        ("Mon Nov 23 16:01:30 2026", 90.0),
        ("Mon Nov  2 16:00:00 2026", 0.0),
        ("Mon, 23 Nov 2026 16:01:30 -0000", 90.0),
        ("Mon, 23 Nov 2026 15:00:00 GMT", 0.0),
    ],
)
def test_it_is_a_number_of_seconds_or_a_date_in_one_of_three_formats(value, expected):
    """A time in the past means now."""
    assert expected == retry_after_seconds(value, NOW)


@pytest.mark.parametrize(
    "value",
    [
        "9999999999",
        "9" * 5000,
        "9" * 100_000,
        str(2**63),
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Friday, 31-Dec-9999 23:59:59 GMT",
        "Fri Dec 31 23:59:59 9999",
        "Fri, 31 Dec 99999 23:59:59 GMT",
    ],
)
def test_a_wait_that_is_too_large_is_the_longest_one(value):
    """It is finite, so that it can be calculated with."""
    assert LONGEST == retry_after_seconds(value, NOW)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "-5",
        "+5",
        "1.5",
        "1e9",
        "soon",
        "٣٣",
        "0x10",
        "inf",
        "Mon, 99 Nov 2026 16:01:30 GMT",
        "2026-11-23",
    ],
)
def test_garbage_is_no_wait(value):
    """The backoff decides then."""
    assert retry_after_seconds(value, NOW) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("60, 120", 120.0),
        ("120,60", 120.0),
        ("soon, 30, -9", 30.0),
        ("30, Mon, 23 Nov 2026 16:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 16:01:30 GMT, Mon Nov 23 16:02:00 2026, x", 120.0),
    ],
)
def test_of_several_the_longest_counts(value, expected):
    """A proxy may have added one."""
    assert expected == retry_after_seconds(value, NOW)


@given(st.text() | st.text(alphabet="0123456789, :-GMTSunov"))
def test_any_text_is_a_finite_wait_or_none(value):
    """Servers may send anything."""
    seconds = retry_after_seconds(value, NOW)

    assert seconds is None or 0 <= seconds <= LONGEST
