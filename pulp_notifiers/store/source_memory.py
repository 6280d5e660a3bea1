"""What sources remember, as rows, written by the holder of the lease only."""

import json
from typing import Any

import sqlalchemy as sa

from ..errors import LeaseLost
from ..records import Kept
from .database import Database
from .statement import Statement

_HELD = "SELECT id FROM sources WHERE id = :source_id AND lease_owner = :owner"
_HOLD = f"{_HELD} FOR UPDATE"
_REMEMBER = """
    INSERT INTO source_memory (source_id, key, value) VALUES rows
    ON CONFLICT (source_id, key) DO UPDATE SET value = excluded.value
"""
_FORGET = "DELETE FROM source_memory WHERE source_id = :source_id AND key = any(:keys)"


class SourceMemory:
    """Writes what sources remember, as part of the transaction that writes their events."""

    def __init__(self, database: Database) -> None:
        self._held = database.statement(_HELD)
        self._hold = database.statement(_HOLD)
        self._remember = database.insert_of(_REMEMBER)
        self._forget = database.statement(_FORGET)

    def require_lease(self, connection: sa.Connection, kept: Kept) -> None:
        """Check that the owner holds the source's lease.

        :raises LeaseLost: another process runs the source now, or it was removed.
        """
        _require(connection, self._held, kept)

    def keep(self, connection: sa.Connection, kept: Kept) -> None:
        """Write what a source remembers.

        The source's row stays locked until the transaction ends, so that nobody takes over its lease meanwhile.

        :raises LeaseLost: another process runs the source now, or it was removed.
        """
        _require(connection, self._hold, kept)
        new = {key: value for key, value in kept.remember.items() if value is not None}
        forgotten = list(kept.remember.keys() - new.keys())
        if new:
            self._remember.run(connection, [(kept.source_id, key, _text(value)) for key, value in new.items()])
        if forgotten:
            self._forget.run(connection, source_id=kept.source_id, keys=forgotten)


def _require(connection: sa.Connection, held: Statement, kept: Kept) -> None:
    if not held.run(connection, source_id=kept.source_id, owner=kept.owner):
        raise LeaseLost("Another process runs this source now, or it was removed; nothing was written.")


def _text(value: Any) -> str:
    # Plain JSON without the extended forms, because it must come back as it was.
    return json.dumps(value, allow_nan=False)
