"""The notifier ``amqp``: its options, the message for an event, and publishing it."""

from typing import Any

from pydantic import Field, field_validator

from pulp_notifiers.broker import AmqpMessage, ListenerMessagingSettings, MessagingSettings, Publisher, exchange_name
from pulp_notifiers.errors import SwitchedOff
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.outbound import json_body

ROUTING_PREFIX = "pulp.server."
"""Pulp 2's prefix of the event type."""


class AmqpConfig(NotifierConfig):
    """The options of an amqp listener."""

    exchange: str | None = Field(
        default="",
        description="Exchange to publish to; empty: [messaging] topic_exchange. If it does not exist, it is created as "
        "a topic exchange, neither durable nor auto-delete.",
        json_schema_extra={"empty_is_absent_on_create": True},
    )

    @field_validator("exchange", mode="before")
    @classmethod
    def _none_is_absent(cls, value: Any) -> Any:
        return value or ""  # like Pulp 2, for every false value

    @field_validator("exchange")
    @classmethod
    def _is_exchange_name(cls, value: str) -> str:
        return exchange_name(value)


class AmqpNotifier(Notifier[AmqpConfig]):
    """Publishes events over one persistent connection, and waits for the server to confirm each.

    :param timeout_seconds: for one attempt, including connecting.
    """

    Config = AmqpConfig
    Settings = ListenerMessagingSettings
    settings_section = "messaging"

    def __init__(self, timeout_seconds: float = 15.0) -> None:
        self._timeout_seconds = timeout_seconds
        self.configure(MessagingSettings())

    def configure(self, settings: MessagingSettings) -> None:
        """Use the settings in the section ``[messaging]``; it connects when the first event is sent."""
        broker = settings.broker()
        self._publisher = Publisher(broker, self._timeout_seconds) if broker.urls else None
        self._default_exchange = settings.topic_exchange

    def send(self, event: Event, config: AmqpConfig, target: str) -> None:
        """Publish one event and return once the messaging server has confirmed it."""
        if self._publisher is None:
            raise SwitchedOff("remote messaging is disabled because no server was specified")
        self._publisher.publish(render(event, config, self._default_exchange))

    def close(self) -> None:
        """Close the connection."""
        if self._publisher is not None:
            self._publisher.close()


def render(event: Event, config: AmqpConfig, default_exchange: str) -> AmqpMessage:
    """Return the message for an event: Pulp 2's, plus the event's id to recognize repeats.

    It is persistent, so that durable queues keep it when the server restarts.
    """
    return AmqpMessage(
        exchange=config.exchange or default_exchange,
        routing_key=ROUTING_PREFIX + event.type,
        body=json_body(event),
        message_id=str(event.id),
        delivery_mode=2,
    )
