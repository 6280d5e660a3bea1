"""Users and their grants, as rows."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..errors import StoreUnavailable
from ..records import Operation, User
from . import schema
from .database import Database


class UserRows:
    """Reads and writes users and grants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def user(self, login: str) -> User | None:
        """Return one user."""
        query = sa.select(schema.users).where(schema.users.c.login == login)
        row = self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _user(row)

    def users(self) -> list[User]:
        """Return all users by login."""
        query = sa.select(schema.users).order_by(schema.users.c.login)
        return self._database.read(lambda connection: [_user(row) for row in connection.execute(query)])

    def add_user(self, user: User) -> bool:
        """Store a new user; return False if the login is taken."""
        values = {"login": user.login, "password_hash": user.password_hash, "super_user": user.super_user}
        try:
            self._database.write(lambda connection: connection.execute(schema.users.insert().values(values)))
        except StoreUnavailable as unavailable:
            if isinstance(unavailable.__cause__, IntegrityError):
                return False
            raise
        return True

    def delete_user(self, login: str) -> bool:
        """Delete a user and all its grants; return whether it existed."""
        delete = schema.users.delete().where(schema.users.c.login == login)
        return self._database.write(lambda connection: connection.execute(delete).rowcount == 1)

    def set_password(self, login: str, password_hash: str) -> bool:
        """Replace a user's password hash; return whether the user exists."""
        update = schema.users.update().where(schema.users.c.login == login).values(password_hash=password_hash)
        return self._database.write(lambda connection: connection.execute(update).rowcount == 1)

    def grant(self, login: str, resource: str, operations: Iterable[Operation]) -> None:
        """Permit further operations on a resource path."""

        def work(connection: sa.Connection) -> None:
            granted = self._grants(connection, login).get(resource, frozenset())
            new = [
                {"login": login, "resource": resource, "operation": operation}
                for operation in dict.fromkeys(operations)
                if operation not in granted
            ]
            if new:
                connection.execute(schema.grants.insert(), new)

        self._database.write(work)

    def grants(self, login: str) -> dict[str, frozenset[Operation]]:
        """Return the operations that a user may perform, by resource path."""
        return self._database.read(lambda connection: self._grants(connection, login))

    @staticmethod
    def _grants(connection: sa.Connection, login: str) -> dict[str, frozenset[Operation]]:
        found: dict[str, set[Operation]] = defaultdict(set)
        for row in connection.execute(sa.select(schema.grants).where(schema.grants.c.login == login)):
            found[row.resource].add(Operation(row.operation))
        return {resource: frozenset(operations) for resource, operations in found.items()}


def _user(row: Any) -> User:
    return User(row.login, row.password_hash, row.super_user)
