"""The questions that are asked of one domain's tasks."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from .client import Answer
from .documents import NotATask, TaskDocument
from .failures import unreadable

BATCH = 90
"""Ids per question: the request line may hold 4094 bytes."""

_LIGHT = (
    "pulp_href,name,state,pulp_created,started_at,finished_at,reserved_resources_record,progress_reports,task_group"
)
_IN_WORK = "running,canceling"
_UNFINISHED = "waiting,running,canceling"


class Asks(Protocol):
    """What asks the server; a :class:`Client`."""

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer: ...


class TaskQueries:
    """Asks for the tasks of one domain. Lists are light: they lack error, result and created resources.

    :param path: of the list of tasks.
    """

    def __init__(self, client: Asks, path: str) -> None:
        self._client = client
        self._path = path
        self.server_time: datetime | None = None

    def newest(self) -> TaskDocument | None:
        """Return the task that was created last, or None where none is shown."""
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

    def in_work(self) -> list[TaskDocument]:
        """Return the tasks that workers have in their hands: no more than there are workers."""
        return self._list(state__in=_IN_WORK, ordering="pulp_created", limit="500")

    def by_ids(self, uuids: Iterable[str]) -> list[TaskDocument]:
        """Return those of at most :data:`BATCH` tasks that still exist."""
        return self._list(pulp_id__in=",".join(uuids), limit=str(BATCH))

    def in_full(self, uuids: Iterable[str]) -> list[TaskDocument]:
        """Return those of at most :data:`BATCH` tasks that still exist, with all that is known of them."""
        return self._list(fields=None, pulp_id__in=",".join(uuids), limit=str(BATCH))

    def _list(self, fields: str | None = _LIGHT, **filters: str) -> list[TaskDocument]:
        parameters = {**filters, **({} if fields is None else {"fields": fields})}
        answer = self._client.get(self._path, parameters)
        self.server_time = answer.date or self.server_time
        return results(answer.document, TaskDocument.from_json, self._path)


def results(document: Any, read: Callable[[Any], Any], place: str) -> list[Any]:
    """Return the entries of a list that the server answered.

    :param read: makes of an entry what is wanted; raises ValueError for anything else.
    :raises TemporaryFailure: it is no such list.
    """
    try:
        return [read(entry) for entry in document["results"]]
    except (AttributeError, KeyError, TypeError, NotATask, ValueError):
        raise unreadable(place) from None


def stamp(moment: datetime) -> str:
    """Return a time as the server writes it: UTC, microseconds."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
