"""How the OpenAPI document describes Pulp 2's API of listeners."""

from typing import Any

from ...event import ANY_REPOSITORY_EVENT, REPOSITORY_EVENT_TYPES
from ..openapi import PORTABLE_OBJECT

_EVENT_TYPES = {
    "type": "array",
    "minItems": 1,
    "items": {"enum": [*REPOSITORY_EVENT_TYPES, ANY_REPOSITORY_EVENT]},
}
_NULLABLE_CONFIG = {
    "description": "Options of the notifier; see GET notifiers/.",
    "anyOf": [{"$ref": PORTABLE_OBJECT}, {"type": "null"}],
}

_LISTENER = {
    "title": "Listener",
    "type": "object",
    "required": ["_href", "_id", "_ns", "id", "notifier_type_id", "notifier_config", "event_types"],
    "properties": {
        "_href": {"type": "string"},
        "_id": {"type": "object", "properties": {"$oid": {"type": "string"}}},
        "_ns": {"const": "event_listeners"},
        "id": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
        "notifier_type_id": {"type": "string"},
        "notifier_config": {"type": "object", "description": "Secret options are shown as `*****`."},
        "event_types": {
            "description": "Listeners of the API v3 are shown too, with their patterns.",
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
        },
    },
}
_NEW_LISTENER = {
    "title": "NewListener",
    "type": "object",
    "required": ["notifier_type_id", "event_types"],
    "properties": {
        "notifier_type_id": {"type": "string"},
        "notifier_config": _NULLABLE_CONFIG,
        "event_types": _EVENT_TYPES,
    },
}
_CHANGE = {
    "title": "ListenerChange",
    "description": "The config is merged: a key with null is removed, every other key overwrites.",
    "type": "object",
    "properties": {
        "notifier_config": _NULLABLE_CONFIG,
        "event_types": {"anyOf": [_EVENT_TYPES, {"type": "null"}]},
    },
}
_ERROR = {
    "title": "LegacyError",
    "type": "object",
    "required": ["http_request_method", "http_status", "_href", "error_message", "exception", "traceback"],
    "properties": {
        "http_request_method": {"type": "string"},
        "http_status": {"type": "integer"},
        "_href": {"type": "string"},
        "error_message": {"type": "string"},
        "exception": {"type": ["array", "null"], "items": {"type": "string"}},
        "traceback": {"type": ["array", "null"], "items": {"type": "string"}},
        "error": {
            "type": "object",
            "required": ["code", "description", "data", "sub_errors"],
            "properties": {
                "code": {"type": "string"},
                "description": {"type": "string"},
                "data": {"type": "object"},
                "sub_errors": {"type": "array"},
            },
        },
    },
}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answers(status: int, description: str, schema: dict[str, Any], *errors: int) -> dict[int | str, dict[str, Any]]:
    refusals: tuple[int | str, ...] = (*errors, 401, 429, "default")
    documented = {refusal: {"description": _ERRORS[refusal], "content": _json(_ERROR)} for refusal in refusals}
    return {status: {"description": description, "content": _json(schema)}, **documented}


def _request_body(schema: dict[str, Any], required: bool = True) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": _json(schema)}}


_ERRORS: dict[int | str, str] = {
    400: "The body or a value in it is not allowed.",
    401: "Credentials or the permission are missing.",
    403: "A page of another web site sent the request.",
    404: "No listener has this id.",
    413: "The body is too large.",
    429: "Too many wrong passwords; Retry-After says when to try again.",
    "default": "Unexpected error, or the database cannot be reached.",
}

LIST = {
    "name": "legacy_listeners_list",
    "summary": "List listeners",
    "responses": _answers(200, "All listeners, oldest first.", {"type": "array", "items": _LISTENER}),
}
CREATE = {
    "name": "legacy_listeners_create",
    "summary": "Register a listener",
    "status_code": 201,
    "responses": _answers(201, "The new listener; Location is its path.", _LISTENER, 400, 403, 413),
    "openapi_extra": _request_body(_NEW_LISTENER),
}
GET = {
    "name": "legacy_listeners_read",
    "summary": "Show a listener",
    "responses": _answers(200, "The listener.", _LISTENER, 404),
}
UPDATE = {
    "name": "legacy_listeners_update",
    "summary": "Change a listener",
    "responses": _answers(200, "The listener as it is now.", _LISTENER, 400, 403, 404, 413),
    "openapi_extra": _request_body(_CHANGE, required=False),
}
DELETE = {
    "name": "legacy_listeners_delete",
    "summary": "Delete a listener",
    "responses": _answers(200, "The listener is deleted.", {"type": "null"}, 403, 404),
}
