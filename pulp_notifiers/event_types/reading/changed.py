"""What a sync, publish or task changed: counts by content type, and names."""

from collections.abc import Iterator, Mapping
from typing import Any

from .texts import line
from .values import items, mapping, whole

_MOST_TYPES = 50
_MOST_NAMES = 100
_UNITS = "units"

Counts = dict[str, dict[str, int]]


def changes(payload: Mapping[str, Any]) -> Counts | None:
    """Return how many units were added, updated and removed, by content type; None if nothing says so.

    Pulp 3 counts by type. Pulp 2 counts ``units``; what it says was removed may be negative, and all counts are -1 if
    the importer reported none (CONTRACT Q8).
    """
    numbers = {kind: whole(payload.get(f"{kind}_count")) for kind in ("added", "updated", "removed")}
    by_type = {kind: _by_type(payload, kind) for kind in numbers}
    if numbers["added"] == numbers["removed"] == -1:
        numbers = dict.fromkeys(numbers)
    if not any(by_type.values()) and all(number is None for number in numbers.values()):
        return None
    return {kind: by_type[kind] or ({_UNITS: abs(number)} if (number := numbers[kind]) else {}) for kind in numbers}


def total(counts: Counts | None, kind: str) -> int:
    """Return how many units of all types were ``added``, ``updated`` or ``removed``."""
    return sum((counts or {}).get(kind, {}).values())


def in_words(counts: Counts | None) -> str:
    """Return the totals, such as ``3 added, 1 removed``; empty if nothing changed."""
    return ", ".join(f"{total(counts, kind)} {kind}" for kind in counts or {} if total(counts, kind))


def kind_in_words(counts: Mapping[str, int]) -> str:
    """Return the counts of one kind of change by type, such as ``3 rpm.package, 1 rpm.advisory``."""
    return ", ".join(f"{number} {content_type}" for content_type, number in counts.items())


def names(payload: Mapping[str, Any], counts: Counts | None) -> dict[str, Any] | None:
    """Return the names of what was added and removed; None if the event does not carry them.

    ``more`` says how many of each are not listed.
    """
    content = payload.get("content")
    if not isinstance(content, Mapping):
        return None
    found: dict[str, Any] = {"added": [], "removed": [], "more": {}}
    for kind in ("added", "removed"):
        given = list(_names(content.get(kind)))
        found[kind] = [line(name, 200) for name in given[:_MOST_NAMES]]
        found["more"][kind] = max(len(given), total(counts, kind)) - len(found[kind])
    return found


def _names(value: Any) -> Iterator[str]:
    lists = value.values() if isinstance(value, Mapping) else [value]
    for one in lists:
        yield from (name for name in items(one) if isinstance(name, str) and name.strip())


def _by_type(payload: Mapping[str, Any], kind: str) -> dict[str, int]:
    # A sync's summary has the numbers; the content summary of Pulp 3 has objects with a count and a link.
    found: dict[str, int] = {}
    for name in ("summary", "content_summary"):
        for content_type, entry in mapping(mapping(payload.get(name)).get(kind)).items():
            number = whole(entry.get("count") if isinstance(entry, Mapping) else entry)
            if number and number > 0 and isinstance(content_type, str):
                found.setdefault(line(content_type, 80), number)
            if len(found) == _MOST_TYPES:
                return found
    return found
