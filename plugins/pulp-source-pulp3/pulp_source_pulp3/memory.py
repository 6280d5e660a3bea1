"""What the watch of one domain remembers, as keys and values of the intake."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from .changes import Stage
from .cursor import Cursor
from .tasks import stamp

_STAGES = {"waiting": Stage.WAITING, "running": Stage.RUNNING, "final": Stage.FINAL, "untold": Stage.UNREPORTED}
"""Words for stages in databases, under the key ``told``; names in the code may change, and these may not."""
_WORDS = {stage: word for word, stage in _STAGES.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """A task that was seen.

    :ivar reported: the stage that was reported last.
    :ivar announced: whether the start of its sync or publish was reported.
    :ivar repository: name and href of its repository, because both are gone once it is deleted.
    """

    created: datetime
    reported: Stage = Stage.UNREPORTED
    announced: bool = False
    repository: tuple[str, str] | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the task from a remembered value."""
        repository = value.get("repository")
        return cls(
            datetime.fromisoformat(value["created"]),
            _STAGES[value["told"]],
            bool(value.get("announced")),
            None if repository is None else (repository["name"], repository["href"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the value to remember."""
        value: dict[str, Any] = {"created": stamp(self.created), "told": _WORDS[self.reported]}
        if self.reported is Stage.FINAL:
            return value
        if self.announced:
            value["announced"] = True
        if self.repository is not None:
            value["repository"] = {"name": self.repository[0], "href": self.repository[1]}
        return value


class Memory:
    """The cursor and the known tasks of one domain.

    A change takes three steps, so that this copy is never ahead of the disk: collect what to remember, hand it to the
    intake, and only then keep it here.
    """

    def __init__(self, domain: str, remembered: Mapping[str, Any]) -> None:
        self.cursor_key = f"cursor:{domain}"
        self._prefix = f"task:{domain}:"
        self.cursor = Cursor.from_json(remembered[self.cursor_key]) if self.cursor_key in remembered else None
        self.known = {
            key.removeprefix(self._prefix): Known.from_json(value)
            for key, value in remembered.items()
            if key.startswith(self._prefix)
        }

    def unfinished(self) -> list[str]:
        """Return the unfinished tasks: running ones first, then by age."""
        found = [(uuid, known) for uuid, known in self.known.items() if known.reported is not Stage.FINAL]
        found.sort(key=lambda item: (item[1].reported is not Stage.RUNNING, item[1].created))
        return [uuid for uuid, _ in found]

    def open_tasks(self) -> int:
        """Return the number of unfinished tasks."""
        return sum(known.reported is not Stage.FINAL for known in self.known.values())

    def outdated(self, bound: datetime) -> list[str]:
        """Return the finished tasks that cannot appear again in a list of tasks created since a bound."""
        return [uuid for uuid, known in self.known.items() if known.reported is Stage.FINAL and known.created < bound]

    def values(self, known: Mapping[str, Known | None]) -> dict[str, Any]:
        """Return what the intake has to remember about tasks; None forgets one."""
        return {f"{self._prefix}{uuid}": value and value.as_json() for uuid, value in known.items()}

    def keep(self, known: Mapping[str, Known | None]) -> None:
        """Keep here what the intake has remembered."""
        for uuid, value in known.items():
            if value is None:
                self.known.pop(uuid, None)
            else:
                self.known[uuid] = value

    def forget(self, uuids: Iterable[str]) -> dict[str, Known | None]:
        """Return the change that forgets tasks."""
        return dict.fromkeys(uuids)
