"""A registered listener."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
