"""What statuses mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pulp_notifier_http.failures import Answer, answer_failure
from pulp_notifier_http.request import HttpRequest

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
REQUEST = HttpRequest("https://receiver.example/hook?token=hidden", None, "an-id", 1, b"", True, 15.0)


@pytest.mark.parametrize(("status", "sent", "waits"), [(503, "70", 70.0), (429, "9" * 30, 1e9), (429, "soon", None)])
def test_a_receiver_can_ask_for_a_wait(status: int, sent: str, waits: float | None) -> None:
    """One that is too long for a number is very long, and garbage is left to the backoff."""
    failure = answer_failure(Answer(status, sent), REQUEST, NOW)

    assert isinstance(failure, TemporaryFailure)
    assert waits == failure.retry_after


@given(some.integers(100, 999))
def test_every_status_has_a_meaning(status: int) -> None:
    """It is a success or one of the two failures, and the token in the URL stays secret."""
    failure = answer_failure(Answer(status), REQUEST, NOW)

    assert (failure is None) == (200 <= status < 300)
    if failure:
        assert isinstance(failure, TemporaryFailure | PermanentFailure)
        assert failure.reason.startswith(f"Received HTTP {status} from HTTP notifier to https://receiver.example/hook.")
        assert "hidden" not in failure.reason
