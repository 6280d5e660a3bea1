"""``TopicPublishManager``: publishes an event to a topic exchange, independent of registered listeners.

Pulp 2 published at once, and lost the event if the broker was away. Here it becomes a delivery; see
:meth:`pulp_notifiers.app.App.publish_to_topic`.
"""

from typing import Any, Protocol

from ..app import App
from ..event import Event
from .deprecation import deprecated
from .shared_app import shared_app


class Pulp2Event(Protocol):
    """An event object of Pulp 2's own code."""

    def data(self) -> dict[str, Any]:
        """Return event type, payload and call report."""


class TopicPublishManager:
    """Publishes events as the amqp notifier does."""

    @classmethod
    @deprecated("App.fire(event) and a listener of the type amqp")
    def publish(cls, event: Event | Pulp2Event, exchange: str | None = None, *, app: App | None = None) -> None:
        """Publish an event; each call is one message.

        :param exchange: by default ``[messaging] topic_exchange``.
        :param app: by default the shared App of this process.
        :raises StoreUnavailable: nothing was stored.
        """
        (app or shared_app()).publish_to_topic(_event_of(event), exchange or "")


def _event_of(event: Event | Pulp2Event) -> Event:
    if isinstance(event, Event):
        return event
    body = event.data()
    return Event(body["event_type"], body["payload"], body["call_report"])
