"""The names of repositories and remotes, looked up in batches and cached."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from .documents import uuid_of
from .tasks import BATCH, ApiClient, results

_REMEMBERED = 20_000
_FRESH_SECONDS = 600.0

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Named:
    """A repository or remote.

    :ivar name: its name; its PRN or uuid if the server does not know it any more.
    :ivar prn: None if it is not known.
    """

    name: str
    href: str | None
    prn: str | None


class Names:
    """Finds the repositories, or the remotes, of one domain by their uuids.

    :param path: of the list that contains them all.
    :param seconds: a monotonic clock.
    :param most: how many are cached.
    """

    def __init__(
        self, client: ApiClient, path: str, seconds: Callable[[], float] = time.monotonic, most: int = _REMEMBERED
    ) -> None:
        self._client = client
        self._path = path
        self._seconds = seconds
        self._most = most
        self._found: dict[str, Named] = {}
        self._asked: dict[str, float] = {}

    def forget(self, uuid: str) -> None:
        """Look one up again next time, because it may have been renamed."""
        self._asked.pop(uuid, None)

    def look_up(self, uuids: Iterable[str]) -> None:
        """Request those that are unknown or were looked up long ago, so that :meth:`get` finds all of them.

        A deleted one keeps its name.
        """
        wanted, now = sorted(set(uuids)), self._seconds()
        for batch in batches([uuid for uuid in wanted if not self._is_fresh(uuid, now)], BATCH):
            parameters = {"pulp_id__in": ",".join(batch), "fields": "prn,name,pulp_href", "limit": str(BATCH)}
            for named in results(self._client.get(self._path, parameters).document, _named, self._path):
                uuid = uuid_of(named.href)
                if uuid is not None:
                    self._found[uuid] = named
            self._asked.update({uuid: now for uuid in batch if uuid in self._found})
        self._make_room(wanted)

    def get(self, uuid: str) -> Named | None:
        """Return one that was looked up; None if the server does not show it."""
        return self._found.get(uuid)

    def _is_fresh(self, uuid: str, now: float) -> bool:
        return uuid in self._asked and now - self._asked[uuid] < _FRESH_SECONDS

    def _make_room(self, wanted: Iterable[str]) -> None:
        for uuid in wanted:  # move to the end: the least recently used are dropped first
            if uuid in self._found:
                self._found[uuid] = self._found.pop(uuid)
        for uuid in list(islice(self._found, max(0, len(self._found) - self._most))):
            del self._found[uuid]
            self._asked.pop(uuid, None)


def batches(items: Iterable[ItemT], size: int) -> Iterator[list[ItemT]]:
    """Yield the items in lists of at most a size."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


def _named(entry: Mapping[str, str]) -> Named:
    return Named(entry["name"], entry["pulp_href"], entry.get("prn"))
