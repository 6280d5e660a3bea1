"""SQL in the forms of the two drivers."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from pulp_notifiers.store.statement import Insert, Statement, utc_time

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def connection():
    """Return a connection to an SQLite database with one table."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, name TEXT)")
        yield connection
    engine.dispose()


def test_postgresql_gets_its_own_parameters_and_lists():
    """The statement is written for it, except for the parameters."""
    sql = "SELECT l.value FROM each(:ids) AS l JOIN t ON t.id = l.value WHERE t.name = any(:names) FOR UPDATE"
    statement = Statement(sql, "postgresql")

    assert (
        "SELECT l.value FROM unnest(%(ids)s) AS l(value) JOIN t ON t.id = l.value WHERE t.name = any(%(names)s) "
        "FOR UPDATE"
    ) == statement._sql


def test_sqlite_gets_lists_as_json_and_no_row_locks(connection):
    """It has neither."""
    Insert("INSERT INTO t (id, at, name) VALUES rows", "sqlite").run(
        connection, [(number, NOON, f"n{number}") for number in range(5)]
    )
    sql = "SELECT name FROM each(:ids) AS l JOIN t ON t.id = l.value WHERE name = any(:names) ORDER BY t.id FOR UPDATE"
    statement = Statement(sql, "sqlite")

    assert [("n1",), ("n3",)] == statement.run(connection, ids=[1, 2, 3], names=["n1", "n3", "n4"])
    assert [] == statement.run(connection, ids=[], names=["n1"])


def test_times_are_stored_as_utc_with_microseconds(connection):
    """As SQLAlchemy stores them, so that both can compare them."""
    insert = Insert("INSERT INTO t (id, at, name) VALUES rows RETURNING at", "sqlite")
    elsewhere = NOON.astimezone(timezone(timedelta(hours=2)))

    ((stored,),) = insert.run(connection, [(1, elsewhere, None)])

    assert "2026-01-01 12:00:00.000000" == stored
    assert NOON == utc_time(stored)
    assert NOON == utc_time(elsewhere)


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1000])
def test_any_number_of_rows_is_inserted(connection, count):
    """A large number takes several statements."""
    insert = Insert("INSERT INTO t (id, at, name) VALUES rows RETURNING id", "sqlite")

    returned = insert.run(connection, [(number, None, "x") for number in range(count)])

    assert set(range(count)) == {number for (number,) in returned}


def test_an_error_of_the_driver_is_not_changed(connection):
    """The database turns it into an outage."""
    insert = Insert("INSERT INTO t (id, at, name) VALUES rows", "sqlite")

    with pytest.raises(sqlite3.IntegrityError):
        insert.run(connection, [(1, None, None), (1, None, None)])
