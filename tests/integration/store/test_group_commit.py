"""The writer thread of SQLite: shared transactions, and failures in them."""

import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

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


def together(database, *writes):
    """Call functions that write in one transaction: a first one blocks the writer until all of them are waiting."""
    gate, waits = threading.Event(), threading.Event()

    def hold(connection):
        waits.set()
        assert gate.wait(SECONDS)

    with ThreadPoolExecutor(len(writes) + 1) as pool:
        holding = pool.submit(database.write, hold)
        assert waits.wait(SECONDS)
        results = []
        for write in writes:
            results.append(pool.submit(write))
            while database._writer._queued < len(results):
                pass
        gate.set()
        holding.result(SECONDS)
        return [result.exception(SECONDS) or result.result() for result in results]


def test_functions_that_share_a_transaction_each_get_their_own_result(database):
    """An exception undoes only what its own function wrote."""

    def refuse(connection):
        insert(9)(connection)
        raise ZeroDivisionError

    works = (insert(1), refuse, insert(2))
    first, failed, last = together(database, *[partial(database.write, work) for work in works])

    assert (1, 1) == (first, last)
    assert isinstance(failed, ZeroDivisionError)
    assert [1, 2] == numbers(database)


def test_a_broken_constraint_fails_only_the_function_that_caused_it(database):
    """The others of its transaction are written."""
    first, failed, last = together(database, *[partial(database.write, insert(number)) for number in (1, 1, 2)])

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


def test_writes_and_reads_fail_as_an_outage_if_all_connections_are_busy(database, tmp_path):
    """The message says why, and writing works again once one is free."""
    busy = Database(f"sqlite:///{tmp_path}/x.db")
    busy.engine.pool._timeout = 0.01
    held = [busy.engine.connect() for _ in range(60)]
    try:
        with pytest.raises(StoreUnavailable, match="all its connections are busy"):
            numbers(busy)
        with pytest.raises(StoreUnavailable, match="all its connections are busy"):
            busy.write(insert(1))
    finally:
        for connection in held:
            connection.close()

    assert 1 == busy.write(insert(1))
    busy.close()


def test_items_for_the_same_function_are_handed_to_it_together(database):
    """Each caller gets the result for its own item."""
    calls = []

    def insert_all(connection, items):
        calls.append(list(items))
        return [insert(item)(connection) + item for item in items]

    results = together(database, *[partial(database.write_together, insert_all, number) for number in (1, 2, 3)])

    assert [2, 3, 4] == results
    assert [[1, 2, 3]] == calls


def test_an_item_that_fails_does_not_undo_the_others(database):
    """Its own caller gets the exception."""

    def insert_all(connection, items):
        return [insert(item)(connection) for item in items]

    database.write(insert(2))
    first, failed, last = together(
        database, *[partial(database.write_together, insert_all, number) for number in (1, 2, 3)]
    )

    assert (1, 1) == (first, last)
    assert isinstance(failed, StoreUnavailable)
    assert [1, 2, 3] == numbers(database)


@pytest.mark.parametrize(("durable", "expected"), [([False], 1), ([True], 2), ([False, True], 2)])
def test_a_transaction_waits_for_the_disk_if_anything_in_it_must(database, durable, expected):
    """PRAGMA synchronous is 1 for NORMAL and 2 for FULL; a lease need not survive a crash of the machine."""

    def synchronous(connection):
        return connection.exec_driver_sql("PRAGMA synchronous").scalar_one()

    database.write(synchronous)
    found = together(database, *[partial(database.write, synchronous, each) for each in durable])

    assert [expected] * len(durable) == found
    assert 2 == database.write(synchronous)


def test_a_forked_child_leaves_the_transaction_of_its_parent_alone(database):
    """Nor does it close the connections of its parent, or wait for its parent's threads."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(connection):
        insert(1)(connection)
        inside.set()
        assert go_on.wait(SECONDS)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(database.write, slow)
        assert inside.wait(SECONDS)
        child = os.fork()
        if not child:
            signal.alarm(SECONDS)
            numbers(database)
            gc.collect()
            database.close()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        go_on.set()
        writing.result(SECONDS)

    assert 0 == status
    assert [1] == numbers(database)
    assert 1 == database.write(insert(2))
