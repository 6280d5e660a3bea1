"""What a subscription reads, and what it gets."""

from dataclasses import dataclass

QUEUE_LIMIT = {"x-max-length": 100_000}
"""A watcher that is stopped, as by Ctrl-Z, must not fill the server's memory; the oldest messages are dropped first."""


@dataclass(frozen=True, slots=True)
class SubscriptionForm:
    """The queue to read, its binding, and how much to read at a time.

    :ivar exchange: declared as topic, durable and not auto-delete if it is missing; used as it is if it exists.
    :ivar binding: topic pattern of the routing keys.
    :ivar queue: durable; on RabbitMQ it is deleted when nobody has read it for 30 days.
    :ivar prefetch: how many messages the server sends before they are acknowledged.
    :ivar without: the mark of messages to leave out, see :func:`own_mark`; supported on RabbitMQ only.
    """

    exchange: str
    binding: str
    queue: str
    prefetch: int
    without: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it was received.

    :ivar tag: the delivery tag, for :meth:`Subscription.acknowledge`.
    """

    tag: int
    routing_key: str
    body: bytes
    content_type: str | None
