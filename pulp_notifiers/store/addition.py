"""What is to be written of events: rows, and the keys of the lanes."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from ..event import Event
from ..records import Kept, LeaseOffer, Owed, OwedEvent
from .event_columns import LONGEST_SOURCE, column_text, payload_columns
from .pieces import LargeEvent
from .statement import Row

_MOST_LEASED = 100

_STEP = timedelta(microseconds=1)
_LONGEST_SUBJECT = 300
_KEYS_REMEMBERED = 4096
"""A key takes 9 microseconds, and most events are about a repository that had one before."""


class Addition:
    """What one call of :meth:`.outbox.Outbox.add_all` writes, prepared by the thread that calls.

    :param before: how many events of the same call other transactions write before these.
    :ivar listeners_revision: None if there was no event, and so nothing that depends on listeners.
    :ivar events: rows of events that have deliveries or are kept, by id; the first of each id.
    :ivar repeated: further events of the same ids.
    :ivar deliveries: event id, target and key of the lane.
    :ivar ended: the listeners that end, and the id of the event that ends them.
    """

    __slots__ = ("deliveries", "ended", "events", "kept", "listeners_revision", "now", "offer", "repeated")

    def __init__(
        self,
        batch: Sequence[OwedEvent],
        listeners_revision: int | None,
        now: datetime,
        kept: Kept | None,
        offer: LeaseOffer | None,
        before: int = 0,
    ) -> None:
        self.listeners_revision = listeners_revision
        self.now = now
        self.kept = kept
        self.events: dict[str, Row] = {}
        self.repeated: list[Row] = []
        self.deliveries: list[tuple[str, Owed, str]] = []
        self.ended: list[tuple[str, str]] = []
        for number, each in enumerate(batch, before):
            event, event_id = each.event, str(each.event.id)
            if each.owed or each.kept:
                row = _event_row(event, now, number)
                if event_id in self.events:
                    self.repeated.append(row)
                else:
                    self.events[event_id] = row
                    subject = event.subject()
                    self.deliveries += [(event_id, target, _lane_key(target, subject)) for target in each.owed]
            self.ended += [(listener_id, event_id) for listener_id in each.ended]
        # A worker does not hold all of a large batch in memory.
        self.offer = offer if len(self.deliveries) <= _MOST_LEASED else None

    def add_lanes(self, begun: dict[str, Row], room: dict[str, int]) -> None:
        """Add the rows to insert for lanes that do not exist yet.

        :param room: how many lanes of each listener the worker of this process still takes.
        """
        for _, target, key in self.deliveries:
            if key in begun:
                continue
            owner, until, wait_seconds = None, None, 0.0
            if self.offer is not None:
                if target.listener_id not in room:
                    room[target.listener_id] = self.offer.room(target.listener_id)
                if room[target.listener_id] > 0:
                    room[target.listener_id] -= 1
                    owner, until = self.offer.owner, self.offer.until
                    wait_seconds = (until - self.now).total_seconds()
            begun[key] = (key, target.listener_id, self.now, owner, until, wait_seconds)


def large_event(each: OwedEvent, listeners_revision: int, now: datetime, before: int) -> LargeEvent:
    """Return what is to be written of an event with very many deliveries; see :class:`Addition`."""
    event = each.event
    row = _event_row(event, now, before)
    subject = event.subject()
    deliveries = sorted(((_key(target, subject), target) for target in each.owed), key=lambda delivery: delivery[0])
    return LargeEvent(row, deliveries, each.ended, listeners_revision, now)


def _event_row(event: Event, now: datetime, number: int) -> Row:
    stored_at = now + number * _STEP if number else now  # so that a list has the events of a call in their order
    source = column_text(event.source, LONGEST_SOURCE)
    columns = payload_columns(event.payload)
    return (str(event.id), event.type, *event.encoded(), event.occurred_at, source, stored_at, *columns)


def _lane_key(owed: Owed, subject: str) -> str:
    # A subject that is an event, or that is long, does not come again.
    recurs = len(subject) < _LONGEST_SUBJECT and not subject.startswith("event:")
    return _known_key(owed, subject) if recurs else _key(owed, subject)


def _key(owed: Owed, subject: str) -> str:
    # A digest, because repository ids and addresses may have any length and contain characters that PostgreSQL refuses.
    return hashlib.sha256(json.dumps([owed.listener_id, owed.target, subject]).encode()).hexdigest()


_known_key = lru_cache(_KEYS_REMEMBERED)(_key)
