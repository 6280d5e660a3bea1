"""The sections of an AMQP 1.0 message, read as Qpid's C++ broker reads them.

The rules are those of Decoder.cpp, MessageReader.cpp and DataBuilder.cpp in qpid-cpp 1.39. Types that qpidd skips, and
bytes that make it fail, are assertions.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from .values import FORMATS, Bytes, Variant


def sections(encoded: bytes) -> Iterator[tuple[int, Variant]]:
    """Yield the descriptor and the value of each section."""
    source = Bytes(encoded)
    while source.rest:
        assert source.number(">B") == 0, "qpidd: Expected described type but got no descriptor"
        descriptor = _value(source)
        assert descriptor.kind == "uint64", "qpidd's symbol of amqp-value is misspelt; a section needs the number"
        yield descriptor.value, _value(source)


def _value(source: Bytes) -> Variant:
    code = source.number(">B")
    assert code in _READERS, f"qpidd does not read the type 0x{code:02x}, and loses its place in the map"
    return _READERS[code](source)


def _items(source: Bytes, form: str) -> list[Variant]:
    body = Bytes(source.sized(form))
    items = [_value(body) for _ in range(body.number(form))]
    assert not body.rest, "a list or a map is longer than its items"
    return items


def _map(source: Bytes, form: str) -> Variant:
    items = _items(source, form)
    keys = [key.value.decode() if isinstance(key.value, bytes) else key.value for key in items[::2]]
    assert all(isinstance(key, str) for key in keys), "a key is not a text"
    return Variant("map", dict(zip(keys, items[1::2], strict=True)))


def _fixed(kind: str, form: str | None = None) -> Callable[[Bytes], Variant]:
    return lambda source: Variant(kind, source.number(form or FORMATS[kind]))


def _constant(kind: str, value: Any) -> Callable[[Bytes], Variant]:
    return lambda _: Variant(kind, value)


_READERS: dict[int, Callable[[Bytes], Variant]] = {
    0x40: _constant("void", None),
    0x41: _constant("boolean", True),
    0x42: _constant("boolean", False),
    0x43: _constant("uint32", 0),
    0x44: _constant("uint64", 0),
    0x45: _constant("list", []),
    0x50: _fixed("uint8"),
    0x51: _fixed("int8"),
    0x52: _fixed("uint32", ">B"),
    0x53: _fixed("uint64", ">B"),
    0x54: _fixed("int32", ">b"),
    0x55: _fixed("int64", ">b"),
    0x56: _fixed("boolean"),
    0x60: _fixed("uint16"),
    0x61: _fixed("int16"),
    0x70: _fixed("uint32"),
    0x71: _fixed("int32"),
    0x72: _fixed("float"),
    0x80: _fixed("uint64"),
    0x81: _fixed("int64"),
    0x82: _fixed("double"),
    0x83: _fixed("int64"),
    0x98: lambda source: Variant("uuid", UUID(bytes=source.take(16))),
    0xA0: lambda source: Variant("binary", source.sized(">B")),
    0xA1: lambda source: Variant("string", source.sized(">B").decode()),
    0xA3: lambda source: Variant("symbol", source.sized(">B").decode("ascii")),
    0xB0: lambda source: Variant("binary", source.sized(">I")),
    0xB1: lambda source: Variant("string", source.sized(">I").decode()),
    0xB3: lambda source: Variant("symbol", source.sized(">I").decode("ascii")),
    0xC0: lambda source: Variant("list", _items(source, ">B")),
    0xC1: lambda source: _map(source, ">B"),
    0xD0: lambda source: Variant("list", _items(source, ">I")),
    0xD1: lambda source: _map(source, ">I"),
}
