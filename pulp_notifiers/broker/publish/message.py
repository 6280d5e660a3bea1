"""A message as it is published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AmqpMessage:
    """A message with its properties; a property that is None is not sent.

    :ivar exchange: created if it is missing; see :meth:`PublishLink.ensure_topic_exchange`.
    :ivar delivery_mode: 2 for a message that survives a restart of the server, 1 for one that does not.
    """

    exchange: str
    routing_key: str
    body: bytes
    message_id: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    delivery_mode: int | None = 2
    content_type: str | None = None
    content_encoding: str | None = None
    priority: int | None = None
