"""Exchanges, and the queues of subscribers."""

import re
from collections import deque
from dataclasses import dataclass, field


@dataclass(eq=False)
class Subscription:
    """A subscriber's queue.

    :ivar binding: a pattern of words, in which ``*`` is one and ``#`` any number of them.
    """

    exchange: str
    binding: str
    waiting: deque[bytes] = field(default_factory=deque)

    def matches(self, kind: str, key: str) -> bool:
        """Return whether a message with this key is delivered from an exchange of this type."""
        if kind == "fanout":
            return True
        if kind == "direct":
            return key == self.binding
        return binding_matches(self.binding, key)


def binding_matches(binding: str, key: str) -> bool:
    """Return whether a topic exchange delivers this key to a queue with this binding."""
    words = [".*" if word == "#" else r"[^.]*" if word == "*" else re.escape(word) for word in binding.split(".")]
    pattern = r"\.".join(words).replace(r"\..*", r"(\..*)?").replace(r".*\.", r"(.*\.)?")
    return re.fullmatch(pattern, key) is not None


class Exchanges:
    """Who gets a message."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []

    def publish(self, exchange: str, kind: str, key: str, encoded: bytes) -> None:
        """Put a message into every queue that matches; without one it is gone."""
        for subscription in self.subscriptions:
            if subscription.exchange == exchange and subscription.matches(kind, key):
                subscription.waiting.append(encoded)
