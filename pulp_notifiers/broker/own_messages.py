"""How an installation's own messages are kept away from its sources without a visible difference for other consumers.

RabbitMQ also routes a message by the keys in its header ``BCC``, which it removes before delivery (its documentation
calls this sender-selected distribution). A queue that must not get those messages is fed through an exchange of its
own, in which that key leads to a dead end.
"""

from typing import Any

from amqp import spec

_SUPPORTING = frozenset({"RabbitMQ"})  # others may leave the header in the message


def own_mark(installation: str) -> str:
    """Return the routing key that marks the messages of an installation."""
    return f"pulp-notifiers.own.{installation}"


def supports_marks(server_properties: dict[str, Any]) -> bool:
    """Return whether a messaging server removes marks from messages before it delivers them."""
    return server_properties.get("product") in _SUPPORTING


def mark_headers(mark: str) -> dict[str, Any]:
    """Return the headers of a message with a mark."""
    return {"BCC": [mark]}


def bind_without(channel: Any, queue: str, exchange: str, binding: str, mark: str) -> None:
    """Bind a queue to an exchange, except for the messages with a mark.

    Those are routed to a dead end. Everything else matches no binding, and goes by the alternate exchange.
    """
    entrance, dead_end, bypass = f"{queue}.in", f"{queue}.own", f"{queue}.foreign"
    _declare_internal(channel, bypass, "fanout")
    _declare_internal(channel, dead_end, "fanout")
    _declare_internal(channel, entrance, "topic", {"alternate-exchange": bypass})
    channel.queue_bind(queue=queue, exchange=bypass, routing_key="")
    channel.exchange_bind(destination=dead_end, source=entrance, routing_key=mark)
    # Last, so that no message arrives before the rest is in place.
    channel.exchange_bind(destination=entrance, source=exchange, routing_key=binding)


def _declare_internal(channel: Any, name: str, kind: str, arguments: dict[str, Any] | None = None) -> None:
    # py-amqp's exchange_declare() cannot declare internal exchanges, to which clients cannot publish.
    passive, durable, auto_delete, internal, nowait = False, True, False, True, False
    fields = (0, name, kind, passive, durable, auto_delete, internal, nowait, arguments or {})
    channel.send_method(spec.Exchange.Declare, "BssbbbbbF", fields, wait=spec.Exchange.DeclareOk)
