"""Pulp 2's records of tasks, syncs and publishes, in the forms that events carry."""

import hashlib
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from .encoding import iso_seconds, utc

TASK_STATES = ("waiting", "skipped", "accepted", "running", "suspended", "finished", "error", "canceled")
"""Pulp 2's states of a task (CONTRACT 2.4)."""

FINAL_TASK_STATES = frozenset({"finished", "error", "canceled", "skipped"})
"""States that a task does not leave."""

_ID = re.compile(r"[0-9a-f]{24}")
_RECORD_KEYS = ("id", "repo_id")
_OUTCOME_KEYS = ("started", "completed", "result", "error_message", "exception", "traceback", "summary", "details")
_SYNC_KEYS = ("importer_id", "importer_type_id", "added_count", "updated_count", "removed_count")
_PUBLISH_KEYS = ("distributor_id", "distributor_type_id")


class InvalidRecord(ValueError):
    """A task record has fields with wrong values.

    :param problems: field to what it must be.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        found = "; ".join(f"{name} must be {expected}" for name, expected in problems.items())
        super().__init__(f"The task record is not valid: {found}.")
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReport:
    """A task's record in Pulp 2's vocabulary.

    :ivar id: 24 lower-case hex digits.
    :ivar task_id: UUID as text.
    :ivar state: one of :data:`TASK_STATES`.
    :ivar tags: such as ``pulp:repository:zoo`` and ``pulp:action:sync``.
    :ivar spawned_tasks: ids of the tasks that this one started.
    :ivar start_time: aware UTC.
    :ivar finish_time: aware UTC.
    :ivar changed_at: when the task reached this state, aware UTC, if that is known more exactly than by the times
        above; no rendering includes it.
    :ivar origin: where the task ran, such as ``server`` and ``domain``: further fields for the payload of its events.
        No rendering includes it.
    :ivar resumed: the task was waiting or running before in the same run and returns to that state, as a retried task
        of Celery does; listeners get no event. No rendering includes it.
    """

    id: str
    task_id: str
    state: str
    worker_name: str | None = None
    tags: tuple[str, ...] = ()
    error: Any = None
    spawned_tasks: tuple[str, ...] = ()
    progress_report: Mapping[str, Any] = field(default_factory=dict)
    task_type: str | None = None
    start_time: datetime | None = None
    finish_time: datetime | None = None
    result: Any = None
    group_id: UUID | None = None
    exception: Any = None
    traceback: str | None = None
    changed_at: datetime | None = None
    resumed: bool = False
    origin: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Return the report of a stored task; values may be Python's, BSON's or extended JSON's.

        Both renderings are accepted as records too: spawned tasks may be ids, or the links of a call report.

        :param record: fields by name; missing ones count as null.
        :raises InvalidRecord: with every field that has a wrong value.
        """
        values: dict[str, Any] = {}
        problems = {}
        for name, read in _READERS.items():
            try:
                values[name] = read(record)
            except ValueError as problem:
                problems[name] = str(problem)
        if problems:
            raise InvalidRecord(problems)
        return cls(**values)

    def call_report(self) -> dict[str, Any]:
        """Return the 17 keys that are sent with events (CONTRACT 2.4); nulls are kept."""
        return {
            "_href": _task_href(self.task_id),
            "_id": {"$oid": self.id},
            "_ns": "task_status",
            "id": self.id,
            "task_id": self.task_id,
            "task_type": self.task_type,
            "state": self.state,
            "worker_name": self.worker_name,
            "tags": list(self.tags),
            "start_time": self.start_time and iso_seconds(self.start_time),
            "finish_time": self.finish_time and iso_seconds(self.finish_time),
            "progress_report": self.progress_report,
            "result": self.result,
            "error": self.error,
            "spawned_tasks": [{"_href": _task_href(spawned), "task_id": spawned} for spawned in self.spawned_tasks],
            "exception": self.exception,
            "traceback": self.traceback,
        }

    def document(self) -> dict[str, Any]:
        """Return what the task-status stream carries (CONTRACT 3.3); fields that are null are left out."""
        fields = {
            "_id": {"$oid": self.id},
            "task_id": self.task_id,
            "worker_name": self.worker_name,
            "tags": self.tags,
            "state": self.state,
            "error": self.error,
            "spawned_tasks": self.spawned_tasks,
            "progress_report": self.progress_report,
            "task_type": self.task_type,
            "start_time": self.start_time and iso_seconds(self.start_time),
            "finish_time": self.finish_time and iso_seconds(self.finish_time),
            "result": self.result,
            "group_id": self.group_id and {"$uuid": self.group_id.hex},
            "exception": self.exception,
            "traceback": self.traceback,
            "_ns": "task_status",
        }
        return {name: value for name, value in fields.items() if value is not None}


def record_id(task_id: str) -> str:
    """Return the id of the record of a task that has none, always the same for the same task.

    For a UUID it is the last 24 of its hex digits, as the source ``pulp3`` makes it, else a digest.
    """
    try:
        return UUID(task_id).hex[-24:]
    except ValueError:
        return hashlib.blake2b(task_id.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def sync_payload(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload of ``repo.sync.finish``: the history record of a sync (CONTRACT 2.3)."""
    return _history_payload(record, _SYNC_KEYS, "repo_sync_results")


def publish_payload(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload of ``repo.publish.finish``: the history record of a publish (CONTRACT 2.3)."""
    return _history_payload(record, _PUBLISH_KEYS, "repo_publish_results")


def failed_record(record: Mapping[str, Any], failure: BaseException) -> dict[str, Any]:
    """Return the history record of a sync or publish that an exception ended.

    Pulp 2 promised a finish event for failures and never sent it. Anything but an :class:`Exception`, such as the
    :class:`SystemExit` by which Pulp 2 cancelled, counts as canceled.

    :param record: what is known about the sync or publish: its repository, importer or distributor, and times.
    """
    return {
        **record,
        "result": "error" if isinstance(failure, Exception) else "canceled",
        "error_message": str(failure),
        "exception": repr(failure),
        "traceback": traceback.format_tb(failure.__traceback__),
    }


def _history_payload(record: Mapping[str, Any], kind_keys: Iterable[str], namespace: str) -> dict[str, Any]:
    known = dict.fromkeys((*_RECORD_KEYS, *kind_keys, *_OUTCOME_KEYS))
    given = {key: _shown(value) for key, value in record.items() if key != "_id"}
    identity = {} if "_id" not in record else {"id": _hex(record["_id"])}
    return {**known, "_ns": namespace, **identity, **given}


def _shown(value: Any) -> Any:
    # Pulp 2.8 to 2.21 sent some of the times as {"$date": ...}; the documentation always said text (Q6).
    return iso_seconds(value) if isinstance(value, datetime) else value


def _task_href(task_id: str) -> str:
    return f"/pulp/api/v2/tasks/{task_id}/"


def _hex(value: Any) -> str:
    return str(value["$oid"] if isinstance(value, Mapping) and "$oid" in value else value)


def _id(record: Mapping[str, Any]) -> str:
    text = _hex(record.get("id") or record.get("_id"))
    if not _ID.fullmatch(text):
        raise ValueError("24 lower-case hex digits")
    return text


def _task_id(value: Any) -> str:
    if not isinstance(value, str | UUID) or not str(value):
        raise ValueError("the task's UUID")
    return str(value)


def _state(value: Any) -> str:
    if value not in TASK_STATES:
        raise ValueError(f"one of {', '.join(TASK_STATES)}")
    return str(value)


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("text or null")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str | UUID) for item in value):
        raise ValueError("a list of texts")
    return tuple(map(str, value))


def _spawned(value: Any) -> tuple[str, ...]:
    links = value if isinstance(value, list | tuple) else ()
    if links and all(isinstance(link, Mapping) for link in links):
        return _texts([link.get("task_id") for link in links])
    return _texts(value)


def _object(value: Any) -> Mapping[str, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError("an object")
    return value or {}


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return utc(value if isinstance(value, datetime) else datetime.fromisoformat(value))
    except (OverflowError, TypeError, ValueError):
        raise ValueError("a time such as 2016-04-29T16:19:55Z, or null") from None


def _uuid(value: Any) -> UUID | None:
    if value is None or isinstance(value, UUID):
        return value
    try:
        return UUID(value["$uuid"] if isinstance(value, Mapping) else value)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError("a UUID or null") from None


def _field(name: str, read: Callable[[Any], Any] = lambda value: value) -> Callable[[Mapping[str, Any]], Any]:
    return lambda record: read(record.get(name))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "id": _id,
    "task_id": _field("task_id", _task_id),
    "state": _field("state", _state),
    "worker_name": _field("worker_name", _text),
    "tags": _field("tags", _texts),
    "error": _field("error"),
    "spawned_tasks": _field("spawned_tasks", _spawned),
    "progress_report": _field("progress_report", _object),
    "task_type": _field("task_type", _text),
    "start_time": _field("start_time", _time),
    "finish_time": _field("finish_time", _time),
    "result": _field("result"),
    "group_id": _field("group_id", _uuid),
    "exception": _field("exception"),
    "traceback": _field("traceback"),
}
