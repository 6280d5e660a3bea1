"""The task's record in a message of the task-status stream, in each form in which it is sent (CONTRACT 3.2)."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

_DEEPEST_ENVELOPE = 2


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for the body of a message that could not be read.

    :ivar reason: a sentence.
    """

    reason: str


MessageBody = bytes | str | Mapping[Any, Any] | Unreadable
"""Bytes or text, and over AMQP 1.0 also a map."""


def task_document(body: MessageBody) -> dict[str, Any]:
    """Return the record in a body, its keys in the order of the body.

    The body is the JSON text itself, as bytes or, from ``text/plain``, as text; or the map with a base64 ``body`` in
    which kombu wrapped it for Qpid, as JSON or as a map of AMQP 1.0. Only ``task_id`` is checked;
    TaskReport.from_record() checks the other fields.

    :raises ValueError: the body holds no task; the sentence says why.
    """
    if isinstance(body, Unreadable):
        raise ValueError(body.reason)
    if isinstance(body, Mapping):
        if not _is_envelope(body):
            return _with_id(_as_json(body))
        body = _unwrapped(body)
    for _ in range(_DEEPEST_ENVELOPE):
        document = _object(body)
        if not _is_envelope(document):
            return _with_id(document)
        body = _unwrapped(document)
    raise ValueError("The body is wrapped more than once.")


def _is_envelope(fields: Mapping[Any, Any]) -> bool:
    return "task_id" not in fields and _is_text(fields.get("body"))


def _is_text(value: Any) -> TypeGuard[bytes | memoryview | str]:
    return isinstance(value, bytes | memoryview | str)


def _object(body: bytes | str) -> dict[str, Any]:
    try:
        document = json.loads(body, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The body is not JSON: {str(error).rstrip('.')}.") from None
    if not isinstance(document, dict):
        raise ValueError("The body is not a JSON object.")
    return document


def _as_json(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a map without the types that only AMQP has, such as symbols."""
    try:
        document: dict[str, Any] = json.loads(json.dumps(dict(fields), allow_nan=False))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"The body is a map that is not a JSON object: {str(error).rstrip('.')}.") from None
    return document


def _with_id(document: dict[str, Any]) -> dict[str, Any]:
    task_id = document.get("task_id")
    if not isinstance(task_id, str) or not task_id:
        raise ValueError("The body has no task_id.")
    return document


def _unwrapped(envelope: Mapping[Any, Any]) -> bytes | str:
    body: bytes | memoryview | str = envelope["body"]
    if isinstance(body, memoryview):  # as proton returns what AMQP 1.0 calls binary
        body = bytes(body)
    properties = envelope.get("properties")
    if isinstance(properties, Mapping) and properties.get("body_encoding", "base64") not in ("base64", b"base64"):
        return body
    try:
        return b64decode(body, validate=True)
    except ValueError as error:
        raise ValueError(f"The body inside the envelope is not base64: {error}.") from None


def _refused(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
