"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable

_POLL_SECONDS = 0.02


def wait_until(reached: Callable[[], object], explain: Callable[[], object] = str, seconds: float = 120.0) -> None:
    """Return when a condition is true.

    :param explain: returns what to show if the condition is not true in time, such as a log.
    :raises AssertionError: the condition was not true in time.
    """
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, explain()
        time.sleep(_POLL_SECONDS)
