"""Values with the types that Qpid's C++ broker gives them, and bytes from which such values are read."""

import struct
from dataclasses import dataclass
from typing import Any

FORMATS = {
    "int8": ">b",
    "uint8": ">B",
    "boolean": ">?",
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "float": ">f",
    "int64": ">q",
    "uint64": ">Q",
    "double": ">d",
}
"""Of the types with a fixed size, which both protocols write alike, by their names in AMQP 0-10."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A value with the type that qpidd gives it.

    :ivar kind: the name of the type in AMQP 0-10, ``binary`` and ``string`` where the length decides.
    """

    kind: str
    value: Any


def plain(variant: Variant) -> Any:
    """Return a value without its types."""
    if variant.kind == "map":
        return {name: plain(value) for name, value in variant.value.items()}
    if variant.kind == "list":
        return [plain(value) for value in variant.value]
    return variant.value


class Bytes:
    """Bytes that are read once, from the first to the last."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = bytes(encoded)
        self._at = 0

    @property
    def rest(self) -> int:
        """How many bytes are left."""
        return len(self._encoded) - self._at

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        assert size <= self.rest, "qpidd: Out of Bounds"
        self._at += size
        return self._encoded[self._at - size : self._at]

    def number(self, form: str) -> Any:
        """Return the next number of a form of the module struct."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def sized(self, form: str) -> bytes:
        """Return the bytes that follow their number."""
        return self.take(self.number(form))
