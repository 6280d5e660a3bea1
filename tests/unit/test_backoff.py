"""The wait between attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.backoff import Backoff


@pytest.mark.parametrize(
    ("attempts", "expected"), [(1, 2.0), (2, 4.0), (3, 8.0), (11, 2048.0), (12, 3600.0), (99, 3600.0)]
)
def test_the_wait_doubles_up_to_the_longest(attempts, expected):
    """With the largest jitter the wait is the whole step."""
    assert expected == Backoff().delay_seconds(attempts, lambda: 1.0)


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_between_half_and_all_of_the_step(attempts, drawn):
    """That is also true at the longest wait, where deliveries would otherwise be repeated together."""
    step = min(2.0 * 2.0 ** min(attempts - 1, 64), 3600.0)

    assert step / 2 <= Backoff().delay_seconds(attempts, lambda: drawn) <= step


@pytest.mark.parametrize(("drawn", "twelfth_minutes", "last_hours"), [(0.0, 34, 6.5), (1.0, 68, 13.0)])
def test_the_defaults_last_for_a_night(drawn, twelfth_minutes, last_hours):
    """The figures are those of the docstring."""
    waits = [Backoff().delay_seconds(attempts, lambda: drawn) for attempts in range(1, 24)]

    assert twelfth_minutes == pytest.approx(sum(waits[:11]) / 60, abs=0.5)
    assert last_hours == pytest.approx(sum(waits) / 3600, abs=0.5)
    assert not Backoff().exhausted(23)
    assert Backoff().exhausted(24)
