"""A message whose body is plain bytes, encoded for AMQP 1.0."""

from collections.abc import Mapping
from typing import Any

from proton import Message

_DEFAULT_PRIORITY = 4  # AMQP 1.0, section 3.2.1


def encoded_data(
    body: bytes,
    subject: str,
    to: str | None,
    message_id: str | None,
    properties: Mapping[str, Any],
    durable: bool,
    priority: int | None,
    content_type: str | None,
    content_encoding: str | None,
) -> bytes:
    """Return a message with one data section; what is None is not sent.

    A client of AMQP 0-10 receives the bytes, and the subject as routing key and in ``qpid.subject``: qpidd translates.
    """
    message = Message(body, inferred=True, durable=durable, subject=subject, properties={**properties})
    message.priority = _DEFAULT_PRIORITY if priority is None else priority
    for name, value in (
        ("address", to),
        ("id", message_id),
        ("content_type", content_type),
        ("content_encoding", content_encoding),
    ):
        if value is not None:
            setattr(message, name, value)
    encoded: bytes = message.encode()
    return encoded
