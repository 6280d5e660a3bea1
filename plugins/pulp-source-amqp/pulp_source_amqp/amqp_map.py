"""Finds a value in a map encoded by AMQP 0-10: kombu sent its messages to Qpid in this form."""

_LENGTH_BYTES = {0x8: 1, 0x9: 2, 0xA: 4}
"""For values of variable size: bytes of the size field, by the upper half of the type code."""

_FIXED_BYTES = {0x0: 1, 0x1: 2, 0x2: 4, 0x3: 8, 0x4: 16, 0x5: 32, 0x6: 64, 0x7: 128, 0xC: 5, 0xD: 9, 0xF: 0}
"""For values of fixed size: their bytes, by the upper half of the type code (AMQP 0-10, section 3)."""


def value_in_map(data: bytes, wanted: str) -> bytes | None:
    """Return the bytes of a text or binary value; None if the map has no such value.

    :raises ValueError: the data is not a map.
    """
    reader = _Reader(data)
    reader.number(4)  # the size of what follows
    for _ in range(reader.number(4)):
        key = reader.take(reader.number(1))
        code = reader.number(1)
        value = reader.value(code)
        if key == wanted.encode():
            return value if code >> 4 in _LENGTH_BYTES else None
    return None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._place : self._place + count]
        if len(taken) < count:
            raise ValueError("The body is truncated.")
        self._place += count
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width))

    def value(self, code: int) -> bytes:
        kind = code >> 4
        if kind in _LENGTH_BYTES:
            return self.take(self.number(_LENGTH_BYTES[kind]))
        if kind not in _FIXED_BYTES:
            raise ValueError(f"The body contains a value of the unknown type 0x{code:02x}.")
        return self.take(_FIXED_BYTES[kind])
