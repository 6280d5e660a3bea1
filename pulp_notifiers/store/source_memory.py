"""What sources remember, as rows, written by the holder of the lease only."""

import json
from typing import Any

import sqlalchemy as sa

from ..errors import LeaseLost
from ..records import Kept
from .database import Database
from .schema import source_memory, sources

_HELD = sa.select(sources.c.id).where(
    sources.c.id == sa.bindparam("source_id"), sources.c.lease_owner == sa.bindparam("owner")
)
_HOLD = _HELD.with_for_update()
_FORGET = source_memory.delete().where(
    source_memory.c.source_id == sa.bindparam("of_source"), source_memory.c.key == sa.bindparam("of_key")
)


class SourceMemory:
    """Writes what sources remember, as part of the transaction that writes their events."""

    def __init__(self, database: Database) -> None:
        remember = database.insert(source_memory)
        self._remember = remember.on_conflict_do_update(
            index_elements=["source_id", "key"], set_={"value": remember.excluded.value}
        )

    def require_lease(self, connection: sa.Connection, kept: Kept) -> None:
        """Check that the owner holds the source's lease.

        :raises LeaseLost: another process runs the source now, or it was removed.
        """
        _require(connection, _HELD, kept)

    def keep(self, connection: sa.Connection, kept: Kept) -> None:
        """Write what a source remembers.

        The source's row stays locked until the transaction ends, so that nobody takes over its lease meanwhile.

        :raises LeaseLost: another process runs the source now, or it was removed.
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
