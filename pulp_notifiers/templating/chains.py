"""Reading keys one behind the other, as in ``payload.units[0].name``: only what JSON objects and lists hold."""

from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed
from .nearest import shown
from .run import Evaluate, Run
from .source import Source
from .values import MISSING, kind

Key = str | int

_DUNDER = "__"

UNNAMED = "the value"
"""How a sentence names what has no name."""


def key_of(node: nodes.Getattr | nodes.Getitem, source: Source) -> Key | None:
    """Return the key behind a dot or in brackets, or None if it is calculated."""
    if isinstance(node, nodes.Getattr):
        if not node.attr.isascii():
            source.refuse(node, f"{shown(node.attr)} has letters beyond ASCII; write it in brackets: ['...'].")
        key: object = node.attr
    elif isinstance(node.arg, nodes.Const):
        key = node.arg.value
        if type(key) not in (str, int):
            source.refuse(node, "In [ ] stands a text in quotes or a whole number.")
    elif isinstance(node.arg, nodes.Neg) and isinstance(node.arg.node, nodes.Const):
        key = node.arg.node.value
        if type(key) is not int:
            source.refuse(node, "In [ ] stands a text in quotes or a whole number.")
        key = -key
    else:
        return None
    if isinstance(key, str) and key.startswith(_DUNDER):
        source.refuse(node, f"{shown(key)} cannot be read: names that begin with __ do not exist here.")
    return key  # type: ignore[return-value]


def described(node: nodes.Node | None) -> str:
    """Return how a sentence names a value: ``payload.repo_id``, or "the value" if it has no name."""
    keys: list[str] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        if isinstance(node, nodes.Getattr):
            keys.append(f".{node.attr}")
        elif isinstance(node.arg, nodes.Const):
            keys.append(f"[{shown(repr(node.arg.value))}]")
        else:
            keys.append("[...]")
        node = node.node
    if isinstance(node, nodes.Name):
        return shown(node.name + "".join(reversed(keys)))
    return UNNAMED


def read_chain(root: str, keys: tuple[Key, ...], is_optional: bool) -> Evaluate:
    """Return a function that reads a fact or variable and the keys behind it."""

    def absent(run: Run) -> Any:
        if is_optional:
            return MISSING
        if root not in run.names:
            raise ExpressionFailed(f"{root} has no value here.")
        raise _failure(run.names[root], root, keys)

    return _reader_of_one(root, keys[0], absent) if len(keys) == 1 else _reader(root, keys, absent)


def _reader_of_one(root: str, key: Key, absent: Evaluate) -> Evaluate:
    """Return what most conditions need, without a loop."""

    def read(run: Run) -> Any:
        try:
            return run.names[root][key]
        except (LookupError, TypeError):
            return absent(run)

    return read


def _reader(root: str, keys: tuple[Key, ...], absent: Evaluate) -> Evaluate:
    def read(run: Run) -> Any:
        try:
            value = run.names[root]
            for key in keys:
                value = value[key]
        except (LookupError, TypeError):
            return absent(run)
        return value

    return read


def read_keys(evaluate: Evaluate, name: str, keys: tuple[Key, ...], is_optional: bool) -> Evaluate:
    """Return a function that reads keys of a calculated value."""

    def read(run: Run) -> Any:
        start = value = evaluate(run)
        if start is MISSING:
            return MISSING
        try:
            for key in keys:
                value = value[key]
        except (LookupError, TypeError):
            if is_optional:
                return MISSING
            raise _failure(start, name, keys) from None
        return value

    return read


def _failure(value: Any, name: str, keys: tuple[Key, ...]) -> ExpressionFailed:
    """Return which of the keys does not exist."""
    for key in keys:
        reached = f"{name}.{shown(key)}" if isinstance(key, str) else f"{name}[{key}]"
        reached = reached.removeprefix(f"{UNNAMED}.")
        try:
            value = value[key]
        except (LookupError, TypeError):
            if isinstance(value, dict if isinstance(key, str) else (list, str)):
                return ExpressionFailed(f"{reached} does not exist.")
            return ExpressionFailed(f"{reached} does not exist, because {name} is {kind(value)}.")
        name = reached
    return ExpressionFailed(f"{name} does not exist.")
