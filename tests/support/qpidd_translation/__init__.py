"""What Qpid's C++ broker makes of an AMQP 1.0 message for a client of AMQP 0-10.

Debian has no qpidd any more, so the rules are those of its source (qpid-cpp 1.39, Translation.cpp, ``getTransfer``)
instead of a run of it.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .map010 import decoded_map, encoded_list, encoded_map, paths
from .sections import sections
from .values import Variant, plain

_MAP, _LIST, _TEXT = "amqp/map", "amqp/list", "text/plain"
_ROUTING_KEY_BYTES = 255


@dataclass(slots=True)
class MessageTransfer:
    """A message of AMQP 0-10: its body, message properties and delivery properties."""

    routing_key: str = ""
    delivery_mode: int | None = None
    priority: int = 4
    content_type: str | None = None
    content_encoding: str | None = None
    message_id: UUID | None = None
    application_headers: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""

    @property
    def content(self) -> Any:
        """What qpid.messaging shows: a dict for a map, text for text/plain, else bytes."""
        if self.content_type == _MAP:
            return {name: plain(value) for name, value in decoded_map(self.body).items()}
        return self.body.decode() if self.content_type == _TEXT else self.body

    @property
    def encodings(self) -> dict[str, str]:
        """The type of each value in the map, by its path, such as ``properties.delivery_mode``."""
        assert _MAP == self.content_type
        return dict(paths("", decoded_map(self.body)))


def translated(encoded: bytes) -> MessageTransfer:
    """Return the message that a client of AMQP 0-10 receives."""
    transfer = MessageTransfer()
    own_type = None
    for descriptor, section in sections(encoded):
        match descriptor:
            case 0x70:  # header
                durable, priority = _fields(section, 2)
                transfer.delivery_mode = 2 if durable else None
                transfer.priority = 4 if priority is None else priority
            case 0x73:  # properties
                message_id, _, _, subject, _, _, own_type, transfer.content_encoding = _fields(section, 8)
                transfer.message_id = _uuid(message_id)
                transfer.routing_key = subject or ""
            case 0x74:  # application-properties
                transfer.application_headers = plain(section)
            case 0x75:  # data
                transfer.body = section.value
            case 0x77:  # amqp-value
                transfer.content_type, transfer.body = _value_as_body(section)
            case other:
                raise AssertionError(f"a section 0x{other:02x} is not expected")
    # The content type of the message replaces the one that says what is in the body.
    transfer.content_type = own_type or transfer.content_type
    if transfer.routing_key:
        transfer.application_headers["qpid.subject"] = transfer.routing_key
        transfer.routing_key = transfer.routing_key.encode()[:_ROUTING_KEY_BYTES].decode(errors="ignore")
    return transfer


def _value_as_body(section: Variant) -> tuple[str | None, bytes]:
    match section.kind:
        case "map":
            return _MAP, encoded_map(section.value)
        case "list":
            return _LIST, encoded_list(section.value)
        case "string":
            return _TEXT, section.value.encode()
        case "binary":
            return None, section.value
        case _:
            return _LIST, encoded_list([section])


def _uuid(message_id: Any) -> UUID | None:
    """Return an id that AMQP 0-10 can carry; others are left out."""
    if isinstance(message_id, UUID) or message_id is None:
        return message_id
    raw = message_id.encode() if isinstance(message_id, str) else message_id
    try:
        return UUID(bytes=raw) if len(raw) == 16 else UUID(raw.decode())
    except (TypeError, ValueError):
        return None


def _fields(section: Variant, count: int) -> list[Any]:
    """Return the first fields of a section that is a list, None for those that are absent."""
    return ([plain(item) for item in section.value] + [None] * count)[:count]
