"""Transactions on SQLite and PostgreSQL.

SQLite has one writer at a time, so with it each process has one transaction at a time that writes
(:mod:`.group_commit`). On PostgreSQL that holds for what many threads write at once; for the rest each thread has its
own.
"""

import os
import sqlite3
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import InvalidSetting, StoreUnavailable
from .group_commit import BatchWork, GroupCommit, ItemT
from .statement import Insert, Statement
from .transactions import Transactions, Work, driver_error, driver_of

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

_BUSY_SECONDS = 10.0
_CONNECTIONS = 20
_FURTHER_CONNECTIONS = 40  # together enough for every thread of the REST service and of the worker


class Database:
    """Runs functions that take a connection as transactions.

    :param url: SQLAlchemy URL of an SQLite file or a PostgreSQL database.
    :raises InvalidSetting: the URL is for another database, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.dialect = self.engine.dialect.name
        self._pid = os.getpid()
        self._fork_lock = threading.Lock()
        self._transactions = Transactions(self.engine)
        self._refusals = self._transactions.refusals
        self._writer = self._new_writer()
        self._writers: dict[object, GroupCommit] = {}
        self._of_parent: list[object] = []

    def read(self, work: Work[T]) -> T:
        """Return the function's result.

        :raises StoreUnavailable: the database does not answer.
        """
        self._after_fork()
        try:
            return self._transactions.read(work)
        except self._refusals as error:
            raise _unavailable(error) from error

    def write(self, work: Work[T], durable: bool = True) -> T:
        """Return the function's result once everything it wrote is committed.

        The function may run more than once; an exception from it undoes what it wrote.

        :param durable: wait until it is on disk; False for what may be lost if the machine crashes.
        :raises StoreUnavailable: nothing was written; except if the connection to PostgreSQL broke during the commit,
            when it is unknown.
        """
        self._after_fork()
        try:
            if self.dialect == "sqlite":
                return self._writer.run(lambda connection, _: [work(connection)], None, durable)
            return self._transactions.write(work, durable)
        except self._refusals as error:
            raise _unavailable(error) from error

    def write_together(self, work: BatchWork[ItemT, T], item: ItemT) -> T:
        """Like :meth:`write`, for a function that many threads call: the items that wait share one call of it.

        :param work: takes a connection and the items, returns one result for each; the same object in each call.
        :raises StoreUnavailable: as in :meth:`write`.
        """
        self._after_fork()
        try:
            return self._writer_of(work).run(work, item)
        except self._refusals as error:
            raise _unavailable(error) from error

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


def _unavailable(error: Exception) -> StoreUnavailable:
    # Only the driver's message: SQLAlchemy's repeats the statement with its values.
    reason = "all its connections are busy" if isinstance(error, PoolTimeout) else driver_error(error)
    return StoreUnavailable(f"The database refused the transaction, nothing was written: {reason}")


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return _sqlite_engine(parsed)
        if backend == "postgresql":
            return sa.create_engine(
                parsed,
                pool_size=_CONNECTIONS,
                max_overflow=_FURTHER_CONNECTIONS,
                pool_timeout=_BUSY_SECONDS,
                connect_args={"connect_timeout": int(_BUSY_SECONDS)},
            )
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise InvalidSetting(
            f"[notifiers] database_url cannot be used ({type(error).__name__}): write sqlite:///PATH, or "
            f"postgresql+psycopg://USER:PASSWORD@HOST/DATABASE with the package psycopg installed."
        ) from None
    raise InvalidSetting(f"[notifiers] database_url is for {backend}: only sqlite and postgresql are supported.")


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise InvalidSetting("[notifiers] database_url names no file: write sqlite:///PATH.")
    _create_private(Path(url.database))
    engine = sa.create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=_FURTHER_CONNECTIONS,
        pool_timeout=_BUSY_SECONDS,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_private(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise InvalidSetting(f"The database file {file} cannot be created or opened: {error.strerror}.") from None


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # or the driver begins transactions by itself, and too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    if not driver_of(connection).in_transaction:
        connection.exec_driver_sql("BEGIN")
