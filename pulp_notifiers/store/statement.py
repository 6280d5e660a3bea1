"""SQL that every event runs, on the driver's own connection.

SQLAlchemy Core takes 58 to 76 microseconds for each execution of one row, the driver 4 to 9 (SQLite, SQLAlchemy 2.1);
with fifteen executions for an event and its delivery that is most of what an event costs.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from .transactions import driver_of

_PARAMETER = re.compile(r":([a-z_]+)")
_ANY_OF_LIST = re.compile(r"= any\(:([a-z_]+)\)")
_EACH_OF_LIST = re.compile(r"each\(:([a-z_]+)\) AS (\w+)")
_ROW_LOCK = re.compile(r"\s+FOR UPDATE( SKIP LOCKED)?")

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class Statement:
    """One SQL statement in the form of one driver.

    Its values may be aware times, which are stored as :class:`.schema.UtcTime` does, and lists.

    :param sql: for PostgreSQL, with ``:name`` for values, ``= any(:name)`` for one of a list, and
        ``each(:name) AS alias`` for a list as a table with the column ``value``.
    :param dialect: ``sqlite`` or ``postgresql``.
    """

    def __init__(self, sql: str, dialect: str) -> None:
        self._sqlite = dialect == "sqlite"
        if self._sqlite:
            # SQLite has one writer at a time, and no lists.
            listed = _ANY_OF_LIST.sub(r"IN (SELECT value FROM json_each(:\1))", sql)
            self._sql = _ROW_LOCK.sub("", _EACH_OF_LIST.sub(r"json_each(:\1) AS \2", listed))
        else:
            self._sql = _PARAMETER.sub(r"%(\1)s", _EACH_OF_LIST.sub(r"unnest(:\1) AS \2(value)", sql))

    def run(self, connection: sa.Connection, **values: Any) -> list[Row]:
        """Run the statement; return its rows."""
        cursor = driver_of(connection).execute(self._sql, self._bound(values))
        rows: list[Row] = cursor.fetchall() if cursor.description else []
        return rows

    def run_each(self, connection: sa.Connection, values: Sequence[Values]) -> None:
        """Run the statement for each set of values, in order."""
        if values:
            cursor = driver_of(connection).cursor()
            cursor.executemany(self._sql, list(map(self._bound, values)))
            cursor.close()

    def first_of_each(self, connection: sa.Connection, values: Sequence[Values]) -> list[Row | None]:
        """Run the statement for each set of values, in order; return the first row of each, None if it has none."""
        driver, bound = driver_of(connection), list(map(self._bound, values))
        if self._sqlite:
            return [driver.execute(self._sql, each).fetchone() for each in bound]
        if not bound:
            return []
        # One round trip for all of them.
        with driver.cursor() as cursor:
            cursor.executemany(self._sql, bound, returning=True)
            found = [cursor.fetchone()]
            while cursor.nextset():
                found.append(cursor.fetchone())
            return found

    def _bound(self, values: Values) -> Values:
        if not self._sqlite:
            return values
        bound = dict(values)
        for name, value in values.items():
            if type(value) is datetime:
                bound[name] = value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="microseconds")
            elif type(value) is list:
                bound[name] = json.dumps(value)
        return bound


def utc_time(stored: str | datetime) -> datetime:
    """Return a time that a :class:`Statement` read, as UTC."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC)
