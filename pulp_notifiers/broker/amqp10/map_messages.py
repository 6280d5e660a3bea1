"""Messages of a stream as kombu's qpid transport made them (CONTRACT 3.2), encoded for AMQP 1.0.

They are put together here from bytes that are the same in every message, because proton's Message takes ten times as
long (AMQP 1.0: part 1 for the type codes, section 3.2 for the sections).
"""

from binascii import b2a_base64
from itertools import count
from struct import Struct
from uuid import uuid4

from .addresses import Target

_NULL, _TRUE, _FALSE, _EMPTY_MAP = b"\x40", b"\x41", b"\x42", b"\xc1\x01\x00"
_LIST, _MAP, _BINARY = b"\xd0", b"\xd1", b"\xb0"
_SIZE = Struct(">I").pack
_SIZE_AND_COUNT = Struct(">II").pack  # the size counts the bytes of the count
_COUNT_BYTES = _SIZE_BYTES = 4
_HEADER, _PROPERTIES, _APPLICATION_PROPERTIES = b"\x00\x53\x70", b"\x00\x53\x73", b"\x00\x53\x74"
_AMQP_VALUE = b"\x00\x53\x77"
_UUID_TAIL = 12  # hexadecimal digits


class MapMessages:
    """Encodes messages to one exchange with the same properties.

    A client of AMQP 0-10 receives a map with ``body``, and the routing key in ``qpid.subject``: qpidd translates.

    :param delivery_mode: 2 for messages that survive a restart of the server.
    """

    def __init__(
        self, exchange: str, content_type: str, content_encoding: str, delivery_mode: int, priority: int, target: Target
    ) -> None:
        self._to_of = target.to_of
        durable = _TRUE if delivery_mode == 2 else _FALSE
        fields = durable + b"\x50" + bytes([priority])
        self._head = _HEADER + _LIST + _SIZE_AND_COUNT(_COUNT_BYTES + len(fields), 2) + fields + _PROPERTIES + _LIST
        self._subject_property = _string("qpid.subject")
        self._before_text = _string("body") + _BINARY
        self._after_text = b"".join(
            (
                _string("content-encoding") + _string(content_encoding),
                _string("content-type") + _string(content_type),
                _string("headers") + _EMPTY_MAP,
                _string("properties") + _MAP,
            )
        )
        self._before_tag = b"".join(
            (
                _string("delivery_mode") + _long(delivery_mode),
                _string("body_encoding") + _string("base64"),
                _string("delivery_tag") + b"\xa1\x24",
            )
        )
        self._after_tag = _string("delivery_info") + _MAP
        self._before_key = (
            _string("priority") + _long(priority) + _string("exchange") + _string(exchange) + _string("routing_key")
        )
        self._properties_bytes = _COUNT_BYTES + len(self._before_tag) + len(self._after_tag) + _SIZE_BYTES
        self._value_bytes = _COUNT_BYTES + len(self._before_text) + _SIZE_BYTES + len(self._after_text) + _SIZE_BYTES
        # A UUID of its own for each message, of which only the end changes: a random one takes as long as all the rest.
        tag = str(uuid4())
        self._tag_start = tag[:-_UUID_TAIL]
        self._tag_numbers = count()

    def of(self, routing_key: str, body: bytes) -> bytes:
        """Return the encoded message."""
        key, text = _string(routing_key), b2a_base64(body, newline=False)
        to = self._to_of(routing_key)
        first_fields = _NULL + _NULL + (_NULL if to is None else _string(to))
        tag = f"{self._tag_start}{next(self._tag_numbers):012x}".encode()

        # Each size counts what follows it; a map within is 4 bytes, its own size, longer than that size says.
        delivery_info_size = _COUNT_BYTES + len(self._before_key) + len(key)
        properties_size = self._properties_bytes + len(tag) + delivery_info_size
        value_size = self._value_bytes + len(text) + properties_size
        return b"".join(
            (
                self._head,
                _SIZE_AND_COUNT(_COUNT_BYTES + len(first_fields) + len(key), 4),
                first_fields,
                key,
                _APPLICATION_PROPERTIES,
                _MAP,
                _SIZE_AND_COUNT(_COUNT_BYTES + len(self._subject_property) + len(key), 2),
                self._subject_property,
                key,
                _AMQP_VALUE,
                _MAP,
                _SIZE_AND_COUNT(value_size, 10),
                self._before_text,
                _SIZE(len(text)),
                text,
                self._after_text,
                _SIZE_AND_COUNT(properties_size, 8),
                self._before_tag,
                tag,
                self._after_tag,
                _SIZE_AND_COUNT(delivery_info_size, 6),
                self._before_key,
                key,
            )
        )


def _string(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) < 256:
        return b"\xa1" + bytes((len(encoded),)) + encoded
    return b"\xb1" + _SIZE(len(encoded)) + encoded


def _long(number: int) -> bytes:
    return b"\x55" + number.to_bytes(1, signed=True)
