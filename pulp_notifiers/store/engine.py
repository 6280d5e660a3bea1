"""Turns the URL of a database into SQLAlchemy's engine, with time-outs for everything that may wait."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..errors import InvalidSetting
from .transactions import driver_of

_CONNECTIONS = 20
_FURTHER_CONNECTIONS = 40  # together enough for every thread of the REST service and of the worker


def engine_of(url: str, timeout_seconds: float) -> sa.Engine:
    """Return the engine for a URL; it opens no connection.

    :param timeout_seconds: how long a connection, a lock, or an answer is waited for.
    :raises InvalidSetting: the URL is for another database, or its driver is not installed.
    """
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return _sqlite_engine(parsed, timeout_seconds)
        if backend == "postgresql" and parsed.get_driver_name() == "psycopg":
            return _postgres_engine(parsed, timeout_seconds)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise _unusable(type(error).__name__) from None
    if backend == "postgresql":
        raise _unusable(f"the driver {parsed.get_driver_name()} is not supported")
    raise InvalidSetting(f"[notifiers] database_url is for {backend}: only sqlite and postgresql are supported.")


def database_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for another database, and for a URL that is not valid."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        return None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def _unusable(reason: str) -> InvalidSetting:
    return InvalidSetting(
        f"[notifiers] database_url cannot be used ({reason}): write sqlite:///PATH, or "
        f"postgresql+psycopg://USER:PASSWORD@HOST/DATABASE with the package psycopg installed."
    )


def _postgres_engine(url: sa.URL, timeout_seconds: float) -> sa.Engine:
    from . import postgres  # noqa: PLC0415  psycopg may not be installed

    engine = sa.create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=_FURTHER_CONNECTIONS,
        pool_timeout=timeout_seconds,
        use_native_hstore=False,  # nothing is stored in it, and looking for it takes two queries
    )

    def connect(_dialect: Any, _record: Any, _positional: Any, arguments: dict[str, Any]) -> Any:
        return postgres.connect(timeout_seconds, arguments)

    sa.event.listen(engine, "do_connect", connect)
    return engine


def _sqlite_engine(url: sa.URL, timeout_seconds: float) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise InvalidSetting("[notifiers] database_url names no file: write sqlite:///PATH.")
    _create_private(Path(url.database))
    engine = sa.create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=_FURTHER_CONNECTIONS,
        pool_timeout=timeout_seconds,
        connect_args={"timeout": timeout_seconds, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_private(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise InvalidSetting(
            f"The database file {file} cannot be created or opened: {error.strerror}. Check [notifiers] "
            "state_directory and database_url, and whether the user of this process may write there."
        ) from None


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # or the driver begins transactions by itself, and too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    if not driver_of(connection).in_transaction:
        connection.exec_driver_sql("BEGIN")
