"""Why something failed: one sentence, and the end of the traceback."""

import re
from collections.abc import Iterator, Mapping
from itertools import dropwhile
from typing import Any

from .texts import indented_line, readable_error, shortened
from .values import items, mapping, text

_TRACEBACK_LINES = 15
_TRACEBACK_LENGTH = 2_000
_TRACEBACK_READ = 200_000
_ERROR_KEYS = ("error_message", "error_description", "description", "error", "message", "reason")
_SKIPPED = "Skipped: "  # how Pulp 2's summary of a skipped publish begins (CONTRACT 2.3)
_MARKERS = re.compile(r"\s*[~^]+\s*")
"""A line of Python 3.11 and newer that points at a part of the one above; once lines are wrapped, it points nowhere."""
_LEVELS = 6
_VISITED = 500


def reason(payload: Mapping[str, Any], report: Mapping[str, Any]) -> str | None:
    """Return in one sentence why an event's sync, publish or task failed; None if nothing says so."""
    found = next(filter(None, map(readable_error, _reasons(payload, report))), None)
    return found and (found.removeprefix(_SKIPPED) or found)


def traceback(payload: Mapping[str, Any], report: Mapping[str, Any]) -> tuple[list[str], int]:
    """Return the last lines of the traceback, and how many it has in all."""
    lines = _lines(payload.get("traceback")) or _lines(report.get("traceback"))
    shown: list[str] = []
    room = _TRACEBACK_LENGTH
    for one in reversed(lines[-_TRACEBACK_LINES:]):
        cleaned = indented_line(one)
        if len(cleaned) > room:
            # The last line says what went wrong; show at least its beginning.
            shown += [] if shown else [shortened(cleaned, room)]
            break
        shown.append(cleaned)
        room -= len(cleaned) + 1
    return shown[::-1], len(lines)


def _reasons(payload: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[str]:
    for candidate in (
        payload.get("error_message"),
        payload.get("error_description"),
        mapping(payload.get("error")).get("description"),
        mapping(report.get("error")).get("description"),
        _last(payload.get("exception")),
        _last(report.get("exception")),
        _last(_lines(payload.get("traceback"))),
        _last(_lines(report.get("traceback"))),
        payload.get("error"),
        report.get("error"),
    ):
        found = text(candidate)
        if found is not None:
            yield found
    # An importer of Pulp 2 that fails may leave the error only in its own report.
    for name in ("summary", "details"):
        yield from _within(payload.get(name))


def _last(value: Any) -> str | None:
    # Pulp 2's exception is a text or an array of texts, the last of which names the exception.
    return next((one for one in reversed(_lines(value)) if text(one)), None)


def _lines(value: Any) -> list[str]:
    # An array of Pulp 2 has texts with line ends, some of them of several lines.
    parts = [value] if isinstance(value, str) else [one for one in items(value) if isinstance(one, str)]
    backwards: list[str] = []
    room = _TRACEBACK_READ
    for part in reversed(parts):
        if room <= 0:
            break
        backwards.extend(one for one in reversed(part[-room:].splitlines()) if not _MARKERS.fullmatch(one))
        room -= len(part) + 1
    return list(dropwhile(lambda one: not text(one), backwards))[::-1]


def _within(document: Any) -> Iterator[str]:
    """Yield the errors in an importer's report, outer ones first."""
    if isinstance(document, str):
        yield document
    level, visited = [document], 0
    for _ in range(_LEVELS):
        following: list[Any] = []
        for value in level:
            visited += 1
            if visited > _VISITED:
                return
            if isinstance(value, Mapping):
                yield from filter(None, (text(value.get(key)) for key in _ERROR_KEYS))
                following.extend(value.values())
            else:
                following.extend(items(value))
        level = following
