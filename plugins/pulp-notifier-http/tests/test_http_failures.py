"""How statuses and ``Retry-After`` are read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pulp_notifier_http.failures import Answer, answer_failure, retry_after_seconds
from pulp_notifier_http.request import HttpRequest

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
REQUEST = HttpRequest("https://receiver.example/hook?token=hidden", None, "an-id", 1, b"", True, 15.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 16:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 16:01:30 -0000", 90.0),
        ("Mon, 23 Nov 2026 15:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 5000, None),
        ("Mon, 99 Nov 2026 16:01:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    """Anything else is left to the backoff, and a time in the past means now."""
    assert expected == retry_after_seconds(value, NOW)


@given(some.text())
def test_no_retry_after_can_break_an_attempt(value: str) -> None:
    """Receivers may send any text."""
    seconds = retry_after_seconds(value, NOW)

    assert seconds is None or seconds >= 0


@given(some.integers(100, 999))
def test_every_status_has_a_meaning(status: int) -> None:
    """It is a success or one of the two failures, and the token in the URL stays secret."""
    failure = answer_failure(Answer(status), REQUEST, NOW)

    assert (failure is None) == (200 <= status < 300)
    if failure:
        assert isinstance(failure, TemporaryFailure | PermanentFailure)
        assert failure.reason.startswith(f"Received HTTP {status} from HTTP notifier to https://receiver.example/hook.")
        assert "hidden" not in failure.reason
