"""A stream's messages, and what all of them have in common."""

from dataclasses import dataclass


@dataclass(slots=True)
class StreamMessage:
    """A message of a stream; it must not be changed once it was sent."""

    routing_key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamForm:
    """Exchange and properties of a stream's messages.

    :ivar exchange: declared once per connection, as topic, durable and not auto-delete.
    :ivar delivery_mode: 2 for messages that survive a restart of the server.
    :ivar mark: excludes the messages from subscriptions ``without`` this mark, see :func:`own_mark`; sent only to a
        server that removes it before delivery.
    """

    exchange: str
    content_type: str
    content_encoding: str
    delivery_mode: int
    priority: int
    mark: str | None = None
