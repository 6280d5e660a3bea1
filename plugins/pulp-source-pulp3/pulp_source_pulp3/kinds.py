"""Which tasks are of interest, and which of them are syncs and publishes."""

from enum import StrEnum
from fnmatch import fnmatchcase

from .config import Pulp3Config


class Kind(StrEnum):
    """What a task does, in Pulp 2's words."""

    SYNC = "sync"
    PUBLISH = "publish"
    OTHER = "other"


class Kinds:
    """Tells tasks apart by their names, since each plugin of Pulp 3 names its own."""

    def __init__(self, config: Pulp3Config) -> None:
        self._watched = config.tasks
        self._patterns = {Kind.SYNC: config.sync_tasks, Kind.PUBLISH: config.publish_tasks}
        self._known: dict[str, tuple[bool, Kind]] = {}

    def watched(self, name: str) -> bool:
        """Tell whether tasks of this name are watched."""
        return self._look(name)[0]

    def kind(self, name: str) -> Kind:
        """Return what tasks of this name do."""
        return self._look(name)[1]

    def _look(self, name: str) -> tuple[bool, Kind]:
        # There are some dozens of names.
        if name not in self._known:
            kinds = (kind for kind, patterns in self._patterns.items() if _matches(name, patterns))
            self._known[name] = (_matches(name, self._watched), next(kinds, Kind.OTHER))
        return self._known[name]


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
