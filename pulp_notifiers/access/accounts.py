"""Who may do what: users, their passwords and what they are granted (CONTRACT 1.7)."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from ..errors import InvalidValue
from ..records import Operation, User
from .passwords import NOBODYS_HASH, hash_password, verify_password
from .resources import and_above, resource_of, resource_problem
from .verified import VerifiedPasswords

ADMIN = "admin"
"""Login of the super-user that the first start creates, as Pulp 2's was."""

_LONGEST_LOGIN = 200


class UserRows(Protocol):
    """Where users and grants are kept (``pulp_notifiers.store``)."""

    def user(self, login: str) -> User | None: ...
    def users(self) -> list[User]: ...
    def add_user(self, user: User) -> bool: ...
    def delete_user(self, login: str) -> bool: ...
    def set_password(self, login: str, password_hash: str) -> bool: ...
    def grant(self, login: str, resource: str, operations: Iterable[Operation]) -> None: ...
    def grants(self, login: str) -> dict[str, frozenset[Operation]]: ...


class Accounts:
    """Users, their passwords and grants.

    A verified password is remembered for a while, because the hash is slow on purpose. What is remembered is keyed by
    the stored hash too, and the user is read every time: a changed password or a deleted user takes effect at once.

    :param credential_cache_seconds: how long; 0 hashes every time.
    :param clock: seconds that never go back.
    :param hashes_at_once: threads that may be hashing; further ones wait, so that a flood of wrong passwords takes
        neither all memory nor all cores.
    """

    def __init__(
        self,
        users: UserRows,
        credential_cache_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        hashes_at_once: int = 2,
    ) -> None:
        self._users = users
        self._verified = VerifiedPasswords(credential_cache_seconds, clock)
        self._hashing = threading.BoundedSemaphore(hashes_at_once)

    def users(self) -> list[User]:
        """Return all users by login."""
        return self._users.users()

    def user(self, login: str) -> User | None:
        """Return the user with this login, for one whom somebody else authenticated."""
        return self._users.user(login) if _login_problem(login) is None else None

    def create(self, login: str, password: str, super_user: bool = False) -> User:
        """Keep a new user.

        :raises InvalidValue: the login is taken or cannot be one, or the password is empty.
        """
        problem = _login_problem(login)
        if problem:
            raise InvalidValue(["login"], problem)
        user = User(login, self._hashed(password), super_user)
        if not self._users.add_user(user):
            raise InvalidValue(["login"], f"There is already a user {login!r}.")
        return user

    def delete(self, login: str) -> bool:
        """Forget a user and what the user was granted; tell whether there was one."""
        return _login_problem(login) is None and self._users.delete_user(login)

    def set_password(self, login: str, password: str) -> None:
        """Replace a user's password; the old one stops working at once.

        :raises InvalidValue: there is no such user, or the password is empty.
        """
        self._existing(login)
        self._users.set_password(login, self._hashed(password))

    def grant(self, login: str, resource: str, operations: Iterable[Operation]) -> str:
        """Permit operations on a resource and all below it; return the resource as it was kept.

        :param resource: ``/v2/events/``, or the whole path of a request.
        :raises InvalidValue: there is no such user, or the resource is no path.
        """
        self._existing(login)
        problem = resource_problem(resource)
        if problem:
            raise InvalidValue(["resource"], problem)
        kept = resource_of(resource)
        self._users.grant(login, kept, operations)
        return kept

    def grants(self, login: str) -> dict[str, frozenset[Operation]]:
        """Return the operations that a user is granted, by resource."""
        return self._users.grants(login)

    def permitted(self, user: User, resource: str, operation: Operation) -> bool:
        """Tell whether a user may do something to a resource.

        A super-user may do everything; others what they are granted on the resource or on a path above it.
        """
        if user.super_user:
            return True
        granted = self._users.grants(user.login)
        return any(operation in granted.get(path, ()) for path in and_above(resource))

    def recognise(self, login: str, password: str) -> User | None:
        """Return the user if the password was verified a short while ago; never hashes."""
        user = self.user(login)
        return user if user is not None and self._verified.holds(user, password) else None

    def authenticate(self, login: str, password: str) -> User | None:
        """Return the user if the password is right, else None.

        A login that does not exist takes as long as a wrong password.
        """
        user = self.user(login)
        if user is not None and self._verified.holds(user, password):
            return user
        with self._hashing:
            # Threads that waited for the one which verified the same password need not hash again.
            if user is not None and self._verified.holds(user, password):
                return user
            right = verify_password(password, user.password_hash if user and user.password_hash else NOBODYS_HASH)
        if user is None or not right:
            return None
        self._verified.add(user, password)
        return user

    def ensure_admin(self, password: str | None = None) -> str | None:
        """Create the super-user ``admin`` if there is no user at all.

        :param password: the one to give it; None generates one.
        :return: the generated password, to be shown once; None if there was nothing to generate.
        """
        if self._users.users():
            return None
        generated = None if password else secrets.token_urlsafe(18)
        # Of two processes that start at the same moment only one adds it.
        added = self._users.add_user(User(ADMIN, hash_password(password or generated or ""), super_user=True))
        return generated if added else None

    def _existing(self, login: str) -> User:
        user = self.user(login)
        if user is None:
            raise InvalidValue(["login"], f"There is no user {login!r}.")
        return user

    def _hashed(self, password: str) -> str:
        if not password:
            raise InvalidValue(["password"], "The password is empty; give one of at least one character.")
        with self._hashing:
            return hash_password(password)


def _login_problem(login: str) -> str | None:
    if not login or len(login) > _LONGEST_LOGIN:
        return f"A login has from 1 to {_LONGEST_LOGIN} characters."
    # HTTP Basic cannot carry a colon, and PostgreSQL no NUL.
    if ":" in login or not login.isprintable() or login != login.strip():
        return f"{login!r} cannot be a login: write printable characters without a colon or spaces at the ends."
    return None
