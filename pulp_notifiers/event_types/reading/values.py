"""Values of JSON documents that may have any form."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...encoding import iso_seconds, utc

_LARGEST = 2**63
_NOTHING: Mapping[str, Any] = {}


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object; an empty one instead of anything else."""
    return value if isinstance(value, Mapping) else _NOTHING


def items(value: Any) -> Sequence[Any]:
    """Return an array; an empty one instead of anything else."""
    return value if isinstance(value, list | tuple) else ()


def text(value: Any) -> str | None:
    """Return a text that is not blank, else None."""
    return value if isinstance(value, str) and value and not value.isspace() else None


def whole(value: Any) -> int | None:
    """Return a whole number that 64 bits hold, else None."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and -_LARGEST <= value < _LARGEST else None


def moment(value: Any) -> datetime | None:
    """Return a time as aware UTC: ISO text, Pulp 2's ``{"$date": milliseconds}``, or a datetime; else None."""
    if isinstance(value, Mapping):
        value = value.get("$date")
    try:
        if isinstance(value, datetime):
            return utc(value)
        if isinstance(value, str):
            # A leap second has no datetime.
            return utc(datetime.fromisoformat(value[:40].replace(":60", ":59")))
        milliseconds = whole(value)
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def shown_moment(value: datetime | None) -> str | None:
    """Return a time as ``2016-04-29T16:19:55Z``."""
    return None if value is None else iso_seconds(value)


def scalar(value: Any) -> str | None:
    """Return a text, number or truth value as text; None for null, arrays and objects."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        number = whole(value)
        return str(number) if number is not None else repr(float(value)) if abs(value) < 1e300 else "a huge number"
    return text(value)
