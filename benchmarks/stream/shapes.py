"""The compared ways to publish a task report; each renders it itself."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import amqp
import kombu

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import status_publisher
from pulp_notifiers.task_stream.document import FORM, message

_PROPERTIES = {
    "content_type": FORM.content_type,
    "content_encoding": FORM.content_encoding,
    "delivery_mode": FORM.delivery_mode,
    "priority": FORM.priority,
}


class Shape(Protocol):
    """One way to publish."""

    def publish(self, report: TaskReport) -> None:
        """Hand over one report."""

    def settle(self) -> None:
        """Return when the messaging server has what was handed over, if this shape can know that."""

    def close(self) -> None:
        """Disconnect cleanly; the server answers that when it has read everything."""


class Pulp27:
    """A connection and a declaration for each message, as Pulp 2.7 did."""

    def __init__(self, url: str) -> None:
        self._url = url

    def publish(self, report: TaskReport) -> None:
        """Connect, declare, publish, disconnect."""
        with kombu.Connection(self._url) as connection:
            _kombu_publish(connection.Producer(exchange=_exchange(), auto_declare=True), report)

    def settle(self) -> None:
        """Know nothing."""

    def close(self) -> None:
        """Have nothing to close."""


class KombuConnection:
    """kombu with one connection and one producer, declared once."""

    def __init__(self, url: str) -> None:
        self._connection = kombu.Connection(url)
        self._producer = self._connection.Producer(exchange=_exchange())

    def publish(self, report: TaskReport) -> None:
        """Publish."""
        _kombu_publish(self._producer, report)

    def settle(self) -> None:
        """Know nothing."""

    def close(self) -> None:
        """Disconnect."""
        self._connection.release()


class PyAmqp:
    """py-amqp with one connection and one channel.

    :param confirms: wait for the server's confirmation of each message.
    """

    def __init__(self, url: str, confirms: bool = False) -> None:
        place = urlsplit(url)
        host = f"{place.hostname}:{place.port}"
        self._connection = amqp.Connection(host, place.username, place.password, confirm_publish=confirms)
        self._connection.connect()
        self._channel = self._connection.channel()
        self._channel.exchange_declare(FORM.exchange, "topic", durable=True, auto_delete=False)

    def publish(self, report: TaskReport) -> None:
        """Publish."""
        made = message(report)
        prepared = amqp.Message(made.body, application_headers={}, **_PROPERTIES)
        self._channel.basic_publish(prepared, FORM.exchange, made.routing_key)

    def settle(self) -> None:
        """Know nothing more."""

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


class OsloNotifier:
    """oslo.messaging's notifier."""

    def __init__(self, url: str) -> None:
        import oslo_messaging  # noqa: PLC0415  only where it is installed
        from oslo_config import cfg  # noqa: PLC0415

        configuration = cfg.ConfigOpts()
        configuration([])
        self._transport = oslo_messaging.get_notification_transport(configuration, url.replace("amqp://", "rabbit://"))
        self._notifier = oslo_messaging.Notifier(
            self._transport, publisher_id="benchmark", driver="messagingv2", topics=["tasks"]
        )

    def publish(self, report: TaskReport) -> None:
        """Notify."""
        self._notifier.info({}, f"tasks.{report.state}", report.document())

    def settle(self) -> None:
        """Know nothing more."""

    def close(self) -> None:
        """Disconnect."""
        self._transport.cleanup()


class ProtonSender:
    """Proton's own blocking client, which waits for the server's answer to each message; one connection."""

    def __init__(self, url: str) -> None:
        from proton.utils import BlockingConnection  # noqa: PLC0415  only where it is installed

        place, _, target = url.partition("/")
        mechanism = "PLAIN" if "@" in place else "ANONYMOUS"
        self._connection = BlockingConnection(place, timeout=60, allowed_mechs=mechanism)
        self._sender = self._connection.create_sender(f"/{target}" if "/" in target else target)

    def publish(self, report: TaskReport) -> None:
        """Publish."""
        from proton import Message  # noqa: PLC0415

        made = message(report)
        body = {"body": base64.b64encode(made.body)}
        self._sender.send(Message(subject=made.routing_key, durable=True, priority=0, body=body))

    def settle(self) -> None:
        """Have nothing to wait for."""

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


class Ours:
    """pulp-notifiers, with confirms."""

    def __init__(self, url: str) -> None:
        self._publisher = status_publisher(
            MessagingSettings.model_validate({"event_notifications_enabled": True, "event_notification_url": url})
        )
        self.publish = self._publisher.publish

    def settle(self) -> None:
        """Wait for the confirmations."""
        self._publisher.flush(60)

    def close(self) -> None:
        """Disconnect."""
        self._publisher.close()

    @property
    def dropped(self) -> int:
        """Return how many messages were not published."""
        return self._publisher.counts.dropped


PROTON = "Proton's BlockingSender"

SHAPES: Mapping[str, Callable[[str], Shape]] = {
    "Pulp 2.7: connection and declaration per message": Pulp27,
    "kombu, one connection": KombuConnection,
    "py-amqp, without confirms": PyAmqp,
    "py-amqp, with confirms": lambda url: PyAmqp(url, confirms=True),
    "oslo.messaging's notifier": OsloNotifier,
    "pulp-notifiers, with confirms": Ours,
    PROTON: ProtonSender,
}
REFERENCE = "Pulp 2.7: connection and declaration per message"
WITHOUT_CONFIRMS = "py-amqp, without confirms"
OURS = "pulp-notifiers, with confirms"


def _exchange() -> Any:
    return kombu.Exchange(FORM.exchange, type="topic", durable=True, auto_delete=False)


def _kombu_publish(producer: Any, report: TaskReport) -> None:
    made = message(report)
    producer.publish(made.body, routing_key=made.routing_key, delivery_mode=FORM.delivery_mode)
