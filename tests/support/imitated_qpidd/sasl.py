"""SASL's frames (AMQP 1.0, section 5.3)."""

from struct import Struct

from proton import UNDESCRIBED, Array, Data, Described, symbol, ubyte, ulong

HEADER = b"AMQP\x03\x01\x00\x00"
OK, REFUSED = 0, 1

_FRAME = Struct(">IBBH")  # size, offset of the body in words, type, ignored
_SASL = 1
_MECHANISMS, _INIT, _OUTCOME = 0x40, 0x41, 0x44


def mechanisms(names: list[str]) -> bytes:
    """Return the frame that offers mechanisms."""
    offered = Array(UNDESCRIBED, Data.SYMBOL, *map(symbol, names)) if names else None
    return _frame(_MECHANISMS, [offered])


def outcome(code: int) -> bytes:
    """Return the frame that ends the dialogue."""
    return _frame(_OUTCOME, [ubyte(code)])


def take_init(buffer: bytearray) -> tuple[str, bytes] | None:
    """Remove the client's init frame from a buffer; return its mechanism and response, or None if it is incomplete.

    :raises ValueError: it is another frame.
    """
    if len(buffer) < _FRAME.size:
        return None
    size, offset, kind, _ = _FRAME.unpack_from(buffer)
    if len(buffer) < size:
        return None
    body = bytes(buffer[4 * offset : size])
    del buffer[:size]
    data = Data()
    data.decode(body)
    data.rewind()
    data.next()
    described = data.get_object()
    if kind != _SASL or described.descriptor != _INIT:
        raise ValueError("not sasl-init")
    fields = described.value
    return str(fields[0]), bytes(fields[1] or b"") if len(fields) > 1 else b""


def _frame(descriptor: int, fields: list[object]) -> bytes:
    data = Data()
    data.put_object(Described(ulong(descriptor), fields))
    body = data.encode()
    return _FRAME.pack(_FRAME.size + len(body), 2, _SASL, 0) + body
