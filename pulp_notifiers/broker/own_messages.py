"""How an installation's own messages are kept from it, though nobody else sees a difference.

RabbitMQ delivers a message also by the routing keys in its header ``BCC``, which no consumer ever sees (its
documentation calls that sender-selected distribution). A queue that is not to get them is fed through a detour, and
such a key leads away from that.
"""

from typing import Any

from amqp import spec

_KNOWING = frozenset({"RabbitMQ"})  # others may leave the header in the message


def own_mark(installation: str) -> str:
    """Return the routing key that marks the messages of an installation."""
    return f"pulp-notifiers.own.{installation}"


def heeds_marks(server_properties: dict[str, Any]) -> bool:
    """Tell whether a messaging server takes marks out of messages before anybody gets them."""
    return server_properties.get("product") in _KNOWING


def marked(mark: str) -> dict[str, Any]:
    """Return the headers of a message that bears a mark."""
    return {"BCC": [mark]}


def bind_without(channel: Any, queue: str, exchange: str, binding: str, mark: str) -> None:
    """Let a queue get what an exchange takes, but for the messages that bear a mark.

    They lead into a dead end, and only what leads nowhere goes by the alternate exchange.
    """
    entrance, dead_end, way_round = f"{queue}.in", f"{queue}.own", f"{queue}.foreign"
    _declare_internal(channel, way_round, "fanout")
    _declare_internal(channel, dead_end, "fanout")
    _declare_internal(channel, entrance, "topic", {"alternate-exchange": way_round})
    channel.queue_bind(queue=queue, exchange=way_round, routing_key="")
    channel.exchange_bind(destination=dead_end, source=entrance, routing_key=mark)
    channel.exchange_bind(destination=entrance, source=exchange, routing_key=binding)  # last, when the rest is there


def _declare_internal(channel: Any, name: str, kind: str, arguments: dict[str, Any] | None = None) -> None:
    # py-amqp's exchange_declare() knows no internal exchanges, which clients cannot publish to.
    passive, durable, auto_delete, internal, nowait = False, True, False, True, False
    fields = (0, name, kind, passive, durable, auto_delete, internal, nowait, arguments or {})
    channel.send_method(spec.Exchange.Declare, "BssbbbbbF", fields, wait=spec.Exchange.DeclareOk)
