"""The usual wishes about events as conditions: only failures, only changes, these repositories, domains and servers.

A condition is made for the event types that a listener matches, because their payloads differ: a repository event names
its repository, a task event has tags. Pulp 2's events name neither a server nor a domain, and of Pulp 3's a domain that
is null is the default one. If an event does not say what is asked, it is let through, so that nothing is missed.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...event import (
    ANY_REPOSITORY_EVENT,
    REPO_PUBLISH_FINISH,
    REPO_SYNC_FINISH,
    REPO_VERSION_CREATED,
    REPOSITORY_EVENT_TYPES,
    TASK_EVENT_TYPES,
    matches_any,
)

FAILURES = (REPO_SYNC_FINISH, REPO_PUBLISH_FINISH)
"""The event types that "only failures" means if none are given."""

CHANGES = (REPO_SYNC_FINISH, REPO_VERSION_CREATED)
"""The event types that "only changes" means if none are given."""

_OF_REPOSITORIES = frozenset({*REPOSITORY_EVENT_TYPES, REPO_VERSION_CREATED})
_OF_TASKS = frozenset(TASK_EVENT_TYPES)
_KNOWN = _OF_REPOSITORIES | _OF_TASKS
_FINISHES = frozenset({REPO_SYNC_FINISH, REPO_PUBLISH_FINISH})
_TASK_ERROR = "task.error"

_ALWAYS = "true"
# Pulp 2 does not say whether a sync changed anything; an importer that does not count reports -1 or null.
_SYNC_CHANGED = (
    "payload.changed|default(payload.result == 'success' and "
    "[payload.added_count, payload.updated_count, payload.removed_count] != [0, 0, 0])"
)
_TAG = "pulp:repository:"
_PARTS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|\w+|\S", re.DOTALL)
_CLOSING = {")": "(", "]": "[", "}": "{"}


class InvalidShorthand(ValueError):
    """No condition can be made; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Shorthands:
    """Which events are meant; several of one kind are alternatives.

    :ivar only_failures: syncs, publications and tasks that failed.
    :ivar only_changes: syncs that changed something, publications, and new versions; with ``only_failures``, either.
    :ivar repositories: names, or globs such as ``prod-*``.
    :ivar domains: names, or globs.
    :ivar servers: names, as events and mails show them.
    """

    only_failures: bool = False
    only_changes: bool = False
    repositories: Sequence[str] = ()
    domains: Sequence[str] = ()
    servers: Sequence[str] = ()

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.only_failures or self.only_changes or self.repositories or self.domains or self.servers)

    def applied(self, event_types: Sequence[str], when: str | None = None) -> tuple[tuple[str, ...], str | None]:
        """Return event types and condition of a listener; the condition is None if it needs none.

        :param event_types: types and patterns; if there are none, the failures and changes say which are meant, and if
            nothing does, there are still none.
        :param when: a further condition, which must hold too.
        :raises InvalidShorthand: no event of these types can be meant, a name is empty, or ``when`` is not a condition.
        """
        if "" in {one.strip() for one in (*self.repositories, *self.domains, *self.servers)}:
            raise InvalidShorthand("The name of a repository, domain or server is empty.")
        types = tuple(event_types) or self._meant_types()
        reach = _Reach(types)
        changes = reach if event_types else _Reach(CHANGES)
        terms = [
            _alternatives([*self._failures(reach), *self._changes(reach, changes)]),
            _alternatives(_repositories(self.repositories, reach)),
            _alternatives(_domains(self.domains)),
            _alternatives(_servers(self.servers)),
            *([(when, _is_loose(when))] if when else []),
        ]
        texts = [term for term in terms if term[0] != _ALWAYS]
        if len(texts) == 1:
            return types, texts[0][0]
        return types, " and ".join(f"({text})" if is_loose else text for text, is_loose in texts) or None

    def _meant_types(self) -> tuple[str, ...]:
        failures = FAILURES if self.only_failures else ()
        changes = CHANGES if self.only_changes else ()
        return tuple(dict.fromkeys((*failures, *changes)))

    def _failures(self, reach: "_Reach") -> list[str]:
        return _possible("failures", _failures(reach), reach) if self.only_failures else []

    def _changes(self, reach: "_Reach", changes: "_Reach") -> list[str]:
        return _possible("changes", _changes(reach, changes), reach) if self.only_changes else []


class _Reach:
    """Which events patterns match.

    :ivar types: the known types among them.
    :ivar has_others: whether a pattern matches only types of other products, of whose payloads nothing is known.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = patterns
        self.types = frozenset(known for known in _KNOWN if matches_any(patterns, known))
        self.has_others = any(not any(matches_any([one], known) for known in _KNOWN) for one in patterns)
        self._is_closed = all(one in _KNOWN or one == ANY_REPOSITORY_EVENT for one in patterns)

    def includes(self, types: Collection[str]) -> bool:
        """Return whether events of these types, or of other products, are matched."""
        return self.has_others or not self.types.isdisjoint(types)

    def is_within(self, types: Collection[str]) -> bool:
        """Return whether only events of these types are matched."""
        return self._is_closed and self.types <= set(types)

    def path(self, name: str, types: Collection[str], otherwise: str) -> str:
        """Return how to read a field of the payload that only these types have.

        :param otherwise: what to read if it is missing.
        """
        return f"payload.{name}" if self.is_within(types) else f"payload.{name}|default({otherwise})"


def _possible(kind: str, alternatives: Iterable[str], reach: _Reach) -> list[str]:
    found = list(alternatives)
    if not found:
        raise InvalidShorthand(f"No event of the type {' or '.join(reach.patterns)} can be one of the {kind}.")
    return found


def _failures(reach: _Reach) -> Iterator[str]:
    if reach.includes(_FINISHES):
        yield f"{reach.path('result', _FINISHES, _QUOTES)} in ['failed', 'error']"
    if _TASK_ERROR in reach.types:
        yield _ALWAYS if reach.is_within({_TASK_ERROR}) else f"event.type == '{_TASK_ERROR}'"


def _changes(reach: _Reach, changes: _Reach) -> Iterator[str]:
    for event_type, text in (
        (REPO_SYNC_FINISH, _SYNC_CHANGED),
        (REPO_PUBLISH_FINISH, "payload.result == 'success'"),
        (REPO_VERSION_CREATED, _ALWAYS),
    ):
        if reach.is_within({event_type}):
            yield text
        elif event_type in changes.types:
            is_type = f"event.type == '{event_type}'"
            yield is_type if text == _ALWAYS else f"{is_type} and {text}"
    if reach.has_others:
        yield "payload.changed|default(false) is true"


def _repositories(wanted: Sequence[str], reach: _Reach) -> Iterator[str]:
    if not wanted:
        return
    if reach.includes(_OF_REPOSITORIES):
        yield from _one_of(reach.path("repo_id", _OF_REPOSITORIES, "[]"), wanted)
    if reach.includes(_OF_TASKS):
        names, globs = _sorted(wanted)
        tags = reach.path("tags", _OF_TASKS, "[]")
        yield from (f"{literal(_TAG + name)} in {tags}" for name in names)
        if globs:
            yield f"{tags} is glob({', '.join(literal(_TAG + glob) for glob in globs)})"


def _domains(wanted: Sequence[str]) -> Iterator[str]:
    if wanted:
        yield from _one_of("payload.domain|default('default', true)", wanted)


def _servers(wanted: Sequence[str]) -> Iterator[str]:
    if wanted:
        yield _is_one("payload.server|default('')", wanted)
        # A worker of Pulp 2 is named after the host that it runs on.
        for name in wanted:
            yield f"report.worker_name|default('', true) is endswith({literal(f'@{name}')})"


def _one_of(path: str, wanted: Sequence[str]) -> Iterator[str]:
    names, globs = _sorted(wanted)
    if names:
        yield _is_one(path, names)
    if globs:
        yield f"{path} is glob({', '.join(map(literal, globs))})"


def _is_one(path: str, names: Sequence[str]) -> str:
    first, *others = map(literal, names)
    return f"{path} in [{', '.join((first, *others))}]" if others else f"{path} == {first}"


def _sorted(wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names and the globs among them."""
    unique = list(dict.fromkeys(wanted))
    return [one for one in unique if not set("*?[") & set(one)], [one for one in unique if set("*?[") & set(one)]


def literal(text: str) -> str:
    """Return a text as an expression has it."""
    escaped = "".join(letter if letter.isprintable() else _escape(letter) for letter in text.replace("\\", "\\\\"))
    return "'" + escaped.replace("'", "\\'") + "'"


def _escape(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08x}"


_QUOTES = literal("")


def _alternatives(texts: Iterable[str]) -> tuple[str, bool]:
    """Return a term and whether it needs brackets beside another."""
    found = list(texts)
    if not found or _ALWAYS in found:
        return _ALWAYS, False
    return " or ".join(found), len(found) > 1


def _is_loose(when: str) -> bool:
    """Return whether a condition needs brackets beside another.

    :raises InvalidShorthand: its own brackets or quotes are not closed, so that it could change what is beside it.
    """
    open_brackets: list[str] = []
    is_loose = False
    for part in _PARTS.findall(when):
        if part in "([{":
            open_brackets.append(part)
        elif part in _CLOSING and (not open_brackets or open_brackets.pop() != _CLOSING[part]):
            raise InvalidShorthand(f"The condition closes a bracket {part} that it does not open.")
        elif part in ("'", '"'):
            raise InvalidShorthand(f"The condition has a quote {part} that is not closed.")
        elif part in ("or", "if", "else"):
            is_loose = is_loose or not open_brackets
    if open_brackets:
        raise InvalidShorthand(f"The condition does not close its bracket {open_brackets[-1]}.")
    return is_loose
