"""Events, their types, and the patterns with which listeners select types."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

from .encoding import dumps, utc

REPO_SYNC_START = "repo.sync.start"
REPO_SYNC_FINISH = "repo.sync.finish"
REPO_PUBLISH_START = "repo.publish.start"
REPO_PUBLISH_FINISH = "repo.publish.finish"

REPOSITORY_EVENT_TYPES = (REPO_SYNC_START, REPO_SYNC_FINISH, REPO_PUBLISH_START, REPO_PUBLISH_FINISH)
"""Pulp 2's four event types (CONTRACT 2.1)."""

REPO_VERSION_CREATED = "repo.version.created"
"""Pulp 3 only: an upload, a change of content or a copy created a repository version. A sync does not fire this."""

ANY_REPOSITORY_EVENT = "*"
"""In a listener: Pulp 2's four repository events, never a task event."""

TASK_EVENT_TYPES = (
    *("task.waiting", "task.running"),
    *("task.finished", "task.error", "task.canceled", "task.skipped"),
)
"""A task reached a state; the last four states are final."""

FINAL_TASK_EVENT_TYPES = frozenset(TASK_EVENT_TYPES[2:])
"""A task does not change after one of these."""

KEPT_EVENT_TYPES = ("repo.#",)
"""Patterns of the events that are kept for some time although no listener matches them."""

MAX_TYPE_LENGTH = 200
"""Characters. An AMQP routing key holds 255 bytes (AMQP 0-9-1, shortstr); the rest is for prefixes."""

_TYPE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PATTERN_WORD = re.compile(r"[A-Za-z0-9_-]+|\*|#")


_DERIVED_VERSION = 8  # RFC 9562, section 5.8: the other 122 bits may be anything
_VERSION_AND_VARIANT = 0xF << 76 | 0x3 << 62


def utc_now() -> datetime:
    """Return the current time as aware UTC."""
    return datetime.now(UTC)


def derived_id(namespace: UUID, name: str) -> UUID:
    """Return the id of an event that is derived from a fact, so that the same fact always has the same id.

    It is a UUID of version 8. REST refuses these, so that nobody who may fire events can take such an id in advance.

    :param namespace: drawn once for a kind of fact, and never changed.
    :param name: names the fact within the namespace.
    """
    digest = hashlib.sha256(namespace.bytes + name.encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest[:16]) & ~_VERSION_AND_VARIANT
    return UUID(int=number | _DERIVED_VERSION << 76 | 0x2 << 62)


def is_derived(event_id: UUID) -> bool:
    """Return whether an id belongs to the events whose ids are derived from facts."""
    return event_id.version == _DERIVED_VERSION


class _Encoded:
    __slots__ = ("_encoded",)


@dataclass(frozen=True, slots=True)
class Event(_Encoded):
    """A fact that happened.

    :ivar type: dotted name, such as ``repo.sync.finish``.
    :ivar payload: facts of that type.
    :ivar call_report: the task's state as Pulp 2's 17 keys (CONTRACT 2.4), or None outside a task.
    :ivar id: the same in all attempts of all deliveries, so that receivers can drop repeats; :func:`derived_id` makes
        one from a fact.
    :ivar occurred_at: aware UTC; a naive time counts as UTC.
    :ivar source: where it came from, for people: ``rest``, ``python``, the name of a source.
    :raises ValueError: the type is not a dotted name.
    """

    type: str
    payload: Mapping[str, Any]
    call_report: Mapping[str, Any] | None = None
    id: UUID = field(default_factory=uuid4)
    occurred_at: datetime = field(default_factory=utc_now)
    source: str = "python"

    def __post_init__(self) -> None:
        if not is_event_type(self.type):
            raise ValueError(
                f"{self.type!r} is not an event type: write words of letters, digits, _ and -, joined by dots, "
                f"at most {MAX_TYPE_LENGTH} characters"
            )
        object.__setattr__(self, "occurred_at", utc(self.occurred_at))

    @classmethod
    def from_encoded(
        cls, event_type: str, encoded: tuple[str, str | None], event_id: UUID, occurred_at: datetime, source: str
    ) -> Self:
        """Return an event that was fired before; its payload and call report are parsed when they are first read.

        :param encoded: payload and call report as :meth:`encoded` returned them.
        :param occurred_at: aware UTC.
        """
        event = object.__new__(cls)
        facts = {"type": event_type, "id": event_id, "occurred_at": occurred_at, "source": source, "_encoded": encoded}
        for name, value in facts.items():
            object.__setattr__(event, name, value)
        return event

    if not TYPE_CHECKING:  # or every misspelt attribute of an event would pass the type check

        def __getattr__(self, name: str) -> Any:
            """Parse payload or call report; called only for an attribute that is not set yet."""
            if name not in ("payload", "call_report"):
                raise AttributeError(f"An event has no attribute {name!r}.", name=name, obj=self)
            text = self._encoded[name == "call_report"]
            object.__setattr__(self, name, None if text is None else json.loads(text))
            return getattr(self, name)

    def encoded(self) -> tuple[str, str | None]:
        """Return payload and call report as JSON text: what is stored, and sent in the body.

        :raises TypeError: they contain a value that has no JSON form.
        :raises ValueError: they contain a number that is not finite.
        """
        known: tuple[str, str | None] | None = getattr(self, "_encoded", None)
        if known is None:
            known = dumps(self.payload), None if self.call_report is None else dumps(self.call_report)
        return known

    def digest(self) -> str:
        """Return the SHA-256 of type, payload and call report in hex; what differs in another event with the same id.

        Of the body as JSON in ASCII, with sorted keys and without spaces. Time and source do not count, because a
        client that repeats a request leaves them to the server.
        """
        payload, call_report = self.encoded()
        content = {
            "event_type": self.type,
            "payload": json.loads(payload),
            "call_report": None if call_report is None else json.loads(call_report),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def body(self) -> dict[str, Any]:
        """Return the object that Pulp 2 sent through every notifier (CONTRACT 2.2)."""
        return {"event_type": self.type, "payload": self.payload, "call_report": self.call_report}

    def subject(self) -> str:
        """Return what the event is about: its repository, else its task, else itself.

        Deliveries of events with the same subject reach a listener in the order in which they were fired.
        """
        for kind, name in (("repo", self.payload.get("repo_id")), ("task", self.task_id())):
            if isinstance(name, str):
                return f"{kind}:{name}"
        return f"event:{self.id}"

    def task_id(self) -> str | None:
        """Return the id of the task in which the event happened, or None outside a task."""
        found = (self.call_report or {}).get("task_id")
        return found if isinstance(found, str) else None


def is_event_type(value: object) -> bool:
    """Return whether a value is a well-formed event type."""
    return isinstance(value, str) and len(value) <= MAX_TYPE_LENGTH and _TYPE.fullmatch(value) is not None


def is_pattern(value: object) -> bool:
    """Return whether a value is a well-formed event type or topic pattern."""
    if not isinstance(value, str) or len(value) > MAX_TYPE_LENGTH:
        return False
    return all(_PATTERN_WORD.fullmatch(word) for word in value.split("."))


def matches(pattern: str, event_type: str) -> bool:
    """Return whether a listener's pattern matches an event type.

    An AMQP topic pattern: ``*`` stands for one word, ``#`` for any number (AMQP 0-9-1, section 3.1.3.3). The bare
    ``*`` keeps the meaning that it has in Pulp 2: the four repository events.
    """
    if pattern == ANY_REPOSITORY_EVENT:
        return event_type in REPOSITORY_EVENT_TYPES
    return _words_match(pattern.split("."), event_type.split("."))


def matches_any(patterns: Iterable[str], event_type: str) -> bool:
    """Return whether at least one of a listener's patterns matches an event type."""
    return any(matches(pattern, event_type) for pattern in patterns)


def _words_match(pattern: list[str], words: list[str]) -> bool:
    # One row of the usual table: reachable[i] says that the pattern so far can end after i words. Linear in memory
    # and bounded in time, where plain recursion would be exponential in the number of #.
    reachable = [True] + [False] * len(words)
    for expected in pattern:
        if expected == "#":
            for i in range(len(words)):
                reachable[i + 1] = reachable[i + 1] or reachable[i]
        else:
            fits = [expected in ("*", word) for word in words]
            reachable = [False] + [reachable[i] and fits[i] for i in range(len(words))]
    return reachable[-1]
