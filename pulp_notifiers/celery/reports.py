"""A call of a Celery task in a state, as a task report."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from ..encoding import extended_form, unportable
from ..task import TaskReport
from .calls import Call

_MOST_RESULT = 100_000  # characters of JSON; more would cost the task milliseconds
_MOST_TRACEBACK = 50_000  # characters; the end is the most useful part
_UNKNOWN_ERROR = "PLP0000"


def record_id(task_id: str) -> str:
    """Return the id of a task's record, derived from the task's id, so that all processes agree."""
    return hashlib.blake2b(task_id.encode("utf-8", "replace"), digest_size=12).hexdigest()


def task_report(call: Call, state: str, tags: Iterable[str], **values: Any) -> TaskReport:
    """Return the report that a task has reached a state.

    :param values: further fields of the report.
    """
    return TaskReport(
        id=record_id(call.task_id),
        task_id=call.task_id,
        state=state,
        worker_name=call.worker_name,
        tags=tuple(tags),
        spawned_tasks=tuple(child for child in call.children if child != call.task_id),
        task_type=call.name,
        group_id=_uuid(call.group),
        **values,
    )


def progress(call: Call, reason: str | None = None) -> dict[str, Any]:
    """Return the progress report: how often a task was retried, and why it is in its state."""
    known: dict[str, Any] = {"retries": call.retries} if call.retries else {}
    return known if reason is None else {**known, "reason": clean(reason)}


def described_error(exception: BaseException) -> str:
    """Return class and text of an exception; the class alone if it has no text or its ``__str__`` fails."""
    text = _error_text(exception)
    return f"{type(exception).__name__}: {text}" if text else type(exception).__name__


def error_document(exception: Any) -> dict[str, Any]:
    """Return the error document that Pulp 2 wrote for exceptions that were not its own."""
    description = _error_text(exception) or type(exception).__name__
    return {"code": _UNKNOWN_ERROR, "description": description, "data": {}, "sub_errors": []}


def traceback_text(einfo: Any) -> str | None:
    """Return the traceback that came with a failure."""
    text = getattr(einfo, "traceback", None)
    return clean(text[-_MOST_TRACEBACK:]) if isinstance(text, str) else None


def json_form(value: Any) -> Any:
    """Return a copy of a result with every part that has no JSON form as null.

    A result that is very long, or that no database could store, is null as a whole.
    """
    try:
        text = json.dumps(value, default=_or_null, allow_nan=False, skipkeys=True)
    except (TypeError, ValueError, RecursionError):
        return None
    if len(text) > _MOST_RESULT:
        return None
    form = json.loads(text)
    return None if unportable(form) else form


def clean(text: str) -> str:
    """Return a text without the characters that no database can store."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def _or_null(value: Any) -> Any:
    try:
        return extended_form(value)
    except TypeError:
        return None


def _error_text(exception: Any) -> str:
    try:
        return clean(str(exception))
    except Exception:  # noqa: BLE001  the exception's own code
        return ""


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError):
        return None
