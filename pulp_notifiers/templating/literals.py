"""Values that are written out."""

import math
from typing import Any

from jinja2 import nodes

from . import limits
from .compiler import Compiler, Scope
from .run import Evaluate


def const(compiler: Compiler, node: nodes.Const, scope: Scope, depth: int) -> Evaluate:
    """Return a value that is written out."""
    value = _checked(compiler, node)
    return lambda run: value


def list_of(compiler: Compiler, node: nodes.List, scope: Scope, depth: int) -> Evaluate:
    """Return a list."""
    is_known, value = constant(compiler, node)
    if is_known:
        compiler.counted(node, len(value))
        return lambda run: value
    entries = [compiler.compile(entry, scope, depth) for entry in node.items]
    return lambda run: [entry(run) for entry in entries]


def object_of(compiler: Compiler, node: nodes.Dict, scope: Scope, depth: int) -> Evaluate:
    """Return an object; its keys are written out."""
    pairs = []
    for pair in node.items:
        if not (isinstance(pair.key, nodes.Const) and isinstance(pair.key.value, str)):
            compiler.source.refuse(pair, "The keys of an object must be texts in quotes.")
        pairs.append((pair.key.value, compiler.compile(pair.value, scope, depth)))
    return lambda run: {key: value(run) for key, value in pairs}


def constant(compiler: Compiler, node: nodes.Node) -> tuple[bool, Any]:
    """Return whether a node is written out, and its value."""
    if isinstance(node, nodes.Const):
        return True, _checked(compiler, node)
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        value = _checked(compiler, node.node)
        return type(value) in (int, float), -value if type(value) in (int, float) else None
    if isinstance(node, (nodes.List, nodes.Tuple)):
        found = [constant(compiler, entry) for entry in node.items]
        return all(is_known for is_known, _ in found), [value for _, value in found]
    return False, None


def _checked(compiler: Compiler, node: nodes.Const) -> Any:
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and value > limits.MAX_INTEGER:
        compiler.source.refuse(node, f"This number is too large; at most {limits.MAX_INTEGER} is allowed.")
    if isinstance(value, float) and not math.isfinite(value):
        compiler.source.refuse(node, "This number is too large.")
    return value
