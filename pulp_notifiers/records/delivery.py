"""Deliveries: what is owed to whom, claims, attempts and their outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..event import Event

LISTENER_DELETED = "The listener was deleted before this could be delivered."
"""The last error of what a listener was owed when it was deleted."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event owed to one listener's target.

    :ivar target: one of the listener's targets; empty where a config has only one.
    :ivar attempts: how often a notifier was called for it.
    :ivar due_at: the next attempt is not made before; None when no further one will be.
    :ivar last_error: the sentence of the last failed attempt.
    :ivar finished_at: when it was delivered or given up.
    """

    id: int
    event_id: str
    event_type: str
    listener_id: str
    notifier_type: str
    target: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries are asked for; None does not choose by that field."""

    state: DeliveryState | None = None
    listener_id: str | None = None
    event_id: str | None = None
    event_type: str | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A listener's target that is to get an event."""

    listener_id: str
    notifier_type: str
    target: str


@dataclass(frozen=True, slots=True)
class OwedEvent:
    """An event, and what it means for listeners.

    :ivar owed: who is to get it.
    :ivar ended: ids of the listeners for which it is the last one.
    """

    event: Event
    owed: Sequence[Owed]
    ended: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a notifier for a delivery.

    :ivar number: counts from 1 within the delivery.
    :ivar error: why it failed, or None when it succeeded.
    """

    number: int
    started_at: datetime
    finished_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class OwedDelivery:
    """What a worker needs to make one attempt.

    :ivar last_error: the sentence of the attempt before, if that failed.
    """

    id: int
    event: Event
    target: str
    attempts: int
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane that one worker holds until its lease ends.

    A lane is what one listener's target is owed about one subject. It is worked in order by one worker at a time.

    :ivar owner: who holds the lease; outcomes are recorded only for the owner.
    :ivar deliveries: the oldest pending ones of the lane, in the order of their events.
    """

    lane: int
    owner: str
    listener_id: str
    deliveries: tuple[OwedDelivery, ...]


class LaneState(StrEnum):
    """How a worker stands to a lane after it recorded an outcome."""

    HELD = "held"
    EMPTY = "empty"
    """Given back with nothing pending."""
    PENDING = "pending"
    """Given back with something pending."""
    LOST = "lost"
    """The lease ended before the outcome was recorded, so it was not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    :ivar due_at: when a delivery that stays pending comes back; None otherwise.
    """

    state: DeliveryState
    attempt: Attempt
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many deliveries stand where, and how old the oldest pending one is."""

    pending: int
    dead: int
    oldest_pending_at: datetime | None
