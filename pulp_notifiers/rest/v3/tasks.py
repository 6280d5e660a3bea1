"""Accepts task reports."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ...app import App
from ...encoding import unportable
from ...errors import StoreUnavailable
from ...options import UNEXPECTED_FIELD
from ...records import Operation
from ...task import TASK_STATES, InvalidRecord, TaskReport, record_id
from ..http import body
from ..http.errors import InvalidFields, NotAnObject, PartlyAccepted
from ..openapi import PORTABLE_OBJECT, PORTABLE_VALUE, TEXT
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts_schema

MAX_REPORTS = 1000
"""Reports in one request."""


class TakenReports(BaseModel):
    """The number of reports that were accepted."""

    reports: Annotated[int, Field(description="Number of reports.")]
    deliveries: Annotated[int, Field(description="Number of deliveries of all reports.")]


class TasksV3:
    """The route ``tasks/``."""

    def __init__(self, app: App) -> None:
        self._app = app

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(f"{OWN}tasks/", Handler(Operation.CREATE, self._create, _CREATE))

    def _create(self, sent: Body) -> TakenReports:
        reports = _reports(body.parse(sent))
        deliveries = 0
        for accepted, report in enumerate(reports):
            try:
                deliveries += self._app.task_changed(report)
            except StoreUnavailable as unavailable:
                raise PartlyAccepted(accepted, len(reports)) from unavailable
        return TakenReports(reports=len(reports), deliveries=deliveries)


def _reports(sent: Any) -> list[TaskReport]:
    if not isinstance(sent, list):
        return [_report(sent, "")]
    if not 1 <= len(sent) <= MAX_REPORTS:
        raise InvalidFields({"non_field_errors": [f"Send 1 to {MAX_REPORTS} reports, not {len(sent)}."]})
    reports, problems = [], {}
    for position, record in enumerate(sent):
        try:
            reports.append(_report(record, f"{position}."))
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
    problems = {name: [UNEXPECTED_FIELD] for name in record.keys() - _PROPERTIES.keys()}
    unportable_value = unportable(record)
    if unportable_value:
        problems["non_field_errors"] = [unportable_value]
    try:
        report = TaskReport.from_record(_with_id(record))
    except InvalidRecord as invalid:
        problems |= {name: [f"This must be {expected}."] for name, expected in invalid.problems.items()}
    if not isinstance(record.get("id"), str | None):
        # Whatever is empty counts as absent in a record of Pulp 2.
        problems["id"] = ["This must be 24 lower-case hexadecimal digits, or null."]
    if problems:
        raise InvalidFields({f"{prefix}{name}": sentences for name, sentences in sorted(problems.items())})
    return report


def _with_id(record: Mapping[str, Any]) -> Mapping[str, Any]:
    # Tasks of Pulp 3, for example, have no such id. What is wrong with a task_id is reported for itself.
    if record.get("id") is not None or record.get("_id") is not None:
        return record
    return {**record, "id": record_id(str(record.get("task_id")))}


_ID = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
_MONGODB_ID = {"anyOf": [_ID, {"type": "object", "required": ["$oid"], "properties": {"$oid": _ID}}]}
_TEXT_OR_NULL = {"anyOf": [TEXT, {"type": "null"}]}
_ANYTHING = {"$ref": PORTABLE_VALUE}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_PROPERTIES: Mapping[str, Any] = {
    "_href": _ANYTHING,
    "_id": {"description": "The id as MongoDB has it; unused if there is an id.", **_ANYTHING},
    "_ns": _ANYTHING,
    "id": {
        "type": ["string", "null"],
        "description": "24 lower-case hexadecimal digits; made from the task's id if absent.",
    },
    "task_id": {**TEXT, "minLength": 1},
    "task_type": _TEXT_OR_NULL,
    "state": {"type": "string", "enum": list(TASK_STATES)},
    "worker_name": _TEXT_OR_NULL,
    "tags": {"type": ["array", "null"], "items": TEXT},
    "start_time": _TIME,
    "finish_time": _TIME,
    "progress_report": {"anyOf": [{"$ref": PORTABLE_OBJECT}, {"type": "null"}]},
    "result": _ANYTHING,
    "error": _ANYTHING,
    "spawned_tasks": {
        "description": "Ids, or objects with task_id.",
        "anyOf": [
            {"type": "null"},
            {"type": "array", "items": TEXT},
            {
                "type": "array",
                "items": {"type": "object", "required": ["task_id"], "properties": {"task_id": TEXT}},
            },
        ],
    },
    "group_id": {
        "description": "A UUID, or the object {$uuid: ...}.",
        "anyOf": [
            {"type": "null"},
            {"type": "string", "format": "uuid"},
            {
                "type": "object",
                "required": ["$uuid"],
                "properties": {"$uuid": {"type": "string", "pattern": "^[0-9a-fA-F]{32}$"}},
            },
        ],
    },
    "exception": _ANYTHING,
    "traceback": _ANYTHING,
}
_REPORT = {
    "type": "object",
    "description": "A task, as in its call report or as the stream publishes it, which leaves out nulls.",
    "additionalProperties": False,
    "required": ["task_id", "state"],
    "anyOf": [
        {"required": ["id"], "properties": {"id": _ID}},
        {"required": ["_id"], "properties": {"id": {"enum": ["", None]}, "_id": _MONGODB_ID}},
        {"properties": {"id": {"type": "null"}, "_id": {"type": "null"}}},
    ],
    "properties": _PROPERTIES,
}
_SEVERAL = {"type": "array", "items": _REPORT, "minItems": 1, "maxItems": MAX_REPORTS}
_CREATE = accepts_schema(
    {"anyOf": [_REPORT, _SEVERAL]},
    name="tasks_create",
    summary="Report changes of tasks",
    status_code=202,
    response_description="The deliveries are on disk and will be made.",
)
