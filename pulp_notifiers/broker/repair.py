"""Frames of others' messages that py-amqp would stumble over, made such that it can read them.

A server hands on what anybody published, properties and routing key unread. A message that breaks the connection comes
again with the next one, and would be in the way of all those behind it for ever.
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
_STUMBLES = (
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    ArithmeticError,
    OSError,
    RecursionError,
    FrameSyntaxError,
)


def taken_in(frame: Frame, take: Callable[[Frame], Any]) -> Any:
    """Have py-amqp take a frame, without properties that it cannot read, and with ``?`` in a key that is no text."""
    kind, channel, payload = frame
    if kind == _METHOD and payload[:4] == _DELIVER:
        frame = kind, channel, _with_legible_key(bytes(payload))
    if kind != _HEADER:
        return take(frame)
    try:
        return take(frame)
    except _STUMBLES:
        # It still expects this header, as it had not come to its end.
        return take((kind, channel, bytes(payload[:_BEFORE_PROPERTIES]) + _NO_PROPERTIES))


def _with_legible_key(payload: bytes) -> bytes:
    exchange = _BEFORE_CONSUMER_TAG + 1 + payload[_BEFORE_CONSUMER_TAG] + _TAG_AND_REDELIVERED
    start = exchange + 1 + payload[exchange] + 1
    key = payload[start:]
    try:
        key.decode()
    except UnicodeDecodeError:
        return payload[:start] + bytes(byte if byte < 128 else ord("?") for byte in key)
    return payload
