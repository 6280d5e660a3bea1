"""Builds the repository events of Pulp 2 from the tags and results of tasks."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_notifiers.encoding import iso_seconds
from pulp_notifiers.event import (
    REPO_PUBLISH_FINISH,
    REPO_PUBLISH_START,
    REPO_SYNC_FINISH,
    REPO_SYNC_START,
    Event,
    derived_id,
    utc_now,
)
from pulp_notifiers.task import TaskReport, publish_payload, sync_payload

_IDS = UUID("5f0c8a52-3c1e-5d0b-8a57-6f4e2b9d7c10")  # never change it: events would get other ids and be sent again

_REPOSITORY, _ACTION, _DISTRIBUTOR = "pulp:repository:", "pulp:action:", "pulp:repository_distributor:"
_RESULTS = {"finished": "success", "error": "error", "canceled": "canceled"}
"""By the state of the task, if its record has no result. A skipped task did nothing, and makes no events."""


def repository_events(report: TaskReport, before: str | None, source: str) -> Iterator[Event]:
    """Yield the repository events for a new state of a task; the same event always has the same id.

    :param before: the state that was seen before; None if the task is seen for the first time.
    :param source: where the event comes from, for people.
    """
    repository = _only(_tagged(report, _REPOSITORY))
    if repository is None:
        return
    for action in sorted({"sync", "publish"}.intersection(_tagged(report, _ACTION))):
        if _has_started(report) and before != "running":
            yield _event(_STARTS[action], _start_payload(report, action, repository), report, report.start_time, source)
        if report.state in _RESULTS:
            yield _event(
                _FINISHES[action], _finish_payload(report, action, repository), report, report.finish_time, source
            )


def _has_started(report: TaskReport) -> bool:
    return report.state == "running" or (report.state in _RESULTS and report.start_time is not None)


def _event(event_type: str, payload: dict[str, Any], report: TaskReport, time: datetime | None, source: str) -> Event:
    # A task id may come back, and each start is a run with events of its own.
    run = "" if report.start_time is None else f" {report.start_time.isoformat()}"
    event_id = derived_id(_IDS, f"{report.task_id} {event_type}{run}")
    return Event(event_type, payload, report.call_report(), event_id, time or utc_now(), source)


def _start_payload(report: TaskReport, action: str, repository: str) -> dict[str, Any]:
    if action == "sync":
        return {"repo_id": repository}
    return {"repo_id": repository, "distributor_id": _distributor(report)}


def _finish_payload(report: TaskReport, action: str, repository: str) -> dict[str, Any]:
    if action == "sync":
        return sync_payload(_record(report, repository, sync_payload({})))
    record = _record(report, repository, publish_payload({}))
    return publish_payload({**record, "distributor_id": _distributor(report)})


def _record(report: TaskReport, repository: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    # In Pulp 2 the result of such a task is the history record, with the fields that the task had set by then.
    result = report.result if isinstance(report.result, Mapping) else {}
    recorded = {name: value for name, value in result.items() if name in fields and name != "_ns" and value is not None}
    from_task = {
        "started": report.start_time and iso_seconds(report.start_time),
        "completed": report.finish_time and iso_seconds(report.finish_time),
        "result": _RESULTS[report.state],
        "error_message": _error_message(report),
        "exception": report.exception,
        "traceback": None if report.traceback is None else [report.traceback],
    }
    return {**from_task, **recorded, "result": _result(report, recorded.get("result")), "repo_id": repository}


def _result(report: TaskReport, recorded: object) -> str:
    # A task may fail after its record said success.
    if not isinstance(recorded, str) or (report.state != "finished" and recorded == "success"):
        return _RESULTS[report.state]
    return recorded


def _error_message(report: TaskReport) -> str | None:
    error = report.error
    if isinstance(error, Mapping) and isinstance(error.get("description"), str):
        return str(error["description"])
    return report.exception if isinstance(report.exception, str) else None


def _distributor(report: TaskReport) -> str | None:
    recorded = report.result.get("distributor_id") if isinstance(report.result, Mapping) else None
    return recorded if isinstance(recorded, str) else _only(_tagged(report, _DISTRIBUTOR))


def _tagged(report: TaskReport, prefix: str) -> list[str]:
    return [tag.removeprefix(prefix) for tag in report.tags if tag.startswith(prefix)]


def _only(names: list[str]) -> str | None:
    return names[0] if len(set(names)) == 1 and names[0] else None


_STARTS = {"sync": REPO_SYNC_START, "publish": REPO_PUBLISH_START}
_FINISHES = {"sync": REPO_SYNC_FINISH, "publish": REPO_PUBLISH_FINISH}
