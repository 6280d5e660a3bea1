"""The log lines about attempts: a receiver that is away is a few lines, however many deliveries wait for it."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from ..outage import FailureSeries
from ..records import OwedDelivery

_MOST_LISTENERS = 10_000
"""Of more listeners that fail, those that have not been attempted for longest are forgotten and logged again."""

_logger = logging.getLogger(__name__)


class AttemptLog:
    """Decides the log level of each outcome.

    The first failure of a listener and every change of its reason are errors, as in Pulp 2; further ones are counted,
    and the counts are logged at growing intervals, for dead letters too. The first success after failures is logged
    at INFO. A problem of the listener itself is logged once for each reason. Everything else is at DEBUG.

    :param monotonic: seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._listeners: OrderedDict[str, _Listener] = OrderedDict()
        self._suspects = FailureSeries(monotonic)

    def delivered(self, listener_id: str, delivery: OwedDelivery) -> None:
        """Log that an attempt succeeded."""
        _logger.debug("Delivery %d of %s to listener %s succeeded", delivery.id, delivery.event.type, listener_id)
        listener = self._listeners.get(listener_id)
        if listener is None:
            return
        listener.unfit_reason = None
        ended = listener.series.worked()
        if ended is not None:
            _logger.info(
                "Listener %s works again after %.0f s (%d failed attempts, %d dead letters)",
                listener_id,
                ended.seconds,
                ended.failures,
                listener.dead,
            )

    def failed(self, listener_id: str, delivery: OwedDelivery, reason: str, wait_seconds: float) -> None:
        """Log that an attempt failed and that there will be another."""
        _logger.log(
            self._level_of(listener_id, reason, self._noted(listener_id)),
            "%s (delivery %d of %s to listener %s; next attempt in %.0f s)",
            reason,
            delivery.id,
            delivery.event.type,
            listener_id,
            wait_seconds,
        )

    def postponed(self, listener_id: str, delivery: OwedDelivery, reason: str, wait_seconds: float) -> None:
        """Log that no attempt was made, because something has to be corrected, which was logged when it was read."""
        _logger.debug(
            "%s (delivery %d of %s to listener %s; tried again in %.0f s)",
            reason,
            delivery.id,
            delivery.event.type,
            listener_id,
            wait_seconds,
        )

    def suspected(self, listener_id: str, delivery: OwedDelivery) -> None:
        """Log that an attempt begins although processes that held the delivery ended."""
        # A kill makes thousands suspected at once; what really ends processes soon has a number of its own.
        report = self._suspects.failed(str(delivery.crashes))
        _logger.log(
            logging.DEBUG if report is None else logging.WARNING,
            "Delivery %d of %s to listener %s: the process ended %d times in a row while it held this delivery; it is "
            "attempted apart from others",
            delivery.id,
            delivery.event.type,
            listener_id,
            delivery.crashes,
        )

    def dead(self, listener_id: str, delivery: OwedDelivery, reason: str) -> None:
        """Log that a delivery was given up."""
        _logger.log(
            self._level_of(listener_id, f"dead letter: {reason}", self._noted(listener_id, dead=1)),
            "%s (delivery %d of %s to listener %s is now a dead letter)",
            reason,
            delivery.id,
            delivery.event.type,
            listener_id,
        )

    def unfit(self, listener_id: str, delivery: OwedDelivery, reason: str, level: int) -> None:
        """Log that a delivery was given up because of the listener itself, the first time at this level."""
        listener = self._noted(listener_id)
        repeated = listener.unfit_reason == reason
        listener.unfit_reason = reason
        _logger.log(
            logging.DEBUG if repeated else level,
            "%s (listener %s; delivery %d of %s is now a dead letter, and so will be later ones until this is fixed)",
            reason,
            listener_id,
            delivery.id,
            delivery.event.type,
        )

    def _noted(self, listener_id: str, dead: int = 0) -> "_Listener":
        with self._lock:
            listener = self._listeners.setdefault(listener_id, _Listener(self._monotonic))
            self._listeners.move_to_end(listener_id)
            if len(self._listeners) > _MOST_LISTENERS:
                self._listeners.popitem(last=False)
            if not listener.series.failing:
                listener.dead = 0
            listener.dead += dead
            return listener

    def _level_of(self, listener_id: str, reason: str, listener: "_Listener") -> int:
        report = listener.series.failed(reason)
        if report is not None and report.first:
            return logging.ERROR
        if report is not None:
            _logger.error(
                "Listener %s still fails after %.0f s (%d failed attempts, %d dead letters), last: %s",
                listener_id,
                report.seconds,
                report.failures,
                listener.dead,
                reason,
            )
        return logging.DEBUG


class _Listener:
    """What has been logged about one listener.

    :ivar series: its failures.
    :ivar dead: how many dead letters are among them.
    :ivar unfit_reason: the problem of the listener itself that was logged last.
    """

    __slots__ = ("dead", "series", "unfit_reason")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.series = FailureSeries(monotonic)
        self.dead = 0
        self.unfit_reason: str | None = None
