"""The listener behind each exchange to which code of Pulp 2 publishes directly (CONTRACT 6).

Pulp 2's ``TopicPublishManager`` published at once, no matter which listeners were registered, and lost the event if the
broker was unavailable. Here the event becomes a delivery like any other. A delivery needs a listener, so each exchange
has one of type ``amqp`` without event types, which no fired event matches.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ..errors import StoreUnavailable
from ..event import utc_now
from ..records import Listener, ListenerDraft, made_up_name

NOTIFIER_TYPE = "amqp"


class Rows(Protocol):
    """Stores listeners (``pulp_notifiers.store``)."""

    def get(self, listener_id: str) -> Listener | None: ...
    def add(self, listener: Listener, name_like: str | None = None) -> Listener: ...


class TopicListeners:
    """Registers the listener of an exchange on first use."""

    def __init__(self, rows: Rows, clock: Callable[[], datetime] = utc_now) -> None:
        self._rows = rows
        self._clock = clock

    def of(self, exchange: str) -> Listener:
        """Return the listener of an exchange; register it first if necessary.

        :param exchange: empty for ``[messaging] topic_exchange``.
        :raises StoreUnavailable: it is not registered and could not be.
        """
        # The id is computed from the exchange, so that all processes agree on it.
        listener_id = hashlib.sha256(f"TopicPublishManager {exchange}".encode()).hexdigest()[:24]
        draft = ListenerDraft(NOTIFIER_TYPE, {"exchange": exchange} if exchange else {}, ())
        return self._rows.get(listener_id) or self._registered(Listener.of(draft, listener_id, self._clock()), exchange)

    def _registered(self, listener: Listener, exchange: str) -> Listener:
        try:
            return self._rows.add(listener, made_up_name(NOTIFIER_TYPE, ["topic", exchange] if exchange else ["topic"]))
        except StoreUnavailable:
            if self._rows.get(listener.id) is None:  # otherwise another process was faster
                raise
        return listener
