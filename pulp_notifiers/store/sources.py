"""Sources, as rows: what they are, who runs them, and what they remember."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..encoding import dumps
from ..errors import LeaseLost
from ..records import Kept, RegisteredSource, SourceState, SourceStatus
from .database import Database
from .schema import source_memory, sources

_LONGEST_LEASE = timedelta(hours=1)
"""What is leased beyond that was written while a clock was wrong."""

_BY_NAME = sa.select(sources).where(sources.c.name == sa.bindparam("name"))
_BY_NAME_TO_AMEND = _BY_NAME.with_for_update()
_BY_ID = sa.select(sources).where(sources.c.id == sa.bindparam("source_id"))
_OTHERS = sa.select(sources).where(sources.c.id.not_in(sa.bindparam("except_ids", expanding=True)))
_TO_TAKE = (
    sa.select(sources)
    .where(sources.c.id.in_(sa.bindparam("free_ids", expanding=True)))
    .order_by(sources.c.name)
    .with_for_update(skip_locked=True)
)
_LEASE = (
    sources.update()
    .where(sources.c.id == sa.bindparam("source_id"))
    .values(
        lease_owner=sa.bindparam("owner"),
        lease_until=sa.bindparam("until"),
        state=SourceState.RUNNING,
        problem=None,
        problem_since=None,
    )
)
_RENEW = (
    sources.update()
    .where(sources.c.id == sa.bindparam("source_id"), sources.c.lease_owner == sa.bindparam("owner"))
    .values(
        lease_until=sa.bindparam("until"),
        state=sa.bindparam("new_state"),
        problem=sa.bindparam("new_problem", type_=sa.Text),
        problem_since=sa.bindparam("since"),
        facts=sa.bindparam("new_facts"),
        told_at=sa.bindparam("told"),
    )
)
_AMEND = (
    sources.update()
    .where(sources.c.id == sa.bindparam("source_id"))
    .values(sealed_config=sa.bindparam("new_config"), lease_owner=None, lease_until=None)
)
_RELEASE = (
    sources.update()
    .where(sources.c.id == sa.bindparam("source_id"), sources.c.lease_owner == sa.bindparam("owner"))
    .values(lease_owner=None, lease_until=None)
)
_STATUS = [
    sources.c[name] for name in ("state", "problem", "problem_since", "facts", "told_at", "lease_owner", "lease_until")
]
_HOLDERS = sa.select(sources.c.id, sources.c.lease_owner)
_HELD = sa.select(sources.c.id).where(
    sources.c.id == sa.bindparam("source_id"), sources.c.lease_owner == sa.bindparam("owner")
)
_HOLD = _HELD.with_for_update()
_MEMORY = sa.select(source_memory.c.key, source_memory.c.value).where(
    source_memory.c.source_id == sa.bindparam("source_id")
)
_FORGET = source_memory.delete().where(
    source_memory.c.source_id == sa.bindparam("of_source"), source_memory.c.key == sa.bindparam("of_key")
)


class SourceRows:
    """Reads and writes sources; their configs are sealed at rest.

    A lease says which process runs a source. It is lost only when it has ended, or its process has died, and another
    process takes it; or when the source is changed or removed.
    """

    def __init__(self, database: Database, seal: Callable[[str], str], open_sealed: Callable[[str], str]) -> None:
        self._database = database
        self._seal = seal
        self._open = open_sealed
        insert: Any = sqlite.insert if database.dialect == "sqlite" else postgresql.insert
        self._insert = insert(sources).on_conflict_do_nothing().returning(sources.c.id)

    def list(self) -> Sequence[RegisteredSource]:
        """Return all sources by name."""
        query = sa.select(sources).order_by(sources.c.name)
        return self._database.read(lambda connection: [self._source(row) for row in connection.execute(query)])

    def get(self, name: str) -> RegisteredSource | None:
        """Return one source."""

        def work(connection: sa.Connection) -> RegisteredSource | None:
            row = connection.execute(_BY_NAME, {"name": name}).one_or_none()
            return None if row is None else self._source(row)

        return self._database.read(work)

    def any_sealed(self) -> str | None:
        """Return the sealed config of some source."""
        query = sa.select(sources.c.sealed_config).limit(1)
        return self._database.read(lambda connection: connection.execute(query).scalar())

    def add(self, source: RegisteredSource) -> bool:
        """Keep a new source; tell whether its name was free."""
        values = {
            "id": source.id,
            "name": source.name,
            "source_type": source.source_type,
            "sealed_config": self._seal(dumps(source.config)),
            "created_at": source.created_at,
            "state": SourceState.WAITING,
            "facts": "{}",
        }
        return self._database.write(lambda connection: connection.execute(self._insert, values).first() is not None)

    def amend(self, name: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> RegisteredSource | None:
        """Give a source another config, and end its lease, so that it is begun anew; return it as it is now.

        :param change: makes the new config from the stored one.
        :return: None where there is no such source.
        """

        def work(connection: sa.Connection) -> RegisteredSource | None:
            row = connection.execute(_BY_NAME_TO_AMEND, {"name": name}).one_or_none()
            if row is None:
                return None
            found = self._source(row)
            amended = replace(found, config=dict(change(found.config)))
            connection.execute(_AMEND, {"source_id": found.id, "new_config": self._seal(dumps(amended.config))})
            return amended

        return self._database.write(work)

    def delete(self, name: str) -> bool:
        """Forget a source and all that it remembers; tell whether there was one."""
        delete = sources.delete().where(sources.c.name == name)
        return self._database.write(lambda connection: bool(connection.execute(delete).rowcount))

    def status(self, source_id: str, now: datetime) -> SourceStatus | None:
        """Return how a source is, or None where it was removed."""

        def work(connection: sa.Connection) -> SourceStatus | None:
            row = connection.execute(_BY_ID, {"source_id": source_id}).one_or_none()
            return None if row is None else _status(row, now)

        return self._database.read(work)

    def statuses(self, now: datetime) -> dict[str, SourceStatus]:
        """Return how all sources are, by their names."""
        query = sa.select(*_STATUS, sources.c.name).order_by(sources.c.name)
        return self._database.read(
            lambda connection: {row.name: _status(row, now) for row in connection.execute(query)}
        )

    def claim(
        self,
        owner: str,
        now: datetime,
        until: datetime,
        except_ids: Collection[str] = (),
        names: Collection[str] | None = None,
        has_died: Callable[[str], bool] = lambda owner: False,
    ) -> Sequence[RegisteredSource]:
        """Lease all sources that nobody runs; return them.

        :param except_ids: leave these alone.
        :param names: take no others; None for all.
        :param has_died: tells of an owner whether its lease needs no waiting for.
        """

        def free(rows: Iterable[Any]) -> list[Any]:
            wanted = [row for row in rows if names is None or row.name in names]
            return [row for row in wanted if not _is_held(row, now) or has_died(row.lease_owner)]

        def free_ids(connection: sa.Connection) -> list[str]:
            return [row.id for row in free(connection.execute(_OTHERS, {"except_ids": list(except_ids)}))]

        def work(connection: sa.Connection) -> Sequence[RegisteredSource]:
            # Others may have taken some meanwhile.
            taken = free(connection.execute(_TO_TAKE, {"free_ids": found}))
            if taken:
                connection.execute(_LEASE, [{"source_id": row.id, "owner": owner, "until": until} for row in taken])
            return [self._source(row) for row in taken]

        # Nothing is written as long as there is nothing to take, which is nearly always.
        found = self._database.read(free_ids)
        return self._database.write(work) if found else ()

    def renew(self, owner: str, until: datetime, statuses: Mapping[str, SourceStatus]) -> dict[str, str | None]:
        """Prolong the leases of these sources and keep how they are; return who holds each source that there is."""
        values = [
            {
                "source_id": source_id,
                "owner": owner,
                "until": until,
                "new_state": status.state,
                "new_problem": status.problem,
                "since": status.problem_since,
                "new_facts": dumps(status.facts),
                "told": status.reported_at,
            }
            for source_id, status in sorted(statuses.items())
        ]

        def work(connection: sa.Connection) -> dict[str, str | None]:
            connection.execute(_RENEW, values)
            return {row.id: row.lease_owner for row in connection.execute(_HOLDERS)}

        return self._database.write(work) if values else {}

    def release(self, owner: str, source_id: str) -> None:
        """End a lease, so that another process can run the source at once."""
        released = {"source_id": source_id, "owner": owner}
        self._database.write(lambda connection: connection.execute(_RELEASE, released))

    def memory(self, source_id: str) -> dict[str, Any]:
        """Return what a source remembers."""

        def work(connection: sa.Connection) -> dict[str, Any]:
            rows = connection.execute(_MEMORY, {"source_id": source_id})
            return {row.key: json.loads(row.value) for row in rows}

        return self._database.read(work)

    def _source(self, row: Any) -> RegisteredSource:
        config = json.loads(self._open(row.sealed_config))
        return RegisteredSource(row.name, row.source_type, config, row.created_at, id=row.id)


class Memory:
    """Writes what sources remember into transactions of others, for who holds the lease."""

    def __init__(self, database: Database) -> None:
        insert: Any = sqlite.insert if database.dialect == "sqlite" else postgresql.insert
        remember = insert(source_memory)
        self._remember = remember.on_conflict_do_update(
            index_elements=["source_id", "key"], set_={"value": remember.excluded.value}
        )

    def require_lease(self, connection: sa.Connection, kept: Kept) -> None:
        """Check that a source is the owner's.

        :raises LeaseLost: somebody else runs the source now, or it was removed.
        """
        _require(connection, _HELD, kept)

    def keep(self, connection: sa.Connection, kept: Kept) -> None:
        """Write what a source remembers.

        The source's row stays taken until the transaction ends, so that nobody gets its lease meanwhile.

        :raises LeaseLost: somebody else runs the source now, or it was removed.
        """
        _require(connection, _HOLD, kept)
        new = {key: value for key, value in kept.remember.items() if value is not None}
        forgotten = kept.remember.keys() - new.keys()
        if new:
            rows = [{"source_id": kept.source_id, "key": key, "value": _text(value)} for key, value in new.items()]
            connection.execute(self._remember, rows)
        if forgotten:
            connection.execute(_FORGET, [{"of_source": kept.source_id, "of_key": key} for key in forgotten])


def _require(connection: sa.Connection, held: sa.Select[Any], kept: Kept) -> None:
    if connection.execute(held, {"source_id": kept.source_id, "owner": kept.owner}).first() is None:
        raise LeaseLost("Another process runs this source now, or it was removed; nothing was written.")


def _text(value: Any) -> str:
    # Plain JSON without the extended forms, because it must come back as it was.
    return json.dumps(value, allow_nan=False)


def _is_held(row: Any, now: datetime) -> bool:
    return row.lease_owner is not None and now < row.lease_until <= now + _LONGEST_LEASE


def _status(row: Any, now: datetime) -> SourceStatus:
    held = _is_held(row, now)
    return SourceStatus(
        SourceState(row.state) if held else SourceState.WAITING,
        row.lease_owner if held else None,
        row.problem,
        row.problem_since,
        json.loads(row.facts),
        row.told_at,
    )
