"""JSON as Pulp 2 wrote it: ASCII, and MongoDB's extended forms for values that JSON lacks (CONTRACT 2.6)."""

import json
import math
import re
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

JsonT = TypeVar("JsonT")

MAX_DEPTH = 100
"""Levels of nested arrays and objects that are accepted; deeper text is refused like text that is not JSON."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNPORTABLE_CHARACTER = re.compile("[\x00\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REGEX_FLAGS = (("i", re.I), ("l", re.L), ("m", re.M), ("s", re.S), ("u", re.U), ("x", re.X))


def dumps(value: Any, indent: int | None = None) -> str:
    """Return ``value`` as ASCII JSON text with Pulp's extended forms.

    :raises TypeError: a value has no JSON form.
    :raises ValueError: a number is not finite.
    """
    if "bson.code" in sys.modules:
        value = _with_code_forms(value)
    return json.dumps(value, default=extended_form, indent=indent, allow_nan=False)


def extended_form(value: Any) -> Any:
    """Return the JSON form of a value that :mod:`json` does not know.

    BSON types are recognised by class name, because a producer may use any release of the ``bson`` package and
    this product needs none of it.

    :raises TypeError: the value has no such form.
    """
    if isinstance(value, datetime):
        return {"$date": _milliseconds(value)}
    if isinstance(value, UUID):
        return {"$uuid": value.hex}
    if isinstance(value, re.Pattern):
        return _regex_form(value)
    if isinstance(value, bytes):
        return {"$binary": b64encode(value).decode("ascii"), "$type": f"{getattr(value, 'subtype', 0):02x}"}
    form = _BSON_FORMS.get(type(value).__name__)
    if form is None or not type(value).__module__.startswith("bson"):
        raise TypeError(f"{value!r} is not JSON serializable")
    return form(value)


def utc(value: datetime) -> datetime:
    """Return a time as aware UTC; a naive one counts as UTC (CONTRACT 2.6)."""
    return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)


def iso_seconds(value: datetime) -> str:
    """Return a time as Pulp's REST texts show it: UTC, whole seconds, ``Z`` (CONTRACT 2.3)."""
    return utc(value).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, as ``object_pairs_hook`` of :func:`json.loads`, which itself keeps the last of equal keys.

    :raises ValueError: a key stands twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def is_too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Return whether arrays and objects are nested in more levels than the limit."""
    level = [value]
    for _ in range(limit):
        level = [item for container in level for item in _items(container) if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def unportable(value: Any) -> str | None:
    """Return why some database, broker or receiver could not carry a JSON value; None if all of them can.

    They cannot carry NUL characters (PostgreSQL refuses them), lone surrogates (no encoding of Unicode has them),
    integers beyond signed 64 bit, and numbers that are not finite.
    """
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if found := _UNPORTABLE_CHARACTER.search(item):
                return f"It contains the character U+{ord(found.group()):04X}, which cannot be stored."
        elif isinstance(item, dict | list | tuple):
            waiting.extend(item)
            if isinstance(item, dict):
                waiting.extend(item.values())
        elif isinstance(item, int) and not -(2**63) <= item < 2**63:
            return "It contains an integer beyond 64 bits."
        elif isinstance(item, float) and not math.isfinite(item):
            return "It contains a number that is not finite."
    return None


def portable(value: JsonT) -> JsonT:
    """Return a JSON value with U+FFFD for lone surrogates, which no answer can have; itself if it has none."""
    return value if unportable(value) is None else cast("JsonT", _without_surrogates(value))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _items(container: Any) -> Iterable[Any]:
    if isinstance(container, dict):
        return container.values()
    return container if isinstance(container, list) else ()


def _milliseconds(value: datetime) -> int:
    # No conversion to UTC, which fails for times within a day of the first and last that Python knows.
    aware = value.replace(tzinfo=UTC) if value.utcoffset() is None else value
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _regex_form(value: Any) -> dict[str, Any]:
    options = "".join(letter for letter, flag in _REGEX_FLAGS if value.flags & flag)
    pattern = value.pattern.decode() if isinstance(value.pattern, bytes) else value.pattern
    return {"$regex": pattern, "$options": options}


def _with_code_forms(value: Any) -> Any:
    # bson's Code is a str, so json would write it as plain text without ever asking extended_form.
    if isinstance(value, Mapping):
        return {key: _with_code_forms(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_code_forms(item) for item in value]
    if type(value).__module__ == "bson.code":
        return {"$code": str(value), "$scope": value.scope or {}}
    return value


_BSON_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "ObjectId": lambda value: {"$oid": str(value)},
    "Timestamp": lambda value: {"$timestamp": {"t": value.time, "i": value.inc}},
    "MinKey": lambda value: {"$minKey": 1},
    "MaxKey": lambda value: {"$maxKey": 1},
    "Regex": _regex_form,
}
