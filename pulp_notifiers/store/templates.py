"""Templates, as rows."""

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa

from ..records import ANY_TYPE, KeptAnswer, Template
from . import schema
from .answers import Answers
from .database import Database
from .listeners import ListenerState

_TABLE = schema.templates
_LISTENERS = schema.listeners


class TemplateRows:
    """Reads and writes templates. Every change raises the listeners' revision, so that attempts read them again."""

    def __init__(self, database: Database, answers: Answers) -> None:
        self._database = database
        self._answers = answers
        self._state = ListenerState(database)
        self._insert = database.insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.name)

    def all(self) -> list[Template]:
        """Return all templates by name."""
        query = sa.select(_TABLE).order_by(_TABLE.c.name)
        return self._database.read(lambda connection: [_template(row) for row in connection.execute(query)])

    def get(self, name: str) -> Template | None:
        """Return one template."""
        return self._database.read(lambda connection: _find(connection, name))

    def some(self, names: Collection[str]) -> list[Template]:
        """Return the templates that have one of a few names."""
        query = sa.select(_TABLE).where(_TABLE.c.name.in_(names))
        return self._database.read(lambda connection: [_template(row) for row in connection.execute(query)])

    def add(self, template: Template, answer: KeptAnswer | None = None) -> bool:
        """Store a new template; return False if the name is taken.

        :param answer: to keep for the request that creates it, in the same transaction.
        :raises KeyTaken: an answer to the same request is kept already; nothing is written.
        """

        def work(connection: sa.Connection) -> bool:
            added = connection.execute(self._insert, {"name": template.name, **_values(template)}).first() is not None
            if added:
                self._state.raise_revision(connection)
                self._answers.write(connection, answer)
            return added

        return self._database.write(work)

    def change(self, name: str, change: Callable[[Template], Template]) -> Template | None:
        """Replace a template by what the function returns for the stored one, in one transaction.

        If the function raises, nothing is written.

        :return: the changed template; None if there is none of this name.
        """

        def work(connection: sa.Connection) -> Template | None:
            stored = _find(connection, name, for_update=True)
            if stored is None:
                return None
            changed = change(stored)
            connection.execute(_TABLE.update().where(_TABLE.c.name == name).values(_values(changed)))
            self._state.raise_revision(connection)
            return changed

        return self._database.write(work)

    def delete(
        self, name: str, check: Callable[[Template, Sequence[str]], None] = lambda _template, _users: None
    ) -> bool:
        """Delete a template; return whether it existed.

        :param check: gets the template and the names of the listeners that use it, in the same transaction; if it
            raises, nothing is deleted.
        """

        def work(connection: sa.Connection) -> bool:
            stored = _find(connection, name, for_update=True)
            if stored is None:
                return False
            users = sa.select(_LISTENERS.c.name, _LISTENERS.c.id).where(
                _LISTENERS.c.template == name, _LISTENERS.c.ended_at.is_(None)
            )
            check(stored, [row.name or row.id for row in connection.execute(users.order_by(_LISTENERS.c.position))])
            connection.execute(_TABLE.delete().where(_TABLE.c.name == name))
            self._state.raise_revision(connection)
            return True

        return self._database.write(work)


def _find(connection: sa.Connection, name: str, for_update: bool = False) -> Template | None:
    query = sa.select(_TABLE).where(_TABLE.c.name == name)
    row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    return None if row is None else _template(row)


def _template(row: Any) -> Template:
    # What was damaged has no parts: attempts and lists must go on, and a template without parts is reported.
    parts = _parsed(row.parts)
    event_types = _parsed(row.event_types)
    return Template(
        row.name,
        row.notifier_type,
        parts if isinstance(parts, dict) else {},
        row.description,
        tuple(event_types) if isinstance(event_types, list) else (ANY_TYPE,),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _values(template: Template) -> dict[str, Any]:
    return {
        "notifier_type": template.notifier_type,
        "description": template.description,
        "parts": json.dumps(template.parts),
        "event_types": json.dumps(list(template.event_types)),
        "created_at": template.created_at,
        "changed_at": template.changed_at,
    }
