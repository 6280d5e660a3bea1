"""The list of deliveries that people see: pending, delivered and dead."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ..records import Attempt, Backlog, Delivery, DeliveryFilter, Order


class History(Protocol):
    """Where deliveries and their attempts are stored (``pulp_notifiers.store``)."""

    def deliveries(
        self, wanted: DeliveryFilter, limit: int, offset: int, orders: Sequence[Order] = ()
    ) -> tuple[int, list[Delivery]]: ...
    def delivery(self, delivery_id: int) -> Delivery | None: ...
    def attempts(self, delivery_id: int) -> list[Attempt]: ...
    def backlog(self) -> Backlog: ...


_ALL = DeliveryFilter()


class Deliveries:
    """Lists deliveries, shows one with its attempts, and counts the backlog."""

    def __init__(self, history: History) -> None:
        self._history = history

    def list(
        self, wanted: DeliveryFilter = _ALL, limit: int = 100, offset: int = 0, orders: Sequence[Order] = ()
    ) -> tuple[int, Sequence[Delivery]]:
        """Return how many deliveries match, and one page of them, newest first unless other orders are given.

        :raises StoreUnavailable: the database does not answer.
        """
        return self._history.deliveries(wanted, limit, offset, orders)

    def show(self, delivery_id: int) -> tuple[Delivery, Sequence[Attempt]] | None:
        """Return a delivery with its attempts, first to last; None if no delivery has this id.

        :raises StoreUnavailable: the database does not answer.
        """
        found = self._history.delivery(delivery_id)
        return None if found is None else (found, self._history.attempts(found.id))

    def backlog(self, now: datetime) -> tuple[Backlog, float | None]:
        """Return how many deliveries are pending and dead, and the age of the oldest pending one in seconds.

        :raises StoreUnavailable: the database does not answer.
        """
        found = self._history.backlog()
        oldest = found.oldest_pending_at
        return found, None if oldest is None else max(0.0, (now - oldest).total_seconds())
