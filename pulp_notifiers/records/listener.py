"""Listeners: drafts of new ones, registered ones, changes, and what failed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ListenerDraft:
    """A listener to register.

    :ivar notifier_type: name of the notifier's entry point.
    :ivar config: the notifier's options as they were given, including secrets.
    :ivar event_types: types or patterns in the order given, duplicates kept.
    :ivar task_id: only events of this task; None for all.
    :ivar include: what sources are asked to add to the events, such as ``content``.
    :ivar name: unique; None to have one made up.
    :ivar description: for people.
    :ivar enabled: whether it gets events.
    :ivar labels: for people, and for its condition and templates.
    :ivar when: the condition, an expression that must be true of an event too; None for all events.
    :ivar template: name of the template of its messages; None for the notifier's own.
    """

    notifier_type: str
    config: Mapping[str, Any]
    event_types: tuple[str, ...]
    task_id: str | None = None
    include: tuple[str, ...] = ()
    name: str | None = None
    description: str = ""
    enabled: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    when: str | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Listener(ListenerDraft):
    """A registered listener.

    :ivar id: 24 lower-case hex digits, the form of Pulp 2's ids.
    :ivar created_at: None if it was registered before times were recorded.
    :ivar changed_at: when it was last changed; as ``created_at`` if never.
    :ivar ended: its task has ended, so it is no longer listed; it is kept until none of its deliveries is pending.
    :ivar dropped_secrets: the secret options that the update which returned this record removed; not stored.
    :ivar unreadable: why its stored config cannot be read, so that ``config`` is empty; None if it can.
    """

    id: str = field(kw_only=True)
    created_at: datetime | None = field(default=None, kw_only=True)
    changed_at: datetime | None = field(default=None, kw_only=True)
    ended: bool = False
    dropped_secrets: tuple[str, ...] = field(default=(), kw_only=True, compare=False)
    unreadable: str | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, draft: ListenerDraft, listener_id: str, now: datetime | None = None) -> Self:
        """Return the listener that a draft becomes with an id.

        :param now: when it is registered.
        """
        given = {each.name: getattr(draft, each.name) for each in fields(ListenerDraft)}
        given["event_types"] = tuple(draft.event_types)
        return cls(**given, id=listener_id, created_at=now, changed_at=now)


@dataclass(frozen=True, slots=True)
class ListenerChange:
    """A change of a listener; None leaves a field unchanged.

    :ivar config: options to overwrite; an option with None is removed, and a secret with ``*****`` stays.
    :ivar labels: replace the old ones.
    :ivar when: the new condition; an empty text removes it.
    :ivar template: the new template; an empty text removes it.
    """

    config: Mapping[str, Any] | None = None
    event_types: tuple[str, ...] | None = None
    include: tuple[str, ...] | None = None
    name: str | None = None
    description: str | None = None
    enabled: bool | None = None
    labels: Mapping[str, str] | None = None
    when: str | None = None
    template: str | None = None

    def applied_to(
        self,
        listener: Listener,
        config: Mapping[str, Any],
        dropped_secrets: tuple[str, ...] = (),
        now: datetime | None = None,
    ) -> Listener:
        """Return the listener after the change.

        :param config: the stored config after the change of it.
        :param dropped_secrets: the secret options that were removed from it.
        :param now: when it is changed; None leaves that time as it is.
        """
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "config"}
        changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        for removable in ("when", "template"):
            if changed.get(removable) == "":
                changed[removable] = None
        return replace(
            listener,
            **changed,
            config=config,
            dropped_secrets=dropped_secrets,
            unreadable=None if self.config else listener.unreadable,
            changed_at=now or listener.changed_at,
        )


class ErrorKind(StrEnum):
    """What of a listener can fail for an event, apart from its deliveries."""

    CONDITION = "condition"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class ListenerErrors:
    """How often a listener's condition or template failed, and the last time.

    :ivar event_id: the event that it failed for last.
    :ivar problem: why, in one sentence.
    """

    listener_id: str
    kind: ErrorKind
    count: int
    event_id: str
    occurred_at: datetime
    problem: str

    def after(self, earlier: "ListenerErrors | None") -> "ListenerErrors":
        """Return both as one; of the earlier errors only the count is kept."""
        return self if earlier is None else replace(self, count=self.count + earlier.count)


def outdated_errors(before: Listener, after: Listener) -> Iterable[ErrorKind]:
    """Yield the kinds of errors that say nothing about a listener after a change."""
    if (before.when, before.labels) != (after.when, after.labels):
        yield ErrorKind.CONDITION
    if before.template != after.template:
        yield ErrorKind.TEMPLATE
