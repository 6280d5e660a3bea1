"""Sentences about what is not in the language, with what to write instead."""

from jinja2 import nodes

from .filters import FILTERS
from .named_tests import TESTS


def refusal(node: nodes.Node) -> str:
    """Return why a node of an expression is refused."""
    if isinstance(node, nodes.Call):
        return _call_refusal(node)
    if isinstance(node, nodes.Pow):
        return "`**` is not available; multiply instead."
    if isinstance(node, nodes.Pos):
        return "Leave out the `+` before the number."
    if isinstance(node, nodes.Tuple):
        return "A comma is not expected here; put several values into [ ]."
    return f"{type(node).__name__} is not available here."


_INSTEAD = {
    "items": "X|items",
    "upper": "X|upper",
    "lower": "X|lower",
    "strip": "X|trim",
    "join": "LIST|join(', ')",
    "replace": "X|replace('a', 'b')",
    "startswith": "X is startswith('a')",
    "endswith": "X is endswith('a')",
    "split": "X|split(',')",
    "get": "X.key|default('')",
    "keys": "for key in X",
    "values": "for key, value in X|items",
    "format": "'text ' ~ X",
}


def _call_refusal(node: nodes.Call) -> str:
    called = node.node
    if isinstance(called, nodes.Getattr):
        instead = _INSTEAD.get(called.attr)
        if instead is None and called.attr in FILTERS:
            instead = f"X|{called.attr}"
        return f"Calls are not allowed; write {instead}." if instead else _CALLS_HINT
    if isinstance(called, nodes.Name):
        if called.name in FILTERS:
            return f"Calls are not allowed; write X|{called.name}."
        if called.name in TESTS:
            return f"Calls are not allowed; write X is {called.name}(...)."
    return _CALLS_HINT


_CALLS_HINT = "Calls are not allowed; use a filter (X|name) or a test (X is name)."
