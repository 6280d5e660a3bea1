"""Maps in the encoding of AMQP 0-10: written as Qpid's C++ broker does, read as its Python client does.

The rules are those of Codecs.cpp (``encode``) in qpid-cpp 1.39, and of codec010.py in qpid-python.
"""

import struct
from collections.abc import Iterator
from uuid import UUID

from .values import FORMATS, Bytes, Variant

_NAMES = {
    0x01: "int8",
    0x02: "uint8",
    0x08: "boolean",
    0x11: "int16",
    0x12: "uint16",
    0x21: "int32",
    0x22: "uint32",
    0x23: "float",
    0x31: "int64",
    0x32: "uint64",
    0x33: "double",
    0x48: "uuid",
    0x90: "vbin16",
    0x95: "str16",
    0xA0: "vbin32",
    0xA8: "map",
    0xA9: "list",
    0xF0: "void",
}
_CODES = {name: code for code, name in _NAMES.items()}


def encoded_map(values: dict[str, Variant]) -> bytes:
    """Return a map as qpidd writes it."""
    entries = b"".join(_short(name) + _encoded(value) for name, value in values.items())
    return struct.pack(">II", len(entries) + 4, len(values)) + entries


def encoded_list(values: list[Variant]) -> bytes:
    """Return a list as qpidd writes it."""
    entries = b"".join(map(_encoded, values))
    return struct.pack(">II", len(entries) + 4, len(values)) + entries


def _encoded(variant: Variant) -> bytes:
    match variant.kind:
        case "map":
            return _typed("map", encoded_map(variant.value))
        case "list":
            return _typed("list", encoded_list(variant.value))
        case "void":
            return _typed("void", b"")
        case "uuid":
            return _typed("uuid", variant.value.bytes)
        case "string":
            raw = variant.value.encode()
            assert len(raw) <= 0xFFFF, f"Could not encode utf8 character string - too long ({len(raw)} bytes)"
            return _typed("str16", struct.pack(">H", len(raw)) + raw)
        case "binary" | "symbol":
            raw = variant.value if isinstance(variant.value, bytes) else variant.value.encode()
            if len(raw) > 0xFFFF:
                return _typed("vbin32", struct.pack(">I", len(raw)) + raw)
            return _typed("vbin16", struct.pack(">H", len(raw)) + raw)
        case kind:
            return _typed(kind, struct.pack(FORMATS[kind], variant.value))


def _typed(name: str, encoded: bytes) -> bytes:
    return bytes([_CODES[name]]) + encoded


def _short(name: str) -> bytes:
    raw = name.encode()
    assert len(raw) <= 255, "a key is longer than 255 bytes"
    return bytes([len(raw)]) + raw


def decoded_map(encoded: bytes) -> dict[str, Variant]:
    """Return a map as qpid.messaging reads it."""
    reader = Bytes(encoded)
    found = _read_map(reader)
    assert not reader.rest, "bytes after the map"
    return found


def _read_map(reader: Bytes) -> dict[str, Variant]:
    body = Bytes(reader.sized(">I"))
    count = body.number(">I")
    found = {}
    while body.rest:
        name = body.sized(">B").decode()
        found[name] = _read(body)
    assert len(found) == count, "a map holds another number of entries than it says"
    return found


def _read(reader: Bytes) -> Variant:
    name = _NAMES[reader.number(">B")]
    match name:
        case "map":
            return Variant(name, _read_map(reader))
        case "list":
            body = Bytes(reader.sized(">I"))
            return Variant(name, [_read(body) for _ in range(body.number(">I"))])
        case "void":
            return Variant(name, None)
        case "uuid":
            return Variant(name, UUID(bytes=reader.take(16)))
        case "str16":
            return Variant(name, reader.sized(">H").decode())
        case "vbin16":
            return Variant(name, reader.sized(">H"))
        case "vbin32":
            return Variant(name, reader.sized(">I"))
        case _:
            return Variant(name, reader.number(FORMATS[name]))


def paths(prefix: str, values: dict[str, Variant]) -> Iterator[tuple[str, str]]:
    """Yield the type of each value in a map, by its path, such as ``properties.delivery_mode``."""
    for name, variant in values.items():
        yield prefix + name, variant.kind
        if variant.kind == "map":
            yield from paths(f"{prefix}{name}.", variant.value)
