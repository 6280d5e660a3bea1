"""Changes of tasks become task reports and repository events."""

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
from .kinds import Kind, Kinds
from .mapping import report
from .memory import Known, told
from .names import Named, Names
from .repository_events import Scene, Subject
from .tasks import Asks
from .wishes import Wishes

_STARTS = {Kind.SYNC: REPO_SYNC_START, Kind.PUBLISH: REPO_PUBLISH_START}
_RENAMING = "_update"
_TRIES = 3

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Told:
    """What a number of changes means.

    :ivar known: what to remember of the tasks from then on.
    """

    events: list[Event]
    reports: list[TaskReport]
    known: dict[str, Known]


class Telling:
    """Tells changes of the tasks of one domain.

    :param failed: how often the server failed to show a version, by href; after a few it is told without its content.
    :param wishes: what somebody wants to be told; for the rest the server is not asked.
    :param content: finds what events of new versions are to name.
    """

    def __init__(
        self,
        scene: Scene,
        kinds: Kinds,
        repositories: Names,
        remotes: Names,
        client: Asks,
        wishes: Wishes,
        failed: Counter[str],
        content: ContentNames,
    ) -> None:
        self._scene = scene
        self._kinds = kinds
        self._repositories = repositories
        self._remotes = remotes
        self._client = client
        self._wishes = wishes
        self._failed = failed
        self._content = content

    def tell(self, found: Iterable[Change], known: Mapping[str, Known]) -> Told:
        """Return reports and events in the order of the changes.

        :param known: what was known of the tasks before.
        :raises TemporaryFailure: the server cannot say now what the repositories are called.
        """
        found = list(found)
        self._look_up(found)
        result = Told([], [], {})
        for change in found:
            document = change.document
            before = result.known.get(document.uuid) or known.get(document.uuid) or Known(document.created)
            subject = self._subject(document, before)
            kind = self._kinds.kind(document.name)
            change_report = self._report(change, subject)
            events, announced = self._events(change, kind, subject, change_report, before.announced)
            result.reports.append(change_report)
            result.events.extend(events)
            after = replace(told(before, change.stage), announced=announced, repository=_kept(subject, before))
            result.known[document.uuid] = after
            self._take_note(change)
        return result

    def reports(self, found: Iterable[Change], known: Mapping[str, Known]) -> list[TaskReport]:
        """Return reports of tasks that are where they were, and have only come further in it."""
        found = list(found)
        self._look_up(found)
        return [self._report(change, self._subject(change.document, known[change.document.uuid])) for change in found]

    def _report(self, change: Change, subject: Subject | None) -> TaskReport:
        name = None if subject is None else subject.repository.name
        return report(change, self._kinds.kind(change.document.name), name)

    def _events(
        self, change: Change, kind: Kind, subject: Subject | None, change_report: TaskReport, announced: bool
    ) -> tuple[list[Event], bool]:
        if subject is None or change.stage is Stage.WAITING:
            return [], announced
        document, events = change.document, []
        began = kind in _STARTS and (change.stage is Stage.RUNNING or document.started is not None)
        if began and not announced:
            if self._wishes.wants(_STARTS[kind], document.uuid):
                events.append(repository_events.start(kind, document, subject, self._scene, change_report))
            announced = True
        if change.stage is Stage.FINAL:
            events.extend(self._ends(document, kind, subject, change_report))
        return events, announced

    def _ends(self, document: TaskDocument, kind: Kind, subject: Subject, change_report: TaskReport) -> Iterator[Event]:
        # A sync that was canceled before it began is none; one that failed before it began is news.
        none = document.started is None and document.state in ("canceled", "skipped")
        if kind is Kind.SYNC and not none:
            yield from self._ends_of_sync(document, subject, change_report)
        if kind is Kind.PUBLISH and not none and self._wishes.wants(REPO_PUBLISH_FINISH, document.uuid):
            yield repository_events.finish_of_publish(document, subject, self._scene, change_report)
        if kind is not Kind.SYNC and self._wishes.wants(REPO_VERSION_CREATED, document.uuid):
            for version in document.versions():
                owner = subject if version.repository == subject.uuid else self._owner(version)
                summary = self._summary(document, version)
                made = (version.number, version.href)
                event = repository_events.version_created(document, owner, self._scene, change_report, made, summary)
                yield self._with_content(event, summary)
        if kind is not Kind.PUBLISH and self._publishes_besides(document, kind, subject):
            yield from repository_events.publishes_besides(document, subject, self._scene, change_report)

    def _publishes_besides(self, document: TaskDocument, kind: Kind, subject: Subject) -> bool:
        pair = (REPO_PUBLISH_START, REPO_PUBLISH_FINISH)
        wanted = any(self._wishes.wants(event_type, document.uuid) for event_type in pair)
        # A copy to several repositories does not say whose its publications are.
        alone = {version.repository for version in document.versions()} == {subject.uuid}
        return wanted and (alone or kind is Kind.SYNC)

    def _ends_of_sync(self, document: TaskDocument, subject: Subject, change_report: TaskReport) -> Iterator[Event]:
        if self._wishes.wants(REPO_SYNC_FINISH, document.uuid):
            made = next((made for made in document.versions() if made.repository == subject.uuid), None)
            summary = None if made is None else self._summary(document, made)
            event = repository_events.finish_of_sync(document, subject, self._scene, change_report, summary)
            yield self._with_content(event, summary)

    def _with_content(self, event: Event, summary: Mapping[str, Any] | None) -> Event:
        if not self._wishes.name_content(event.type):
            return event
        href = str(event.payload["version_href"])
        names = None if summary is None else self._asked(f"{href}content", lambda: self._content.of(summary))
        return replace(event, payload={**event.payload, "content": names})

    def _asked(self, href: str, ask: Callable[[], ResultT]) -> ResultT | None:
        if self._failed[href] >= _TRIES:
            return None
        try:
            return ask()
        except (TemporaryFailure, NotAuthenticated):
            self._failed[href] += 1
            raise
        except PermanentFailure:
            return None  # deleted since, or not for this account

    def _summary(self, document: TaskDocument, version: Version) -> Mapping[str, Any] | None:
        result = document.result()
        if result.get("pulp_href") == version.href and isinstance(result.get("content_summary"), Mapping):
            summary: Mapping[str, Any] = result["content_summary"]
            return summary
        answer = self._asked(version.href, lambda: self._client.get(version.href))
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
        made = document.versions()
        if made:
            return made[0].repository
        # The refresh of an alternate content source syncs a hidden repository, which only the result names.
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
            # Deleted before it could be asked for.
            named = Named(known.repository[0], known.repository[1], prn) if known.repository else Named(prn, None, prn)
        return named

    def _owner(self, version: Version) -> Subject:
        href = version.href.partition("versions/")[0]
        named = self._repositories.get(version.repository) or Named(version.repository, href, None)
        return Subject(version.repository, named)

    def _take_note(self, change: Change) -> None:
        # An update may have given a repository, or a remote, another name.
        document = change.document
        if change.stage is Stage.FINAL and document.name.endswith(_RENAMING):
            for names, uuid in (
                (self._repositories, document.reserved_repository()),
                (self._remotes, document.reserved_remote()),
            ):
                if uuid is not None:
                    names.forget(uuid)


def _kept(subject: Subject | None, known: Known) -> tuple[str, str] | None:
    if subject is None or subject.repository.href is None:
        return known.repository
    return subject.repository.name, subject.repository.href
