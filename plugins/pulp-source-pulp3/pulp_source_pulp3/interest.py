"""Which events somebody is interested in, so that the source does not make others."""

from collections.abc import Collection

from pulp_notifiers.source import Intake

_CONTENT = "content"


class Interest:
    """What the listeners and the source's own options ask for.

    :param always: what the source includes in events even if no listener asks for it.
    """

    def __init__(self, intake: Intake, always: Collection[str] = ()) -> None:
        self._intake = intake
        self._always = frozenset(always)

    def wants(self, event_type: str, task_id: str) -> bool:
        """Return whether events of a type are kept, or some listener matches them or is for the task."""
        return self._intake.wants(event_type, task_id)

    def includes_content(self, event_type: str) -> bool:
        """Return whether events of a type have to name the content that was added and removed."""
        return _CONTENT in self._always or _CONTENT in self._intake.included(event_type)
