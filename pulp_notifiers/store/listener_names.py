"""Names of listeners that are free, within a transaction that has locked out others which change listeners."""

from collections.abc import Sequence

import sqlalchemy as sa

from ..errors import NameTaken
from ..records import numbered_name
from .database import Database

_TAKEN = "SELECT name FROM listeners WHERE name = any(:names) AND ended_at IS NULL"
_DOUBLINGS = 24
_PIECES = 16


class ListenerNames:
    """Looks up which names are taken; a listener that has ended has given its name back."""

    def __init__(self, database: Database) -> None:
        self._taken = database.statement(_TAKEN)

    def require_free(self, connection: sa.Connection, name: str) -> None:
        """Check that no listener has a name.

        :raises NameTaken: one has.
        """
        if self._which(connection, [name]):
            raise NameTaken(name)

    def free(self, connection: sa.Connection, name: str) -> str:
        """Return the name, or else the name with a number from 2 up, so that no listener has it.

        Names get their numbers in order, so a free one is searched by halves: a handful of statements, however many
        listeners have the same name.
        """
        if not self._which(connection, [name]):
            return name
        taken, free = 1, 2**_DOUBLINGS  # nobody has 16 million listeners
        step = [2**power for power in range(1, _DOUBLINGS)]
        while step:
            known = self._which(connection, [numbered_name(name, number) for number in step])
            free = next((number for number in step if numbered_name(name, number) not in known), free)
            taken = max((number for number in step if number < free), default=taken)
            width = max(1, (free - taken) // _PIECES)
            step = list(range(taken + width, free, width))
        return numbered_name(name, free)

    def _which(self, connection: sa.Connection, names: Sequence[str]) -> set[str]:
        return {found for (found,) in self._taken.run(connection, names=names)}
