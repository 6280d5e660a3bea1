"""A source that an administrator added, its status, and what it remembers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class SourceState(StrEnum):
    """How a source is."""

    RUNNING = "running"
    FAILING = "failing"
    """It is run, and cannot work at the moment."""
    WAITING = "waiting"
    """No process runs it."""


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """A source as an administrator asks for it.

    :ivar name: unique; how people call it.
    :ivar source_type: name of the plugin's entry point.
    :ivar config: options as they were given, secrets included.
    """

    name: str
    source_type: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RegisteredSource(SourceDraft):
    """A source that was added.

    :ivar id: 24 lower-case hex digits; a new one if it is removed and added again.
    """

    created_at: datetime
    id: str = field(kw_only=True)

    @classmethod
    def of(cls, draft: SourceDraft, source_id: str, created_at: datetime) -> Self:
        """Return the source that a draft becomes under an id."""
        given = {each.name: getattr(draft, each.name) for each in fields(SourceDraft)}
        return cls(**given, created_at=created_at, id=source_id)


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What is to change about a source.

    :ivar config: options to overwrite; one with None is removed, and a secret that reads ``*****`` stays.
    """

    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source was when its process last reported it.

    :ivar holder: names the process that runs it, as ``host:process id:digits``; None while nobody does.
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
    """What a source remembers together with its events, and the lease under which it may.

    :ivar owner: who holds the source's lease; nothing is written for anybody else.
    :ivar remember: key to a value with a JSON form; None forgets the key.
    """

    source_id: str
    owner: str
    remember: Mapping[str, Any]
