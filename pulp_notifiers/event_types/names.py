"""Which names exist in events: finds typing errors in conditions and templates."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Protocol

from ..event import matches
from .catalogue import EventType, known_types, matching

ELEMENT = "[]"
"""In a path, an element of an array."""

_NEAREST = 3
_ROOTS = {"payload": "payload", "report": "call_report"}
_EVENT = ("id", "type", "occurred_at", "source")
_TYPES_NAMED = 4


class NamePath(Protocol):
    """A path of names in an expression, such as payload, repo_id."""

    @property
    def names(self) -> Sequence[str]: ...


def name_problems(paths: Iterable[NamePath], patterns: Iterable[str]) -> list[str]:
    """Return a sentence for each path that exists in no event that a listener's patterns match.

    Looked at are the fields of ``payload``, ``report`` and ``event``; other paths are not checked, and nothing is if a
    pattern matches only types that the catalogue does not have, because their fields are not known. A name below which
    a value is optional must exist too: with a typing error it would always be undefined.
    """
    given = list(patterns)
    if not all(any(matches(pattern, known.name) for known in known_types()) for pattern in given):
        return []
    types = matching(given)
    problems = {tuple(path.names): _problem(tuple(path.names), types) for path in paths}
    return [problem for problem in problems.values() if problem is not None]


def _problem(names: tuple[str, ...], types: Sequence[EventType]) -> str | None:
    root, *below = names
    if root == "event":
        return None if not below or below[0] in _EVENT else _sentence(names[:1], below[0], _EVENT, "")
    if root not in _ROOTS:
        return None
    nodes = [known.schema["properties"][_ROOTS[root]] for known in types]
    for depth, name in enumerate(below, 1):
        following = [found for node in nodes for found in _children(node, name)]
        if not following:
            known_names = sorted({one for node in nodes for one in node.get("properties", ())})
            return _sentence(names[:depth], name, known_names, _where(types))
        nodes = following
    return None


def _children(node: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    if "type" not in node:
        yield {}  # any JSON
        return
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    if name == ELEMENT:
        if "array" in kinds:
            yield node.get("items", {})
    elif name in node.get("properties", {}):
        yield node["properties"][name]
    elif "additionalProperties" in node:
        yield node["additionalProperties"]


def _sentence(parents: Sequence[str], name: str, known_names: Sequence[str], where: str) -> str:
    parent = _joined(parents)
    if name == ELEMENT:
        return f"{parent} is not an array{where}."
    if not known_names:
        return f"{parent} has nothing below it{where}, so that {_joined((*parents, name))} does not exist."
    nearest = get_close_matches(name, known_names, _NEAREST, 0.6) or get_close_matches(name, known_names, 1, 0.4)
    meant = f" Did you mean {' or '.join(nearest)}?" if nearest else f" It has {', '.join(known_names)}."
    return f"{parent} has no {name}{where}.{meant}"


def _where(types: Sequence[EventType]) -> str:
    named = [known.name for known in types]
    if len(named) > _TYPES_NAMED:
        return f" in any of the {len(named)} event types {', '.join(named[: _TYPES_NAMED - 1])}, ..."
    return f" in {' or '.join(named)}"


def _joined(names: Sequence[str]) -> str:
    return ".".join(names).replace(f".{ELEMENT}", ELEMENT)
