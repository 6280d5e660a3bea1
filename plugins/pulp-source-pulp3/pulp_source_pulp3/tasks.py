"""The requests for tasks of one domain."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from .client import Answer
from .documents import NotATask, TaskDocument
from .failures import unreadable

BATCH = 90
"""Ids per request: the request line may have up to 4094 bytes."""

_LIGHT = (
    "pulp_href,name,state,pulp_created,started_at,finished_at,reserved_resources_record,progress_reports,task_group"
)
_RUNNING = "running,canceling"
_UNFINISHED = "waiting,running,canceling"


class ApiClient(Protocol):
    """Reads documents from the server; a :class:`Client`."""

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer: ...


class TaskQueries:
    """Requests the tasks of one domain. To keep lists small, they lack error, result and created resources.

    :param path: of the list of tasks.
    """

    def __init__(self, client: ApiClient, path: str) -> None:
        self._client = client
        self._path = path
        self.server_time: datetime | None = None

    def newest(self) -> TaskDocument | None:
        """Return the task that was created last, or None if the server shows none."""
        found = self._list(ordering="-pulp_created", limit="1")
        return found[0] if found else None

    def created_since(self, moment: datetime, limit: int) -> list[TaskDocument]:
        """Return the first tasks created at a moment or later, oldest first."""
        return self._list(pulp_created__gte=stamp(moment), ordering="pulp_created", limit=str(limit))

    def unfinished_since(self, moment: datetime, limit: int) -> list[TaskDocument]:
        """Return the first unfinished tasks created at a moment or later, oldest first."""
        return self._list(
            state__in=_UNFINISHED, pulp_created__gte=stamp(moment), ordering="pulp_created", limit=str(limit)
        )

    def running(self) -> list[TaskDocument]:
        """Return the tasks that workers are running, at most one per worker."""
        return self._list(state__in=_RUNNING, ordering="pulp_created", limit="500")

    def by_ids(self, uuids: Iterable[str]) -> list[TaskDocument]:
        """Return those of at most :data:`BATCH` tasks that still exist."""
        return self._list(pulp_id__in=",".join(uuids), limit=str(BATCH))

    def in_full(self, uuids: Iterable[str]) -> list[TaskDocument]:
        """Return those of at most :data:`BATCH` tasks that still exist, with all their fields."""
        return self._list(fields=None, pulp_id__in=",".join(uuids), limit=str(BATCH))

    def _list(self, fields: str | None = _LIGHT, **filters: str) -> list[TaskDocument]:
        parameters = {**filters, **({} if fields is None else {"fields": fields})}
        answer = self._client.get(self._path, parameters)
        self.server_time = answer.date or self.server_time
        return results(answer.document, TaskDocument.from_json, self._path)


def results(document: Any, read: Callable[[Any], Any], place: str) -> list[Any]:
    """Return the entries of a list document.

    :param read: converts an entry; raises ValueError if it cannot.
    :raises TemporaryFailure: it is not a list, or an entry cannot be converted.
    """
    try:
        return [read(entry) for entry in document["results"]]
    except (AttributeError, KeyError, TypeError, NotATask, ValueError):
        raise unreadable(place) from None


def stamp(moment: datetime) -> str:
    """Return a time as the server writes it: UTC, microseconds."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
