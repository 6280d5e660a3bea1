"""Reporting tasks over HTTP."""

from dataclasses import fields
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ...app import App
from ...encoding import unportable
from ...errors import StoreUnavailable
from ...records import Operation
from ...task import TASK_STATES, InvalidRecord, TaskReport
from ..http import body
from ..http.refusals import CutShort, InvalidFields, NotAnObject
from ..paths import OWN
from .bodies import Body, takes_schema
from .routes import Routes, Served

MOST_REPORTS = 1000
"""In one request."""

_KNOWN_FIELDS = {*(field.name for field in fields(TaskReport)), "_id", "_ns", "_href"}


class TakenReports(BaseModel):
    """Reports that were taken."""

    reports: Annotated[int, Field(description="How many reports there were.")]
    deliveries: Annotated[int, Field(description="How many targets are owed something of them, counted per report.")]


class TasksV3:
    """The route ``tasks/``."""

    def __init__(self, app: App) -> None:
        self._app = app

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add_several(f"{OWN}tasks/", Served(Operation.CREATE, self._create, _REPORTING))

    def _create(self, sent: Body) -> TakenReports:
        reports = _reports(body.parse(sent))
        deliveries = 0
        for taken, report in enumerate(reports):
            try:
                deliveries += self._app.task_changed(report)
            except StoreUnavailable as unavailable:
                raise CutShort(taken, len(reports)) from unavailable
        return TakenReports(reports=len(reports), deliveries=deliveries)


def _reports(told: Any) -> list[TaskReport]:
    if not isinstance(told, list):
        return [_report(told, "")]
    if not 1 <= len(told) <= MOST_REPORTS:
        raise InvalidFields({"non_field_errors": [f"Send 1 to {MOST_REPORTS} reports, not {len(told)}."]})
    reports, problems = [], {}
    for place, record in enumerate(told):
        try:
            reports.append(_report(record, f"{place}."))
        except InvalidFields as invalid:
            problems.update(invalid.problems)
    if problems:
        raise InvalidFields(problems)
    return reports


def _report(record: Any, prefix: str) -> TaskReport:
    if not isinstance(record, dict):
        if not prefix:
            raise NotAnObject(record)
        raise InvalidFields({prefix.rstrip("."): ["A report must be an object."]})
    problems = {name: ["Unexpected field"] for name in record.keys() - _KNOWN_FIELDS}
    flaw = unportable(record)
    if flaw:
        problems["non_field_errors"] = [flaw]
    try:
        report = TaskReport.from_record(record)
    except InvalidRecord as invalid:
        problems |= {name: [f"This must be {wanted}."] for name, wanted in invalid.problems.items()}
    if problems:
        raise InvalidFields({f"{prefix}{name}": sentences for name, sentences in sorted(problems.items())})
    return report


_TIME = {"type": ["string", "null"], "format": "date-time"}
_REPORT = {
    "type": "object",
    "description": "A task as its call report shows it, or as the stream publishes it, where null is left out.",
    "additionalProperties": False,
    "required": ["task_id", "state"],
    "anyOf": [{"required": ["id"]}, {"required": ["_id"]}],
    "properties": {
        "_href": {"type": "string"},
        "_id": {"type": "object", "description": "Of MongoDB: the id as $oid."},
        "_ns": {"type": "string"},
        "id": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
        "task_id": {"type": "string"},
        "task_type": {"type": ["string", "null"]},
        "state": {"type": "string", "enum": list(TASK_STATES)},
        "worker_name": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "start_time": _TIME,
        "finish_time": _TIME,
        "progress_report": {"type": "object"},
        "result": {},
        "error": {},
        "spawned_tasks": {"type": "array", "description": "Ids, or objects with task_id."},
        "group_id": {"description": "A UUID, also as the object {$uuid: ...}."},
        "exception": {},
        "traceback": {"type": ["string", "null"]},
    },
}
_SEVERAL = {"type": "array", "items": _REPORT, "minItems": 1, "maxItems": MOST_REPORTS}
_REPORTING = takes_schema(
    {"anyOf": [_REPORT, _SEVERAL]},
    name="tasks_create",
    summary="Report changes of tasks",
    status_code=202,
    response_description="What listeners are owed is on disk and will be delivered.",
)
