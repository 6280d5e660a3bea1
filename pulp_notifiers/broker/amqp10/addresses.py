"""How a server of AMQP 1.0 names an exchange, which the protocol itself does not know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

RABBITMQ = "RabbitMQ"
QPIDD = "qpid-cpp"
"""What servers call themselves, as ``product`` in the properties of Open."""

_RABBITMQ_EXCHANGES = "/exchange/"
_RABBITMQ_4_EXCHANGES = "/exchanges/"

_TOPIC = "topic"
"""On Artemis: publish to every subscriber, not to one. On Qpid: an exchange, even if a queue has the same name."""

_DISCARD_UNROUTABLE = "DISCARD_UNROUTABLE"
"""On Qpid's Broker-J: a message that nobody subscribed to is no error."""

_CREATE = "create-on-demand"
"""On qpidd: create it if it is missing; with ``topic``, as a topic exchange."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link publishes to.

    :ivar address: None if each message names its own.
    :ivar to: the start of the address in a message; the routing key follows. Empty if the link has an address.
    :ivar capabilities: what is asked of the server; servers ignore what they do not know.
    :ivar creates: the server creates the exchange if it is missing, durable if the link asks for that.
    """

    address: str | None
    to: str = ""
    capabilities: tuple[str, ...] = (_TOPIC, _DISCARD_UNROUTABLE)
    creates: bool = False

    def to_of(self, routing_key: str) -> str | None:
        """Return the address in a message, None if it has none."""
        return self.to + quote(routing_key, safe="") if self.to else None


def target_of(exchange: str, server: Mapping[str, Any], pattern: str) -> Target:
    """Return where to publish to an exchange; a message's subject is the routing key.

    :param server: the properties of its Open.
    :param pattern: the setting ``[messaging] amqp10_address``; empty to follow the server's product.
    """
    if pattern:
        return Target(pattern.replace("{exchange}", exchange))
    product = server.get("product")
    if product == RABBITMQ:
        # From version 4 on, the older form depends on a deprecated feature, which 4.3 denies unless it is permitted.
        if _major(server) >= 4:
            return Target(None, f"{_RABBITMQ_4_EXCHANGES}{quote(exchange, safe='')}/")
        return Target(_rabbitmq_exchange(exchange))
    if product == QPIDD:
        return Target(exchange, capabilities=(_TOPIC, _DISCARD_UNROUTABLE, _CREATE), creates=True)
    return Target(exchange)


def source_address(exchange: str, binding: str, product: str, pattern: str) -> str:
    """Return the address to read what is published with a matching routing key.

    Servers that do not take the binding from the address need a filter beside it.
    """
    if pattern:
        address = pattern.replace("{exchange}", exchange)
    else:
        address = _rabbitmq_exchange(exchange) if product == RABBITMQ else exchange
    return f"{address}/{binding}" if binding_in_address(address) else address


def binding_in_address(address: str) -> bool:
    """Return whether an address of an exchange has RabbitMQ's form, to which a binding can be added."""
    return address.startswith(_RABBITMQ_EXCHANGES)


def _rabbitmq_exchange(name: str) -> str:
    # RabbitMQ decodes nothing but this in such an address (rabbit_routing_util:unescape).
    return _RABBITMQ_EXCHANGES + name.replace("/", "%2F")


def _major(server: Mapping[str, Any]) -> int:
    number = str(server.get("version", "")).partition(".")[0]
    return int(number) if number.isdecimal() else 0
