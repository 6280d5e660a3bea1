"""Watches the tasks of one domain: nothing is lost or reported twice, whenever the process is killed.

Each poll requests the recently created tasks and the unfinished ones, derives the changes from the documents, and hands
over reports, events and what to remember about them in one call of the intake.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event import utc_now
from pulp_notifiers.source import Intake

from .backlog import Backlog
from .changes import Change, Stage, changes, in_order, stage
from .cursor import HEADER_PRECISION, Cursor
from .documents import TaskDocument
from .failures import Hidden, TooLarge
from .kinds import Kinds
from .memory import Known, Memory
from .names import batches
from .progress import ProgressTracker
from .tasks import BATCH, TaskQueries
from .translation import Translator

PAGE = 500
_CHUNK = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)

_logger = logging.getLogger(__name__)


@dataclass
class Figures:
    """Counts for the status of the source.

    :ivar vanished: unfinished tasks that the server does not know any more.
    :ivar change_times: when the changes happened that the last poll reported.
    """

    polls: int = 0
    tasks: int = 0
    changes: int = 0
    vanished: int = 0
    change_times: list[datetime] = field(default_factory=list)


class Poll:
    """Watches one domain.

    :param name: of the domain, for messages; None if the server has no domains.
    :param seconds: a monotonic clock.
    :param page: how many new tasks one request asks for.
    """

    def __init__(
        self,
        name: str | None,
        queries: TaskQueries,
        memory: Memory,
        translator: Translator,
        kinds: Kinds,
        intake: Intake,
        seconds: Callable[[], float] = time.monotonic,
        page: int = PAGE,
    ) -> None:
        self.memory = memory
        self.figures = Figures()
        self._place = "" if name is None else f" of domain {name}"
        self._queries = queries
        self._translator = translator
        self._kinds = kinds
        self._intake = intake
        self._seconds = seconds
        self._page = page
        self._backlog = Backlog()
        self._progress = ProgressTracker()
        self._sees_tasks = False
        self._rewound = False
        self._polled_at: float | None = None

    def begin(self, since: datetime | None) -> None:
        """Start the watch now, or at a time in the past, unless an earlier process started it.

        Tasks that are unfinished at that time are reported from their next change on.
        """
        remembered = self.memory.cursor
        if remembered is not None:
            self._sees_tasks = remembered.newest > remembered.begin
            return
        newest = self._queries.newest()
        now = newest.created if newest is not None else self._queries.server_time or utc_now()
        begin = now if since is None else since - _INSTANT
        for page in self._pages(_EPOCH, self._queries.unfinished_since):
            self._remember(
                {
                    document.uuid: Known(document.created, stage(document), stage(document) is Stage.RUNNING)
                    for document in page
                    if document.created <= begin
                    and document.uuid not in self.memory.known
                    and self._kinds.watched(document.name)
                }
            )
        cursor = Cursor.starting(begin)
        self._intake.take(remember={self.memory.cursor_key: cursor.as_json()})
        self.memory.cursor = cursor

    def poll(self) -> None:
        """Report everything that has changed since the last poll.

        :raises TemporaryFailure: the server cannot answer now; nothing is lost if it is polled later.
        :raises Hidden: it shows no tasks any more.
        :raises PermanentFailure: it refuses the request.
        """
        cursor = self.memory.cursor
        if cursor is None:
            raise RuntimeError("call begin() before poll()")
        now, server_time = self._seconds(), self._queries.server_time
        sweeps = cursor.sweeps(now, server_time)
        unwatched = None if self._polled_at is None else now - self._polled_at
        self._rewound = sweeps and cursor.rewind(server_time, unwatched)
        self.figures.change_times = []
        seen = False
        last: list[TaskDocument] = []
        for page in self._pages(cursor.bound if sweeps else cursor.newest, self._queries.created_since):
            if last:
                self._report_page(last, last[-1].created, cursor, now)
            last, seen = page, seen or bool(page)
        self._expect_tasks(seen)
        newest = max([cursor.newest, *(document.created for document in last)])
        self._report_progress(self._report_page(last, newest, cursor, now))
        if sweeps:
            cursor.swept(now)
            self._forget(cursor)
        self._polled_at = now
        self.figures.polls += 1

    def _report_progress(self, documents: Iterable[TaskDocument]) -> None:
        known = (document for document in documents if self._reported(document) is Stage.RUNNING)
        reports = self._translator.progress_reports(self._progress.changed(known), self.memory.known)
        if reports:
            self._intake.take(reports=reports)

    def _pages(
        self, moment: datetime, ask: Callable[[datetime, int], list[TaskDocument]]
    ) -> Iterator[list[TaskDocument]]:
        # By time instead of offset, because rows come and go between pages. The last row is on both pages.
        limit = self._page
        while True:
            page = ask(moment, limit)
            yield page
            if len(page) < limit:
                return
            if page[-1].created < moment:
                raise TemporaryFailure(
                    f"The server lists tasks{self._place} that were not requested; check that no proxy in front of "
                    "it answers from a cache or drops the query."
                )
            if page[-1].created == moment:
                limit *= 2  # a whole page was created in one microsecond
            moment = page[-1].created

    def _report_page(self, page: list[TaskDocument], until: datetime, cursor: Cursor, now: float) -> list[TaskDocument]:
        # Requested after the page: if a task in it has started, the task that ran before it has ended by now.
        found = [*page, *self._unfinished({document.uuid for document in page}, until)]
        self._report(found, cursor)
        self._advance(page, cursor, now)
        return found

    def _unfinished(self, listed: set[str], until: datetime) -> list[TaskDocument]:
        # Newest first and running last, for the same reason; tasks newer than the page are not reported yet.
        found: dict[str, TaskDocument] = {}
        if self._backlog.is_deep(self.memory):
            running = (document for document in self._queries.running() if document.created <= until)
            found = {document.uuid: document for document in running if document.uuid not in listed}
        asked = self._backlog.choose(self.memory, listed, until)
        answered = [document for batch in batches(asked, BATCH) for document in self._queries.by_ids(batch)]
        found.update({document.uuid: document for document in answered})
        self._vanish([uuid for uuid in asked if uuid not in found])
        return list(found.values())

    def _report(self, documents: list[TaskDocument], cursor: Cursor) -> None:
        forgotten = self._reported_and_forgotten(documents, cursor)
        found = [
            change
            for document in documents
            if document.uuid not in forgotten and self._is_watched(document, cursor)
            for change in changes(document, self._reported(document))
        ]
        self.figures.tasks += len({change.document.uuid for change in found if change.stage is Stage.WAITING})
        self._remember(forgotten)
        full = self._in_full([change.document for change in found if change.stage is Stage.FINAL])
        found = [Change(change.stage, change.at, full.get(change.document.uuid, change.document)) for change in found]
        for chunk in batches(in_order(found), _CHUNK):
            self._take(chunk)

    def _advance(self, page: list[TaskDocument], cursor: Cursor, now: float) -> None:
        # Only by pages of created tasks: other lists show new tasks before all older ones were seen.
        newest = max((document.created for document in page), default=cursor.newest)
        if newest > cursor.newest:
            self._intake.take(remember={self.memory.cursor_key: cursor.as_json(newest)})
            cursor.advance(now, newest, self._queries.server_time)
            if len(page) >= self._page:
                self._forget(cursor)

    def _take(self, chunk: list[Change]) -> None:
        translation = self._translator.translate(chunk, self.memory.known)
        self._intake.take(translation.events, translation.reports, self.memory.values(translation.known))
        self.memory.keep(translation.known)
        self.figures.changes += len(chunk)
        self.figures.change_times.extend(change.at for change in chunk)

    def _in_full(self, documents: Iterable[TaskDocument]) -> Mapping[str, TaskDocument]:
        # A task that is deleted between the two requests is reported with the fields of the list.
        uuids = list(dict.fromkeys(document.uuid for document in documents))
        return {full.uuid: full for batch in batches(uuids, BATCH) for full in self._smaller_in_full(batch)}

    def _smaller_in_full(self, uuids: list[str]) -> list[TaskDocument]:
        # One task with a million created resources must not block all later ones.
        try:
            return self._queries.in_full(uuids)
        except TooLarge:
            half = len(uuids) // 2
            return [*self._smaller_in_full(uuids[:half]), *self._smaller_in_full(uuids[half:])] if half else []

    def _reported_and_forgotten(self, documents: Iterable[TaskDocument], cursor: Cursor) -> dict[str, Known]:
        # After the server's clock stepped back, tasks with times in the future are old: reported and forgotten.
        server_time = self._queries.server_time
        if server_time is None or not self._rewound:
            return {}
        future = server_time + HEADER_PRECISION
        return {
            document.uuid: Known(document.created, Stage.FINAL)
            for document in documents
            if document.final and future < document.created <= cursor.newest and document.uuid not in self.memory.known
        }

    def _is_watched(self, document: TaskDocument, cursor: Cursor) -> bool:
        is_new = document.created > cursor.begin and self._kinds.watched(document.name)
        return is_new or document.uuid in self.memory.known

    def _reported(self, document: TaskDocument) -> Stage:
        known = self.memory.known.get(document.uuid)
        return Stage.UNREPORTED if known is None else known.reported

    def _vanish(self, uuids: list[str]) -> None:
        if not uuids:
            return
        self._require_visible_tasks()
        _logger.warning(
            "Source %s missed the end of %d tasks%s: they were deleted on the server before they were read, such as "
            "task %s; let Pulp keep finished tasks longer",
            self._intake.source,
            len(uuids),
            self._place,
            uuids[0],
        )
        self.figures.vanished += len(uuids)
        self._remember(self.memory.forget(uuids))

    def _expect_tasks(self, seen: bool) -> None:
        if seen:
            self._sees_tasks = True
        elif self._sees_tasks:
            # The newest task is gone: either purged, or hidden from the account.
            self._require_visible_tasks()
            self._sees_tasks = False

    def _require_visible_tasks(self) -> None:
        if self._queries.newest() is None:
            raise Hidden(
                f"The account does not see any tasks{self._place} any more; check that it still has the role "
                "core.task_viewer."
            )

    def _forget(self, cursor: Cursor) -> None:
        outdated = self.memory.outdated(cursor.bound)
        if outdated:
            forgotten = self.memory.forget(outdated)
            remember = {**self.memory.values(forgotten), self.memory.cursor_key: cursor.as_json()}
            self._intake.take(remember=remember)
            self.memory.keep(forgotten)

    def _remember(self, known: Mapping[str, Known | None]) -> None:
        if known:
            self._intake.take(remember=self.memory.values(known))
            self.memory.keep(known)
