"""Listeners, as rows."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..encoding import dumps
from ..records import LISTENER_DELETED, DeliveryState, ErrorKind, KeptAnswer, Listener, outdated_errors
from . import schema
from .answers import Answers
from .database import Database
from .listener_errors import forget
from .listener_names import ListenerNames
from .sealed_configs import SealedConfigs, Undecryptable

REVISION = "listeners"
"""Key in ``meta`` of a number that every change of a listener raises."""

LISTENERS_REVISION = f"SELECT value FROM meta WHERE key = '{REVISION}'"
_FIND = sa.select(schema.listeners).where(schema.listeners.c.id == sa.bindparam("listener_id"))
_FIND_FOR_UPDATE = _FIND.with_for_update()
_FIND_NAMED = sa.select(schema.listeners).where(
    schema.listeners.c.name == sa.bindparam("listener_name"), schema.listeners.c.ended_at.is_(None)
)

_UNREADABLE = (
    "The stored options of the listener cannot be decrypted: they are damaged, or were encrypted with another key. "
    "Give all of them again with listener TYPE update, or restore the database and the key file from the same backup; "
    "until then, its deliveries stay pending."
)

_LIVE = schema.listeners.c.ended_at.is_(None)
_END = "UPDATE listeners SET ended_at = :now WHERE id = any(:ended) AND ended_at IS NULL RETURNING id"
_RAISE_REVISION = f"UPDATE meta SET value = value + 1 WHERE key = '{REVISION}'"

_CONVERTED = {"event_types", "labels"}
_PLAIN = [each.name for each in fields(Listener) if each.name in schema.listeners.c and each.name not in _CONVERTED]
"""Fields of a listener that its row stores unchanged, in columns of the same names."""


class ListenerState:
    """The listeners' revision and their end, as part of the transaction that writes events."""

    def __init__(self, database: Database) -> None:
        self._revision = database.statement(LISTENERS_REVISION)
        self._raise_revision = database.statement(_RAISE_REVISION)
        self._end = database.statement(_END)

    def revision(self, connection: sa.Connection) -> int:
        """Return the number that every change of a listener raises."""
        ((found,),) = self._revision.run(connection)
        return int(found)

    def raise_revision(self, connection: sa.Connection) -> None:
        """Raise it."""
        self._raise_revision.run(connection)

    def end(self, connection: sa.Connection, listener_ids: Sequence[str], now: datetime) -> None:
        """End listeners: they match no further events and are no longer listed; what they are owed is still delivered.

        Their rows stay until then, because attempts need their configs.
        """
        if listener_ids and self._end.run(connection, ended=list(listener_ids), now=now):
            self.raise_revision(connection)


class ListenerRows:
    """Reads and writes listeners; their configs are encrypted at rest."""

    def __init__(self, database: Database, configs: SealedConfigs, answers: Answers) -> None:
        self._database = database
        self._configs = configs
        self._answers = answers
        self._state = ListenerState(database)
        self._names = ListenerNames(database)
        self._read: dict[Any, Listener] = {}

    def all(self) -> tuple[int, list[Listener]]:
        """Return the revision and its listeners in the order of their creation, without those that ended.

        A listener whose row has not changed since the last call is the same object: decrypting it again takes most of
        the time.
        """

        def work(connection: sa.Connection) -> tuple[int, list[Listener]]:
            # In this order: on PostgreSQL a listener may be added between the two. An old revision with newer listeners
            # only costs another read; a new one with older listeners would miss events.
            found = self._state.revision(connection)
            rows = connection.execute(sa.select(schema.listeners).where(_LIVE).order_by(schema.listeners.c.position))
            known = self._read
            read = self._read = {row: known.get(row) or self._listener(row) for row in rows}
            return found, list(read.values())

        return self._database.read(work)

    def latest_revision(self) -> int:
        """Return the number that every change of a listener raises."""
        return self._database.read(self._state.revision)

    def get(self, listener_id: str) -> Listener | None:
        """Return one listener, also one that has ended and is still owed deliveries."""
        return self._database.read(lambda connection: self._find(connection, listener_id))

    def named(self, name: str) -> Listener | None:
        """Return the listener that has a name; one that has ended has none."""

        def work(connection: sa.Connection) -> Listener | None:
            row = connection.execute(_FIND_NAMED, {"listener_name": name}).one_or_none()
            return None if row is None else self._listener(row)

        return self._database.read(work)

    def add(
        self,
        listener: Listener,
        name_like: str | None = None,
        answer: Callable[[Listener], KeptAnswer | None] = lambda _listener: None,
    ) -> Listener:
        """Store a new listener and return it.

        :param name_like: the name that it gets if it has none; with a number if that is taken.
        :param answer: returns the answer to keep for the request that adds it, in the same transaction.
        :raises NameTaken: another listener has its name.
        :raises KeyTaken: an answer to the same request is kept already; nothing is written.
        """

        def work(connection: sa.Connection) -> Listener:
            # First: it locks out others that change listeners, so that a free name stays free.
            self._state.raise_revision(connection)
            added = listener
            if added.name is not None:
                self._names.require_free(connection, added.name)
            elif name_like is not None:
                added = replace(added, name=self._names.free(connection, name_like))
            connection.execute(schema.listeners.insert().values(self._values(added)))
            self._answers.write(connection, answer(added))
            return added

        return self._database.write(work)

    def change(self, listener_id: str, change: Callable[[Listener], Listener]) -> Listener | None:
        """Replace a listener by what the function returns for the stored one, in one transaction.

        If the function raises, nothing is written.

        :return: the changed listener; None if there is none with this id, or it has ended.
        :raises NameTaken: another listener has its new name.
        """

        def work(connection: sa.Connection) -> Listener | None:
            stored = self._find(connection, listener_id, for_update=True)
            if stored is None or stored.ended:
                return None
            changed = change(stored)
            # Before the name is looked up, as in add.
            self._state.raise_revision(connection)
            if changed.name is not None and changed.name != stored.name:
                self._names.require_free(connection, changed.name)
            connection.execute(
                schema.listeners.update().where(schema.listeners.c.id == listener_id).values(self._values(changed))
            )
            forget(connection, listener_id, outdated_errors(stored, changed))
            return changed

        return self._database.write(work)

    def delete(self, listener_id: str, now: datetime, precondition: Callable[[Listener], None] | None = None) -> bool:
        """Delete a listener; what it is still owed becomes dead letters. Return whether it existed.

        :param precondition: called with the stored listener; if it raises, nothing is deleted.
        """

        def work(connection: sa.Connection) -> bool:
            if precondition is not None:
                stored = self._find(connection, listener_id, for_update=True)
                if stored is None or stored.ended:
                    return False
                precondition(stored)
            delete = schema.listeners.delete().where(schema.listeners.c.id == listener_id, _LIVE)
            if not connection.execute(delete).rowcount:
                return False
            self._state.raise_revision(connection)
            forget(connection, listener_id, ErrorKind)
            lanes = schema.lanes
            # Locked in the order in which workers and the outbox lock them, so that no two can deadlock.
            in_order = sa.select(lanes.c.id).where(lanes.c.listener_id == listener_id).order_by(lanes.c.key)
            connection.execute(in_order.with_for_update())
            connection.execute(lanes.delete().where(lanes.c.listener_id == listener_id))
            owed = schema.deliveries
            connection.execute(
                owed.update()
                .where(owed.c.listener_id == listener_id, owed.c.state == DeliveryState.PENDING)
                .values(state=DeliveryState.DEAD, last_error=LISTENER_DELETED, finished_at=now)
            )
            return True

        return self._database.write_many_rows(work)

    def _find(self, connection: sa.Connection, listener_id: str, for_update: bool = False) -> Listener | None:
        query = _FIND_FOR_UPDATE if for_update else _FIND
        row = connection.execute(query, {"listener_id": listener_id}).one_or_none()
        return None if row is None else self._listener(row)

    def _listener(self, row: Any) -> Listener:
        plain = {name: getattr(row, name) for name in _PLAIN}
        unreadable = None
        try:
            config = self._configs.open(row.sealed_config)
        except Undecryptable:  # events for other listeners must not fail
            config, unreadable = {}, _UNREADABLE
        return Listener(
            **plain,
            config=config,
            unreadable=unreadable,
            event_types=tuple(json.loads(row.event_types)),
            include=tuple(json.loads(row.source_options or "{}").get("include", ())),
            labels=json.loads(row.labels or "{}"),
            when=row.condition,
            ended=row.ended_at is not None,
        )

    def _values(self, listener: Listener) -> dict[str, Any]:
        # What cannot be read is kept as it is: the key may come back.
        sealed = {} if listener.unreadable else {"sealed_config": self._configs.seal(listener.config)}
        return {
            **{name: getattr(listener, name) for name in _PLAIN},
            **sealed,
            "event_types": dumps(list(listener.event_types)),
            "source_options": dumps({"include": list(listener.include)}) if listener.include else None,
            "labels": dumps(dict(listener.labels)) if listener.labels else None,
            "condition": listener.when,
        }
