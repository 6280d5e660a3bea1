"""Listeners: drafts of new ones, registered ones, and changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ListenerDraft:
    """A listener to register.

    :ivar notifier_type: name of the notifier's entry point.
    :ivar config: the notifier's options as they were given, including secrets.
    :ivar event_types: types or patterns in the order given, duplicates kept.
    :ivar task_id: only events of this task; None for all.
    :ivar include: what sources are asked to add to the events, such as ``content``.
    """

    notifier_type: str
    config: Mapping[str, Any]
    event_types: tuple[str, ...]
    task_id: str | None = None
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener(ListenerDraft):
    """A registered listener.

    :ivar id: 24 lower-case hex digits, the form of Pulp 2's ids.
    :ivar ended: its task has ended, so it is no longer listed; it is kept until none of its deliveries is pending.
    """

    id: str = field(kw_only=True)
    ended: bool = False

    @classmethod
    def of(cls, draft: ListenerDraft, listener_id: str) -> Self:
        """Return the listener that a draft becomes with an id."""
        given = {each.name: getattr(draft, each.name) for each in fields(ListenerDraft)}
        return cls(**{**given, "event_types": tuple(draft.event_types)}, id=listener_id)


@dataclass(frozen=True, slots=True)
class ListenerChange:
    """A change of a listener; None leaves a field unchanged.

    :ivar config: options to overwrite; an option with None is removed, and a secret with ``*****`` stays.
    """

    config: Mapping[str, Any] | None = None
    event_types: tuple[str, ...] | None = None
    include: tuple[str, ...] | None = None

    def applied_to(
        self, listener: Listener, merge: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
    ) -> Listener:
        """Return the listener after the change.

        :param merge: makes the new config from the stored one and from ``config``.
        """
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        changed = {name: value for name, value in given.items() if value is not None}
        if self.config is not None:
            changed["config"] = merge(listener.config, self.config)
        return replace(listener, **changed)
