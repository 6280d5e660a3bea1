"""Credentials in the URLs of options: user and password, query, fragment, and tokens in the path."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import unquote

from .places import BETWEEN_URLS, place_of

MASK = "*****"
"""Replaces a secret in every answer; sent back, it means unchanged. Pulp 2.7 used the same five asterisks."""

# Of bounded length, or a long word would be searched again from each of its letters.
_SCHEME = r"[a-z][a-z0-9+.-]{0,30}://"
_BEGINS = re.compile(_SCHEME, re.IGNORECASE)
_URLS_IN_PROSE = re.compile(rf"{_SCHEME}(?:(?![;,]\s*{_SCHEME})[^\s<>\"])+", re.IGNORECASE)
_PARTS = re.compile(
    rf"(?P<scheme>{_SCHEME})(?:(?P<user>[^/?#]*)@)?(?P<host>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<end>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(r"(?=.*[0-9])(?=.*[a-z])[\w:@.~%-]{20,}", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(r"passw|secret|token|credential|key|auth|sig|code|hash", re.IGNORECASE)
_SHORTEST_VALUE = 8


@dataclass(frozen=True, slots=True)
class _Url:
    """A URL in parts; ``None`` for a part that is absent."""

    scheme: str
    user: str | None
    host: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str | None], ...] | None
    end: str | None

    @classmethod
    def of(cls, text: str) -> Self:
        found = _PARTS.fullmatch(text)
        assert found is not None, "every text that begins with a scheme matches"
        query = found["query"]
        parameters = None if query is None else tuple(map(_parameter, query.split("&")))
        return cls(
            found["scheme"], found["user"], found["host"], tuple(found["path"].split("/")), parameters, found["end"]
        )

    def __str__(self) -> str:
        user = "" if self.user is None else f"{self.user}@"
        given = [name if value is None else f"{name}={value}" for name, value in self.query or ()]
        query = "" if self.query is None else f"?{'&'.join(given)}"
        end = "" if self.end is None else f"#{self.end}"
        return f"{self.scheme}{user}{self.host}{'/'.join(self.segments)}{query}{end}"

    def masked(self) -> Self:
        return replace(
            self,
            user=self.user and MASK,
            segments=tuple(MASK if _TOKEN.fullmatch(segment) else segment for segment in self.segments),
            query=self.query and tuple(_masked_parameter(*one) for one in self.query),
            end=self.end and MASK,
        )

    def has_mask(self) -> bool:
        parts = (self.user, *self.segments, *(part for one in self.query or () for part in one), self.end)
        return any(map(_is_mask, parts))

    def restored(self, stored: Self) -> Self:
        """Return the URL with the stored secrets in place of their masks; a mask without one remains."""
        values: dict[tuple[str, int], str | None] = {}
        seen: dict[str, int] = {}
        for name, value in stored.query or ():
            key = MASK if value is None else name
            values[key, seen.get(key, 0)] = name if value is None else value
            seen[key] = seen.get(key, 0) + 1
        used: dict[str, int] = {}

        def parameter(name: str, value: str | None) -> tuple[str, str | None]:
            bare = value is None
            key = MASK if bare and _is_mask(name) else name
            number = used.get(key, 0)
            used[key] = number + 1
            found = values.get((key, number))
            if found is None or not _is_mask(name if bare else value):
                return name, value
            return (found, None) if bare else (name, found)

        return replace(
            self,
            user=stored.user if _is_mask(self.user) and stored.user else self.user,
            segments=tuple(
                stored.segments[number] if _is_mask(segment) and number < len(stored.segments) else segment
                for number, segment in enumerate(self.segments)
            ),
            query=self.query and tuple(parameter(*one) for one in self.query),
            end=stored.end if _is_mask(self.end) and stored.end else self.end,
        )

    def without_masks(self) -> Self:
        query = tuple(one for one in self.query or () if not any(map(_is_mask, one)))
        return replace(
            self,
            user=None if _is_mask(self.user) else self.user,
            segments=tuple(segment for segment in self.segments if not _is_mask(segment)),
            query=query or None,
            end=None if _is_mask(self.end) else self.end,
        )

    def secrets(self) -> Iterator[str]:
        """Yield what must not appear in a text, encoded and decoded; not ordinary words, which would garble it."""
        user, _, password = (self.user or "").partition(":")
        found = [password or user, *(segment for segment in self.segments if _TOKEN.fullmatch(segment))]
        for name, value in self.query or ():
            secret = name if value is None else value
            if len(secret) >= _SHORTEST_VALUE or _SECRET_PARAMETER.search(name):
                found.append(secret)
        for text in filter(None, found):
            yield from {text, unquote(text)}


def mask_urls(value: Any) -> Any:
    """Return a value, at any depth, with the credentials in its URLs replaced by ``*****``.

    User and password, every value of the query, the fragment, and parts of the path that look like tokens: 20 or more
    letters, digits and ``_:@.~%-`` with at least one letter and one digit.
    """

    def masked(text: str) -> str:
        return "".join(str(_Url.of(part).masked()) if is_url else part for part, is_url in _split(text))

    return _each_text(value, masked)


def has_masked_url(value: Any) -> bool:
    """Return whether a URL in a value, at any depth, has ``*****`` in place of a credential."""
    return any(_Url.of(url).has_mask() for url in _urls_in(value))


def restore_urls(value: Any, stored: Any) -> tuple[Any, bool]:
    """Return a value with the stored credentials in place of their masks, and whether any were removed instead.

    They are restored in URLs of the same scheme, host and port, and removed from others. They are also removed if the
    same text contains the URL of another place, because only the notifier knows which of them it connects to.
    """
    candidates = _Candidates(list(_urls_in(stored)))
    removed = False

    def restored(url: _Url, is_known_place: bool) -> _Url:
        nonlocal removed
        if not url.has_mask() or candidates.is_empty:
            return url
        if is_known_place:
            return url.restored(candidates.take(url))
        removed = True
        return url.without_masks()

    def restored_text(text: str) -> str:
        urls = [_Url.of(url) if is_url else url for url, is_url in _split(text)]
        is_known_place = all(isinstance(url, str) or candidates.has_place_of(url) for url in urls)
        return "".join(url if isinstance(url, str) else str(restored(url, is_known_place)) for url in urls)

    return _each_text(value, restored_text), removed


class _Candidates:
    """The stored URLs from which credentials can be restored.

    Each is used for the URL that looks like it, in the order in which they are stored; if none does, for any URL of the
    same place.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._by_place: dict[Hashable, list[_Url]] = {}
        self._by_look: dict[str, list[_Url]] = {}
        for url in map(_Url.of, urls):
            self._by_place.setdefault(_place(url), []).append(url)
            self._by_look.setdefault(str(url.masked()), []).append(url)
        self._taken: Counter[str] = Counter()

    @property
    def is_empty(self) -> bool:
        return not self._by_place

    def has_place_of(self, url: _Url) -> bool:
        return _place(url) in self._by_place

    def take(self, url: _Url) -> _Url:
        look = str(url)
        alike = self._by_look.get(look)
        if alike is None:
            return self._by_place[_place(url)][0]
        self._taken[look] += 1
        return alike[min(self._taken[look], len(alike)) - 1]


def _place(url: _Url) -> Hashable:
    return place_of(str(replace(url, user=None)))


def url_secrets(value: Any) -> Iterator[str]:
    """Yield the credentials in the URLs of a value, at any depth."""
    for url in _urls_in(value):
        yield from _Url.of(url).secrets()


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value) if "://" in value else value
    if isinstance(value, Mapping):
        return {key: _each_text(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each_text(inner, change) for inner in value]
    return value


def _urls_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (part for part, is_url in _split(value) if is_url)
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _urls_in(inner)


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text, and whether each is a URL."""
    bare = text.strip()
    # If it begins with a URL, it is nothing but URLs: a password may contain quotation marks, and a query blanks.
    between = BETWEEN_URLS if _BEGINS.match(bare) else None
    start = text.find(bare) if between else 0
    end = start + len(bare) if between else len(text)
    at = 0
    for first, last in _spans(text, start, end, between):
        yield text[at:first], False
        yield text[first:last], True
        at = last
    yield text[at:], False


def _spans(text: str, start: int, end: int, between: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    if between is None:
        yield from (found.span() for found in _URLS_IN_PROSE.finditer(text))
        return
    for found in between.finditer(text, start, end):
        yield start, found.start()
        start = found.end()
    yield start, end


def _parameter(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, value if equals else None


def _masked_parameter(name: str, value: str | None) -> tuple[str, str | None]:
    return (name and MASK, None) if value is None else (name, value and MASK)


def _is_mask(text: str | None) -> bool:
    return text is not None and unquote(text) == MASK
