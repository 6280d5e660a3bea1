"""Which names exist in events: finds typing errors in conditions and templates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Protocol

from ..event import matches
from .catalogue import EventType, matching
from .reading import ABOUT_SCHEMA, shortened

ELEMENT = "[]"
"""In a path, an element of an array; of an object, one of its keys; of a text, a character."""

ANY_KEY = "*"
"""In a path, a key that is only known when an event is there; in that of a field, a key that is data."""

Node = Mapping[str, Any]

_NEAREST = 3
_ALIKE, _SOMEWHAT_ALIKE, _MARGIN = 0.75, 0.4, 0.1
_FEW, _LISTED = 6, 12
_LONGEST = 80
_TYPES_NAMED = 3
_ANYTHING: Node = {}
_TEXT: Node = {"type": "string"}
_EVENT: Node = {
    "type": "object",
    "properties": dict.fromkeys(("id", "type", "occurred_at", "source"), _TEXT),
}
_LISTENER: Node = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("id", "name", "description"), _TEXT),
        "labels": {"type": "object", "additionalProperties": _TEXT},
    },
}


class NamePath(Protocol):
    """The names of a path in an expression: ``("payload", "repo_id")``, with :data:`ELEMENT` and :data:`ANY_KEY`."""

    @property
    def names(self) -> Sequence[str]: ...


def name_problems(paths: Iterable[NamePath], patterns: Iterable[str]) -> list[str]:
    """Return a sentence for each path that exists in no event that a listener's patterns match.

    Looked at are the fields of ``payload``, ``report``, ``event``, ``listener`` and ``about``. Those of payloads and
    reports are not if a pattern matches only types that the catalogue does not have, because nobody knows their fields.
    A name must exist even if the expression allows that it is undefined: with a typing error it would always be.
    """
    given = list(patterns)
    types = matching(given)
    are_known = all(any(matches(pattern, known.name) for known in types) for pattern in given)
    found = {names: _problem(names, types if are_known else ()) for names in (tuple(path.names) for path in paths)}
    return [problem for problem in found.values() if problem is not None]


def _problem(names: tuple[str, ...], types: Sequence[EventType]) -> str | None:
    root, *below = names
    nodes = _ROOTS[root](types) if root in _ROOTS else [_ANYTHING]
    where = _where(types) if root in ("payload", "report") else ""
    for depth, name in enumerate(below, 1):
        following = [child for node in nodes for child in _children(node, name)]
        if nodes and not following:
            return _sentence(names[:depth], name, nodes, where)
        nodes = following
    return None


def _children(node: Node, name: str) -> Iterator[Node]:
    if "type" not in node:
        yield _ANYTHING
        return
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    properties, others = node.get("properties", {}), node.get("additionalProperties")
    if name == ELEMENT:
        yield from [node.get("items", _ANYTHING)] if "array" in kinds else []
        yield from [_TEXT] if "string" in kinds or "object" in kinds else []
        return
    if name == ANY_KEY:
        yield from properties.values()
    elif name in properties:
        yield properties[name]
        return
    if isinstance(others, Mapping):
        yield others


def _sentence(parents: Sequence[str], name: str, nodes: Sequence[Node], where: str) -> str:
    parent = _joined(parents)
    if name == ELEMENT:
        return f"{parent} has no elements{where}: it is no array, object or text."
    known_names = list(dict.fromkeys(one for node in nodes for one in node.get("properties", ())))
    if not known_names:
        return f"{parent} has no fields{where}, so there is no {_joined((*parents, shortened(name, _LONGEST)))}."
    return f"{parent} has no {shortened(name, _LONGEST)}{where}. {_hint(name[:_LONGEST], known_names)}"


def _hint(name: str, known_names: Sequence[str]) -> str:
    alike = {one: SequenceMatcher(None, name, one).ratio() for one in known_names}
    best = max(alike.values())
    if best < _ALIKE and (len(known_names) <= _FEW or best < _SOMEWHAT_ALIKE):
        if len(known_names) > _LISTED:
            return "The command pulp-notifiers event-type show lists the fields of a type."
        return f"It has {', '.join(known_names)}."
    nearest = sorted(filter(lambda one: alike[one] >= best - _MARGIN, alike), key=alike.__getitem__, reverse=True)
    return f"Did you mean {' or '.join(nearest[:_NEAREST])}?"


def _where(types: Sequence[EventType]) -> str:
    named = [known.name for known in types]
    if len(named) > _TYPES_NAMED + 1:
        return f" in {', '.join(named[:_TYPES_NAMED])} and {len(named) - _TYPES_NAMED} other event types"
    return f" in {' or '.join(named)}"


def _joined(names: Sequence[str]) -> str:
    return ".".join(names).replace(f".{ELEMENT}", ELEMENT)


def _part(name: str) -> Callable[[Sequence[EventType]], list[Node]]:
    return lambda types: [known.schema["properties"][name] for known in types]


_ROOTS: Mapping[str, Callable[[Sequence[EventType]], list[Node]]] = {
    "payload": _part("payload"),
    "report": _part("call_report"),
    "event": lambda _types: [_EVENT],
    "listener": lambda _types: [_LISTENER],
    "about": lambda _types: [ABOUT_SCHEMA],
}
