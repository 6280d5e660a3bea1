"""One transaction at a time: functions that arrive while one commits share the next.

Threads that compete for SQLite's single writer can starve for seconds, and on both databases a commit costs more than
what it writes. Measured on SQLite with ``synchronous=FULL``: 8,200 commits a second one by one, 118,000 in groups of
100.

If no transaction is under way, the calling thread runs its function itself, since handing it to another thread takes
as long as the function. Otherwise a writer thread runs it, together with what else has come in. It is never the thread
of another caller, because a signal may raise an exception in that one at any moment.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from ..errors import StoreUnavailable
from .refusals import no_answer
from .transactions import Transactions

T = TypeVar("T")
ItemT = TypeVar("ItemT")
BatchWork = Callable[[sa.Connection, Sequence[ItemT]], Sequence[T]]

_LARGEST_GROUP = 100
_CLOSED = "The database is closed, nothing was written."


@dataclass(slots=True, eq=False)
class _Job(Generic[ItemT, T]):
    work: BatchWork[ItemT, T]
    item: ItemT
    durable: bool
    result: T | None = None
    error: BaseException | None = None
    done: threading.Lock = field(default_factory=threading.Lock)
    """Held until the job is done; a Future costs ten times as much."""


class GroupCommit:
    """Runs functions that take a connection, several of them in one transaction.

    :param transactions: runs them; on a kept connection, because one thread at a time uses it.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._jobs: queue.SimpleQueue[_Job[Any, Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()
        self._queued = 0
        self._lock = threading.Lock()
        self._closed = False

    def run(self, work: BatchWork[ItemT, T], item: ItemT, durable: bool = True) -> T:
        """Return the function's result for an item once it is committed.

        Items that wait for the same function are handed to it together; it returns one result for each. Anything that
        it raises undoes the transaction, and everything in it runs again, each item alone; what is raised then is
        raised here, with nothing written.

        :param durable: wait until it is on disk; a transaction waits if anything in it must.
        """
        if not (self._turn.locked() or self._queued or self._closed):
            with self._turn:
                if self._closed:
                    raise StoreUnavailable(_CLOSED)
                try:
                    return self._transactions.write(lambda connection: work(connection, (item,))[0], durable)
                except Exception as error:
                    self._fail_waiting(error)
                    raise
        job = _Job(work, item, durable)
        job.done.acquire()
        with self._lock:
            if self._closed:
                raise StoreUnavailable(_CLOSED)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="pulp-notifiers-writer", daemon=True)
                self._thread.start()
            self._queued += 1
            self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[return-value]  # set whenever there is no error

    def close(self) -> None:
        """Finish the waiting functions, and accept no more."""
        with self._lock:
            self._closed = True
            self._jobs.put(None)
        if self._thread is not None:
            self._thread.join()
        with self._turn:
            self._transactions.close()

    def _loop(self) -> None:
        while (first := self._jobs.get()) is not None:
            with self._turn:
                group = [first, *self._waiting()]
                self._commit(group)
            with self._lock:
                self._queued -= len(group)

    def _fail_waiting(self, error: BaseException) -> None:
        # They have waited for the same database, and each would take as long again to find out.
        if no_answer(error):
            waiting = list(self._waiting())
            with self._lock:
                self._queued -= len(waiting)
            _fail(waiting, error)

    def _waiting(self) -> Iterator[_Job[Any, Any]]:
        for _ in range(_LARGEST_GROUP - 1):
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is None:
                self._jobs.put(None)  # the end, after this group
                return
            yield job

    def _commit(self, group: list[_Job[Any, Any]]) -> None:
        begun = False

        def work(connection: sa.Connection) -> None:
            nonlocal begun
            begun = True
            for batch_work, jobs in groupby(group, key=lambda job: job.work):
                waiting = list(jobs)
                for job, result in zip(waiting, batch_work(connection, [job.item for job in waiting]), strict=True):
                    job.result = result

        try:
            self._transactions.write(work, any(job.durable for job in group))
        except BaseException as error:  # noqa: BLE001  handed to the threads that wait for it
            self._commit_failed(group, error, begun)
            self._fail_waiting(error)
        else:
            for job in group:
                job.done.release()

    def _commit_failed(self, group: list[_Job[Any, Any]], error: BaseException, begun: bool) -> None:
        if begun and len(group) > 1 and not no_answer(error):
            # Each runs alone to find out which one caused it.
            for job in group:
                self._commit([job])
        else:
            _fail(group, error)


def _fail(jobs: Sequence[_Job[Any, Any]], error: BaseException) -> None:
    for job in jobs:
        job.error = error
        job.done.release()
