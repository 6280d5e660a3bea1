"""JSON Schema of the bodies of events.

A schema describes what is sent, so that it can be read as documentation, and it decides which names conditions and
templates may use: an object with ``additionalProperties`` is open, which means that its keys are data, such as types of
content; other objects have only the names in ``properties``. An empty schema stands for any JSON value.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..event import REPO_PUBLISH_FINISH, REPO_PUBLISH_START, REPO_SYNC_FINISH, REPO_SYNC_START, TASK_EVENT_TYPES
from ..task import TASK_STATES
from .descriptions import DESCRIPTIONS

Schema = Mapping[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PULP3 = "Pulp 3 only"
_ANY: Schema = {}


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}


def _text_or_null(description: str, **more: Any) -> Schema:
    return {"type": ["string", "null"], "description": description, **more}


def _number_or_null(description: str) -> Schema:
    return {"type": ["integer", "null"], "description": description}


def _time_or_null(description: str) -> Schema:
    return _text_or_null(f"{description}, as 2016-04-29T16:19:55Z in UTC.")


def _texts(description: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _object(properties: Mapping[str, Schema], description: str = "", required: Any = None) -> Schema:
    found: dict[str, Any] = {"type": "object"}
    if description:
        found["description"] = description
    return {**found, "properties": properties, "required": list(properties if required is None else required)}


def _open(values: Schema, description: str, nullable: bool = False) -> Schema:
    kind = ["object", "null"] if nullable else "object"
    return {"type": kind, "description": description, "additionalProperties": values}


def _any(description: str) -> Schema:
    return {"description": description}


_PLACE = {
    "domain": _text_or_null(f"Domain on the server; null if the server has no domains. {_PULP3}."),
    "server": _text(f"Name of the server, as its source has it. {_PULP3}."),
    "server_url": _text(f"Scheme, host and port by which people reach the server. {_PULP3}."),
    "task_href": _text(f"Href of the task on its server. {_PULP3}."),
}
_ORIGIN = {
    "repo_prn": _text_or_null(f"PRN of the repository; null if it is not known. {_PULP3}."),
    "repo_href": _text_or_null(f"Href of the repository on its server; null if it was deleted since. {_PULP3}."),
    **_PLACE,
}
_REPO_ID = {"repo_id": _text("Repository: its id in Pulp 2, its name in Pulp 3. CONTRACT 2.3.")}
_REMOTE = {"remote": _text_or_null(f"Name of the remote that was synced from. {_PULP3}.")}
_DISTRIBUTOR = _text_or_null("Distributor that publishes; for Pulp 3 the plugin, such as file. CONTRACT 2.3.")
_VERSION = {
    "repo_version": _number_or_null(f"Number of the repository version; null if none was created. {_PULP3}."),
    "version_href": _text_or_null(f"Href of that version. {_PULP3}."),
}
_COUNTED = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "description": "Number of units."},
        "href": _text("Href of the list of these units."),
    },
}
_CONTENT_SUMMARY = {
    "type": ["object", "null"],
    "description": (
        f"Pulp's summary of the version by type of content, such as rpm.package; null if there is none. {_PULP3}."
    ),
    "properties": {
        change: _open(_COUNTED, f"Types of content that {words}.")
        for change, words in (("added", "were added"), ("removed", "were removed"), ("present", "the version has"))
    },
}
_CONTENT = {
    "type": ["object", "null"],
    "description": f"Names of what was added and removed, if a listener or the source asks for them. {_PULP3}.",
    "properties": {
        **{
            change: _open(_texts("Names of units of this type."), f"What was {change}, by type of content.")
            for change in ("added", "removed")
        },
        "truncated": {"type": "boolean", "description": "Whether some names were left out."},
    },
}
_TRACEBACK = {
    "type": ["array", "string", "null"],
    "items": {"type": "string"},
    "description": "Traceback of the failure as texts with line ends, or null. CONTRACT 2.3.",
}


def _outcome(noun: str, results: str) -> Mapping[str, Schema]:
    return {
        "id": _text_or_null("Id of the record, 24 hexadecimal digits. CONTRACT 2.3."),
        **_REPO_ID,
        "started": _time_or_null(f"Start of the {noun}"),
        "completed": _time_or_null(f"End of the {noun}"),
        "result": _text(f"{results}. CONTRACT 2.3."),
        "error_message": _text_or_null("Why it failed or was canceled, or null. CONTRACT 2.3."),
        "exception": _text_or_null("The exception that ended it, of Pulp 2 only, or null. CONTRACT 2.3."),
        "traceback": _TRACEBACK,
        "details": _any(
            "Report of the importer or distributor, any JSON. Of Pulp 3 an array of progress reports with message, "
            "code, state, total, done and suffix. CONTRACT 2.3."
        ),
    }


def _sync_start() -> Schema:
    return _object({**_REPO_ID, **_ORIGIN, **_REMOTE}, required=_REPO_ID)


def _publish_start() -> Schema:
    own = {**_REPO_ID, "distributor_id": _DISTRIBUTOR}
    return _object({**own, **_ORIGIN}, required=own)


def _sync_finish() -> Schema:
    own = {
        **_outcome("sync", "success, failed, canceled or error"),
        "importer_id": _text_or_null("Importer that ran; for Pulp 3 the plugin, such as rpm. CONTRACT 2.3."),
        "importer_type_id": _text_or_null("Type of the importer; for Pulp 3 the plugin. CONTRACT 2.3."),
        "added_count": _number_or_null("Units added; null if not known. CONTRACT 2.3 and Q8."),
        "updated_count": _number_or_null("Units updated; null if not known. CONTRACT 2.3 and Q8."),
        "removed_count": _number_or_null("Units removed, of Pulp 2 as a negative number. CONTRACT 2.3 and Q8."),
        "summary": _any(
            "Summary of the importer, any JSON. Of Pulp 3 the counts by type of content in added, removed and present, "
            "or null. CONTRACT 2.3."
        ),
        "_ns": _text("repo_sync_results. CONTRACT 2.3.", const="repo_sync_results"),
    }
    pulp3 = {
        **_ORIGIN,
        **_REMOTE,
        **_VERSION,
        "content_summary": _CONTENT_SUMMARY,
        "changed": {"type": "boolean", "description": f"Whether a repository version was created. {_PULP3}."},
        "content": _CONTENT,
    }
    return _object({**own, **pulp3}, required=own)


def _publish_finish() -> Schema:
    own = {
        **_outcome("publish", "success, skipped, error, canceled or failed"),
        "distributor_id": _DISTRIBUTOR,
        "distributor_type_id": _text_or_null("Type of the distributor; for Pulp 3 the plugin. CONTRACT 2.3."),
        "summary": _any("Summary of the distributor, any JSON; null for Pulp 3. CONTRACT 2.3."),
        "_ns": _text("repo_publish_results. CONTRACT 2.3.", const="repo_publish_results"),
    }
    publication = {"publication": _text_or_null(f"Href of the publication that was created. {_PULP3}.")}
    return _object({**own, **_ORIGIN, **publication, **_VERSION}, required=own)


def _version_created() -> Schema:
    fields = {
        **_REPO_ID,
        **_ORIGIN,
        **_VERSION,
        "task_type": _text("Name of the task that created the version."),
        "added_count": _number_or_null("Units added; null if not known."),
        "removed_count": _number_or_null("Units removed; null if not known."),
        "content_summary": _CONTENT_SUMMARY,
    }
    return _object({**fields, "content": _CONTENT}, required=fields)


def _task() -> Schema:
    own = {
        "task_id": _text("Id of the task, a UUID."),
        "task_type": _text_or_null("Name of what the task does, such as pulp_rpm.app.tasks.publishing.publish."),
        "state": _text("State that the task reached; the same as in the type of the event."),
        "tags": _texts("Such as pulp:repository:zoo and pulp:action:sync."),
        "error_description": _text_or_null("Why it failed, or null."),
    }
    return _object({**own, **_PLACE}, required=own)


def _call_report(has_task: bool) -> Schema:
    link = {"_href": _text("Path of the task in Pulp 2's API."), "task_id": _text("Id of the task.")}
    error = {
        "code": _text_or_null("Pulp's code of the error, such as PLP0000."),
        "description": _text_or_null("The error in words."),
        "data": _open(_ANY, "Values that belong to the error."),
        "sub_errors": {"type": "array", "items": _ANY, "description": "Errors that led to it, of the same form."},
    }
    report = _object(
        {
            "_href": _text("Path of the task in Pulp 2's API."),
            "_id": _object({"$oid": _text("24 hexadecimal digits.")}, "Id of the record."),
            "_ns": _text("task_status."),
            "id": _text("Id of the record, as text."),
            "task_id": _text("Id of the task, a UUID."),
            "task_type": _text_or_null("Name of what the task does."),
            "state": _text("State of the task when the event was fired.", enum=list(TASK_STATES)),
            "worker_name": _text_or_null("Worker that runs it."),
            "tags": _texts("Such as pulp:repository:zoo and pulp:action:sync."),
            "start_time": _time_or_null("Start of the task"),
            "finish_time": _time_or_null("End of the task"),
            "progress_report": _open(
                _ANY,
                "Progress by step. Of Pulp 3 by the code of the step, such as sync.downloading.artifacts, each with "
                "message, code, state, total, done and suffix.",
            ),
            "result": _any("Result of the task, any JSON."),
            "error": {**_object(error, "Why the task failed, or null."), "type": ["object", "null"]},
            "spawned_tasks": {"type": "array", "items": _object(link), "description": "Tasks that this task started."},
            "exception": _any("Null; Pulp 2 has kept the field."),
            "traceback": _text_or_null("Traceback of a failed task as one text."),
        },
        "The task in which the event happened. CONTRACT 2.4.",
    )
    if has_task:
        return report
    return {**report, "type": ["object", "null"], "description": f"{report['description']} Null outside a task."}


_PAYLOADS = {
    REPO_SYNC_START: _sync_start,
    REPO_SYNC_FINISH: _sync_finish,
    REPO_PUBLISH_START: _publish_start,
    REPO_PUBLISH_FINISH: _publish_finish,
    "repo.version.created": _version_created,
    **dict.fromkeys(TASK_EVENT_TYPES, _task),
}


@cache
def schema_of(event_type: str) -> Schema:
    """Return the JSON Schema of the body of an event of a known type.

    :raises KeyError: the type is not known.
    """
    payload = {
        **_PAYLOADS[event_type](),
        "description": "Details of the event; receivers ignore keys they do not know.",
    }
    report = _call_report(event_type in TASK_EVENT_TYPES)
    body = {"event_type": _text("Type of the event.", const=event_type), "payload": payload, "call_report": report}
    return {
        "$schema": _DIALECT,
        "title": event_type,
        **_object(body, DESCRIPTIONS[event_type]),
    }
