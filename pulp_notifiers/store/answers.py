"""Answers to requests with an idempotency key, as rows; encrypted, because they may show secrets."""

from dataclasses import asdict
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from ..errors import KeyTaken
from ..records import KEPT_FOR, KeptAnswer
from .database import Database
from .schema import idempotency
from .sealed_configs import SealedConfigs, Undecryptable

MOST_KEPT = 100_000
"""Answers; beyond that, the oldest ones are deleted before their time."""

_PRUNED_EVERY = 100
_PRUNED_AT_ONCE = 1000

_KEYS = idempotency.c
_SEALED = ("request", "planned_id", "status", "headers", "body")

_FIND = sa.select(idempotency).where(_KEYS.key == sa.bindparam("wanted"), _KEYS.created_at > sa.bindparam("since"))
_DELETE_IF_OLD = idempotency.delete().where(
    _KEYS.key == sa.bindparam("wanted"), _KEYS.created_at <= sa.bindparam("before")
)
_COMPLETE = (
    idempotency.update().where(_KEYS.key == sa.bindparam("wanted")).values(sealed_answer=sa.bindparam("new_answer"))
)
_OLDEST_KEPT = sa.select(_KEYS.created_at).order_by(_KEYS.created_at.desc()).offset(MOST_KEPT).limit(1)


class Answers:
    """Reads and writes kept answers."""

    def __init__(self, database: Database, configs: SealedConfigs) -> None:
        self._database = database
        self._configs = configs
        self._insert = database.insert(idempotency).on_conflict_do_nothing().returning(_KEYS.key)
        self._written = count()

    def find(self, key: str, now: datetime) -> KeptAnswer | None:
        """Return what is kept for a key; None if nothing is, or not any longer."""
        wanted = {"wanted": key, "since": now - KEPT_FOR}
        row = self._database.read(lambda connection: connection.execute(_FIND, wanted).one_or_none())
        return None if row is None else self._answer(row)

    def keep(self, answer: KeptAnswer) -> None:
        """Store an answer or a plan.

        :raises KeyTaken: something is kept for this key already.
        """
        self._database.write(lambda connection: self.write(connection, answer))

    def complete(self, answer: KeptAnswer) -> None:
        """Store the answer to a plan that is kept."""
        values = {"wanted": answer.key, "new_answer": self._sealed(answer)}
        self._database.write(lambda connection: connection.execute(_COMPLETE, values))

    def forget(self, key: str) -> None:
        """Delete what is kept for a key."""
        delete = idempotency.delete().where(_KEYS.key == key)
        self._database.write(lambda connection: connection.execute(delete))

    def write(self, connection: sa.Connection, answer: KeptAnswer | None) -> None:
        """Store an answer, if there is one, as part of a transaction.

        :raises KeyTaken: something is kept for this key already; let it undo what the transaction wrote.
        """
        if answer is None:
            return
        values = {"key": answer.key, "created_at": answer.created_at, "sealed_answer": self._sealed(answer)}
        old = answer.created_at - KEPT_FOR
        connection.execute(_DELETE_IF_OLD, {"wanted": answer.key, "before": old})
        if connection.execute(self._insert, values).first() is None:
            raise KeyTaken
        if next(self._written) % _PRUNED_EVERY == 0:
            self._prune(connection, old)

    def _prune(self, connection: sa.Connection, old: datetime) -> None:
        oldest_kept = connection.execute(_OLDEST_KEPT).scalar()
        before = old if oldest_kept is None else max(old, oldest_kept)
        query = sa.select(_KEYS.key).where(_KEYS.created_at <= before).limit(_PRUNED_AT_ONCE)
        keys = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
        if keys:
            connection.execute(idempotency.delete().where(_KEYS.key.in_(keys)))

    def _sealed(self, answer: KeptAnswer) -> str:
        values = asdict(answer)
        return self._configs.seal({name: values[name] for name in _SEALED})

    def _answer(self, row: Any) -> KeptAnswer:
        try:
            return KeptAnswer(key=row.key, created_at=row.created_at, **self._configs.open(row.sealed_answer))
        except Undecryptable:
            # As if another request had been sent: its key is used up, and what it made must not be made again.
            return KeptAnswer(row.key, "", row.created_at)
