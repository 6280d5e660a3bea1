"""``TopicPublishManager``: one event to a topic exchange, whatever listeners are registered.

Pulp 2 published at once, and lost the event when the broker was away. Here it becomes a delivery like any other: it is
on disk when the call returns, and is attempted until the broker confirms it. A delivery needs a listener, so the first
event for an exchange registers one of type ``amqp`` without event types; nothing but this module ever chooses it.
"""

import hashlib
from dataclasses import replace
from typing import Any, Protocol
from uuid import uuid4

from ..app import App
from ..errors import StoreUnavailable
from ..event import Event, utc_now
from ..notifier import ONE_TARGET
from ..records import Listener, Owed
from .deprecation import deprecated
from .shared_app import shared_app

NOTIFIER_TYPE = "amqp"


class EventOfPulp2(Protocol):
    """An event as Pulp 2's own code made it."""

    def data(self) -> dict[str, Any]:
        """Return event type, payload and call report."""


class TopicPublishManager:
    """Publishes events by the rules of the amqp notifier."""

    @classmethod
    @deprecated("App.fire(event) and a listener of the type amqp")
    def publish(cls, event: Event | EventOfPulp2, exchange: str | None = None, *, app: App | None = None) -> None:
        """Have an event published; each call is one message.

        :param exchange: where to; by default ``[messaging] topic_exchange``.
        :param app: by default the App of this process.
        :raises StoreUnavailable: nothing was written.
        """
        _owe(app or shared_app(), _message_of(event), exchange or "")


def _message_of(event: Event | EventOfPulp2) -> Event:
    # With an id of its own: the same event may have been fired too, and firing an id again adds nothing.
    if isinstance(event, Event):
        return replace(event, id=uuid4())
    body = event.data()
    return Event(body["event_type"], body["payload"], body["call_report"])


def _owe(app: App, event: Event, exchange: str) -> None:
    listener = _listener_of(exchange)
    owed = [Owed(listener.id, listener.notifier_type, ONE_TARGET)]
    written = None
    while written is None:
        revision, listeners = app.store.listeners.all()
        if listener.id in (known.id for known in listeners):
            written = app.store.outbox.add(event, owed, revision, utc_now())
        else:
            _register(app, listener)
    app.worker.wake()


def _listener_of(exchange: str) -> Listener:
    # The id is computed from the exchange, so that all processes agree on it.
    listener_id = hashlib.sha256(f"TopicPublishManager {exchange}".encode()).hexdigest()[:24]
    return Listener(listener_id, NOTIFIER_TYPE, {"exchange": exchange} if exchange else {}, ())


def _register(app: App, listener: Listener) -> None:
    try:
        app.store.listeners.add(listener)
    except StoreUnavailable:
        if app.store.listeners.get(listener.id) is None:  # else another process was faster
            raise
