"""A bounded store of compiled texts."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What the cache keeps."""

    nodes: int


Kept = TypeVar("Kept", bound=Sized)


class Cache(Generic[Kept]):
    """Keeps what was used last; threads may share it.

    :param max_nodes: of all that is kept together. A node takes about 300 bytes.
    """

    def __init__(self, max_nodes: int) -> None:
        self._max_nodes = max_nodes
        self._nodes = 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what is kept under a key, or else what ``make`` returns; nothing is kept if that raises."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._nodes += made.nodes
            while self._nodes > self._max_nodes and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._nodes -= oldest.nodes
        return made
