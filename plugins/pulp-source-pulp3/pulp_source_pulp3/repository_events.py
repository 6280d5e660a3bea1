"""Builds the repository events of a task: Pulp 2's payloads, plus fields that only Pulp 3 has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_notifiers.event import (
    REPO_PUBLISH_FINISH,
    REPO_PUBLISH_START,
    REPO_SYNC_FINISH,
    REPO_SYNC_START,
    REPO_VERSION_CREATED,
    Event,
    derived_id,
)
from pulp_notifiers.task import TaskReport, publish_payload, sync_payload

from .documents import TaskDocument, Version, repository_of_href
from .kinds import Kind
from .mapping import counts, description, record_id, traceback
from .names import Named
from .redact import redacted

_IDS = UUID("5d3e6f36-5b3c-5c0e-8a50-0d3f5b9f8f4e")  # never change it: events would get other ids and be sent again


@dataclass(frozen=True, slots=True)
class Origin:
    """Where tasks come from.

    :ivar url: scheme, host and port of the server, which distinguish the events of two servers.
    :ivar public_url: the same as people reach it.
    :ivar server: name of the server in events.
    :ivar domain: None if the server has no domains.
    :ivar source: the source's name.
    """

    url: str
    public_url: str
    server: str
    domain: str | None
    source: str

    def facts(self, document: TaskDocument) -> dict[str, Any]:
        """Return the fields about it, and about the task, that every payload has."""
        return {
            "domain": self.domain,
            "server": self.server,
            "server_url": self.public_url,
            "task_href": document.fields["pulp_href"],
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """The repository that a task works on, and its remote.

    :ivar uuid: of the repository.
    """

    uuid: str
    repository: Named
    remote: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the fields about it that every payload of a repository event has."""
        return {
            "repo_id": self.repository.name,
            "repo_prn": self.repository.prn,
            "repo_href": self.repository.href,
        }


def start(kind: Kind, document: TaskDocument, subject: Subject, origin: Origin, report: TaskReport) -> Event:
    """Return the event for the start of a sync or publish."""
    if kind is Kind.SYNC:
        payload = {**subject.facts(), "remote": subject.remote}
        return _event(REPO_SYNC_START, document, payload, report, origin, _started_at(document))
    payload = {**subject.facts(), "distributor_id": _plugin(subject)}
    return _event(REPO_PUBLISH_START, document, payload, report, origin, _started_at(document))


def sync_finish(
    document: TaskDocument, subject: Subject, origin: Origin, report: TaskReport, summary: Mapping[str, Any] | None
) -> Event:
    """Return the event for the end of a sync.

    :param summary: content summary of the version that it created; None if there is none or it cannot be read.
    """
    version = version_of(document, subject)
    counted = document.completed and (version is None or summary is not None)
    plugin = _plugin(subject)
    record = {
        **_outcome(document, subject, "sync"),
        "importer_id": plugin,
        "importer_type_id": plugin,
        "added_count": counts(summary, "added") if counted else None,
        "updated_count": 0 if counted else None,
        "removed_count": counts(summary, "removed") if counted else None,
        "summary": _summed(summary),
        "details": redacted(document.progress()),
        **subject.facts(),
        "repo_version": version and version.number,
        "version_href": version and version.href,
        "remote": subject.remote,
        "content_summary": summary,
        "changed": version is not None,
    }
    return _event(REPO_SYNC_FINISH, document, sync_payload(record), report, origin, _finished_at(document))


def publish_pairs(document: TaskDocument, subject: Subject, origin: Origin, report: TaskReport) -> Iterator[Event]:
    """Yield a pair of events for each publication that a sync or a change of content created, as by autopublish."""
    version, finished = version_of(document, subject), _finished_at(document)
    for href in document.publications():
        payload = {**subject.facts(), "distributor_id": _plugin(subject)}
        yield _event(REPO_PUBLISH_START, document, payload, report, origin, finished, href)
        record = {
            **_publication(document, subject, href),
            "repo_version": version and version.number,
            "version_href": version and version.href,
        }
        yield _event(REPO_PUBLISH_FINISH, document, publish_payload(record), report, origin, finished, href)


def publish_finish(document: TaskDocument, subject: Subject, origin: Origin, report: TaskReport) -> Event:
    """Return the event for the end of a publish."""
    href = next(iter(document.publications()), None)
    version_href = document.result().get("repository_version")
    version = repository_of_href(version_href)
    record = {
        **_publication(document, subject, href),
        "repo_version": version and version[1],
        "version_href": version_href,
    }
    return _event(REPO_PUBLISH_FINISH, document, publish_payload(record), report, origin, _finished_at(document))


def version_created(
    document: TaskDocument,
    subject: Subject,
    origin: Origin,
    report: TaskReport,
    version: tuple[int, str],
    summary: Mapping[str, Any] | None,
) -> Event:
    """Return the event for a version that a task other than a sync created.

    :param version: its number and href.
    """
    number, href = version
    payload = {
        **subject.facts(),
        "repo_version": number,
        "version_href": href,
        "task_type": document.name,
        "added_count": None if summary is None else counts(summary, "added"),
        "removed_count": None if summary is None else counts(summary, "removed"),
        "content_summary": summary,
    }
    return _event(REPO_VERSION_CREATED, document, payload, report, origin, _finished_at(document), href)


def version_of(document: TaskDocument, subject: Subject) -> Version | None:
    """Return the version of a repository that a task created."""
    return next((version for version in document.versions() if version.repository == subject.uuid), None)


def _outcome(document: TaskDocument, subject: Subject, kind: str) -> dict[str, Any]:
    text = traceback(document)
    return {
        "id": record_id(document.uuid),
        "repo_id": subject.repository.name,
        "started": document.started,
        "completed": document.finished,
        "result": _result(document),
        "error_message": _message(document, kind),
        "exception": None,
        "traceback": None if text is None else text.splitlines(keepends=True),
    }


def _publication(document: TaskDocument, subject: Subject, href: str | None) -> dict[str, Any]:
    plugin = _plugin(subject)
    return {
        **_outcome(document, subject, "publish"),
        "distributor_id": plugin,
        "distributor_type_id": plugin,
        "details": redacted(document.progress()),
        **subject.facts(),
        "publication": href,
    }


def _result(document: TaskDocument) -> str:
    if document.state == "failed":
        # A task with a description failed by itself; one that was killed or lost its worker has none.
        return "failed" if "description" in document.error() else "error"
    return "canceled" if document.state == "canceled" else "skipped" if document.state == "skipped" else "success"


def _message(document: TaskDocument, kind: str) -> str | None:
    return description(document) or (f"The {kind} was canceled." if document.state == "canceled" else None)


def _plugin(subject: Subject) -> str | None:
    # prn:file.filerepository:... and /pulp/api/v3/repositories/file/file/.../
    if subject.repository.prn:
        return subject.repository.prn.split(":")[1].split(".")[0]
    if subject.repository.href:
        return subject.repository.href.partition("/repositories/")[2].split("/")[0] or None
    return None


def _summed(summary: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    return {
        change: {name: entry.get("count") for name, entry in types.items() if isinstance(entry, Mapping)}
        for change, types in summary.items()
        if isinstance(types, Mapping)
    }


def _started_at(document: TaskDocument) -> datetime:
    return document.started or document.created


def _finished_at(document: TaskDocument) -> datetime:
    return document.finished or _started_at(document)


def _event(
    event_type: str,
    document: TaskDocument,
    payload: Mapping[str, Any],
    report: TaskReport,
    origin: Origin,
    at: datetime,
    part: str = "",
) -> Event:
    # One task can create several publications and versions, each with events of its own.
    name = "/".join((origin.url, document.uuid, event_type, part))
    payload = {**payload, **origin.facts(document)}
    return Event(event_type, payload, report.call_report(), derived_id(_IDS, name), at, origin.source)
