"""The repository events of a task: Pulp 2's payloads, and beside them what only Pulp 3 has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pulp_notifiers.event import (
    REPO_PUBLISH_FINISH,
    REPO_PUBLISH_START,
    REPO_SYNC_FINISH,
    REPO_SYNC_START,
    REPO_VERSION_CREATED,
    Event,
)
from pulp_notifiers.task import TaskReport, publish_payload, sync_payload

from .documents import TaskDocument, repository_of_href
from .kinds import Kind
from .mapping import counts, description, record_id, traceback
from .names import Named
from .redact import redacted

_IDS = UUID("5d3e6f36-5b3c-5c0e-8a50-0d3f5b9f8f4e")  # drawn once; another one would make new events of old ones


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a task belongs, and under which names.

    :ivar origin: scheme, host and port of the server: what keeps events of two servers apart.
    :ivar server: what events name the server.
    :ivar domain: None where the server has no domains.
    :ivar source: the source's name.
    """

    origin: str
    server: str
    domain: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The repository that a task works on, and its remote.

    :ivar uuid: of the repository.
    """

    uuid: str
    repository: Named
    remote: str | None = None

    def facts(self, scene: Scene) -> dict[str, Any]:
        """Return what every payload says of it."""
        return {
            "repo_id": self.repository.name,
            "repo_prn": self.repository.prn,
            "repo_href": self.repository.href,
            "domain": scene.domain,
            "server": scene.server,
        }


def start(kind: Kind, document: TaskDocument, subject: Subject, scene: Scene, report: TaskReport) -> Event:
    """Return the event that a sync or publish began."""
    if kind is Kind.SYNC:
        payload = {**subject.facts(scene), "remote": subject.remote}
        return _event(REPO_SYNC_START, document, payload, report, scene, _began(document))
    payload = {**subject.facts(scene), "distributor_id": _plugin(subject)}
    return _event(REPO_PUBLISH_START, document, payload, report, scene, _began(document))


def finish_of_sync(
    document: TaskDocument, subject: Subject, scene: Scene, report: TaskReport, summary: Mapping[str, Any] | None
) -> Event:
    """Return the event that a sync ended.

    :param summary: content summary of the version that it made; None where it made none, or it cannot be read.
    """
    version = next((made for made in document.versions() if made.repository == subject.uuid), None)
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
        **subject.facts(scene),
        "repo_version": version and version.number,
        "version_href": version and version.href,
        "remote": subject.remote,
        "content_summary": summary,
        "changed": version is not None,
    }
    return _event(REPO_SYNC_FINISH, document, sync_payload(record), report, scene, _ended(document))


def publishes_besides(document: TaskDocument, subject: Subject, scene: Scene, report: TaskReport) -> Iterator[Event]:
    """Yield the pairs of events of the publications that a sync, or a change of content, made by autopublish or so."""
    version = next((made for made in document.versions() if made.repository == subject.uuid), None)
    for href in document.publications():
        payload = {**subject.facts(scene), "distributor_id": _plugin(subject)}
        yield _event(REPO_PUBLISH_START, document, payload, report, scene, _ended(document), href)
        record = {
            **_publication(document, subject, scene, href),
            "repo_version": version and version.number,
            "version_href": version and version.href,
        }
        yield _event(REPO_PUBLISH_FINISH, document, publish_payload(record), report, scene, _ended(document), href)


def finish_of_publish(document: TaskDocument, subject: Subject, scene: Scene, report: TaskReport) -> Event:
    """Return the event that a publish ended."""
    href = next(iter(document.publications()), None)
    version_href = document.result().get("repository_version")
    version = repository_of_href(version_href)
    record = {
        **_publication(document, subject, scene, href),
        "repo_version": version and version[1],
        "version_href": version_href,
    }
    return _event(REPO_PUBLISH_FINISH, document, publish_payload(record), report, scene, _ended(document))


def version_created(
    document: TaskDocument,
    subject: Subject,
    scene: Scene,
    report: TaskReport,
    version: tuple[int, str],
    summary: Mapping[str, Any] | None,
) -> Event:
    """Return the event that a task other than a sync made a version.

    :param version: its number and href.
    """
    number, href = version
    payload = {
        **subject.facts(scene),
        "repo_version": number,
        "version_href": href,
        "task_type": document.name,
        "added_count": None if summary is None else counts(summary, "added"),
        "removed_count": None if summary is None else counts(summary, "removed"),
        "content_summary": summary,
    }
    return _event(REPO_VERSION_CREATED, document, payload, report, scene, _ended(document), href)


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


def _publication(document: TaskDocument, subject: Subject, scene: Scene, href: str | None) -> dict[str, Any]:
    plugin = _plugin(subject)
    return {
        **_outcome(document, subject, "publish"),
        "distributor_id": plugin,
        "distributor_type_id": plugin,
        "details": redacted(document.progress()),
        **subject.facts(scene),
        "publication": href,
    }


def _result(document: TaskDocument) -> str:
    if document.state == "failed":
        # What says how it failed came to its own end; what was killed, or lost its worker, did not.
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


def _began(document: TaskDocument) -> datetime:
    return document.started or document.created


def _ended(document: TaskDocument) -> datetime:
    return document.finished or _began(document)


def _event(
    event_type: str,
    document: TaskDocument,
    payload: Mapping[str, Any],
    report: TaskReport,
    scene: Scene,
    at: datetime,
    part: str = "",
) -> Event:
    # One task can make several publications and versions; each has a pair or an event of its own.
    name = "/".join((scene.origin, document.uuid, event_type, part))
    return Event(event_type, payload, report.call_report(), uuid5(_IDS, name), at, scene.source)
