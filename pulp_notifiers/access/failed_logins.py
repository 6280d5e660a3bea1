"""Wrong passwords, and how long those who sent them have to wait."""

import hashlib
import hmac
import math
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

_MOST_REMEMBERED = 10_000
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_EXPONENT = 30
_IPV6_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class FailureLimits:
    """How many wrong passwords are free, and how soon they are forgotten.

    :ivar per_login: wrong passwords for one login from one address before it has to wait.
    :ivar per_address: wrong passwords for any logins from one address before it has to wait.
    :ivar longest_wait_seconds: the waits double from one second up to this.
    :ivar login_forgets_seconds: one wrong password of a login and address is forgotten in this time.
    :ivar address_forgets_seconds: one wrong password of an address is forgotten in this time.
    """

    per_login: int = 20
    per_address: int = 200
    longest_wait_seconds: float = 300.0
    login_forgets_seconds: float = 60.0
    address_forgets_seconds: float = 5.0


class FailedLogins:
    """Counts wrong passwords by address and login, and by address alone.

    A login alone is never limited: a stranger could lock its owner out. For one thread.

    :param clock: monotonic seconds.
    """

    def __init__(self, limits: FailureLimits, clock: Callable[[], float]) -> None:
        longest = limits.longest_wait_seconds
        self._by_login = _Counts(limits.per_login, longest, limits.login_forgets_seconds, clock)
        self._by_address = _Counts(limits.per_address, longest, limits.address_forgets_seconds, clock)
        self._key = os.urandom(16)

    def wait_seconds(self, address: str, login: str) -> float:
        """Return how long an address has to wait before it may send another password for a login; 0 for not at all."""
        return max(self._by_login.wait_seconds(self._pair(address, login)), self._by_address.wait_seconds(address))

    def failures(self, address: str, login: str) -> float:
        """Return how many wrong passwords of an address for a login are remembered."""
        return self._by_login.level(self._pair(address, login))

    def failed(self, address: str, login: str) -> bool:
        """Count a wrong password; return whether the address has to wait for the first time."""
        new = self._by_login.add(self._pair(address, login))
        return self._by_address.add(address) or new

    def succeeded(self, address: str, login: str) -> None:
        """Forget the wrong passwords of an address for a login; not those for other logins."""
        self._by_login.forget(self._pair(address, login))

    def _pair(self, address: str, login: str) -> bytes:
        # A digest, because a login that does not exist may be as long as a header.
        return hmac.digest(self._key, f"{address}\n{login}".encode("utf-8", "surrogatepass"), hashlib.sha256)[:16]


@dataclass(slots=True)
class _Count:
    level: float
    counted_at: float
    blocked_until: float = 0.0


class _Counts:
    """Wrong passwords by key; those that were counted last are remembered."""

    def __init__(self, free: int, longest_wait: float, forgets_seconds: float, clock: Callable[[], float]) -> None:
        self._free = free
        self._longest_wait = longest_wait
        self._forgets_seconds = forgets_seconds
        self._clock = clock
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()

    def wait_seconds(self, key: Hashable) -> float:
        count = self._counts.get(key)
        return 0.0 if count is None else max(0.0, count.blocked_until - self._clock())

    def level(self, key: Hashable) -> float:
        count = self._counts.get(key)
        if count is None:
            return 0.0
        return max(0.0, count.level - (self._clock() - count.counted_at) / self._forgets_seconds)

    def add(self, key: Hashable) -> bool:
        now, level = self._clock(), self.level(key) + 1
        before = self._counts.pop(key, None)
        count = self._counts[key] = _Count(level, now)
        # Rounded up, or the instants between several wrong passwords would add up to a free one.
        over = math.ceil(level) - self._free
        if over >= 0:
            exponent = min(over, _LONGEST_EXPONENT)
            count.blocked_until = now + min(self._longest_wait, _FIRST_WAIT_SECONDS * 2**exponent)
        while len(self._counts) > _MOST_REMEMBERED:
            self._counts.popitem(last=False)
        return over >= 0 and (before is None or before.blocked_until == 0.0)

    def forget(self, key: Hashable) -> None:
        self._counts.pop(key, None)


def address_group(host: str) -> str:
    """Return whom an address stands for: one IPv4 address, or one IPv6 network of 64 bits, which one customer has."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:100]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _IPV6_NETWORK_BITS), strict=False))
