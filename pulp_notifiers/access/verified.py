"""Passwords that were verified recently, so that they need not be hashed again."""

import hashlib
import hmac
import os
import threading
from collections.abc import Callable

from ..records import User

_MAX_REMEMBERED = 1024
_KNOWN_SECONDS = 86400.0


class VerifiedPasswords:
    """A cache of verified passwords, as keyed digests that are useless outside this process.

    :param seconds: how long a password need not be hashed again. It is known for a day: it is hashed again, but before
        passwords that were never right.
    :param clock: monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._key = os.urandom(32)
        self._verified_at: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def holds(self, user: User, password: str) -> bool:
        """Return whether this password of this user was verified recently."""
        return self._is_younger(user, password, self._seconds)

    def knew(self, user: User, password: str) -> bool:
        """Return whether this password of this user was right within a day."""
        return self._is_younger(user, password, _KNOWN_SECONDS)

    def add(self, user: User, password: str) -> None:
        """Remember a verified password."""
        digest, now = self._digest(user, password), self._clock()
        with self._lock:
            self._verified_at.pop(digest, None)
            self._verified_at[digest] = now
            # Oldest first.
            while (
                len(self._verified_at) > _MAX_REMEMBERED
                or next(iter(self._verified_at.values())) < now - _KNOWN_SECONDS
            ):
                del self._verified_at[next(iter(self._verified_at))]

    def _is_younger(self, user: User, password: str, seconds: float) -> bool:
        digest = self._digest(user, password)
        with self._lock:
            verified_at = self._verified_at.get(digest)
        return verified_at is not None and self._clock() < verified_at + seconds

    def _digest(self, user: User, password: str) -> bytes:
        # A login and a stored hash have no line break, so no other user and password give the same text.
        text = f"{user.login}\n{user.password_hash}\n{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, hashlib.sha256)
