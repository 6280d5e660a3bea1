"""What a person wants to know about a task, from a document that may hold anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...encoding import utc
from ...task import FINAL_TASK_STATES
from ..documents import printable
from .progress import Progress, progress_of

_REPOSITORY, _ACTION = "pulp:repository:", "pulp:action:"


@dataclass(frozen=True, slots=True)
class SeenTask:
    """A task as a message describes it; no text in it can control a terminal.

    :ivar repositories: ids, from the tags.
    :ivar work: what the task does, in a few words.
    :ivar failure: why it failed, or None.
    """

    task_id: str
    state: str
    repositories: tuple[str, ...] = ()
    work: str = ""
    progress: Progress = field(default_factory=Progress)
    failure: str | None = None
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def final(self) -> bool:
        """Return whether the task has ended."""
        return self.state in FINAL_TASK_STATES


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are shown; an empty choice matches all."""

    states: Sequence[str] = ()
    repositories: Sequence[str] = ()

    def matches(self, task: SeenTask) -> bool:
        """Return whether a task is one of them."""
        return (not self.states or task.state in self.states) and (
            not self.repositories or any(one in self.repositories for one in task.repositories)
        )


def seen_task(document: Mapping[str, Any]) -> SeenTask:
    """Return the task that a document from :func:`pulp_notifiers.broker.task_document` describes."""
    tags = document.get("tags")
    texts = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    state = document.get("state")
    return SeenTask(
        task_id=printable(str(document.get("task_id"))),
        # A record that was just created may have no state.
        state=printable(state) if isinstance(state, str) and state else "waiting",
        repositories=tuple(_without_prefix(_REPOSITORY, texts)),
        work=_work(texts, document.get("task_type")),
        progress=progress_of(document.get("progress_report")),
        failure=_failure(document),
        started=_time(document.get("start_time")),
        ended=_time(document.get("finish_time")),
    )


def _without_prefix(prefix: str, tags: Sequence[str]) -> Iterator[str]:
    return (printable(tag.removeprefix(prefix)) for tag in tags if tag.startswith(prefix))


def _work(tags: Sequence[str], task_type: Any) -> str:
    actions = list(_without_prefix(_ACTION, tags))
    if not actions and isinstance(task_type, str):
        actions = [printable(task_type.rpartition(".")[2])]
    others = [tag for tag in tags if not tag.startswith((_REPOSITORY, _ACTION))]
    subjects = list(_without_prefix(_REPOSITORY, tags)) or [printable(tag.rpartition(":")[2]) for tag in others]
    return " ".join((*actions, *dict.fromkeys(subjects)))


def _failure(document: Mapping[str, Any]) -> str | None:
    error = document.get("error")
    if isinstance(error, Mapping):
        error = error.get("description") or error.get("reason") or error.get("code")
    for text in (error, document.get("exception"), _last_line(document.get("traceback"))):
        if isinstance(text, str) and text.strip():
            return printable(text.strip())
    return None


def _last_line(traceback: Any) -> str | None:
    lines = traceback.strip().splitlines() if isinstance(traceback, str) else []
    return lines[-1] if lines else None


def _time(value: Any) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
