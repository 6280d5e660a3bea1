"""The types of the ``bson`` package as far as the encoding examines them, so that no test needs that package."""

from typing import Any


class ObjectId:
    """A document's id."""

    __module__ = "bson.objectid"

    def __init__(self, hex_digits: str) -> None:
        self._hex_digits = hex_digits

    def __str__(self) -> str:
        return self._hex_digits


class Timestamp:
    """MongoDB's own kind of time."""

    __module__ = "bson.timestamp"

    def __init__(self, time: int, inc: int) -> None:
        self.time = time
        self.inc = inc


class MinKey:
    """Sorts before everything."""

    __module__ = "bson.min_key"


class MaxKey:
    """Sorts after everything."""

    __module__ = "bson.max_key"


class Regex:
    """A regular expression that is not compiled."""

    __module__ = "bson.regex"

    def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
        self.pattern = pattern
        self.flags = flags


class Binary(bytes):
    """Bytes of a subtype."""

    __module__ = "bson.binary"
    subtype: int

    def __new__(cls, data: bytes, subtype: int = 0) -> "Binary":
        """Return the bytes with their subtype."""
        made = super().__new__(cls, data)
        made.subtype = subtype
        return made


class Code(str):
    """JavaScript, which is text to Python."""

    __module__ = "bson.code"
    scope: dict[str, Any] | None

    def __new__(cls, code: str, scope: dict[str, Any] | None = None) -> "Code":
        """Return the text with its variables."""
        made = super().__new__(cls, code)
        made.scope = scope
        return made


class Decimal128:
    """A type that has no form in Pulp's JSON."""

    __module__ = "bson.decimal128"
