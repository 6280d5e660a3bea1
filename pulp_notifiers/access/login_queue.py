"""The queue in which passwords wait to be hashed."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_MOST_REMEMBERED = 1000


@dataclass(eq=False, slots=True)
class Login:
    """A password that waits to be hashed.

    :ivar address: where it comes from.
    :ivar is_known: the same password of this user was right before.
    :ivar failures: how many wrong passwords of this address for this login are remembered.
    :ivar answer: for the caller.
    """

    address: str
    login: str
    password: str = field(repr=False)
    is_known: bool = False
    failures: float = 0.0
    answer: Any = None
    since: float = 0.0

    @property
    def is_suspect(self) -> bool:
        """Whether there were wrong passwords before, and this one was never right."""
        return self.failures > 0 and not self.is_known


class LoginQueue:
    """Decides whose password is hashed next; for one thread.

    Passwords that were right before come first. Then addresses take turns. Of one address, the login with the fewest
    wrong passwords comes first, and of those the newest: who has waited long has probably given up. One password for an
    address and login is hashed at a time, so that the first wrong ones make the others wait. Of several places, one is
    kept for those without wrong passwords before.

    :param at_once: how many may be hashed at a time.
    :param clock: monotonic seconds.
    :param longest_seconds: how long one may wait.
    :param most: how many may wait.
    """

    def __init__(
        self, at_once: int, clock: Callable[[], float], longest_seconds: float = 60.0, most: int = 1000
    ) -> None:
        self._at_once = at_once
        self._clock = clock
        self._longest_seconds = longest_seconds
        self._most = most
        self._waiting: list[Login] = []
        self._running: list[Login] = []
        self._served: OrderedDict[str, float] = OrderedDict()

    def add(self, login: Login) -> bool:
        """Let a password wait; return False if the queue is full."""
        if len(self._waiting) >= self._most and not login.is_known:
            return False
        login.since = self._clock()
        self._waiting.append(login)
        return True

    def expired(self) -> list[Login]:
        """Remove and return those that have waited too long."""
        oldest = self._clock() - self._longest_seconds
        found = [one for one in self._waiting if one.since < oldest]
        if found:
            self._waiting = [one for one in self._waiting if one.since >= oldest]
        return found

    def take(self) -> Login | None:
        """Return the next to hash; None if there is none, or as many as may be are being hashed."""
        if len(self._running) >= self._at_once:
            return None
        busy = {(one.address, one.login) for one in self._running}
        ready = [one for one in self._waiting if one.is_known or (one.address, one.login) not in busy]
        if sum(one.is_suspect for one in self._running) >= max(1, self._at_once - 1):
            ready = [one for one in ready if not one.is_suspect]
        if not ready:
            return None
        chosen = min(enumerate(ready), key=self._rank)[1]
        self._waiting.remove(chosen)
        self._running.append(chosen)
        self._served.pop(chosen.address, None)
        self._served[chosen.address] = self._clock()
        if len(self._served) > _MOST_REMEMBERED:
            self._served.popitem(last=False)
        return chosen

    def failed(self, address: str, login: str, failures: float) -> None:
        """Take note of how many wrong passwords there are now for those that wait."""
        for one in self._waiting:
            if (one.address, one.login) == (address, login):
                one.failures = failures

    def done(self, login: Login) -> None:
        """Take note that one has been hashed."""
        self._running.remove(login)

    def _rank(self, numbered: tuple[int, Login]) -> tuple[bool, float, float, int]:
        number, one = numbered
        if one.is_known:
            return False, 0.0, 0.0, number
        return True, self._served.get(one.address, float("-inf")), one.failures, -number
