"""The header ``Retry-After``, as servers send it (RFC 9110, 10.2.3 and 5.6.7)."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from ..encoding import utc

LONGEST_SECONDS = 10.0**9
"""31 years: longer than any wait that is ever made, and a number that every computation can handle."""

_DATE = (
    r"[A-Z][a-z]{2,8},? +"  # Sun, 06 Nov 1994 08:49:37 GMT | Sunday, 06-Nov-94 08:49:37 GMT | Sun Nov  6 08:49:37 1994
    r"(?:\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,9} +\d\d:\d\d:\d\d(?: +(?:[A-Z]{1,5}|[+-]\d{4}))?"
    r"|[A-Z][a-z]{2} +\d{1,2} +\d\d:\d\d:\d\d +\d{4,9})"
)
_VALUE = re.compile(rf"\s*(?:(?P<seconds>\d+)|(?P<date>{_DATE}))\s*", re.ASCII)
_SEVERAL = re.compile(rf"\s*(?:\d+|{_DATE}|[^,]*)(?=\s*(?:,|$))", re.ASCII)
_YEAR = re.compile(r"\d{4,9}", re.ASCII)
_LONGEST_TEXT = 10_000


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, or None if it has no valid value.

    It holds a number of seconds or a date in one of HTTP's three formats. A date in the past means 0, and a number or
    date that is too large for Python :data:`LONGEST_SECONDS`. If a server sends several, the longest counts.

    :param value: the header; several ones joined by commas.
    """
    asked = [_seconds(part, now) for part in _parts((value or "")[:_LONGEST_TEXT])]
    return max((seconds for seconds in asked if seconds is not None), default=None)


def _parts(value: str) -> list[str]:
    # A date contains a comma itself.
    return [part for part in _SEVERAL.findall(value) if part.strip()]


def _seconds(text: str, now: datetime) -> float | None:
    found = _VALUE.fullmatch(text)
    if found is None:
        return None
    if found["seconds"]:
        digits = found["seconds"].lstrip("0") or "0"
        return min(float(digits), LONGEST_SECONDS) if len(digits) < 12 else LONGEST_SECONDS
    try:
        return min(max(0.0, (utc(parsedate_to_datetime(found["date"])) - now).total_seconds()), LONGEST_SECONDS)
    except (ValueError, OverflowError):
        # Either it names no day, such as the 32nd, or its year is beyond what Python knows.
        years = [int(year) for year in _YEAR.findall(re.sub(r"[+-]\d{4}$", "", found["date"]))]
        return LONGEST_SECONDS if years and max(years) >= 9999 else None
