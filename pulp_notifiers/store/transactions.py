"""Transactions, repeated if the database asks for it or had closed the connection."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .refusals import CommitUnknown, driver_error, no_answer

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

_WORTH_REPEATING = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock detected
_PREPARED_ELSEWHERE = {"26000", "42P05"}
"""PostgreSQL: no such prepared statement, and one of this name exists; either only happens behind a pooler."""
_REPEATS = 5
_DURABLE = "pulp_notifiers_durable"


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits of a transaction that may take longer than others.

    :ivar statement_seconds: how long one statement may take; SQLite has no such limit.
    :ivar lock_seconds: how long it may wait for locks of other transactions.
    """

    statement_seconds: float
    lock_seconds: float


class Transactions:
    """Runs functions in transactions.

    A function runs again if a deadlock was detected, or if the connection was found closed before the commit: when
    PostgreSQL is restarted, every open connection is. So none has to be tried before it is used, which would cost a
    round trip each time.

    :param keep: keep one connection for all transactions; then only one thread at a time may call, with functions that
        use :class:`.statement.Statement` only, unless the database is SQLite.
    """

    def __init__(self, engine: sa.Engine, keep: bool = False) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._keep = keep
        self._kept: sa.Connection | None = None
        # Those of the driver come from statements that run on its own connection.
        self.refusals = (DBAPIError, PoolTimeout, engine.dialect.loaded_dbapi.Error, CommitUnknown)

    def read(self, work: Work[T]) -> T:
        """Return the function's result."""
        return self._repeated(work)

    def write(self, work: Work[T], durable: bool = True, patience: Patience | None = None) -> T:
        """Return the function's result once everything it wrote is committed.

        :param durable: wait until it is on disk.
        :param patience: limits other than the usual ones.
        :raises CommitUnknown: the connection broke during the commit.
        """

        def written(connection: sa.Connection) -> T:
            with nullcontext() if patience is None else self._patient(connection, patience):
                self._begin(connection, durable)
                return work(connection)

        return self._repeated(written, commit=True)

    def close(self) -> None:
        """Close the kept connection."""
        if self._kept is not None:
            self._kept.close()

    def _repeated(self, work: Work[T], commit: bool = False) -> T:
        for left in range(_REPEATS, -1, -1):
            connection = self._connect()
            driver, committing, done = driver_of(connection), False, False
            try:
                with self._pipeline(driver):
                    result = work(connection)
                    if commit:
                        committing = True
                        driver.commit()
                done = True
                return result
            except self.refusals as error:
                closed = getattr(driver, "closed", False)
                if committing and closed:
                    raise CommitUnknown from error
                if not left or not self._worth_repeating(error, closed, driver):
                    raise
            finally:
                self._release(connection, done)
        raise AssertionError("the last repeat returns or raises")

    def _worth_repeating(self, error: Exception, closed: bool, driver: Any) -> bool:
        state = getattr(driver_error(error), "sqlstate", None)
        if no_answer(error):
            return False
        if state in _PREPARED_ELSEWHERE and driver.prepare_threshold is not None:
            driver.prepare_threshold = None
            return True
        if closed:
            self._engine.dispose()  # the other open connections are closed, too
        return closed or state in _WORTH_REPEATING

    def _patient(self, connection: sa.Connection, patience: Patience) -> AbstractContextManager[None]:
        if self._sqlite:
            return _patient_sqlite(driver_of(connection), patience.lock_seconds)
        from .postgres import patient  # noqa: PLC0415  psycopg may not be installed

        return patient(driver_of(connection), patience.statement_seconds, patience.lock_seconds)

    def _begin(self, connection: sa.Connection, durable: bool) -> None:
        # By the driver: SQLAlchemy's own begin and commit take as long as the statements between them.
        driver = driver_of(connection)
        if self._sqlite:
            if connection.info.get(_DURABLE, True) != durable:
                # In WAL mode NORMAL commits without waiting for the disk; the next FULL commit waits for both.
                driver.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                connection.info[_DURABLE] = durable
            # A transaction that starts as a reader and then writes fails at once if another process wrote meanwhile.
            driver.execute("BEGIN IMMEDIATE")
        elif not durable:
            driver.execute("SET LOCAL synchronous_commit = off")

    def _pipeline(self, driver: Any) -> AbstractContextManager[Any]:
        # Only for statements on the driver's connection: SQLAlchemy asks for the result of each one.
        return driver.pipeline() if self._keep and not self._sqlite else nullcontext()

    def _connect(self) -> sa.Connection:
        if not self._keep:
            return self._engine.connect()
        if self._kept is None:
            self._kept = self._engine.connect()
        return self._kept

    def _release(self, connection: sa.Connection, done: bool) -> None:
        if not done and not connection.invalidated and getattr(driver_of(connection), "closed", False):
            connection.invalidate()  # or SQLAlchemy rolls back on it, and logs that this fails
        if not self._keep:
            connection.close()
        elif not done:
            self._kept = None
            connection.close()
        elif connection.in_transaction():
            connection.rollback()  # SQLAlchemy does not know that the driver has committed


def driver_of(connection: sa.Connection) -> Any:
    """Return the driver's own connection."""
    return connection.connection.driver_connection


@contextmanager
def _patient_sqlite(driver: Any, lock_seconds: float) -> Iterator[None]:
    ((usual,),) = driver.execute("PRAGMA busy_timeout")
    driver.execute(f"PRAGMA busy_timeout = {lock_seconds * 1000:.0f}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {usual}")
