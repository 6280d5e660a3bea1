"""Maps a task of Pulp 3 to the task report that Pulp 2 would have written."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pulp_notifiers.task import TaskReport

from .changes import Change, Stage
from .documents import TaskDocument, uuid_of
from .kinds import Kind
from .redact import redact, redacted

_ENDS = {"completed": "finished", "failed": "error", "canceled": "canceled", "skipped": "skipped"}


def record_id(uuid: str) -> str:
    """Return the id of a Pulp 2 document for a uuid: the last 24 of its 32 hex digits."""
    return uuid.replace("-", "")[-24:]


def report(change: Change, kind: Kind, repository: str | None, origin: Mapping[str, Any]) -> TaskReport:
    """Return the task as it was at a change, with only the facts that were known then.

    :param repository: name of its repository.
    :param origin: what the payload of a task event says about the server.
    """
    document = change.document
    ended = change.stage is Stage.FINAL
    started = change.stage is Stage.RUNNING or (ended and document.started is not None)
    return TaskReport(
        id=record_id(document.uuid),
        task_id=document.uuid,
        state=_state(change),
        worker_name=_worker(document),
        tags=_tags(kind, repository),
        error=error(document) if ended else None,
        spawned_tasks=_spawned(document) if ended else (),
        progress_report={} if change.stage is Stage.WAITING else progress(document),
        task_type=document.name,
        start_time=document.started if started else None,
        finish_time=document.finished if ended else None,
        result=redacted(document.fields.get("result")) if ended else None,
        group_id=_group(document),
        traceback=traceback(document) if ended else None,
        changed_at=change.at,
        origin=origin,
    )


def error(document: TaskDocument) -> dict[str, Any] | None:
    """Return Pulp 2's error object; None if the task did not fail."""
    if document.state != "failed":
        return None
    code = document.error().get("error_code")
    return {"code": code, "description": description(document), "data": {}, "sub_errors": []}


def description(document: TaskDocument) -> str | None:
    """Return the reason why a task failed, without credentials; None if it did not."""
    # A task that was killed, or whose worker was lost, has a reason instead of a description.
    reason = document.error().get("description") or document.error().get("reason")
    if reason is not None:
        return redact(str(reason))
    return "The task failed and the server does not say why." if document.state == "failed" else None


def traceback(document: TaskDocument) -> str | None:
    """Return the traceback of a failed task, without credentials."""
    text = document.error().get("traceback")
    return redact(text) if isinstance(text, str) else None


def progress(document: TaskDocument) -> dict[str, Any]:
    """Return the progress report: the steps by their codes, each as Pulp 3 describes it."""
    steps: dict[str, Any] = {}
    for step in document.progress():
        name = str(step.get("code") or step.get("message") or len(steps))
        steps[name if name not in steps else f"{name} {len(steps)}"] = redacted(step)
    return steps


def _state(change: Change) -> str:
    if change.stage is Stage.FINAL:
        return _ENDS[change.document.state]
    return "running" if change.stage is Stage.RUNNING else "waiting"


def _tags(kind: Kind, repository: str | None) -> tuple[str, ...]:
    tags = [] if repository is None else [f"pulp:repository:{repository}"]
    return (*tags, f"pulp:action:{kind}") if kind is not Kind.OTHER else tuple(tags)


def _worker(document: TaskDocument) -> str | None:
    # The href of a worker; null since about Pulp 3.49.
    worker = document.fields.get("worker")
    return worker if isinstance(worker, str) else None


def _spawned(document: TaskDocument) -> tuple[str, ...]:
    children = document.fields.get("child_tasks")
    return tuple(uuid for uuid in map(uuid_of, children) if uuid) if isinstance(children, list) else ()


def _group(document: TaskDocument) -> UUID | None:
    uuid = uuid_of(document.fields.get("task_group"))
    return None if uuid is None else UUID(uuid)


def counts(summary: Mapping[str, Any] | None, change: str) -> int:
    """Return how many units a content summary says were ``added``, ``removed`` or are ``present``."""
    types = (summary or {}).get(change)
    entries = types.values() if isinstance(types, Mapping) else ()
    return sum(int(entry.get("count") or 0) for entry in entries if isinstance(entry, Mapping))
