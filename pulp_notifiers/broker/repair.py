"""Repairs frames of other people's messages that py-amqp cannot parse.

A server forwards properties and routing keys unread, whoever published them. A message that breaks the connection is
redelivered on the next one, so it would block all messages behind it for ever.
"""

import struct
from collections.abc import Callable
from typing import Any

from amqp.exceptions import FrameSyntaxError

Frame = tuple[int, int, Any]

_METHOD, _HEADER = 1, 2
_DELIVER = struct.pack(">HH", 60, 60)
_BEFORE_CONSUMER_TAG, _TAG_AND_REDELIVERED = 4, 9  # AMQP 0-9-1, section 1.8.3.13
_BEFORE_PROPERTIES, _NO_PROPERTIES = 12, b"\x00\x00"
_PARSE_ERRORS = (
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    ArithmeticError,
    OSError,
    RecursionError,
    FrameSyntaxError,
)


def handle_frame(frame: Frame, handler: Callable[[Frame], Any]) -> Any:
    """Pass a frame to py-amqp's handler: without properties that it cannot parse, and with ``?`` in a key not UTF-8."""
    kind, channel, payload = frame
    if kind == _METHOD and payload[:4] == _DELIVER:
        frame = kind, channel, _with_readable_key(bytes(payload))
    if kind != _HEADER:
        return handler(frame)
    try:
        return handler(frame)
    except _PARSE_ERRORS:
        # It failed before it had finished with the header, so it still expects one.
        return handler((kind, channel, bytes(payload[:_BEFORE_PROPERTIES]) + _NO_PROPERTIES))


def _with_readable_key(payload: bytes) -> bytes:
    exchange = _BEFORE_CONSUMER_TAG + 1 + payload[_BEFORE_CONSUMER_TAG] + _TAG_AND_REDELIVERED
    start = exchange + 1 + payload[exchange] + 1
    key = payload[start:]
    try:
        key.decode()
    except UnicodeDecodeError:
        return payload[:start] + bytes(byte if byte < 128 else ord("?") for byte in key)
    return payload
