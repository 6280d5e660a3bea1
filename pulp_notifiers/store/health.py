"""Whether the database can be read and written: what the log says about it, and a check that writes."""

import logging
import os
import time
from collections.abc import Callable
from uuid import uuid4

import sqlalchemy as sa

from ..event import utc_now
from ..outage import FailureSeries
from .statement import Insert, Statement

_logger = logging.getLogger(__name__)

_INSERT = "INSERT INTO events (id, type, payload, occurred_at, source) VALUES rows"
_DELETE = "DELETE FROM events WHERE id = :event"
_TYPICAL_BYTES = 750  # 1,500 characters that do not compress, as a typical event has
_LARGE_BYTES = 64 * 1024
"""After a failure, because on a disk that is full a last small event may fit."""


class Access:
    """Reading, or writing: logs when it begins to fail, how often it failed at growing intervals, and when it works.

    :param done: what is done to the database: ``read`` or ``written``.
    :param monotonic: seconds that never go back.
    """

    def __init__(self, done: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._done = done
        self._series = FailureSeries(monotonic)

    @property
    def failing(self) -> bool:
        """Return whether it failed the last time."""
        return self._series.failing

    def failed(self, reason: str) -> None:
        """Note that a transaction failed."""
        report = self._series.failed(reason)
        if report is None:
            return
        if report.first:
            _logger.error("The database cannot be %s: %s", self._done, reason)
        else:
            _logger.error(
                "The database still cannot be %s after %.0f s (%d transactions failed), last: %s",
                self._done,
                report.seconds,
                report.failures,
                reason,
            )

    def worked(self) -> None:
        """Note that a transaction succeeded."""
        ended = self._series.worked()
        if ended is not None:
            _logger.info(
                "The database can be %s again after %.0f s (%d transactions failed)",
                self._done,
                ended.seconds,
                ended.failures,
            )


class WriteProbe:
    """Writes an event and deletes it, which needs everything that firing an event needs.

    :param dialect: ``sqlite`` or ``postgresql``.
    """

    def __init__(self, dialect: str) -> None:
        self._insert = Insert(_INSERT, dialect)
        self._delete = Statement(_DELETE, dialect)

    def run(self, connection: sa.Connection, large: bool) -> None:
        """Do so in a transaction."""
        event, filler = str(uuid4()), os.urandom(_LARGE_BYTES if large else _TYPICAL_BYTES).hex()
        row = (event, "probe", f'{{"probe": "{filler}"}}', utc_now(), "probe")
        self._insert.run(connection, [row])
        self._delete.run(connection, event=event)
