"""The changes that a task document shows: one document has all of them, with their true times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from .documents import TaskDocument


class Stage(IntEnum):
    """How far a task has come. It never goes back."""

    UNREPORTED = 0
    WAITING = 1
    RUNNING = 2
    FINAL = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A task reached a stage.

    :ivar at: when, by the server's clocks.
    :ivar document: what is known about the task.
    """

    stage: Stage
    at: datetime
    document: TaskDocument


def stage(document: TaskDocument) -> Stage:
    """Return how far a task has come; a task that is being canceled is still running."""
    if document.final:
        return Stage.FINAL
    return Stage.RUNNING if document.started is not None or document.state == "running" else Stage.WAITING


def changes(document: TaskDocument, reported: Stage) -> list[Change]:
    """Return the changes of a task since the stage that was reported last, in order.

    A task that was canceled while it waited never ran.
    """
    reached = stage(document)
    # The times come from three clocks, those of the database and of two processes. A later stage is never earlier.
    started = max(document.created, document.started or document.created)
    finished = max(started, document.finished or started)
    ran = reached is Stage.RUNNING or document.started is not None
    path = [
        Change(Stage.WAITING, document.created, document),
        *([Change(Stage.RUNNING, started, document)] if ran else []),
        *([Change(Stage.FINAL, finished, document)] if reached is Stage.FINAL else []),
    ]
    return [change for change in path if change.stage > reported]


def in_order(found: Iterable[Change]) -> list[Change]:
    """Return changes of many tasks in the order they happened, so a repository's finish precedes its next start."""
    return sorted(found, key=lambda change: (change.at, change.document.created, change.stage))
