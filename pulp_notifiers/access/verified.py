"""Which passwords were verified a short while ago, so that they need not be hashed again."""

import hashlib
import hmac
import os
import threading
from collections.abc import Callable

from ..records import User

_REMEMBERED_AT_MOST = 1024


class VerifiedPasswords:
    """Passwords that were verified lately, as keyed digests that are of no use outside this process."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._key = os.urandom(32)
        self._until: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def holds(self, user: User, password: str) -> bool:
        digest = self._digest(user, password)
        with self._lock:
            return self._until.get(digest, 0.0) > self._clock()

    def add(self, user: User, password: str) -> None:
        digest, now = self._digest(user, password), self._clock()
        with self._lock:
            self._until.pop(digest, None)
            self._until[digest] = now + self._seconds
            # In the order of their ends, because all live equally long.
            while self._until and (len(self._until) > _REMEMBERED_AT_MOST or next(iter(self._until.values())) <= now):
                del self._until[next(iter(self._until))]

    def _digest(self, user: User, password: str) -> bytes:
        # The stored hash is as long as its parameters say and has no line break, so nothing else reads the same.
        text = f"{user.login}\n{user.password_hash}\n{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, hashlib.sha256)
