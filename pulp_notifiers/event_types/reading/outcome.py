"""What happened, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...event import (
    REPO_PUBLISH_FINISH,
    REPO_PUBLISH_START,
    REPO_SYNC_FINISH,
    REPO_SYNC_START,
    REPO_VERSION_CREATED,
    TASK_EVENT_TYPES,
)
from .changed import Counts, in_words
from .texts import line
from .values import text, whole

_FAILED = ("failed", "error")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to a repository or a task.

    :ivar state: short and in capitals, for the brackets of a subject.
    :ivar bad: whether somebody may have to do something.
    :ivar what: what happened, without a name.
    :ivar sentence: the same with the name, without a full stop.
    """

    state: str
    bad: bool
    what: str
    sentence: str

    @property
    def needs_reason(self) -> bool:
        """Return whether people ask why."""
        return self.bad or self.state.endswith(("CANCELED", "SKIPPED"))


@dataclass(frozen=True, slots=True)
class Reported:
    """What a sentence is made of; the texts are clean."""

    type: str
    name: str
    source: str
    payload: Mapping[str, Any]
    counts: Counts | None


_TASK_WORDS = {
    "task.waiting": ("TASK WAITING", "Task waiting", "is waiting"),
    "task.running": ("TASK STARTED", "Task started", "started"),
    "task.finished": ("TASK FINISHED", "Task finished", "finished"),
    "task.error": ("TASK FAILED", "Task failed", "failed"),
    "task.canceled": ("TASK CANCELED", "Task canceled", "was canceled"),
    "task.skipped": ("TASK SKIPPED", "Task skipped", "was skipped"),
}
assert tuple(_TASK_WORDS) == TASK_EVENT_TYPES


def outcome(reported: Reported) -> Outcome:
    """Return what happened."""
    name = reported.name
    if reported.type == REPO_SYNC_START:
        return Outcome("STARTED", False, "Sync started", f"Sync of {name} started")
    if reported.type == REPO_PUBLISH_START:
        return Outcome("STARTED", False, "Publish started", f"Publish of {name} started")
    if reported.type == REPO_SYNC_FINISH:
        return _finish("Sync", reported)
    if reported.type == REPO_PUBLISH_FINISH:
        return _finish("Publish", reported)
    if reported.type == REPO_VERSION_CREATED:
        number = whole(reported.payload.get("repo_version"))
        version = "A new version" if number is None else f"Version {number}"
        changed = in_words(reported.counts)
        return Outcome(
            "NEW VERSION", False, "New version", f"{version} of {name} was created{changed and f': {changed}'}"
        )
    if reported.type in _TASK_WORDS:
        state, what, verb = _TASK_WORDS[reported.type]
        return Outcome(state, reported.type == "task.error", what, f"Task {name} {verb}")
    if text(reported.payload.get("result")) in _FAILED:
        return Outcome("FAILED", True, f"{reported.type} failed", f"{reported.type} failed")
    return Outcome("EVENT", False, reported.type, f"Event {reported.type} from {reported.source}")


def _finish(noun: str, reported: Reported) -> Outcome:
    name, result = reported.name, text(reported.payload.get("result"))
    if result in _FAILED:
        return Outcome("FAILED", True, f"{noun} failed", f"{noun} of {name} failed")
    if result == "canceled":
        return Outcome("CANCELED", False, f"{noun} canceled", f"{noun} of {name} was canceled")
    if result == "skipped":
        return Outcome("SKIPPED", False, f"{noun} skipped", f"{noun} of {name} was skipped")
    if result != "success":
        # Of another product, or of a later release.
        ended = "" if result is None else f" with the result {line(result, 60)}"
        return Outcome("FINISHED", False, f"{noun} finished", f"{noun} of {name} finished{ended}")
    if noun == "Publish":
        return Outcome("PUBLISHED", False, "Publish finished", f"{name} was published")
    changed = in_words(reported.counts)
    if changed:
        return Outcome("CHANGED", False, "Sync finished with changes", f"Sync of {name} finished: {changed}")
    if reported.payload.get("changed") is True:
        # Its new version could not be read, or differs in metadata only.
        return Outcome("CHANGED", False, "Sync finished with changes", f"Sync of {name} finished with changes")
    nothing = "" if reported.counts is None else "; nothing changed"
    return Outcome("OK", False, "Sync finished", f"Sync of {name} finished{nothing}")
