"""What one domain's watch must remember, as keys and values of the intake."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from .changes import Stage
from .cursor import Cursor
from .tasks import stamp


@dataclass(frozen=True, slots=True)
class Known:
    """A task that was seen.

    :ivar told: how far it had come when it was told last.
    :ivar announced: whether the start of its sync or publish was told.
    :ivar repository: name and href of its repository, because both are gone when it is deleted.
    """

    created: datetime
    told: Stage = Stage.UNTOLD
    announced: bool = False
    repository: tuple[str, str] | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return what was remembered."""
        repository = value.get("repository")
        return cls(
            datetime.fromisoformat(value["created"]),
            Stage[value["told"].upper()],
            bool(value.get("announced")),
            None if repository is None else (repository["name"], repository["href"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return what to remember."""
        value: dict[str, Any] = {"created": stamp(self.created), "told": self.told.name.lower()}
        if self.told is Stage.FINAL:
            return value
        if self.announced:
            value["announced"] = True
        if self.repository is not None:
            value["repository"] = {"name": self.repository[0], "href": self.repository[1]}
        return value


class Memory:
    """The cursor and the known tasks of one domain.

    Changes are made in three steps, so that what is held here never runs ahead of what is on disk: collect what to
    remember, hand it to the intake, and only then keep it.
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
        """Return the tasks that may change yet: those that run first, then by age."""
        found = [(uuid, known) for uuid, known in self.known.items() if known.told is not Stage.FINAL]
        found.sort(key=lambda item: (item[1].told is not Stage.RUNNING, item[1].created))
        return [uuid for uuid, _ in found]

    def open_tasks(self) -> int:
        """Return how many tasks may change yet."""
        return sum(known.told is not Stage.FINAL for known in self.known.values())

    def outdated(self, bound: datetime) -> list[str]:
        """Return the finished tasks that no list of what was created since a bound can show again."""
        return [uuid for uuid, known in self.known.items() if known.told is Stage.FINAL and known.created < bound]

    def values(self, known: Mapping[str, Known | None]) -> dict[str, Any]:
        """Return what the intake is to remember of tasks; None forgets one."""
        return {f"{self._prefix}{uuid}": value and value.as_json() for uuid, value in known.items()}

    def keep(self, known: Mapping[str, Known | None]) -> None:
        """Take over what the intake has remembered."""
        for uuid, value in known.items():
            if value is None:
                self.known.pop(uuid, None)
            else:
                self.known[uuid] = value

    def forget(self, uuids: Iterable[str]) -> dict[str, Known | None]:
        """Return the change that forgets tasks."""
        return dict.fromkeys(uuids)


def told(known: Known, stage: Stage) -> Known:
    """Return what is known of a task after a stage of it was told."""
    return replace(known, told=max(known.told, stage))
