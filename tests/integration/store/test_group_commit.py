"""The writer thread of SQLite: shared transactions, and failures in them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.store.database import Database

SECONDS = 20


@pytest.fixture
def database(tmp_path):
    """Return a database with one table."""
    database = Database(f"sqlite:///{tmp_path}/x.db")
    database.write(lambda connection: connection.execute(sa.text("CREATE TABLE t (n INTEGER PRIMARY KEY)")))
    yield database
    database.close()


def insert(number):
    return lambda connection: connection.execute(sa.text("INSERT INTO t VALUES (:n)"), {"n": number}).rowcount


def numbers(database):
    return database.read(lambda connection: connection.execute(sa.text("SELECT n FROM t ORDER BY n")).scalars().all())


def together(database, *works):
    """Run functions in one transaction: a first one blocks the writer until all of them are waiting."""
    gate, waits = threading.Event(), threading.Event()

    def hold(connection):
        waits.set()
        assert gate.wait(SECONDS)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        holding = pool.submit(database.write, hold)
        assert waits.wait(SECONDS)
        results = []
        for work in works:
            results.append(pool.submit(database.write, work))
            while database._writer._jobs.qsize() < len(results):
                pass
        gate.set()
        holding.result(SECONDS)
        return [result.exception(SECONDS) or result.result() for result in results]


def test_functions_that_share_a_transaction_each_get_their_own_result(database):
    """An exception undoes only what its own function wrote."""

    def refuse(connection):
        insert(9)(connection)
        raise ZeroDivisionError

    first, failed, last = together(database, insert(1), refuse, insert(2))

    assert (1, 1) == (first, last)
    assert isinstance(failed, ZeroDivisionError)
    assert [1, 2] == numbers(database)


def test_a_broken_constraint_fails_only_the_function_that_caused_it(database):
    """The others of its transaction are written."""
    first, failed, last = together(database, insert(1), insert(1), insert(2))

    assert (1, 1) == (first, last)
    assert isinstance(failed, StoreUnavailable)
    assert [1, 2] == numbers(database)


@pytest.mark.parametrize("raised", [SystemExit(1), KeyboardInterrupt()])
def test_no_exception_ends_the_writer_thread(database, raised):
    """Otherwise every later write would wait for ever."""

    def end(connection):
        raise raised

    with pytest.raises(type(raised)):
        database.write(end)

    assert 1 == database.write(insert(1))


def test_a_locked_database_is_reported_until_it_is_unlocked(database, tmp_path):
    """Another process holds the lock for longer than a write waits."""

    def lock(connection):
        # The group's own BEGIN then finds the file locked, without waiting.
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        locker.start()

    def hold_lock():
        with sa.create_engine(f"sqlite:///{tmp_path}/x.db").connect() as other:
            other.exec_driver_sql("BEGIN IMMEDIATE")
            locked.set()
            assert release.wait(SECONDS)
            other.rollback()
            other.engine.dispose()

    locked, release = threading.Event(), threading.Event()
    locker = threading.Thread(target=hold_lock)
    database.write(lock)
    assert locked.wait(SECONDS)
    try:
        with pytest.raises(StoreUnavailable, match="locked"):
            database.write(insert(1))
    finally:
        release.set()
        locker.join()

    assert 1 == database.write(insert(1))


def test_a_closed_database_refuses_writes(database):
    """Closing it again is harmless."""
    database.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        database.write(insert(1))
    database.close()


def test_writes_and_reads_fail_as_an_outage_if_all_connections_are_busy(database):
    """The message says why, and writing works again once one is free."""
    database.engine.pool._timeout = 0.01
    held = [database.engine.connect() for _ in range(60)]
    try:
        with pytest.raises(StoreUnavailable, match="all its connections are busy"):
            numbers(database)
        with pytest.raises(StoreUnavailable, match="all its connections are busy"):
            database.write(insert(1))
    finally:
        for connection in held:
            connection.close()

    assert 1 == database.write(insert(1))
