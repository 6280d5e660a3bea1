"""The names of repositories and remotes, asked for many at once and kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from .documents import uuid_of
from .tasks import BATCH, Asks, results

_REMEMBERED = 20_000

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Named:
    """A repository or remote.

    :ivar name: what people call it; its PRN or uuid where the server does not know it any more.
    :ivar prn: empty where it is not known.
    """

    name: str
    href: str | None
    prn: str | None


class Names:
    """Finds repositories, or remotes, of one domain by their uuids.

    :param path: of the list that has them all.
    """

    def __init__(self, client: Asks, path: str) -> None:
        self._client = client
        self._path = path
        self._found: dict[str, Named] = {}

    def learn(self, uuid: str, named: Named) -> None:
        """Take note of one that is known from elsewhere."""
        if len(self._found) >= _REMEMBERED:
            for oldest in list(islice(self._found, _REMEMBERED // 4)):
                del self._found[oldest]
        self._found[uuid] = named

    def forget(self, uuid: str) -> None:
        """Ask again for one that may have been renamed."""
        self._found.pop(uuid, None)

    def look_up(self, uuids: Iterable[str]) -> None:
        """Ask for all those that are not known, so that :meth:`get` has them."""
        for batch in batches(sorted({uuid for uuid in uuids if uuid not in self._found}), BATCH):
            parameters = {"pulp_id__in": ",".join(batch), "fields": "prn,name,pulp_href", "limit": str(BATCH)}
            for named in results(self._client.get(self._path, parameters).document, _named, self._path):
                uuid = uuid_of(named.href)
                if uuid is not None:
                    self.learn(uuid, named)

    def get(self, uuid: str) -> Named | None:
        """Return one that was looked up; None where the server does not show it."""
        return self._found.get(uuid)


def batches(items: Iterable[ItemT], size: int) -> Iterator[list[ItemT]]:
    """Yield items in lists of at most so many."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


def _named(entry: Mapping[str, str]) -> Named:
    return Named(entry["name"], entry["pulp_href"], entry.get("prn"))
