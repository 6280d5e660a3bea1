"""The keys of what :func:`about` returns, as JSON Schema."""

from collections.abc import Mapping
from typing import Any


def _nullable(kind: str, description: str) -> Mapping[str, Any]:
    return {"type": [kind, "null"], "description": description}


def _text(description: str) -> Mapping[str, Any]:
    return {"type": "string", "description": description}


def _array(items: Mapping[str, Any], description: str) -> Mapping[str, Any]:
    return {"type": "array", "items": items, "description": description}


_COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}, "description": "By type of content."}
_NAMES = _array({"type": "string"}, "At most 100 names.")
_KINDS = ("added", "updated", "removed")

ABOUT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "type": _text("Type of the event."),
        "source": _text("Where it came from: rest, python, or the name of a source."),
        "state": _text(
            "What happened, in capitals, for the brackets of a subject: FAILED, CHANGED, OK, PUBLISHED, NEW VERSION, "
            "STARTED, CANCELED, SKIPPED, FINISHED, TASK FAILED, TASK FINISHED, TASK STARTED, TASK WAITING, TASK "
            "CANCELED, TASK SKIPPED. For types that are not in the catalogue FAILED, if their result says so, or EVENT."
        ),
        "bad": {"type": "boolean", "description": "Whether something failed."},
        "what": _text("What happened, without a name, such as Sync failed."),
        "sentence": _text("What happened in one sentence, with the name and the reason."),
        "name": _text("Repository; in task events the name of the task; else the type of the event."),
        "repository": _nullable("string", "Name of the repository."),
        "server": _nullable("string", "Name of the server; for Pulp 2 the host of the worker."),
        "domain": _nullable("string", "Domain, if the server has domains."),
        "task_id": _nullable("string", "Id of the task."),
        "task_type": _nullable("string", "Name of what the task does."),
        "reason": _nullable("string", "Why it failed, was canceled or skipped: the first line of the error."),
        "result": _nullable("string", "Result in the payload; of a task that has ended, its state."),
        "started": _nullable("string", "Start of the sync, publish or task, in UTC."),
        "finished": _nullable("string", "Its end, in UTC."),
        "duration_seconds": _nullable("number", "Seconds between them."),
        "version": _nullable("integer", "Number of the repository version."),
        "changes": {
            **_nullable("object", "How many units were added, updated and removed; null if not known."),
            "properties": dict.fromkeys(_KINDS, _COUNTS),
            "required": list(_KINDS),
        },
        "names": {
            **_nullable("object", "Names of what was added and removed, if the event carries them."),
            "properties": {
                "added": _NAMES,
                "removed": _NAMES,
                "more": {
                    "type": "object",
                    "description": "How many names are not listed.",
                    "properties": {kind: {"type": "integer", "minimum": 0} for kind in ("added", "removed")},
                    "required": ["added", "removed"],
                },
            },
            "required": ["added", "removed", "more"],
        },
        "traceback": _array({"type": "string"}, "Last lines of the traceback: at most 15, and 2000 characters."),
        "traceback_lines": {"type": "integer", "minimum": 0, "description": "How many lines it has in all."},
        "links": _array(
            {
                "type": "object",
                "properties": {"title": _text("What the link shows."), "url": _text("Absolute URL.")},
                "required": ["title", "url"],
            },
            "Links into the server, if the event says what its URL is.",
        ),
        "facts": _array(
            {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
            "Rows of a table: label and text.",
        ),
    },
    "additionalProperties": False,
}
ABOUT_SCHEMA = {**ABOUT_SCHEMA, "required": list(ABOUT_SCHEMA["properties"])}
