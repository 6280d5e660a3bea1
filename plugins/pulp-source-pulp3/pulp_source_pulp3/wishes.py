"""What of a server's news somebody wants to be told."""

from collections.abc import Collection
from typing import Protocol

_CONTENT = "content"


class Asked(Protocol):
    """Who knows what listeners want; an intake."""

    def wants(self, event_type: str, task_id: str | None = None) -> bool: ...
    def included(self, event_type: str) -> frozenset[str]: ...


class Wishes:
    """The wishes of listeners, and of the source's own options.

    :param always: what the source tells beyond the usual, whoever listens.
    """

    def __init__(self, asked: Asked, always: Collection[str] = ()) -> None:
        self._asked = asked
        self._always = frozenset(always)

    def wants(self, event_type: str, task_id: str) -> bool:
        """Tell whether an event of a type is worth making of a task."""
        return self._asked.wants(event_type, task_id)

    def name_content(self, event_type: str) -> bool:
        """Tell whether events of a type are to name what was added and removed."""
        return _CONTENT in self._always or _CONTENT in self._asked.included(event_type)
