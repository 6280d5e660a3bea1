"""How often conditions and templates of listeners failed, as rows."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from ..records import ErrorKind, ListenerError
from . import schema
from .database import Database

_AT_ONCE = 500
"""Ids in one query."""

_TABLE = schema.listener_errors


class ListenerErrorRows:
    """Counts errors, apart from the listeners, so that counting does not change their revision."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, listener_id: str, kind: ErrorKind, count: int, event_id: str, occurred_at: datetime, problem: str
    ) -> None:
        """Add errors to those that were counted before.

        What it writes is lost if the machine crashes at once, so that nothing waits for the disk because of an error.

        :param count: how many there were.
        :param event_id: that of the last one, as are the time and the sentence.
        """
        values = {"event_id": event_id, "occurred_at": occurred_at, "problem": problem}
        row = {"listener_id": listener_id, "kind": kind.value, "number": count, **values}
        insert = self._database.insert(_TABLE).values(row)
        upsert = insert.on_conflict_do_update(
            index_elements=[_TABLE.c.listener_id, _TABLE.c.kind],
            set_={**values, "number": _TABLE.c.number + insert.excluded.number},
        )
        self._database.write(lambda connection: connection.execute(upsert), durable=False)

    def of(self, listener_ids: Collection[str]) -> Mapping[str, Sequence[ListenerError]]:
        """Return the errors of listeners by the listener's id; those that have none are left out."""
        wanted = list(listener_ids)

        def work(connection: sa.Connection) -> Mapping[str, Sequence[ListenerError]]:
            found = defaultdict(list)
            for first in range(0, len(wanted), _AT_ONCE):
                some = _TABLE.c.listener_id.in_(wanted[first : first + _AT_ONCE])
                for row in connection.execute(sa.select(_TABLE).where(some).order_by(_TABLE.c.kind)):
                    kind = ErrorKind(row.kind)
                    error = ListenerError(row.listener_id, kind, row.number, row.event_id, row.occurred_at, row.problem)
                    found[row.listener_id].append(error)
            return dict(found)

        return self._database.read(work)

    def forget(self, listener_id: str, kind: ErrorKind) -> None:
        """Forget the errors of one kind, because what failed was changed."""
        delete = _TABLE.delete().where(_TABLE.c.listener_id == listener_id, _TABLE.c.kind == kind.value)
        self._database.write(lambda connection: connection.execute(delete))
