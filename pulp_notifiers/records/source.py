"""A source that an administrator added, its status, and what it remembers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


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
class Kept:
    """What a source remembers together with its events, and the lease under which it may.

    :ivar owner: who holds the source's lease; nothing is written for anybody else.
    :ivar remember: key to a value with a JSON form; None forgets the key.
    """

    source_id: str
    owner: str
    remember: Mapping[str, Any]
