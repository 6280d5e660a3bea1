"""Transactions on SQLite and PostgreSQL.

SQLite has one writer at a time, so with it each process writes from one thread (:mod:`.group_commit`).
"""

import os
import sqlite3
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import InvalidSetting, StoreUnavailable
from .group_commit import GroupCommit, Work

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

_BUSY_SECONDS = 10.0
_WORTH_REPEATING = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock detected
_REPEATS = 5
_BEGIN = "pulp_notifiers_begin"
_REFUSALS = (DBAPIError, PoolTimeout)
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
        self._writer = self._new_writer()

    def read(self, work: Work[T]) -> T:
        """Return the function's result.

        :raises StoreUnavailable: the database does not answer.
        """
        self._after_fork()
        try:
            with self.engine.connect() as connection:
                return work(connection)
        except _REFUSALS as error:
            raise _unavailable(error) from error

    def write(self, work: Work[T]) -> T:
        """Return the function's result once everything it wrote is on disk.

        The function may run more than once; an exception from it undoes what it wrote.

        :raises StoreUnavailable: nothing was written; except if the connection to PostgreSQL broke during the commit,
            when it is unknown.
        """
        self._after_fork()
        try:
            return self._writer.run(work) if self._writer else self._write_with_repeats(work)
        except _REFUSALS as error:
            raise _unavailable(error) from error

    def close(self) -> None:
        """Finish the waiting transactions, then close the connections."""
        if self._writer:
            self._writer.close()
        self.engine.dispose()

    def insert(self, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
        """Return an insert into a table that supports ``ON CONFLICT``."""
        # Only the dialect in use: the other one takes a tenth of the start.
        dialect: Any = import_module(f"sqlalchemy.dialects.{self.dialect}")
        insert: sqlite.Insert | postgresql.Insert = dialect.insert(table)
        return insert

    def _new_writer(self) -> GroupCommit | None:
        if self.dialect != "sqlite":
            return None
        return GroupCommit(self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}))

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
                self._writer = self._new_writer()
                self._pid = os.getpid()


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
    # A transaction that starts as a reader and then writes fails at once if another process wrote meanwhile, so the
    # writer's transactions start as writers.
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _unavailable(error: DBAPIError | PoolTimeout) -> StoreUnavailable:
    # Only the driver's message: SQLAlchemy's repeats the statement with its values.
    reason = error.orig if isinstance(error, DBAPIError) else "all its connections are busy"
    return StoreUnavailable(f"The database refused the transaction, nothing was written: {reason}")
