"""SQL that every event runs, on the driver's own connection.

SQLAlchemy Core takes 58 to 76 microseconds for each execution of one row, the driver 4 to 9 (SQLite, SQLAlchemy 2.1);
with fifteen executions for an event and its delivery that is most of what an event costs.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from .transactions import driver_of

_PARAMETER = re.compile(r":([a-z_]+)")
_ANY_OF_LIST = re.compile(r"= any\(:([a-z_]+)\)")
_EACH_OF_LIST = re.compile(r"each\(:([a-z_]+)\) AS (\w+)")
_SECONDS_UNTIL = re.compile(r"seconds_until\((\w+)\)")
_ROW_LOCK = re.compile(r"\s+FOR UPDATE( SKIP LOCKED)?")

_HAS_ROWS = re.compile(r"^\s*(SELECT|WITH)\b|\bRETURNING\b")

_ROWS_AT_ONCE = 200
"""So that few forms of an insert are kept, and none has more values than a driver takes (SQLite: 32,766)."""

Row = tuple[Any, ...]
Rows = Callable[[], list[Row]]
Values = Mapping[str, Any]


class Statement:
    """One SQL statement in the form of one driver.

    Its values may be lists, and aware times, which are stored as :class:`.schema.UtcTime` does.

    :param sql: for PostgreSQL, with ``:name`` for values, ``= any(:name)`` for one of a list, and
        ``each(:name) AS alias`` for a list as a table with the column ``value``, and ``seconds_until(column)`` for the
        seconds from ``:now`` until a time.
    :param dialect: ``sqlite`` or ``postgresql``.
    """

    def __init__(self, sql: str, dialect: str) -> None:
        self._sqlite = dialect == "sqlite"
        self._has_rows = _HAS_ROWS.search(sql) is not None
        seconds = "((julianday(\\1) - julianday(:now)) * 86400)" if self._sqlite else "extract(epoch FROM \\1 - :now)"
        sql = _SECONDS_UNTIL.sub(seconds, sql)
        if self._sqlite:
            # SQLite has one writer at a time, and no lists.
            listed = _ANY_OF_LIST.sub(r"IN (SELECT value FROM json_each(:\1))", sql)
            self._sql = _ROW_LOCK.sub("", _EACH_OF_LIST.sub(r"json_each(:\1) AS \2", listed))
        else:
            self._sql = _PARAMETER.sub(r"%(\1)s", _EACH_OF_LIST.sub(r"unnest(:\1) AS \2(value)", sql))

    def run(self, connection: sa.Connection, **values: Any) -> list[Row]:
        """Run the statement; return its rows."""
        cursor = driver_of(connection).execute(self._sql, self._bound(values))
        rows: list[Row] = cursor.fetchall() if self._has_rows else []
        return rows

    def run_each(self, connection: sa.Connection, values: Sequence[Values]) -> None:
        """Run the statement for each set of values, in order."""
        if values:
            cursor = driver_of(connection).cursor()
            cursor.executemany(self._sql, list(map(self._bound, values)))
            cursor.close()

    def _bound(self, values: Values) -> Values:
        if not self._sqlite:
            return values
        bound = dict(values)
        for name, value in values.items():
            if type(value) is datetime:
                bound[name] = _sqlite_time(value)
            elif type(value) is list:
                bound[name] = json.dumps(value)
        return bound


class Insert:
    """Inserts any number of rows by one statement.

    :param sql: with ``VALUES rows`` for the rows.
    :param dialect: ``sqlite`` or ``postgresql``.
    """

    def __init__(self, sql: str, dialect: str) -> None:
        self._sqlite = dialect == "sqlite"
        self._has_rows = _HAS_ROWS.search(sql) is not None
        self._placeholder = "?" if self._sqlite else "%s"
        self._sql = sql
        self._forms: dict[int, str] = {}

    def run(self, connection: sa.Connection, rows: Sequence[Row]) -> list[Row]:
        """Insert the rows, in order; return what the statement returns, in any order."""
        return self.start(connection, rows)()

    def start(self, connection: sa.Connection, rows: Sequence[Row]) -> Rows:
        """Send the rows; return a function that returns what the statement returns.

        On PostgreSQL, what is sent before rows are asked for takes one round trip.
        """
        cursors, found = [], list[Row]()
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            values = [value for row in part for value in row]
            if self._sqlite:
                values = [_sqlite_time(value) if type(value) is datetime else value for value in values]
            cursor = driver_of(connection).execute(self._form(len(part), len(part[0])), values)
            if self._sqlite and self._has_rows:
                # A statement with unread rows is not over. If a later one fails, and the traceback keeps this one, no
                # transaction of the connection can commit ("database is locked").
                found += cursor.fetchall()
            else:
                cursors.append(cursor)
        if self._sqlite or not self._has_rows:
            return lambda: found
        return lambda: [row for cursor in cursors for row in cursor.fetchall()]

    def _form(self, rows: int, columns: int) -> str:
        form = self._forms.get(rows)
        if form is None:
            row = f"({', '.join([self._placeholder] * columns)})"
            form = self._forms[rows] = self._sql.replace("VALUES rows", f"VALUES {', '.join([row] * rows)}")
        return form


def utc_time(stored: str | datetime) -> datetime:
    """Return a time that a :class:`Statement` read, as UTC."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC)


@lru_cache(maxsize=64)  # most rows of a transaction have the same time
def _sqlite_time(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="microseconds")
