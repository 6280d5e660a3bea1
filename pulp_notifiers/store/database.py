"""Transactions on SQLite and PostgreSQL.

SQLite has one writer at a time, so with it each process has one transaction at a time that writes
(:mod:`.group_commit`). On PostgreSQL that holds for what many threads write at once; for the rest each thread has its
own.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from ..errors import StoreUnavailable
from ..server_conf import DEFAULT_DATABASE_TIMEOUT_SECONDS
from .engine import engine_of
from .group_commit import BatchWork, GroupCommit, ItemT
from .health import Access, WriteProbe
from .refusals import CommitUnknown, driver_error, reason_of
from .statement import Insert, Statement
from .transactions import Patience, Transactions, Work

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

_MANY_ROWS = Patience(statement_seconds=60, lock_seconds=5)

_logger = logging.getLogger(__name__)


class Database:
    """Runs functions that take a connection as transactions.

    :param url: SQLAlchemy URL of an SQLite file or a PostgreSQL database.
    :param timeout_seconds: how long a connection, the answer to one statement, or SQLite's write lock is waited for.
    :raises InvalidSetting: the URL is for another database, or its driver is not installed.
    """

    def __init__(
        self,
        url: str,
        timeout_seconds: float = DEFAULT_DATABASE_TIMEOUT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = engine_of(url, timeout_seconds)
        self.dialect = self.engine.dialect.name
        self._pid = os.getpid()
        self._fork_lock = threading.Lock()
        self._transactions = Transactions(self.engine)
        self._refusals = self._transactions.refusals
        driver = self.engine.dialect.loaded_dbapi
        self._faults_of_rows = (driver.IntegrityError, driver.DataError)
        self._reading, self._writing = Access("read", monotonic), Access("written", monotonic)
        self._probe = WriteProbe(self.dialect)
        self._writer = self._new_writer()
        self._writers: dict[object, GroupCommit] = {}
        self._of_parent: list[object] = []

    def read(self, work: Work[T]) -> T:
        """Return the function's result.

        :raises StoreUnavailable: the database does not answer.
        """
        self._after_fork()
        try:
            result = self._transactions.read(work)
        except self._refusals as error:
            raise self._unavailable(error, self._reading) from error
        self._reading.worked()
        return result

    def write(self, work: Work[T], durable: bool = True, patience: Patience | None = None) -> T:
        """Return the function's result once everything it wrote is committed.

        The function may run more than once; an exception from it undoes what it wrote.

        :param durable: wait until it is on disk; False for what may be lost if the machine crashes.
        :param patience: limits for a transaction that may take longer; it then shares no transaction with others.
        :raises StoreUnavailable: nothing was written; except if the connection to PostgreSQL broke during the commit,
            when it is unknown.
        """
        self._after_fork()
        try:
            if self.dialect == "sqlite" and patience is None:
                result = self._writer.run(lambda connection, _: [work(connection)], None, durable)
            else:
                result = self._transactions.write(work, durable, patience)
        except self._refusals as error:
            raise self._unavailable(error, self._writing) from error
        self._wrote(durable)
        return result

    def write_many_rows(self, work: Work[T]) -> T:
        """Like :meth:`write`, for a function whose statements take the longer, the more rows there are."""
        # SQLite has no limit for a statement.
        return self.write(work, patience=None if self.dialect == "sqlite" else _MANY_ROWS)

    def write_together(self, work: BatchWork[ItemT, T], item: ItemT) -> T:
        """Like :meth:`write`, for a function that many threads call: the items that wait share one call of it.

        :param work: takes a connection and the items, returns one result for each; the same object in each call.
        :raises StoreUnavailable: as in :meth:`write`.
        """
        self._after_fork()
        try:
            result = self._writer_of(work).run(work, item)
        except self._refusals as error:
            raise self._unavailable(error, self._writing) from error
        self._wrote(durable=True)
        return result

    def require_writable(self) -> None:
        """Check that events can be written, by writing one and deleting it again.

        :raises StoreUnavailable: nothing can be written.
        """
        failing = self._writing.failing
        self.write(lambda connection: self._probe.run(connection, large=failing))

    def close(self) -> None:
        """Finish the waiting transactions, then close the connections."""
        self._after_fork()
        for writer in (self._writer, *self._writers.values()):
            writer.close()
        self.engine.dispose()

    def statement(self, sql: str) -> Statement:
        """Return a statement in the form of the driver."""
        return Statement(sql, self.dialect)

    def insert_of(self, sql: str) -> Insert:
        """Return an insert of many rows in the form of the driver."""
        return Insert(sql, self.dialect)

    def insert(self, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
        """Return an insert into a table that supports ``ON CONFLICT``."""
        # Only the dialect in use: the other one takes a tenth of the start.
        dialect: Any = import_module(f"sqlalchemy.dialects.{self.dialect}")
        insert: sqlite.Insert | postgresql.Insert = dialect.insert(table)
        return insert

    def _wrote(self, durable: bool) -> None:
        if durable:
            self._writing.worked()
        elif self._writing.failing:
            # Claims write nothing if nothing is due, so they may succeed on a full disk.
            with suppress(StoreUnavailable):  # which is counted
                self.require_writable()

    def _unavailable(self, error: Exception, access: Access) -> StoreUnavailable:
        reason = reason_of(error)
        if isinstance(driver_error(error), self._faults_of_rows):
            _logger.error("The database refused what was to be written: %s", reason)
        else:
            access.failed(reason)
        if isinstance(error, CommitUnknown):
            state = "The connection to the database broke during a commit, and perhaps all was written"
        else:
            state = "The database refused the transaction, nothing was written"
        return StoreUnavailable(f"{state}: {reason}")

    def _new_writer(self) -> GroupCommit:
        return GroupCommit(Transactions(self.engine, keep=True))

    def _writer_of(self, work: object) -> GroupCommit:
        if self.dialect == "sqlite":
            return self._writer
        return self._writers.get(work) or self._writers.setdefault(work, self._new_writer())

    def _after_fork(self) -> None:
        if self._pid == os.getpid():
            return
        with self._fork_lock:
            if self._pid != os.getpid():
                # The connections belong to the parent; if they were collected here, SQLAlchemy would roll back.
                self.engine.dispose(close=False)
                self._of_parent.append((self._writer, self._writers))
                self._writer, self._writers = self._new_writer(), {}
                self._pid = os.getpid()
