"""Events with the same id: whether they have the same content."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ..event import Event
from .statement import Row

_NO_TIME = datetime.min.replace(tzinfo=UTC)  # not part of a digest


def taken_ids(repeats: Iterable[tuple[Row, Sequence[Any]]]) -> Mapping[str, str]:
    """Return the ids of events whose content differs from the stored one, with the digest of that.

    :param repeats: each event's row, and the type, payload and call report that are stored under its id.
    """
    taken = {}
    for (event_id, *row), stored in repeats:
        if tuple(row[:3]) != tuple(stored):
            digest = _digest(event_id, *stored)
            if digest != _digest(event_id, *row[:3]):  # equal if only the order of keys differs
                taken[event_id] = digest
    return taken


def _digest(event_id: str, event_type: str, payload: str, call_report: str | None) -> str:
    return Event.from_encoded(event_type, (payload, call_report), UUID(event_id), _NO_TIME, "").digest()
