"""Deliveries, claims, attempts and their outcomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..event import Event
from .filter import Filter

SUSPECTED_CRASHES = 2
"""A delivery is attempted apart from others once so many processes in a row ended while they held it."""

LISTENER_DELETED = "The listener was deleted before this could be delivered."
"""The last error of the deliveries that were pending when their listener was deleted."""


class DeliveryState(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event owed to one listener's target.

    :ivar target: one of the listener's targets; empty if its config has only one.
    :ivar attempts: how often a notifier was called for it.
    :ivar due_at: the earliest time of the next attempt; None if there will be none.
    :ivar last_error: why the last failed attempt failed.
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
    """Selects deliveries; None in a field selects all.

    :ivar failed: whether to leave out those of which no attempt has failed.
    :ivar further: filters by fields of a delivery, which must match too.
    """

    state: DeliveryState | None = None
    listener_id: str | None = None
    event_id: str | None = None
    event_type: str | None = None
    failed: bool = False
    further: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Owed:
    """A listener's target to which an event is owed."""

    listener_id: str
    notifier_type: str
    target: str


@dataclass(frozen=True, slots=True)
class OwedEvent:
    """An event, and what it means for listeners.

    :ivar owed: the targets that get it.
    :ivar ended: ids of the listeners for which this is the last event.
    :ivar kept: store it even if nobody gets it.
    :ivar failed: ids of the listeners whose conditions could not be evaluated, each with the reason.
    """

    event: Event
    owed: Sequence[Owed]
    ended: Sequence[str] = ()
    kept: bool = False
    failed: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a notifier for a delivery.

    :ivar number: counts from 1 within the delivery.
    :ivar error: why it failed, or None if it succeeded.
    """

    number: int
    started_at: datetime
    finished_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class OwedDelivery:
    """What a worker needs to make one attempt.

    :ivar last_error: why the attempt before failed, if it did.
    :ivar crashes: how many workers in a row held it until their leases ended without an outcome: their processes ended,
        perhaps during its attempt.
    """

    id: int
    event: Event
    target: str
    attempts: int
    last_error: str | None = None
    crashes: int = 0

    @property
    def suspected(self) -> bool:
        """Whether it may be what ends the processes that attempt it."""
        return self.crashes >= SUSPECTED_CRASHES


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane that one worker holds until its lease ends.

    A lane is what one listener's target is owed about one subject. One worker at a time works on it, in order.

    :ivar owner: who holds the lease; outcomes are recorded only for the owner.
    :ivar deliveries: the lane's oldest pending deliveries, in the order of their events.
    """

    lane: int
    owner: str
    listener_id: str
    deliveries: tuple[OwedDelivery, ...]


@dataclass(frozen=True, slots=True)
class LeaseOffer:
    """A worker's offer to hold the lanes that begin with an event which is fired in its process.

    :ivar owner: who will hold them; a new one for each offer.
    :ivar until: when their leases end.
    :ivar made_at: when the offer was made, in the worker's monotonic seconds.
    :ivar room: returns how many lanes of a listener the worker has room for.
    """

    owner: str
    until: datetime
    made_at: float
    room: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Written:
    """What a transaction that fired events wrote.

    :ivar deliveries: how many deliveries the events have, those of events that were stored already included.
    :ivar claims: the lanes that the worker of this process holds since then.
    :ivar listeners_revision: the listeners' revision in that transaction.
    :ivar taken: ids under which an event with other content was stored already, each with the digest of that content.
    """

    deliveries: int
    claims: Sequence[Claim] = ()
    listeners_revision: int = 0
    taken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a worker learns when it claims lanes.

    :ivar claims: the lanes that it holds now.
    :ivar more: further lanes may be due that nobody has looked at yet.
    :ivar next_due: when the next lane that nobody holds becomes due; None if none will.
    :ivar listeners_revision: the revision of the listeners at that moment.
    """

    claims: Sequence[Claim]
    more: bool
    next_due: datetime | None
    listeners_revision: int


class LaneState(StrEnum):
    """Whether a worker still holds a lane after it recorded an outcome."""

    HELD = "held"
    EMPTY = "empty"
    """Released, with nothing pending."""
    PENDING = "pending"
    """Released, with something pending."""
    LOST = "lost"
    """The lease had ended, so the outcome was not recorded."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one attempt.

    :ivar due_at: when a delivery that stays pending is attempted again; None otherwise.
    :ivar counts: False if the notifier was not called: only the error is recorded, and the delivery has no attempt more
        than before.
    """

    state: DeliveryState
    attempt: Attempt
    due_at: datetime | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Attempted:
    """An attempt whose outcome is to be recorded.

    :ivar last: the worker makes no further attempt in the claim, so its lane is released.
    """

    claim: Claim
    delivery: OwedDelivery
    outcome: Outcome
    last: bool


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many old rows a transaction deleted.

    :ivar events: those that had no delivery left before.
    """

    deliveries: int
    events: int

    @property
    def any(self) -> bool:
        """Whether there may be more."""
        return bool(self.deliveries or self.events)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many deliveries are pending and dead, and when the oldest pending one was created."""

    pending: int
    dead: int
    oldest_pending_at: datetime | None
