"""``TopicPublishManager``: one event to a topic exchange, whatever listeners are registered.

Pulp 2 published at once, and lost the event while the broker was away. Here it becomes a delivery like any other; see
:meth:`pulp_notifiers.app.App.publish_to_topic`.
"""

from dataclasses import replace
from typing import Any, Protocol
from uuid import uuid4

from ..app import App
from ..event import Event
from .deprecation import deprecated
from .shared_app import shared_app


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
        (app or shared_app()).publish_to_topic(_message_of(event), exchange or "")


def _message_of(event: Event | EventOfPulp2) -> Event:
    # With an id of its own: the same event may have been fired too, and firing an id again adds nothing.
    if isinstance(event, Event):
        return replace(event, id=uuid4())
    body = event.data()
    return Event(body["event_type"], body["payload"], body["call_report"])
