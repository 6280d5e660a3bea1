"""One call of a task, from any of the forms in which Celery's messages and requests describe it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

Tags = Callable[[str, Sequence[Any], Mapping[str, Any], Mapping[str, Any]], Iterable[str]]
"""A function of a task's name, positional and keyword arguments, and headers that returns the tags of its reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a task.

    :ivar headers: those of ``apply_async(headers=...)``; when it is published, with Celery's own among them.
    :ivar worker_name: the worker's node name, once it is known.
    :ivar children: ids of the tasks that it has started so far.
    :ivar nesting: how many tasks it has replaced, under the same id.
    """

    task_id: str
    name: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    group: Any = None
    retries: int = 0
    worker_name: str | None = None
    children: tuple[str, ...] = ()
    nesting: int = 0

    @classmethod
    def published(cls, name: str, headers: Mapping[str, Any] | None, body: Any) -> Self:
        """Return the call in a message, of either of Celery's task protocols."""
        headers = headers or {}
        if "task" in headers:
            fields, (args, kwargs, *_) = headers, body
        else:
            fields, args, kwargs = body, body.get("args"), body.get("kwargs")
        return cls(
            task_id=str(fields["id"]),
            name=name,
            args=args or (),
            kwargs=kwargs or {},
            headers=headers,
            group=fields.get("group") or fields.get("taskset"),
            retries=fields.get("retries") or 0,
            nesting=fields.get("replaced_task_nesting") or 0,
        )

    @classmethod
    def requested(cls, name: str, request: Any) -> Self:
        """Return the call in a worker's request (``task.request``)."""
        return cls(
            task_id=str(request.id),
            name=name,
            args=request.args or (),
            kwargs=request.kwargs or {},
            headers=request.headers or {},
            group=request.group,
            retries=request.retries or 0,
            worker_name=request.hostname,
            children=tuple(_ids(request.children or ())),
            nesting=getattr(request, "replaced_task_nesting", None) or 0,
        )

    @property
    def resumed(self) -> bool:
        """Whether it continues a call with the same id, which was retried or replaced."""
        return bool(self.retries or self.nesting)


def tags_header(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], headers: Mapping[str, Any]) -> list[str]:
    """Return the tags that the caller gave as ``apply_async(headers={"tags": [...]})``."""
    tags = headers.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list | tuple) else []


def _ids(results: Iterable[Any]) -> Iterable[str]:
    for result in results:
        # A group is not a task; its members are.
        members = getattr(result, "results", None)
        yield from [str(result.id)] if members is None else _ids(members)
