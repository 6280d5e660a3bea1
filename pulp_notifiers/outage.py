"""Outages: repeated failures are logged when they begin and when they end, and in between at growing intervals."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from threading import Lock

from .event import utc_now


class Outage:
    """Remembers whether something is failing, so that a caller logs the change and not each repeat.

    Not locked: if two threads note the same change at the same moment, both may log it.

    :ivar since: when the outage began, aware UTC; None if there is none.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self.since: datetime | None = None

    @property
    def active(self) -> bool:
        """Return whether there is an outage now."""
        return self.since is not None

    def begin(self) -> bool:
        """Note a failure; return whether an outage begins with it."""
        begins = self.since is None
        if begins:
            self.since = self._clock()
        return begins

    def begin_at(self, level: int) -> int:
        """Note a failure; return this log level if an outage begins with it, else ``DEBUG``."""
        return level if self.begin() else logging.DEBUG

    def end(self) -> bool:
        """Note a success; return whether an outage ends with it."""
        ends = self.since is not None
        self.since = None
        return ends


@dataclass(frozen=True, slots=True)
class FailureReport:
    """What is worth a line of the log about a series of failures.

    :ivar first: whether it is the first failure, or the first for another reason.
    :ivar failures: how many there were so far, in this series.
    :ivar seconds: how long it has lasted.
    """

    first: bool
    failures: int
    seconds: float


class FailureSeries:
    """Decides which of many failures are worth a line: the first, then counts at growing intervals, then the end.

    What fails and works by turns is one series, so it takes no more lines than what only fails.

    :param monotonic: seconds that never go back.
    """

    FIRST_INTERVAL_SECONDS = 60.0
    LONGEST_INTERVAL_SECONDS = 3600.0
    MOST_REASONS = 5
    """Further reasons are only counted, because a text may differ in each failure."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._reasons: set[str] = set()
        self._failing = self._reported = False
        self._failures = 0
        self._began_at = 0.0
        self._interval = 0.0
        self._silent_until = -inf

    @property
    def failing(self) -> bool:
        """Return whether the last thing noted is a failure."""
        return self._failing

    def failed(self, reason: str) -> FailureReport | None:
        """Note a failure; return what to log, or None if this failure is only counted."""
        with self._lock:
            now = self._monotonic()
            if not self._failing:
                self._begin(now)
            self._failures += 1
            new = reason not in self._reasons and len(self._reasons) < self.MOST_REASONS
            if new:
                self._reasons.add(reason)
            elif now < self._silent_until:
                return None
            if now >= self._silent_until:
                self._interval = min(
                    max(self.FIRST_INTERVAL_SECONDS, 2 * self._interval), self.LONGEST_INTERVAL_SECONDS
                )
                self._silent_until = now + self._interval
            self._reported = True
            return FailureReport(new, self._failures, now - self._began_at)

    def worked(self) -> FailureReport | None:
        """Note a success; return what to log if it ends a series that was logged."""
        if not self._failing:
            return None
        with self._lock:
            if not self._failing:
                return None
            self._failing = False
            report = FailureReport(False, self._failures, self._monotonic() - self._began_at)
            return report if self._reported else None

    def _begin(self, now: float) -> None:
        if now >= self._silent_until + self._interval:  # after a quiet time
            self._reasons.clear()
            self._interval = 0.0
        self._failing, self._reported = True, False
        self._failures, self._began_at = 0, now
