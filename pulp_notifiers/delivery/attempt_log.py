"""The log lines about attempts: an outage of a receiver is a few lines, not thousands."""

import logging
from threading import Lock

from ..records import OwedDelivery

_logger = logging.getLogger(__name__)


class AttemptLog:
    """Decides the log level of each outcome.

    The first failure of a delivery and every change of its reason are errors, as in Pulp 2; repeats are logged at
    DEBUG. A success after failures is logged at INFO, a first success at DEBUG. A problem of the listener itself is
    logged once for each listener and reason.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._reported: dict[str, str] = {}

    def delivered(self, listener_id: str, delivery: OwedDelivery) -> None:
        """Log that an attempt succeeded."""
        with self._lock:
            self._reported.pop(listener_id, None)
        level = logging.DEBUG if delivery.last_error is None else logging.INFO
        _logger.log(level, "Delivery %d of %s to listener %s succeeded", delivery.id, delivery.event.type, listener_id)

    def failed(self, listener_id: str, delivery: OwedDelivery, reason: str, wait_seconds: float) -> None:
        """Log that an attempt failed and that there will be another."""
        level = logging.DEBUG if delivery.last_error == reason else logging.ERROR
        _logger.log(
            level,
            "%s (delivery %d of %s to listener %s; next attempt in %.0f s)",
            reason,
            delivery.id,
            delivery.event.type,
            listener_id,
            wait_seconds,
        )

    def suspected(self, listener_id: str, delivery: OwedDelivery) -> None:
        """Log that an attempt begins although processes that held the delivery ended."""
        _logger.warning(
            "Delivery %d of %s to listener %s: the process ended %d times in a row while it held this delivery; it is "
            "attempted apart from others",
            delivery.id,
            delivery.event.type,
            listener_id,
            delivery.crashes,
        )

    def dead(self, listener_id: str, delivery: OwedDelivery, reason: str) -> None:
        """Log that a delivery was given up."""
        _logger.error(
            "%s (delivery %d of %s to listener %s is now a dead letter)",
            reason,
            delivery.id,
            delivery.event.type,
            listener_id,
        )

    def unfit(self, listener_id: str, delivery: OwedDelivery, reason: str, level: int) -> None:
        """Log that a delivery was given up because of the listener itself, the first time at this level."""
        with self._lock:
            repeated = self._reported.get(listener_id) == reason
            self._reported[listener_id] = reason
        _logger.log(
            logging.DEBUG if repeated else level,
            "%s (listener %s; delivery %d of %s is now a dead letter, and so will be later ones until this is fixed)",
            reason,
            listener_id,
            delivery.id,
            delivery.event.type,
        )
