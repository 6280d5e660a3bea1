"""Passwords that were verified recently, so that they need not be hashed again."""

import hashlib
import hmac
import os
import threading
from collections.abc import Callable

from ..records import User

_MAX_REMEMBERED = 1024


class VerifiedPasswords:
    """A cache of verified passwords, as keyed digests that are useless outside this process.

    :param seconds: how long a password is remembered.
    :param clock: monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._key = os.urandom(32)
        self._until: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def holds(self, user: User, password: str) -> bool:
        """Return whether this password of this user was verified recently."""
        digest = self._digest(user, password)
        with self._lock:
            return self._until.get(digest, 0.0) > self._clock()

    def add(self, user: User, password: str) -> None:
        """Remember a verified password."""
        digest, now = self._digest(user, password), self._clock()
        with self._lock:
            self._until.pop(digest, None)
            self._until[digest] = now + self._seconds
            # Entries are in the order of their expiry, because all live equally long.
            while self._until and (len(self._until) > _MAX_REMEMBERED or next(iter(self._until.values())) <= now):
                del self._until[next(iter(self._until))]

    def _digest(self, user: User, password: str) -> bytes:
        # A login and a stored hash have no line break, so no other user and password give the same text.
        text = f"{user.login}\n{user.password_hash}\n{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, hashlib.sha256)
