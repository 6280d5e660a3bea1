"""Sources, as rows: their configs, leases and status, and what they remember."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..encoding import dumps
from ..records import KeptAnswer, RegisteredSource, SourceState, SourceStatus
from .answers import Answers
from .database import Database
from .schema import LONGEST_LEASE, source_memory, sources
from .sealed_configs import SealedConfigs, Undecryptable

_UNREADABLE = (
    "Its stored options cannot be decrypted: they are damaged, or were encrypted with another key. Give all of them "
    "again with pulp-notifiers source update, or restore the database and the key file from the same backup."
)

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
        lease_seconds=sa.bindparam("seconds"),
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
        told_at=sa.bindparam("reported_at"),
    )
)
_AMEND = (
    sources.update()
    .where(sources.c.id == sa.bindparam("source_id"))
    .values(
        sealed_config=sa.bindparam("new_config"),
        changed_at=sa.bindparam("new_changed_at"),
        lease_owner=None,
        lease_until=None,
    )
)
_RELEASE = (
    sources.update()
    .where(sources.c.id == sa.bindparam("source_id"), sources.c.lease_owner == sa.bindparam("owner"))
    .values(lease_owner=None, lease_until=None)
)
_STATUS = [
    sources.c[name]
    for name in ("state", "problem", "problem_since", "facts", "told_at", "lease_owner", "lease_until", "lease_seconds")
]
_HOLDERS = sa.select(sources.c.id, sources.c.lease_owner)
_MEMORY = sa.select(source_memory.c.key, source_memory.c.value).where(
    source_memory.c.source_id == sa.bindparam("source_id")
)


class SourceRows:
    """Reads and writes sources; their configs are encrypted at rest.

    A lease says which process runs a source. It is lost only if another process takes it, after it has ended or its
    process has died; or if the source is changed or removed.
    """

    def __init__(self, database: Database, configs: SealedConfigs, answers: Answers) -> None:
        self._database = database
        self._configs = configs
        self._answers = answers
        self._insert = database.insert(sources).on_conflict_do_nothing().returning(sources.c.id)

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

    def add(self, source: RegisteredSource, answer: KeptAnswer | None = None) -> bool:
        """Store a new source; return False if its name is taken.

        :param answer: to keep for the request that adds it, in the same transaction.
        :raises KeyTaken: an answer to the same request is kept already; nothing is written.
        """
        values = {
            "id": source.id,
            "name": source.name,
            "source_type": source.source_type,
            "sealed_config": self._configs.seal(source.config),
            "created_at": source.created_at,
            "state": SourceState.WAITING,
            "facts": "{}",
        }

        def work(connection: sa.Connection) -> bool:
            added = connection.execute(self._insert, values).first() is not None
            if added:
                self._answers.write(connection, answer)
            return added

        return self._database.write(work)

    def amend(self, name: str, change: Callable[[RegisteredSource], RegisteredSource]) -> RegisteredSource | None:
        """Change the config of a source and end its lease, so that it is restarted.

        :param change: returns the stored source with its new config; if it raises, nothing is written.
        :return: the changed source; None if no source has this name.
        """

        def work(connection: sa.Connection) -> RegisteredSource | None:
            row = connection.execute(_BY_NAME_TO_AMEND, {"name": name}).one_or_none()
            if row is None:
                return None
            amended = change(self._source(row))
            values = {"new_config": self._configs.seal(amended.config), "new_changed_at": amended.changed_at}
            connection.execute(_AMEND, {"source_id": amended.id, **values})
            return amended

        return self._database.write(work)

    def delete(self, name: str, precondition: Callable[[RegisteredSource], None] | None = None) -> bool:
        """Delete a source and everything it remembers; return whether it existed.

        :param precondition: called with the stored source; if it raises, nothing is deleted.
        """
        delete = sources.delete().where(sources.c.name == name)

        def work(connection: sa.Connection) -> bool:
            if precondition is not None:
                row = connection.execute(_BY_NAME_TO_AMEND, {"name": name}).one_or_none()
                if row is None:
                    return False
                precondition(self._source(row))
            return bool(connection.execute(delete).rowcount)

        return self._database.write(work)

    def status(self, source_id: str, now: datetime) -> SourceStatus | None:
        """Return the status of a source; None if it was removed."""

        def work(connection: sa.Connection) -> SourceStatus | None:
            row = connection.execute(_BY_ID, {"source_id": source_id}).one_or_none()
            return None if row is None else _status(row, now)

        return self._database.read(work)

    def statuses(self, now: datetime) -> dict[str, SourceStatus]:
        """Return the status of all sources by name."""
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

        :param except_ids: ids of sources to leave alone.
        :param names: claim only these; None for all.
        :param has_died: returns whether an owner is known to be dead, so that the end of its lease is not awaited.
        """

        def free(rows: Iterable[Any]) -> list[Any]:
            chosen = [row for row in rows if names is None or row.name in names]
            return [row for row in chosen if not _is_held(row, now) or has_died(row.lease_owner)]

        def free_ids(connection: sa.Connection) -> list[str]:
            return [row.id for row in free(connection.execute(_OTHERS, {"except_ids": list(except_ids)}))]

        def work(connection: sa.Connection) -> Sequence[RegisteredSource]:
            # Other processes may have taken some meanwhile.
            taken = free(connection.execute(_TO_TAKE, {"free_ids": found}))
            if taken:
                lease = {"owner": owner, "until": until, "seconds": (until - now).total_seconds()}
                connection.execute(_LEASE, [{"source_id": row.id, **lease} for row in taken])
            return [self._source(row) for row in taken]

        # There is rarely anything to take, and then nothing is written.
        found = self._database.read(free_ids)
        return self._database.write(work) if found else ()

    def renew(self, owner: str, until: datetime, statuses: Mapping[str, SourceStatus]) -> dict[str, str | None]:
        """Extend the leases of these sources and store their status; return the holder of every source by its id."""
        values = [
            {
                "source_id": source_id,
                "owner": owner,
                "until": until,
                "new_state": status.state,
                "new_problem": status.problem,
                "since": status.problem_since,
                "new_facts": dumps(status.facts),
                "reported_at": status.reported_at,
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
        unreadable = None
        try:
            config = self._configs.open(row.sealed_config)
        except Undecryptable:  # it must not hold up the others
            config, unreadable = {}, _UNREADABLE
        return RegisteredSource(
            row.name,
            row.source_type,
            config,
            row.created_at,
            id=row.id,
            changed_at=row.changed_at,
            unreadable=unreadable,
        )


def _is_held(row: Any, now: datetime) -> bool:
    if row.lease_owner is None or row.lease_until <= now:
        return False
    # A lease that ends much later than it can was written before the clock was set back. It may be twice as long,
    # because its holder needs a moment to renew it.
    longest = LONGEST_LEASE if row.lease_seconds is None else timedelta(seconds=2 * row.lease_seconds + 1)
    held: bool = row.lease_until <= now + longest
    return held


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
