"""Received messages; anybody may have published them, in any form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from proton import Data, Described, Message, ProtonException

from ..task_message import MessageBody, Unreadable

_DATA = (0x75, "amqp:data:binary")
_DATA_SECTION = b"\x00\x53\x75"  # as every encoder writes the first of these
_MOST_SECTIONS = 32
_DECODING_ERRORS = (ProtonException, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What proton raises for bytes that are no message, some of them from Python code that expects well-formed ones."""


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """What a reader needs of a message.

    :ivar subject: None if it has none.
    """

    subject: str | None
    body: MessageBody


def received_message(encoded: bytes) -> ReceivedMessage:
    """Return the message in the bytes of a delivery, whatever they are."""
    if not encoded:  # on which Proton 0.37, which is Debian 12's, aborts the process
        return ReceivedMessage(None, Unreadable("The message is empty."))
    message = Message()
    try:
        message.decode(encoded)
        subject = message.subject
        body = _body(message.body)
        if isinstance(body, bytes) and encoded.count(_DATA_SECTION) > 1:
            body = _joined_data(encoded) or body
        return ReceivedMessage(str(subject) if subject is not None else None, body)
    except _DECODING_ERRORS as error:
        return ReceivedMessage(None, Unreadable(f"The message cannot be decoded: {str(error).rstrip('.') or 'error'}."))


def too_large(limit_bytes: int) -> ReceivedMessage:
    """Return the placeholder of a message above the limit, whose bytes were dropped."""
    return ReceivedMessage(None, Unreadable(f"The message is larger than {limit_bytes // 2**20} MB."))


def _joined_data(encoded: bytes) -> MessageBody:
    """Return the data sections of a message; a body may have several, of which proton returns only the last."""
    found: list[bytes] = []
    rest = memoryview(encoded)
    for _ in range(_MOST_SECTIONS):
        if not rest:
            return b"".join(found)
        data = Data()
        rest = rest[data.decode(bytes(rest)) :]
        data.rewind()
        data.next()
        section = data.get_object()
        if isinstance(section, Described) and section.descriptor in _DATA:
            found.append(bytes(cast(memoryview, section.value)))
    return Unreadable(f"The message has more than {_MOST_SECTIONS} sections.")


def _body(value: Any) -> MessageBody:
    value = _copied(value)
    if isinstance(value, bytes | str | Mapping):
        return value
    return Unreadable(f"The body is neither text nor a map, but {_described(value)}.")


def _copied(value: Any) -> Any:
    """Return a value whose binaries outlive the message: proton's are views of its memory."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {_copied(key): _copied(inner) for key, inner in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _described(value: Any) -> str:
    return "empty" if value is None else f"of the type {type(value).__name__}"
