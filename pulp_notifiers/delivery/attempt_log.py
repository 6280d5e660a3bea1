"""What the log says about attempts, so that an outage of a receiver is a few lines and not thousands."""

import logging
from threading import Lock

from ..records import OwedDelivery

_logger = logging.getLogger(__name__)


class AttemptLog:
    """Decides how loud each outcome is.

    The first failure of a delivery and every change of its reason are errors, as they were in Pulp 2; repeats are for
    debugging; a success after failures is worth a line, a first success is not. What is wrong with a listener itself
    is told once for each listener and reason.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._told: dict[str, str] = {}

    def delivered(self, listener_id: str, delivery: OwedDelivery) -> None:
        """Say that a delivery has arrived."""
        with self._lock:
            self._told.pop(listener_id, None)
        level = logging.DEBUG if delivery.last_error is None else logging.INFO
        _logger.log(
            level, "Delivery %d of %s to listener %s has arrived", delivery.id, delivery.event.type, listener_id
        )

    def failed(self, listener_id: str, delivery: OwedDelivery, reason: str, wait_seconds: float) -> None:
        """Say that an attempt failed and that there will be another."""
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

    def dead(self, listener_id: str, delivery: OwedDelivery, reason: str) -> None:
        """Say that a delivery was given up."""
        _logger.error(
            "%s (delivery %d of %s to listener %s is now a dead letter)",
            reason,
            delivery.id,
            delivery.event.type,
            listener_id,
        )

    def unfit(self, listener_id: str, delivery: OwedDelivery, reason: str, level: int) -> None:
        """Say that a delivery was given up because of the listener itself, at this level the first time."""
        with self._lock:
            repeated = self._told.get(listener_id) == reason
            self._told[listener_id] = reason
        _logger.log(
            logging.DEBUG if repeated else level,
            "%s (listener %s; delivery %d of %s is kept as a dead letter, as will be all further ones)",
            reason,
            listener_id,
            delivery.id,
            delivery.event.type,
        )
