"""Sources: drafts of new ones, added ones, changes, their status, and what they remember."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class SourceState(StrEnum):
    """The state of a source."""

    RUNNING = "running"
    FAILING = "failing"
    """A process runs it, but it cannot work at the moment."""
    WAITING = "waiting"
    """No process runs it."""


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """A source to add.

    :ivar name: unique; how people call it.
    :ivar source_type: name of the plugin's entry point.
    :ivar config: the source's options as they were given, including secrets.
    """

    name: str
    source_type: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RegisteredSource(SourceDraft):
    """A source that was added.

    :ivar id: 24 lower-case hex digits; a new one if it is removed and added again.
    :ivar changed_at: when its options were last changed; None if never.
    :ivar dropped_secrets: the secret options that the update which returned this record removed; not stored.
    :ivar unreadable: why its stored config cannot be read, so that ``config`` is empty; None if it can.
    """

    created_at: datetime
    id: str = field(kw_only=True)
    changed_at: datetime | None = field(default=None, kw_only=True)
    dropped_secrets: tuple[str, ...] = field(default=(), kw_only=True, compare=False)
    unreadable: str | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, draft: SourceDraft, source_id: str, created_at: datetime) -> Self:
        """Return the source that a draft becomes with an id."""
        given = {each.name: getattr(draft, each.name) for each in fields(SourceDraft)}
        return cls(**{**given, "config": dict(draft.config)}, created_at=created_at, id=source_id)


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A change of a source.

    :ivar config: options to overwrite; an option with None is removed, and a secret with ``*****`` stays unchanged.
    """

    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The status of a source as its process last reported it.

    :ivar holder: the process that runs it, as ``host:process id:digits``; None if none does.
    :ivar problem: why it cannot work, as a sentence.
    :ivar problem_since: when that began.
    :ivar facts: what the source reports about itself, such as ``lag_seconds``.
    :ivar reported_at: when it reported them.
    """

    state: SourceState
    holder: str | None = None
    problem: str | None = None
    problem_since: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a source remembers together with its events, and the lease that permits it.

    :ivar owner: who holds the source's lease; nothing is written for another.
    :ivar remember: key to a value with a JSON form; None forgets the key.
    """

    source_id: str
    owner: str
    remember: Mapping[str, Any]
