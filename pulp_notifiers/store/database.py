"""Transactions: how this product reads and writes SQLite and PostgreSQL.

SQLite has one writer at a time. Threads that compete for it can starve for seconds, so each process has one writer
thread, and transactions that arrive while it commits share the next commit: measured 8,200 commits a second one by
one, 118,000 in groups of 100, with ``synchronous=FULL``.
"""

import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ..errors import InvalidSetting, StoreUnavailable

T = TypeVar("T")
Work = Callable[[sa.Connection], T]
_Job = tuple[Work[Any], Future[Any]]

_logger = logging.getLogger(__name__)

_BUSY_SECONDS = 10.0
_LARGEST_GROUP = 100
_WORTH_REPEATING = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock detected
_REPEATS = 5
_BEGIN = "pulp_notifiers_begin"


class Database:
    """Runs functions of a connection as transactions.

    :param url: SQLAlchemy URL of an SQLite file or a PostgreSQL database.
    :raises InvalidSetting: the URL is of another kind, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.dialect = self.engine.dialect.name
        self._pid = os.getpid()
        self._fork_lock = threading.Lock()
        self._writer = _GroupCommit(self.engine) if self.dialect == "sqlite" else None

    def read(self, work: Work[T]) -> T:
        """Return what the function reads.

        :raises StoreUnavailable: the database does not answer.
        """
        self._after_fork()
        try:
            with self.engine.connect() as connection:
                return work(connection)
        except DBAPIError as error:
            raise _unavailable(error) from error

    def write(self, work: Work[T]) -> T:
        """Return the function's result when all that it wrote is on disk.

        The function may run more than once; an exception from it undoes what it wrote.

        :raises StoreUnavailable: nothing was written.
        """
        self._after_fork()
        try:
            return self._writer.run(work) if self._writer else self._write_with_repeats(work)
        except DBAPIError as error:
            raise _unavailable(error) from error

    def close(self) -> None:
        """Finish the transactions that wait, then close the connections."""
        if self._writer:
            self._writer.close()
        self.engine.dispose()

    def _write_with_repeats(self, work: Work[T]) -> T:
        for _ in range(_REPEATS):
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _WORTH_REPEATING:
                    raise
        with self.engine.begin() as connection:
            return work(connection)

    def _after_fork(self) -> None:
        if self._pid == os.getpid():
            return
        with self._fork_lock:
            if self._pid != os.getpid():
                self.engine.dispose(close=False)  # the connections belong to the parent
                self._writer = _GroupCommit(self.engine) if self._writer else None
                self._pid = os.getpid()


class _GroupCommit:
    """One thread that writes; what arrives while it commits goes into its next transaction together."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    def run(self, work: Work[T]) -> T:
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="pulp-notifiers-writer", daemon=True)
                self._thread.start()
        result: Future[T] = Future()
        self._jobs.put((work, result))
        return result.result()

    def close(self) -> None:
        with self._start_lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join()

    def _loop(self) -> None:
        closing = False
        while not closing:
            group, closing = self._next_group()
            self._commit(group)

    def _next_group(self) -> tuple[list[_Job], bool]:
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == _LARGEST_GROUP:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Job]) -> None:
        if len(group) > 1:
            try:
                self._settle(group, self._together(group))
                return
            except DBAPIError as error:
                # A full disk or a broken constraint undoes all of a transaction in SQLite, so each goes alone to
                # find out whose it was.
                _logger.debug("Writing %d transactions one by one after: %s", len(group), error.orig)
        for work, result in group:
            try:
                with self._engine.begin() as connection:
                    value = work(connection)
            except Exception as error:  # noqa: BLE001  handed to the thread that waits for it
                result.set_exception(error)
            else:
                result.set_result(value)

    def _together(self, group: list[_Job]) -> list[tuple[bool, Any]]:
        outcomes: list[tuple[bool, Any]] = []
        with self._engine.begin() as connection:
            for work, _ in group:
                savepoint = connection.begin_nested()
                try:
                    outcomes.append((True, work(connection)))
                except DBAPIError:
                    raise
                except Exception as error:  # noqa: BLE001  handed to the thread that waits for it
                    savepoint.rollback()
                    outcomes.append((False, error))
                else:
                    savepoint.commit()
        return outcomes

    @staticmethod
    def _settle(group: list[_Job], outcomes: list[tuple[bool, Any]]) -> None:
        for (_, result), (succeeded, value) in zip(group, outcomes, strict=True):
            if succeeded:
                result.set_result(value)
            else:
                result.set_exception(value)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return _sqlite_engine(parsed)
        if backend == "postgresql":
            return sa.create_engine(
                parsed,
                pool_pre_ping=True,
                pool_size=20,
                max_overflow=20,
                pool_timeout=_BUSY_SECONDS,
                connect_args={"connect_timeout": int(_BUSY_SECONDS)},
            )
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise InvalidSetting(
            f"[notifiers] database_url cannot be used ({type(error).__name__}): write sqlite:///PATH, or "
            f"postgresql+psycopg://USER:PASSWORD@HOST/DATABASE with the package psycopg installed."
        ) from None
    raise InvalidSetting(f"[notifiers] database_url is for {backend}: only sqlite and postgresql are supported.")


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise InvalidSetting("[notifiers] database_url names no file: write sqlite:///PATH.")
    _create_private(Path(url.database))
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
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
    connection.isolation_level = None  # the driver would begin transactions by itself, and too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that starts as a reader and then writes fails at once when another process wrote meanwhile, so
    # the writer's begin as writers.
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _unavailable(error: DBAPIError) -> StoreUnavailable:
    # The driver's own words only: SQLAlchemy's text repeats the statement with its values.
    return StoreUnavailable(f"The database refused the transaction, nothing was written: {error.orig}")
