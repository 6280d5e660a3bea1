"""Filters for times."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from ...errors import ExpressionFailed
from ..nearest import shown, suggestion
from ..operation import Operation, Parameter
from ..run import Run
from ..values import NUMBER, TEXT, number

_DIRECTIVES = frozenset("aAbBdeFHIjklmMnpSTuVyYzZ%")
_DEFAULT_FORMAT = "%Y-%m-%d %H:%M:%S %Z"
_MAX_TIME_LENGTH = 40
_DIRECTIVE = re.compile("%(.?)", re.S)

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def _parsed(value: str) -> datetime:
    try:
        if len(value) > _MAX_TIME_LENGTH:
            raise ValueError
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ExpressionFailed("A text is not a time such as 2027-01-31T12:00:00Z.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        return _parsed(value)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise ExpressionFailed("A number is too large for a time in seconds.") from None


def _localtime(run: Run, value: Any, zone: tzinfo, form: str) -> str:
    try:
        return _moment(value).astimezone(zone).strftime(form)
    except (ValueError, OverflowError):
        raise ExpressionFailed("A time is outside the years that can be shown.") from None


def _zone_and_form(name: str, form: str) -> tuple[tzinfo, str]:
    for directive in _DIRECTIVE.findall(form):
        if directive not in _DIRECTIVES:
            raise ValueError(f"format of `localtime` knows no %{shown(directive)}; write for example '%d.%m.%Y %H:%M'.")
    return zone(name), form


def zone(name: str) -> tzinfo:
    """Return a time zone.

    :raises ValueError: there is none with this name; the sentence has the nearest ones.
    """
    if name == "UTC":
        return UTC
    known = _known_zones()
    if not known:
        raise ValueError("This machine has no time zones but UTC: install tzdata.")
    if name not in known:
        by_case = [zone for zone in known if zone.lower() == name.lower()]
        hint = f" Did you mean {by_case[0]}?" if by_case else _nearest_zone(name, known)
        raise ValueError(f"There is no time zone {shown(name)}.{hint}")
    return ZoneInfo(name)


@cache
def _known_zones() -> frozenset[str]:
    """Return the names of all time zones; looking for their files takes a tenth of a second."""
    return frozenset(available_timezones())


def _nearest_zone(name: str, known: frozenset[str]) -> str:
    places = {zone.rpartition("/")[2].lower(): zone for zone in known}
    place = places.get(name.rpartition("/")[2].lower().replace(" ", "_"))
    if place is not None:
        return f" Did you mean {place}?"
    found = suggestion(name, known)
    return found if found.startswith(" Did") else " Write for example Europe/Berlin or UTC."


def _timestamp(run: Run, value: str) -> float:
    return _parsed(value).timestamp()


def _duration(run: Run, value: Any) -> str:
    number(value)
    sign = "-" if value < 0 else ""
    seconds = abs(value)
    if seconds < 10:
        return f"{sign}{seconds:.1f}".removesuffix(".0") + " s"
    left = round(seconds)
    parts: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return sign + " ".join(filter(None, parts))


TIME_FILTERS = (
    Operation(
        "localtime",
        "A time (text, or seconds since 1970) in a time zone, in the given format.",
        _localtime,
        takes=TEXT | NUMBER,
        parameters=(
            Parameter("tz", TEXT, default="UTC", is_constant=True, largest=100),
            Parameter("format", TEXT, default=_DEFAULT_FORMAT, is_constant=True, largest=100),
        ),
        prepare=_zone_and_form,
        example="event.occurred_at|localtime('Europe/Berlin')",
    ),
    Operation(
        "timestamp",
        "A time as seconds since 1970, to calculate with.",
        _timestamp,
        takes=TEXT,
        example="report.finish_time|timestamp - report.start_time|timestamp",
    ),
    Operation(
        "duration",
        "A number of seconds for people, in its two largest units.",
        _duration,
        takes=NUMBER,
        example="about.duration_seconds|duration",
    ),
)
