"""The watch over the tasks of one domain: nothing lost, nothing told twice, whenever it is killed.

Each poll asks for what was created lately and for the tasks that were unfinished, derives the changes from the
documents, and hands reports, events and what to remember of them to the intake in the same call.
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
from .progressing import Progressing
from .tasks import BATCH, TaskQueries
from .telling import Telling

PAGE = 500
_CHUNK = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)

_logger = logging.getLogger(__name__)


@dataclass
class Figures:
    """What polls have brought.

    :ivar told: times of the changes that the last poll told.
    :ivar vanished: unfinished tasks that the server does not know any more.
    """

    polls: int = 0
    tasks: int = 0
    changes: int = 0
    vanished: int = 0
    told: list[datetime] = field(default_factory=list)


class Poll:
    """Watches one domain.

    :param name: of the domain, for people; None where the server has none.
    :param seconds: a clock that never steps.
    :param page: how many new tasks are asked for at once.
    """

    def __init__(
        self,
        name: str | None,
        queries: TaskQueries,
        memory: Memory,
        telling: Telling,
        kinds: Kinds,
        intake: Intake,
        seconds: Callable[[], float] = time.monotonic,
        page: int = PAGE,
    ) -> None:
        self.memory = memory
        self.figures = Figures()
        self._place = "" if name is None else f" of domain {name}"
        self._queries = queries
        self._telling = telling
        self._kinds = kinds
        self._intake = intake
        self._seconds = seconds
        self._page = page
        self._backlog = Backlog()
        self._progressing = Progressing()
        self._shown = False
        self._rewound = False
        self._polled_at: float | None = None

    def begin(self, since: datetime | None) -> None:
        """Begin now, or at a moment that has passed, unless it was begun before.

        Tasks that are unfinished at the beginning are told from their next change on.
        """
        remembered = self.memory.cursor
        if remembered is not None:
            self._shown = remembered.newest > remembered.begin
            return
        newest = self._queries.newest()
        now = newest.created if newest is not None else self._queries.server_time or utc_now()
        begin = now if since is None else since - _INSTANT
        for page in self._pages(_EPOCH, self._queries.unfinished_since):
            self._remember(
                {
                    document.uuid: Known(document.created, stage(document), stage(document) is Stage.RUNNING)
                    for document in page
                    if document.created <= begin and document.uuid not in self.memory.known and self._watched(document)
                }
            )
        cursor = Cursor.starting(begin)
        self._intake.take(remember={self.memory.cursor_key: cursor.as_json()})
        self.memory.cursor = cursor

    def poll(self) -> None:
        """Ask once, and tell all that has changed.

        :raises TemporaryFailure: the server cannot answer now; nothing is lost by asking again later.
        :raises Hidden: it shows nothing any more.
        :raises PermanentFailure: it refuses.
        """
        cursor = self.memory.cursor
        if cursor is None:
            raise RuntimeError("a watch must begin before it polls")
        now, server_time = self._seconds(), self._queries.server_time
        sweeps = cursor.sweeps(now, server_time)
        unwatched = None if self._polled_at is None else now - self._polled_at
        self._rewound = sweeps and cursor.rewind(server_time, unwatched)
        self.figures.told = []
        seen = False
        last: list[TaskDocument] = []
        for page in self._pages(cursor.bound if sweeps else cursor.newest, self._queries.created_since):
            if last:
                self._tell_page(last, last[-1].created, cursor, now)
            last, seen = page, seen or bool(page)
        self._expect_tasks(seen)
        newest = max([cursor.newest, *(document.created for document in last)])
        self._show_progress(self._tell_page(last, newest, cursor, now))
        if sweeps:
            cursor.swept(now)
            self._forget(cursor)
        self._polled_at = now
        self.figures.polls += 1

    def _show_progress(self, documents: Iterable[TaskDocument]) -> None:
        known = (document for document in documents if self._told_of(document) is Stage.RUNNING)
        reports = self._telling.reports(self._progressing.changed(known), self.memory.known)
        if reports:
            self._intake.take(reports=reports)

    def _pages(
        self, moment: datetime, ask: Callable[[datetime, int], list[TaskDocument]]
    ) -> Iterator[list[TaskDocument]]:
        # By time and not by offset, because rows come and go between two pages. The last row stands on both.
        limit = self._page
        while True:
            page = ask(moment, limit)
            yield page
            if len(page) < limit:
                return
            if page[-1].created < moment:
                raise TemporaryFailure(
                    f"The server lists tasks{self._place} that were not asked for; check that no proxy before "
                    "it answers from a cache, or leaves out the query."
                )
            if page[-1].created == moment:
                limit *= 2  # so many tasks of one microsecond
            moment = page[-1].created

    def _tell_page(self, page: list[TaskDocument], until: datetime, cursor: Cursor, now: float) -> list[TaskDocument]:
        # After the page: whatever stands in it as started, what ran before it has ended by now.
        found = [*page, *self._unfinished({document.uuid for document in page}, until)]
        self._tell(found, cursor)
        self._advance(page, cursor, now)
        return found

    def _unfinished(self, listed: set[str], until: datetime) -> list[TaskDocument]:
        # From the newest to those in work, for the same reason; of what is newer than the page nothing is said yet.
        found: dict[str, TaskDocument] = {}
        if self._backlog.is_deep(self.memory):
            working = (document for document in self._queries.in_work() if document.created <= until)
            found = {document.uuid: document for document in working if document.uuid not in listed}
        asked = self._backlog.choose(self.memory, listed, until)
        answered = [document for batch in batches(asked, BATCH) for document in self._queries.by_ids(batch)]
        found.update({document.uuid: document for document in answered})
        self._vanish([uuid for uuid in asked if uuid not in found])
        return list(found.values())

    def _tell(self, documents: list[TaskDocument], cursor: Cursor) -> None:
        relics = self._relics(documents, cursor)
        found = [
            change
            for document in documents
            if document.uuid not in relics and self._is_told(document, cursor)
            for change in changes(document, self._told_of(document))
        ]
        self.figures.tasks += len({change.document.uuid for change in found if change.stage is Stage.WAITING})
        self._remember(relics)
        full = self._in_full([change.document for change in found if change.stage is Stage.FINAL])
        found = [Change(change.stage, change.at, full.get(change.document.uuid, change.document)) for change in found]
        for chunk in batches(in_order(found), _CHUNK):
            self._take(chunk)

    def _advance(self, page: list[TaskDocument], cursor: Cursor, now: float) -> None:
        # By pages of what was created only: other lists show new tasks before all that are older were seen.
        newest = max((document.created for document in page), default=cursor.newest)
        if newest > cursor.newest:
            self._intake.take(remember={self.memory.cursor_key: cursor.as_json(newest)})
            cursor.advance(now, newest, self._queries.server_time)
            if len(page) >= self._page:
                self._forget(cursor)

    def _take(self, chunk: list[Change]) -> None:
        told = self._telling.tell(chunk, self.memory.known)
        self._intake.take(told.events, told.reports, self.memory.values(told.known))
        self.memory.keep(told.known)
        self.figures.changes += len(chunk)
        self.figures.told.extend(change.at for change in chunk)

    def _in_full(self, documents: Iterable[TaskDocument]) -> Mapping[str, TaskDocument]:
        # What is gone between the two questions is told with what the list said.
        uuids = list(dict.fromkeys(document.uuid for document in documents))
        return {full.uuid: full for batch in batches(uuids, BATCH) for full in self._smaller_in_full(batch)}

    def _smaller_in_full(self, uuids: list[str]) -> list[TaskDocument]:
        # One task that made a million things must not stop all that come after it.
        try:
            return self._queries.in_full(uuids)
        except TooLarge:
            half = len(uuids) // 2
            return [*self._smaller_in_full(uuids[:half]), *self._smaller_in_full(uuids[half:])] if half else []

    def _relics(self, documents: Iterable[TaskDocument], cursor: Cursor) -> dict[str, Known]:
        # After the server's clock has stepped back, tasks from what is now the future are old ones, told and forgotten.
        server_time = self._queries.server_time
        if server_time is None or not self._rewound:
            return {}
        future = server_time + HEADER_PRECISION
        return {
            document.uuid: Known(document.created, Stage.FINAL)
            for document in documents
            if document.final and future < document.created <= cursor.newest and document.uuid not in self.memory.known
        }

    def _is_told(self, document: TaskDocument, cursor: Cursor) -> bool:
        return document.uuid in self.memory.known or (document.created > cursor.begin and self._watched(document))

    def _watched(self, document: TaskDocument) -> bool:
        return self._kinds.watched(document.name)

    def _told_of(self, document: TaskDocument) -> Stage:
        known = self.memory.known.get(document.uuid)
        return Stage.UNTOLD if known is None else known.told

    def _vanish(self, uuids: list[str]) -> None:
        if not uuids:
            return
        self._expect_sight()
        _logger.warning(
            "Source %s did not see the end of %d tasks%s before they were deleted from the server, such as task %s",
            self._intake.source,
            len(uuids),
            self._place,
            uuids[0],
        )
        self.figures.vanished += len(uuids)
        self._remember(self.memory.forget(uuids))

    def _expect_tasks(self, seen: bool) -> None:
        if seen:
            self._shown = True
        elif self._shown:
            # The task that was newest is gone: purged, or not shown any more.
            self._expect_sight()
            self._shown = False

    def _expect_sight(self) -> None:
        if self._queries.newest() is None:
            raise Hidden(
                f"The server shows the account no task{self._place} any more; check that it still has the role "
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
