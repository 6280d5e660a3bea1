"""Outages: repeated failures are logged once when they begin and once when they end."""

import logging
from collections.abc import Callable
from datetime import datetime

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
