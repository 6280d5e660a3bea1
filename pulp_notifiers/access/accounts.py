"""The rules for users, their passwords and grants (CONTRACT 1.7)."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from ..errors import InvalidValue
from ..records import Operation, User
from .passwords import DUMMY_HASH, hash_password, verify_password
from .resources import resource_of, resource_problem, with_parents
from .verified import VerifiedPasswords

ADMIN = "admin"
"""Login of the super-user that the first start creates, as in Pulp 2."""

_MAX_LOGIN_CHARACTERS = 200


class UserRows(Protocol):
    """Stores users and grants (``pulp_notifiers.store``)."""

    def user(self, login: str) -> User | None: ...
    def users(self) -> list[User]: ...
    def add_user(self, user: User) -> bool: ...
    def delete_user(self, login: str) -> bool: ...
    def set_password(self, login: str, password_hash: str) -> bool: ...
    def grant(self, login: str, resource: str, operations: Iterable[Operation]) -> None: ...
    def grants(self, login: str) -> dict[str, frozenset[Operation]]: ...


class Accounts:
    """Users, their passwords and grants.

    A verified password is remembered for a while, because the hash is slow on purpose. The key of that cache includes
    the stored hash, and the user is read every time: a changed password or a deleted user takes effect at once.

    :param credential_cache_seconds: how long; 0 hashes every time.
    :param clock: monotonic seconds.
    :param hashes_at_once: threads that may hash at the same time; others wait, so that a flood of wrong passwords takes
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
        self.hashes_at_once = hashes_at_once
        self._hashing = threading.BoundedSemaphore(hashes_at_once)

    def users(self) -> list[User]:
        """Return all users by login."""
        return self._users.users()

    def user(self, login: str) -> User | None:
        """Return the user with this login, without a check of the password; None if there is none."""
        return self._users.user(login) if _login_problem(login) is None else None

    def create(self, login: str, password: str, super_user: bool = False) -> User:
        """Create a user.

        :raises InvalidValue: the login is taken or not allowed, or the password is empty.
        """
        problem = _login_problem(login)
        if problem:
            raise InvalidValue(["login"], problem)
        user = User(login, self._hashed(password), super_user)
        if not self._users.add_user(user):
            raise InvalidValue(["login"], f"There is already a user {login!r}.")
        return user

    def delete(self, login: str) -> None:
        """Delete a user with all grants.

        :raises InvalidValue: there is no such user.
        """
        if _login_problem(login) is not None or not self._users.delete_user(login):
            raise _no_user(login)

    def set_password(self, login: str, password: str) -> None:
        """Replace a user's password; the old one stops working at once.

        :raises InvalidValue: there is no such user, or the password is empty.
        """
        self._existing(login)
        self._users.set_password(login, self._hashed(password))

    def grant(self, login: str, resource: str, operations: Iterable[Operation]) -> str:
        """Permit operations on a resource and everything below it; return the resource as it is stored.

        :param resource: such as ``/v2/events/``, or the whole path of a request.
        :raises InvalidValue: there is no such user, or the resource is not a path.
        """
        self._existing(login)
        problem = resource_problem(resource)
        if problem:
            raise InvalidValue(["resource"], problem)
        stored = resource_of(resource)
        self._users.grant(login, stored, operations)
        return stored

    def grants(self, login: str) -> dict[str, frozenset[Operation]]:
        """Return the operations that a user is granted, by resource."""
        return self._users.grants(login)

    def permitted(self, user: User, resource: str, operation: Operation) -> bool:
        """Return whether a user may do an operation to a resource.

        A super-user may do everything, others what they are granted on the resource or on a parent path.
        """
        if user.super_user:
            return True
        granted = self._users.grants(user.login)
        return any(operation in granted.get(path, ()) for path in with_parents(resource))

    def recognise(self, login: str, password: str) -> tuple[User | None, bool]:
        """Return the user if the same password was verified recently, else None; never hashes.

        :return: also whether the password was right within a day and has not been changed since.
        """
        user = self.user(login)
        if user is None:
            return None, False
        return (user if self._verified.holds(user, password) else None), self._verified.knew(user, password)

    def authenticate(self, login: str, password: str) -> User | None:
        """Return the user if the password is right, else None.

        A login that does not exist takes as long as a wrong password.
        """
        user = self.user(login)
        if user is not None and self._verified.holds(user, password):
            return user
        with self._hashing:
            # Another thread may have verified the same password meanwhile.
            if user is not None and self._verified.holds(user, password):
                return user
            right = verify_password(password, user.password_hash if user and user.password_hash else DUMMY_HASH)
        if user is None or not right:
            return None
        self._verified.add(user, password)
        return user

    def ensure_admin(self, password: str | None = None) -> str | None:
        """Create the super-user ``admin`` if there are no users.

        :param password: None generates one.
        :return: the generated password, to be shown once; None if none was generated.
        """
        if self._users.users():
            return None
        generated = None if password else secrets.token_urlsafe(18)
        # If two processes start at the same moment, only one of them adds it.
        added = self._users.add_user(User(ADMIN, hash_password(password or generated or ""), super_user=True))
        return generated if added else None

    def _existing(self, login: str) -> User:
        user = self.user(login)
        if user is None:
            raise _no_user(login)
        return user

    def _hashed(self, password: str) -> str:
        if not password:
            raise InvalidValue(["password"], "The password is empty. Use at least one character.")
        with self._hashing:
            return hash_password(password)


def _no_user(login: str) -> InvalidValue:
    return InvalidValue(["login"], f"There is no user {login!r}. Look it up with user list.")


def _login_problem(login: str) -> str | None:
    if not login or len(login) > _MAX_LOGIN_CHARACTERS:
        return f"A login must have 1 to {_MAX_LOGIN_CHARACTERS} characters."
    # HTTP Basic cannot carry a colon, and PostgreSQL no NUL.
    if ":" in login or not login.isprintable() or login != login.strip():
        return f"{login!r} cannot be a login: use printable characters, no colon, and no spaces at the ends."
    return None
