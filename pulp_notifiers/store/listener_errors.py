"""What failed on listeners apart from deliveries, as rows: conditions and templates."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from ..records import ErrorKind, ListenerErrors
from .database import Database
from .schema import listener_errors, listeners

T = TypeVar("T")

_AT_ONCE = 500
"""Rows of one statement."""


class ListenerErrorRows:
    """Counts errors of listeners; apart from their rows, because each change of those makes dispatchers read again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, listener_ids: Collection[str]) -> list[ListenerErrors]:
        """Return what failed on these listeners."""
        ids = list(listener_ids)

        def work(connection: sa.Connection) -> list[ListenerErrors]:
            return [
                ListenerErrors(row.listener_id, ErrorKind(row.kind), *row[2:])
                for part in _parts(ids)
                for row in connection.execute(sa.select(listener_errors).where(listener_errors.c.listener_id.in_(part)))
            ]

        return self._database.read(work) if ids else []

    def add(self, errors: Sequence[ListenerErrors]) -> None:
        """Add to the counts; what is not a listener any more is ignored."""

        def work(connection: sa.Connection) -> None:
            # In the order of the keys, so that two processes cannot deadlock.
            for part in _parts(sorted(errors, key=lambda each: (each.listener_id, each.kind))):
                known = sa.select(listeners.c.id).where(listeners.c.id.in_({each.listener_id for each in part}))
                existing = set(connection.execute(known).scalars())
                rows = [_row(each) for each in part if each.listener_id in existing]
                if rows:
                    self._count(connection, rows)

        self._database.write(work, durable=False)  # no event waits for the disk because of an error

    def _count(self, connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
        insert = self._database.insert(listener_errors).values(rows)
        new = insert.excluded
        changed = {name: new[name] for name in ("event_id", "occurred_at", "problem")}
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["listener_id", "kind"],
                set_={**changed, "number": listener_errors.c.number + new.number},
            )
        )


def forget(connection: sa.Connection, listener_id: str, kinds: Iterable[ErrorKind]) -> None:
    """Forget what failed on a listener: it was deleted, or what failed was changed."""
    forgotten = [kind.value for kind in kinds]
    if forgotten:
        of_listener = listener_errors.c.listener_id == listener_id
        connection.execute(listener_errors.delete().where(of_listener, listener_errors.c.kind.in_(forgotten)))


def _row(errors: ListenerErrors) -> dict[str, object]:
    return {
        "listener_id": errors.listener_id,
        "kind": errors.kind.value,
        "number": errors.count,
        "event_id": errors.event_id,
        "occurred_at": errors.occurred_at,
        "problem": errors.problem,
    }


def _parts(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
