"""One log line when task changes begin to be dropped, and one when they are published again."""

import logging
from collections.abc import Callable
from datetime import datetime

from ..event import utc_now
from ..outage import Outage

_logger = logging.getLogger(__name__)


class OutageLog:
    """Logs each outage of the stream once, with the number of reports that it cost."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._outage = Outage(clock)
        self._dropped_before = 0

    @property
    def since(self) -> datetime | None:
        """Return since when reports are dropped; None while they are not."""
        return self._outage.since

    @property
    def active(self) -> bool:
        """Return whether reports are being dropped."""
        return self._outage.active

    def begin(self, reason: str) -> None:
        """Log that reports are dropped from now on."""
        if self._outage.begin():
            _logger.error("Task changes cannot be published and are dropped until this is fixed: %s", reason)

    def end(self, dropped: int) -> None:
        """Log that reports are published again.

        :param dropped: how many were dropped so far, in this outage and before.
        """
        if self._outage.end():
            _logger.info("Task changes are published again; %d were dropped.", dropped - self._dropped_before)
        self._dropped_before = dropped
