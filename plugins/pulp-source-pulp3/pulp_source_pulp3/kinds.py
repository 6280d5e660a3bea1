"""Which tasks are watched, and which of them are syncs and publishes."""

from enum import StrEnum
from fnmatch import fnmatchcase

from .config import Pulp3Config


class Kind(StrEnum):
    """What a task does, by Pulp 2's names."""

    SYNC = "sync"
    PUBLISH = "publish"
    OTHER = "other"


class Kinds:
    """Classifies tasks by their names, because each plugin of Pulp 3 has its own."""

    def __init__(self, config: Pulp3Config) -> None:
        self._watched = config.tasks
        self._patterns = {Kind.SYNC: config.sync_tasks, Kind.PUBLISH: config.publish_tasks}
        self._known: dict[str, tuple[bool, Kind]] = {}

    def watched(self, name: str) -> bool:
        """Return whether tasks of this name are watched."""
        return self._classified(name)[0]

    def kind(self, name: str) -> Kind:
        """Return what tasks of this name do."""
        return self._classified(name)[1]

    def _classified(self, name: str) -> tuple[bool, Kind]:
        # A cache without a limit: there are a few dozen names.
        if name not in self._known:
            kinds = (kind for kind, patterns in self._patterns.items() if _matches(name, patterns))
            self._known[name] = (_matches(name, self._watched), next(kinds, Kind.OTHER))
        return self._known[name]


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
