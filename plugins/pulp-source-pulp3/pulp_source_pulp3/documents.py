"""A task document of Pulp 3, read leniently."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pulp_notifiers.encoding import utc

FINAL_STATES = frozenset({"completed", "failed", "canceled", "skipped"})
"""A task in one of these states does not change again."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REPOSITORY_PRN = re.compile(rf"(?:shared:)?prn:[a-z0-9_]+\.[a-z0-9_]*repository:({_UUID.pattern})")
_REMOTE_PRN = re.compile(rf"(?:shared:)?prn:[a-z0-9_]+\.[a-z0-9_]*remote:({_UUID.pattern})")
_REPOSITORY_HREF = re.compile(
    rf"(?:shared:)?/[^?#@\s]*/repositories/[^/]+/[^/]+/({_UUID.pattern})/(?:versions/(\d+)/)?"
)
_REMOTE_HREF = re.compile(rf"(?:shared:)?/[^?#@\s]*/remotes/[^/]+/[^/]+/({_UUID.pattern})/")
_DELETED = "<unavailable>"  # stands in created_resources for a resource that was deleted since


class NotATask(ValueError):
    """An entry in a list of tasks is not a task."""


@dataclass(frozen=True, slots=True)
class Version:
    """A repository version that a task created.

    :ivar repository: uuid of its repository.
    """

    repository: str
    number: int
    href: str


@dataclass(frozen=True, slots=True)
class TaskDocument:
    """A task as the server described it at one moment.

    :ivar uuid: 36 lower-case characters.
    :ivar name: dotted name of the function that the task runs.
    :ivar fields: the whole document; one from a list lacks some fields.
    """

    uuid: str
    name: str
    state: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    fields: Mapping[str, Any]

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the task that a JSON object describes.

        :raises NotATask: a field that every task has is missing or invalid.
        """
        try:
            uuid, name, state = uuid_of(value["pulp_href"]), value["name"], value["state"]
            created = parsed_time(value["pulp_created"])
            started, finished = parsed_time(value.get("started_at")), parsed_time(value.get("finished_at"))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise NotATask from None
        if uuid is None or created is None or not isinstance(name, str) or not isinstance(state, str):
            raise NotATask
        return cls(uuid, name, state, created, started, finished, value)

    @property
    def final(self) -> bool:
        """Return whether the task is in a final state."""
        return self.state in FINAL_STATES

    def reserved_repository(self) -> str | None:
        """Return the uuid of the repository that the task works on; it is known while the task still waits."""
        return _first(self._texts("reserved_resources_record"), _REPOSITORY_PRN, _REPOSITORY_HREF)

    def reserved_remote(self) -> str | None:
        """Return the uuid of the remote that the task reads from."""
        return _first(self._texts("reserved_resources_record"), _REMOTE_PRN, _REMOTE_HREF)

    def prn_of(self, uuid: str) -> str:
        """Return the PRN under which the task reserved a resource; the uuid itself if there is none."""
        found = (text.removeprefix("shared:") for text in self._texts("reserved_resources_record"))
        return next((text for text in found if text.startswith("prn:") and text.endswith(f":{uuid}")), uuid)

    @property
    def completed(self) -> bool:
        """Return whether the task succeeded."""
        return self.state == "completed"

    def versions(self) -> list[Version]:
        """Return the repository versions that the task created, in the order of the document."""
        created = self._created_resources()
        if _DELETED in created:
            # By hand, with its repository, or by retain_repo_versions; the result still names it.
            created = [*created, str(self.result().get("pulp_href"))]
        found = [(href, _REPOSITORY_HREF.fullmatch(href)) for href in created]
        return [Version(match[1], int(match[2]), href) for href, match in found if match and match[2]]

    def publications(self) -> list[str]:
        """Return the hrefs of the publications that the task created."""
        return [href for href in self._created_resources() if "/publications/" in href]

    def result(self) -> Mapping[str, Any]:
        """Return the result of the task; empty if it is not an object."""
        result = self.fields.get("result")
        return result if self.completed and isinstance(result, Mapping) else {}

    def error(self) -> Mapping[str, Any]:
        """Return how the task failed; empty if it did not."""
        error = self.fields.get("error")
        return error if isinstance(error, Mapping) else {}

    def progress(self) -> list[dict[str, Any]]:
        """Return the progress reports."""
        reports = self.fields.get("progress_reports")
        return [dict(report) for report in reports if isinstance(report, Mapping)] if isinstance(reports, list) else []

    def _created_resources(self) -> list[str]:
        # A killed task lists what it had started to create, which never becomes visible.
        return self._texts("created_resources") if self.completed else []

    def _texts(self, name: str) -> list[str]:
        values = self.fields.get(name)
        return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def uuid_of(text: Any) -> str | None:
    """Return the last uuid in an href or PRN."""
    found = _UUID.findall(text) if isinstance(text, str) else []
    return found[-1] if found else None


def repository_of_href(href: Any) -> tuple[str, int | None] | None:
    """Return the uuid of the repository and the number of the version in an href."""
    match = _REPOSITORY_HREF.fullmatch(href) if isinstance(href, str) else None
    return (match[1], int(match[2]) if match[2] else None) if match else None


def _first(texts: list[str], *patterns: re.Pattern[str]) -> str | None:
    return next((match[1] for text in texts for pattern in patterns if (match := pattern.fullmatch(text))), None)


def parsed_time(value: Any) -> datetime | None:
    """Return a time in a document as aware UTC; None if there is none.

    :raises TypeError: it is not text.
    :raises ValueError: it is not a time.
    :raises OverflowError: it is beyond the calendar.
    """
    return None if value is None else utc(datetime.fromisoformat(value))
