"""Names, dots and subscripts."""

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed
from .chains import Key, described, key_of, read_chain, read_keys
from .compiler import Compiler, Scope
from .literals import constant
from .nearest import shown, suggestion
from .run import Evaluate, Run
from .values import TEXT, kind

_LOOP_FIELDS = ("index", "index0", "revindex", "revindex0", "first", "last", "length")

_KEY_TYPES = TEXT | {int}


def name(compiler: Compiler, node: nodes.Name, scope: Scope, depth: int, is_optional: bool = False) -> Evaluate:
    """Return a fact or variable."""
    return chain(compiler, node, scope, depth, is_optional)


def chain(compiler: Compiler, node: nodes.Expr, scope: Scope, depth: int, is_optional: bool = False) -> Evaluate:
    """Return what keys lead to."""
    keys: list[Key] = []
    base: nodes.Node = node
    while isinstance(base, (nodes.Getattr, nodes.Getitem)):
        key = key_of(base, compiler.source)
        if key is None:
            break
        keys.append(key)
        base = base.node
    compiler.counted(node, len(keys))
    keys.reverse()
    if isinstance(base, nodes.Name):
        if base.name == "loop":
            return _loop_field(compiler, base, keys, scope)
        _known(compiler, base, scope)
        return read_chain(base.name, tuple(keys), is_optional)
    if isinstance(base, nodes.Getitem):
        value = _subscript(compiler, base, scope, depth, is_optional)
    else:
        value = compiler.compile(base, scope, depth, is_optional=is_optional)
    return read_keys(value, described(base), tuple(keys), is_optional) if keys else value


def _known(compiler: Compiler, node: nodes.Name, scope: Scope) -> None:
    if node.name not in scope.names:
        compiler.source.refuse(node, f"There is no name {shown(node.name)} here.{suggestion(node.name, scope.names)}")


def _loop_field(compiler: Compiler, node: nodes.Name, keys: list[Key], scope: Scope) -> Evaluate:
    if not scope.loop_depth:
        compiler.source.refuse(node, "`loop` exists only inside {% for %}.")
    if len(keys) != 1 or keys[0] not in _LOOP_FIELDS:
        known = ", ".join(f"loop.{field}" for field in _LOOP_FIELDS)
        compiler.source.refuse(node, f"`loop` cannot be used like this; write one of: {known}.")
    return _LOOP_READERS[str(keys[0])]


def _subscript(compiler: Compiler, node: nodes.Getitem, scope: Scope, depth: int, is_optional: bool) -> Evaluate:
    value = compiler.compile(node.node, scope, depth, is_optional=is_optional)
    name = described(node.node)
    if isinstance(node.arg, nodes.Slice):
        return _slice(compiler, value, node.arg, name, scope, depth)
    key = compiler.compile(node.arg, scope, depth)

    def read(run: Run) -> Any:
        found = key(run)
        if type(found) not in _KEY_TYPES:
            raise ExpressionFailed(f"In [ ] stands a text or a whole number, not {kind(found)}.")
        return read_keys(value, name, (found,), is_optional)(run)

    return read


def _slice(compiler: Compiler, value: Evaluate, node: nodes.Slice, name: str, scope: Scope, depth: int) -> Evaluate:
    bounds = []
    for part in (node.start, node.stop, node.step):
        is_known, number = constant(compiler, part) if part is not None else (True, None)
        if not is_known or type(number) not in (int, type(None)) or (part is node.step and number == 0):
            compiler.source.refuse(node, "In [:] stand whole numbers, written out, for example [:5].")
        bounds.append(number)
    section = slice(*bounds)

    def cut(run: Run) -> Any:
        whole = value(run)
        if not isinstance(whole, (str, list)):
            raise ExpressionFailed(f"Only a text or a list can be cut with [:]; {name} is {kind(whole)}.")
        length = len(range(*section.indices(len(whole))))
        if isinstance(whole, str):
            run.make(length)
        else:
            run.step(1 + length)
        return whole[section]

    return cut


_LOOP_READERS: Mapping[str, Evaluate] = {
    "index": lambda run: run.names["loop"][0] + 1,
    "index0": lambda run: run.names["loop"][0],
    "revindex": lambda run: run.names["loop"][1] - run.names["loop"][0],
    "revindex0": lambda run: run.names["loop"][1] - run.names["loop"][0] - 1,
    "first": lambda run: run.names["loop"][0] == 0,
    "last": lambda run: run.names["loop"][0] + 1 == run.names["loop"][1],
    "length": lambda run: run.names["loop"][1],
}
