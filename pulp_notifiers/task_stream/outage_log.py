"""One log line when task changes can no longer be published, and one when they are published again."""

import logging
from collections.abc import Callable
from datetime import datetime

from ..event import utc_now
from ..outage import Outage
from .health import Counts

_logger = logging.getLogger(__name__)


class OutageLog:
    """Logs each outage of the stream once, with the number of reports that it cost.

    :param remembers: for how many tasks the last state is remembered.
    """

    def __init__(self, remembers: int, clock: Callable[[], datetime] = utc_now) -> None:
        self._remembers = remembers
        self._outage = Outage(clock)
        self._before = Counts()

    @property
    def since(self) -> datetime | None:
        """Return since when reports cannot be published; None while they can."""
        return self._outage.since

    @property
    def active(self) -> bool:
        """Return whether there is an outage now."""
        return self._outage.active

    def begin(self, reason: str) -> None:
        """Log that reports are not published from now on."""
        if self._outage.active:
            return
        if self._remembers:
            _logger.error(
                "Task changes cannot be published until this is fixed; progress is dropped, and the last state of each "
                "task is kept, up to %d tasks: %s",
                self._remembers,
                reason,
            )
        else:
            _logger.error("Task changes cannot be published and are dropped until this is fixed: %s", reason)
        self._outage.begin()  # whoever sees an outage, or its end, finds the line in the log

    def end(self, counts: Counts) -> None:
        """Log that reports are published again.

        :param counts: at the end of this outage, or now if there is none.
        """
        if self._outage.active:
            _logger.info(
                "Task changes are published again; %d were dropped and %d sent late.",
                counts.dropped - self._before.dropped,
                counts.late - self._before.late,
            )
            self._outage.end()
        self._before = counts
