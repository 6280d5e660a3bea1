"""What a document says that its task went through; one document tells all of it, with its true times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from .documents import TaskDocument


class Stage(IntEnum):
    """How far a task has come. It never goes back."""

    UNTOLD = 0
    WAITING = 1
    RUNNING = 2
    FINAL = 3


@dataclass(frozen=True, slots=True)
class Change:
    """That a task came to a stage.

    :ivar at: when, by the server's clocks.
    :ivar document: what is known of the task.
    """

    stage: Stage
    at: datetime
    document: TaskDocument


def stage(document: TaskDocument) -> Stage:
    """Return how far a task has come; one that is being canceled still runs."""
    if document.final:
        return Stage.FINAL
    return Stage.RUNNING if document.started is not None or document.state == "running" else Stage.WAITING


def changes(document: TaskDocument, told: Stage) -> list[Change]:
    """Return what a task went through after what was told of it, in order.

    A task that was canceled while it waited never ran.
    """
    reached = stage(document)
    # The times are of three clocks: those of the database and of two processes. A later stage is never earlier.
    started = max(document.created, document.started or document.created)
    finished = max(started, document.finished or started)
    ran = reached is Stage.RUNNING or document.started is not None
    path = [
        Change(Stage.WAITING, document.created, document),
        *([Change(Stage.RUNNING, started, document)] if ran else []),
        *([Change(Stage.FINAL, finished, document)] if reached is Stage.FINAL else []),
    ]
    return [change for change in path if change.stage > told]


def in_order(found: Iterable[Change]) -> list[Change]:
    """Return changes of many tasks as they happened, so that a repository's finish stands before its next start."""
    return sorted(found, key=lambda change: (change.at, change.document.created, change.stage))
