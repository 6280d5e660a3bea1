"""Translates changes of tasks into task reports and repository events."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import (
    REPO_PUBLISH_FINISH,
    REPO_PUBLISH_START,
    REPO_SYNC_FINISH,
    REPO_SYNC_START,
    REPO_VERSION_CREATED,
    Event,
)
from pulp_notifiers.task import TaskReport

from . import repository_events
from .changes import Change, Stage
from .content import ContentNames
from .documents import TaskDocument, Version, repository_of_href
from .failures import NotAuthenticated
from .interest import Interest
from .kinds import Kind, Kinds
from .mapping import report
from .memory import Known
from .names import Named, Names
from .repository_events import Origin, Subject
from .tasks import ApiClient

_STARTS = {Kind.SYNC: REPO_SYNC_START, Kind.PUBLISH: REPO_PUBLISH_START}
_RENAMING = "_update"
_TRIES = 3

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Translation:
    """What to hand over to the intake for a number of changes.

    :ivar known: what to remember about the tasks from then on.
    """

    events: list[Event]
    reports: list[TaskReport]
    known: dict[str, Known]


class Translator:
    """Translates the changes of tasks of one domain.

    :param failed: failed requests for versions, by href; after a few, the event is made without what they would add.
    :param interest: which events are needed; nothing is requested from the server for others.
    :param content: finds the content that events about new versions name.
    """

    def __init__(
        self,
        origin: Origin,
        kinds: Kinds,
        repositories: Names,
        remotes: Names,
        client: ApiClient,
        interest: Interest,
        failed: Counter[str],
        content: ContentNames,
    ) -> None:
        self._origin = origin
        self._kinds = kinds
        self._repositories = repositories
        self._remotes = remotes
        self._client = client
        self._interest = interest
        self._failed = failed
        self._content = content

    def translate(self, found: Iterable[Change], known: Mapping[str, Known]) -> Translation:
        """Return reports and events in the order of the changes.

        :param known: what was known about the tasks before.
        :raises TemporaryFailure: the server cannot be asked for the names of the repositories now.
        """
        found = list(found)
        self._look_up(found)
        result = Translation([], [], {})
        for change in found:
            document = change.document
            before = result.known.get(document.uuid) or known.get(document.uuid) or Known(document.created)
            subject = self._subject(document, before)
            kind = self._kinds.kind(document.name)
            change_report = self._report(change, subject)
            events, announced = self._events(change, kind, subject, change_report, before.announced)
            result.reports.append(change_report)
            result.events.extend(events)
            result.known[document.uuid] = replace(
                before,
                reported=max(before.reported, change.stage),
                announced=announced,
                repository=_remembered_repository(subject, before),
            )
            self._forget_renamed(change)
        return result

    def progress_reports(self, found: Iterable[Change], known: Mapping[str, Known]) -> list[TaskReport]:
        """Return reports of tasks that are still in the same stage, with new progress."""
        found = list(found)
        self._look_up(found)
        return [self._report(change, self._subject(change.document, known[change.document.uuid])) for change in found]

    def _report(self, change: Change, subject: Subject | None) -> TaskReport:
        name = None if subject is None else subject.repository.name
        origin = self._origin.facts(change.document)
        return report(change, self._kinds.kind(change.document.name), name, origin)

    def _events(
        self, change: Change, kind: Kind, subject: Subject | None, change_report: TaskReport, announced: bool
    ) -> tuple[list[Event], bool]:
        if subject is None or change.stage is Stage.WAITING:
            return [], announced
        document, events = change.document, []
        started = kind in _STARTS and (change.stage is Stage.RUNNING or document.started is not None)
        if started and not announced:
            if self._interest.wants(_STARTS[kind], document.uuid):
                events.append(repository_events.start(kind, document, subject, self._origin, change_report))
            announced = True
        if change.stage is Stage.FINAL:
            events.extend(self._final_events(document, kind, subject, change_report))
        return events, announced

    def _final_events(
        self, document: TaskDocument, kind: Kind, subject: Subject, change_report: TaskReport
    ) -> Iterator[Event]:
        # A sync that was canceled before it started does not count as one; one that failed before it started does.
        never_ran = document.started is None and document.state in ("canceled", "skipped")
        if kind is Kind.SYNC and not never_ran and self._interest.wants(REPO_SYNC_FINISH, document.uuid):
            version = repository_events.version_of(document, subject)
            summary = None if version is None else self._summary(document, version)
            event = repository_events.sync_finish(document, subject, self._origin, change_report, summary)
            yield self._with_content(event, summary)
        if kind is Kind.PUBLISH and not never_ran and self._interest.wants(REPO_PUBLISH_FINISH, document.uuid):
            yield repository_events.publish_finish(document, subject, self._origin, change_report)
        if kind is not Kind.SYNC and self._interest.wants(REPO_VERSION_CREATED, document.uuid):
            yield from self._version_events(document, subject, change_report)
        if kind is not Kind.PUBLISH and self._has_publish_pairs(document, kind, subject):
            yield from repository_events.publish_pairs(document, subject, self._origin, change_report)

    def _version_events(self, document: TaskDocument, subject: Subject, change_report: TaskReport) -> Iterator[Event]:
        for version in document.versions():
            owner = subject if version.repository == subject.uuid else self._owner(version)
            summary = self._summary(document, version)
            created = (version.number, version.href)
            event = repository_events.version_created(document, owner, self._origin, change_report, created, summary)
            yield self._with_content(event, summary)

    def _has_publish_pairs(self, document: TaskDocument, kind: Kind, subject: Subject) -> bool:
        pair = (REPO_PUBLISH_START, REPO_PUBLISH_FINISH)
        wanted = any(self._interest.wants(event_type, document.uuid) for event_type in pair)
        # A copy to several repositories does not show which of them its publications belong to.
        alone = {version.repository for version in document.versions()} == {subject.uuid}
        return wanted and (alone or kind is Kind.SYNC)

    def _with_content(self, event: Event, summary: Mapping[str, Any] | None) -> Event:
        if not self._interest.includes_content(event.type):
            return event
        href = str(event.payload["version_href"])
        names = None if summary is None else self._requested(f"{href}content", lambda: self._content.of(summary))
        return replace(event, payload={**event.payload, "content": names})

    def _requested(self, href: str, request: Callable[[], ResultT]) -> ResultT | None:
        if self._failed[href] >= _TRIES:
            return None
        try:
            return request()
        except (TemporaryFailure, NotAuthenticated):
            self._failed[href] += 1
            raise
        except PermanentFailure:
            return None  # deleted since, or hidden from this account

    def _summary(self, document: TaskDocument, version: Version) -> Mapping[str, Any] | None:
        result = document.result()
        if result.get("pulp_href") == version.href and isinstance(result.get("content_summary"), Mapping):
            summary: Mapping[str, Any] = result["content_summary"]
            return summary
        answer = self._requested(version.href, lambda: self._client.get(version.href))
        if answer is None:
            return None
        found = answer.document.get("content_summary") if isinstance(answer.document, Mapping) else None
        return found if isinstance(found, Mapping) else None

    def _look_up(self, found: Iterable[Change]) -> None:
        documents = {change.document.uuid: change.document for change in found}.values()
        repositories = {uuid for document in documents for uuid in self._repositories_of(document)}
        self._repositories.look_up(repositories)
        syncs = (document for document in documents if self._kinds.kind(document.name) is Kind.SYNC)
        self._remotes.look_up(uuid for uuid in (document.reserved_remote() for document in syncs) if uuid)

    def _repositories_of(self, document: TaskDocument) -> Iterator[str]:
        uuid = self._repository_of(document)
        if uuid is not None:
            yield uuid
        yield from (version.repository for version in document.versions())

    def _repository_of(self, document: TaskDocument) -> str | None:
        reserved = document.reserved_repository()
        if reserved is not None:
            return reserved
        versions = document.versions()
        if versions:
            return versions[0].repository
        # Not for others: the refresh of an alternate content source names a hidden repository in its result.
        if self._kinds.kind(document.name) is Kind.PUBLISH:
            found = repository_of_href(document.result().get("repository"))
            return found and found[0]
        return None

    def _subject(self, document: TaskDocument, known: Known) -> Subject | None:
        uuid = self._repository_of(document)
        if uuid is None:
            return None
        remote = document.reserved_remote()
        named = None if remote is None else self._remotes.get(remote)
        return Subject(uuid, self._named(uuid, document, known), named.name if named else remote)

    def _named(self, uuid: str, document: TaskDocument, known: Known) -> Named:
        named = self._repositories.get(uuid)
        if named is None:
            prn = document.prn_of(uuid)
            # Deleted before it could be looked up.
            named = Named(known.repository[0], known.repository[1], prn) if known.repository else Named(prn, None, prn)
        return named

    def _owner(self, version: Version) -> Subject:
        href = version.href.partition("versions/")[0]
        named = self._repositories.get(version.repository) or Named(version.repository, href, None)
        return Subject(version.repository, named)

    def _forget_renamed(self, change: Change) -> None:
        # An update may have renamed a repository or a remote.
        document = change.document
        if change.stage is Stage.FINAL and document.name.endswith(_RENAMING):
            for names, uuid in (
                (self._repositories, document.reserved_repository()),
                (self._remotes, document.reserved_remote()),
            ):
                if uuid is not None:
                    names.forget(uuid)


def _remembered_repository(subject: Subject | None, known: Known) -> tuple[str, str] | None:
    if subject is None or subject.repository.href is None:
        return known.repository
    return subject.repository.name, subject.repository.href
