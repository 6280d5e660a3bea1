"""Messages as frames of AMQP 0-9-1 (section 4.2), so that a whole batch is sent in one write."""

from collections.abc import Iterable
from struct import Struct

from ..short_string import SHORT_STRING_BYTES

_FRAME = Struct(">BHI")  # type, channel, size of the payload
_HEADER = Struct(">HHQ")  # class, weight, size of the body
_BASIC, _PUBLISH = b"\x00\x3c", b"\x00\x28"
_END = b"\xce"
_OVERHEAD = 8  # bytes of a frame around its payload


class MessageFrames:
    """Builds the frames of messages to one exchange, with the same properties.

    :param properties: flags and values, as they follow the size in a content header.
    :param frame_max: bytes of the largest frame that the server accepts.
    """

    def __init__(self, channel: int, frame_max: int, exchange: str, properties: bytes) -> None:
        self._channel = channel
        self._largest_piece = frame_max - _OVERHEAD
        self._method_start = _BASIC + _PUBLISH + b"\x00\x00" + _short_string(exchange)
        self._properties = properties

    def of(self, routing_key: str, body: bytes) -> Iterable[bytes]:
        """Return the frames of a message, neither mandatory nor immediate, as pieces to join.

        :raises ValueError: the routing key is longer than AMQP allows.
        """
        method = self._method_start + _short_string(routing_key) + b"\x00"
        header = _HEADER.pack(60, 0, len(body)) + self._properties
        pieces = [*self._frame(1, method), *self._frame(2, header)]
        for start in range(0, len(body), self._largest_piece):
            pieces += self._frame(3, body[start : start + self._largest_piece])
        return pieces

    def _frame(self, kind: int, payload: bytes) -> tuple[bytes, bytes, bytes]:
        return _FRAME.pack(kind, self._channel, len(payload)), payload, _END


def _short_string(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > SHORT_STRING_BYTES:
        raise ValueError(f"AMQP allows {SHORT_STRING_BYTES} bytes for a name: {text!r}")
    return bytes((len(encoded),)) + encoded
