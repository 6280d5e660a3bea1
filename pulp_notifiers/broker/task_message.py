"""The task's record in a message of the task-status stream, in each form in which it is sent (CONTRACT 3.2)."""

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

_DEEPEST_ENVELOPE = 2


def task_document(body: bytes | str) -> dict[str, Any]:
    """Return the record in a body, its keys in the order of the body.

    The body is the JSON text itself, as bytes or, from ``text/plain``, as text; or the map with a base64 ``body`` in
    which kombu wrapped it for Qpid. Only ``task_id`` is checked; TaskReport.from_record() checks the other fields.

    :raises ValueError: the body holds no task; the sentence says why.
    """
    for _ in range(_DEEPEST_ENVELOPE):
        document = _object(body)
        if "task_id" in document or not isinstance(document.get("body"), str):
            return _with_id(document)
        body = _unwrapped(document)
    raise ValueError("The body is wrapped more than once.")


def _object(body: bytes | str) -> dict[str, Any]:
    try:
        document = json.loads(body, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The body is not JSON: {str(error).rstrip('.')}.") from None
    if not isinstance(document, dict):
        raise ValueError("The body is not a JSON object.")
    return document


def _with_id(document: dict[str, Any]) -> dict[str, Any]:
    task_id = document.get("task_id")
    if not isinstance(task_id, str) or not task_id:
        raise ValueError("The body has no task_id.")
    return document


def _unwrapped(envelope: Mapping[str, Any]) -> bytes | str:
    body: str = envelope["body"]
    properties = envelope.get("properties")
    if isinstance(properties, Mapping) and properties.get("body_encoding", "base64") != "base64":
        return body
    try:
        return b64decode(body, validate=True)
    except ValueError as error:
        raise ValueError(f"The body inside the envelope is not base64: {error}.") from None


def _refused(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
