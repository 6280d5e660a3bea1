"""What is told of a messaging server that does not take messages: one line when it begins, one when it is over."""

import logging
from collections.abc import Callable
from datetime import datetime

from ..event import utc_now

_logger = logging.getLogger(__name__)


class Outage:
    """Knows whether messages are being lost, and how many were.

    :ivar since: when that began; None while none is lost.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self.since: datetime | None = None
        self._dropped_before = 0

    @property
    def active(self) -> bool:
        """Tell whether messages are being lost."""
        return self.since is not None

    def begin(self, reason: str) -> None:
        """Tell that messages are lost from now on; once per outage."""
        if not self.active:
            self.since = self._clock()
            _logger.error("Changes of tasks are not published until this is mended: %s", reason)

    def end(self, dropped: int) -> None:
        """Tell that messages are taken again.

        :param dropped: how many were lost so far, in this outage and before.
        """
        if self.active:
            self.since = None
            lost = dropped - self._dropped_before
            _logger.info("Changes of tasks are published again; %d could not be in the meantime.", lost)
        self._dropped_before = dropped
