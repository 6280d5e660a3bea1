"""Entity tags, and what ``If-Match`` and ``If-None-Match`` demand of them (RFC 9110, 8.8.3 and 13.1)."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from ...encoding import dumps

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_BLANKS = " \t"
_BETWEEN = " \t,"


class MalformedTags(ValueError):
    """A header is neither ``*`` nor a list of entity tags."""


@dataclass(frozen=True, slots=True)
class EntityTag:
    """The strong tag of a representation.

    :ivar content: digest of what clients can change.
    :ivar status: digest of the part that changes by itself, such as the lag of a source; empty if there is none.
    """

    content: str
    status: str = ""

    @classmethod
    def of(cls, content: Any, status: Any = None) -> Self:
        """Return the tag of JSON values."""
        return cls(_digest(content), "" if status is None else _digest(status))

    def __str__(self) -> str:
        return f'"{self.content}.{self.status}"' if self.status else f'"{self.content}"'


@dataclass(frozen=True, slots=True)
class TagList:
    """The value of ``If-Match`` or ``If-None-Match``.

    :ivar any: whether it is ``*``.
    :ivar tags: the opaque tags in it, without quotes, and whether each one is weak.
    """

    any: bool
    tags: tuple[tuple[str, bool], ...] = ()

    @classmethod
    def parse(cls, lines: Iterable[str]) -> Self:
        """Return what the lines of a header say.

        :raises MalformedTags: they are no entity tags.
        """
        text = ",".join(lines).strip(_BLANKS)
        if text == "*":
            return cls(any=True)
        found: list[tuple[str, bool]] = []
        place = _skip(text, 0, _BETWEEN)
        while place < len(text):
            tag = _TAG.match(text, place)
            end = place if tag is None else _skip(text, tag.end(), _BLANKS)
            if tag is None or text[end : end + 1] not in ("", ","):
                raise MalformedTags(text)
            found.append((tag[2], tag[1] is not None))
            place = _skip(text, end, _BETWEEN)
        if not found:
            raise MalformedTags(text)
        return cls(any=False, tags=tuple(found))

    def has(self, current: EntityTag) -> bool:
        """Return whether it has the tag of a representation, by weak comparison: as ``If-None-Match`` needs it."""
        return self.any or any(f'"{tag}"' == str(current) for tag, _ in self.tags)

    def has_content(self, current: EntityTag) -> bool:
        """Return whether it has the tag of the content, by strong comparison: as ``If-Match`` needs it.

        The status does not count: it changes without any client, and a change overwrites nothing of it.
        """
        return self.any or any(tag.partition(".")[0] == current.content for tag, weak in self.tags if not weak)


def _digest(value: Any) -> str:
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:32]


def _skip(text: str, place: int, characters: str) -> int:
    while place < len(text) and text[place] in characters:
        place += 1
    return place
