"""What is kept: listeners, deliveries, attempts, sources, users and their grants, as frozen records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from .event import Event

MASK = "*****"
"""Stands for a secret in every answer; sent back, it means unchanged. Pulp 2.7 used the same five asterisks."""


LISTENER_DELETED = "The listener was deleted before this could be delivered."
"""The last error of what a listener was owed when it was deleted."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Operation(StrEnum):
    """What a grant permits (CONTRACT 1.7)."""

    CREATE = "CREATE"
    READ = "READ"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Listener:
    """A registered wish: these event types, that notifier, this config.

    :ivar id: 24 lower-case hex digits, the form of Pulp 2's ids.
    :ivar notifier_type: name of the notifier's entry point.
    :ivar config: options as they were registered, secrets included.
    :ivar event_types: types or patterns in the order sent, duplicates kept.
    :ivar task_id: only events of this task; None for all.
    :ivar ended: its task has ended, so it removed itself and is only kept until everything that it is owed went out.
    :ivar include: what it asks sources to tell beyond what events of its types always carry.
    """

    id: str
    notifier_type: str
    config: Mapping[str, Any]
    event_types: tuple[str, ...]
    task_id: str | None = None
    ended: bool = False
    include: tuple[str, ...] = ()


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
class Kept:
    """What a source remembers together with its events, and the lease under which it may.

    :ivar owner: who holds the source's lease; nothing is written for anybody else.
    :ivar remember: key to a value with a JSON form; None forgets the key.
    """

    source_id: str
    owner: str
    remember: Mapping[str, Any]


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


class SourceState(StrEnum):
    """How a source is."""

    RUNNING = "running"
    FAILING = "failing"
    """It is run, and cannot work at the moment."""
    WAITING = "waiting"
    """No process runs it."""


@dataclass(frozen=True, slots=True)
class RegisteredSource:
    """A source that an administrator added.

    :ivar id: 24 lower-case hex digits; another one when it is removed and added again.
    :ivar name: unique; how people call it.
    :ivar source_type: name of the plugin's entry point.
    :ivar config: options as they were given, secrets included.
    """

    id: str
    name: str
    source_type: str
    config: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source was when its process last said so.

    :ivar holder: names the process that runs it, as ``host:process id:digits``; None while nobody does.
    :ivar problem: why it cannot work, as a sentence.
    :ivar problem_since: when that began.
    :ivar facts: what the source tells of itself, such as ``lag_seconds``.
    :ivar told_at: when it told them.
    """

    state: SourceState
    holder: str | None = None
    problem: str | None = None
    problem_since: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in.

    :ivar password_hash: text of :mod:`pulp_notifiers.passwords`; empty for one who cannot log in by password.
    :ivar super_user: may do everything.
    """

    login: str
    password_hash: str
    super_user: bool


def merge_config(stored: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a listener's config after an update (CONTRACT 1.5).

    Shallow: a key with None goes, every other key overwrites, nested objects are replaced whole.
    """
    merged = {**stored, **patch}
    return {key: value for key, value in merged.items() if key not in patch or value is not None}
