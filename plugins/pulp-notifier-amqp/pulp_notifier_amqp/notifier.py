"""The notifier ``amqp``: its options, the message for an event, and publishing it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from pulp_notifiers.broker import (
    SHORT_STRING_BYTES,
    AmqpMessage,
    ListenerMessagingSettings,
    MessagingSettings,
    Publisher,
    exchange_name,
)
from pulp_notifiers.encoding import dumps
from pulp_notifiers.errors import SwitchedOff
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig, PartForm, SendContext
from pulp_notifiers.outbound import json_body

ROUTING_PREFIX = "pulp.server."
"""Pulp 2's prefix of the event type."""

PROBLEM_HEADER = "Pulp-Template-Problem"
"""Why the message is Pulp 2's although the listener has a template."""


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
    template_parts: ClassVar[Mapping[str, PartForm]] = {
        "routing_key": PartForm.LINE,
        "body": PartForm.TEXT,
        "json": PartForm.JSON,
    }

    def __init__(self, timeout_seconds: float = 15.0) -> None:
        self._timeout_seconds = timeout_seconds
        self.configure(MessagingSettings())

    def configure(self, settings: MessagingSettings) -> None:
        """Use the settings in the section ``[messaging]``; it connects when the first event is sent."""
        broker = settings.broker()
        self._publisher = Publisher(broker, self._timeout_seconds) if broker.urls else None
        self._default_exchange = settings.topic_exchange

    def template_problems(self, parts: Mapping[str, Any]) -> Mapping[str, str]:
        """Return that there are two bodies, if there are."""
        return {"json": "A message has one body: write body or json, not both."} if {"body", "json"} <= {*parts} else {}

    def rendered_problem(self, rendered: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the routing key."""
        key = rendered.get("routing_key")
        if key is None:
            return None
        if not key:
            return "routing_key: it is empty."
        if len(key.encode("utf-8")) > SHORT_STRING_BYTES:
            return f"routing_key: it is longer than {SHORT_STRING_BYTES} bytes."
        return None

    def send(self, event: Event, config: AmqpConfig, target: str, *, context: SendContext | None = None) -> None:
        """Publish one event and return once the messaging server has confirmed it."""
        if self._publisher is None:
            raise SwitchedOff("remote messaging is disabled because no server was specified")
        self._publisher.publish(render(event, config, self._default_exchange, context))

    def close(self) -> None:
        """Close the connection."""
        if self._publisher is not None:
            self._publisher.close()


def render(event: Event, config: AmqpConfig, default_exchange: str, context: SendContext | None = None) -> AmqpMessage:
    """Return the message for an event: Pulp 2's, plus the event's id to recognize repeats.

    It is persistent, so that durable queues keep it when the server restarts.

    :param context: has the rendered parts of the listener's template, if it has one.
    """
    context = context or SendContext()
    rendered: Mapping[str, Any] = context.rendered or {}
    body, content_type = json_body(event), None
    if "json" in rendered:
        body, content_type = dumps(rendered["json"]).encode("ascii"), "application/json"
    elif "body" in rendered:
        body, content_type = rendered["body"].encode("utf-8"), "text/plain; charset=utf-8"
    return AmqpMessage(
        exchange=config.exchange or default_exchange,
        routing_key=rendered.get("routing_key", ROUTING_PREFIX + event.type),
        body=body,
        message_id=str(event.id),
        headers={} if context.problem is None else {PROBLEM_HEADER: context.problem},
        delivery_mode=2,
        content_type=content_type,
    )
