"""``and``, ``or``, ``if``, comparing and calculating."""

from typing import Any

from jinja2 import nodes

from . import operators
from .comparisons import COMPARISONS, one_of
from .compiler import Compiler, Scope
from .literals import constant
from .run import Evaluate, Run
from .values import as_text

CALCULATIONS: dict[type[nodes.Node], operators.Calculate] = {
    nodes.Add: operators.add,
    nodes.Sub: operators.subtract,
    nodes.Mul: operators.multiply,
    nodes.Div: operators.divide,
    nodes.FloorDiv: operators.divide_whole,
    nodes.Mod: operators.remainder,
}


def all_of(compiler: Compiler, node: nodes.And, scope: Scope, depth: int) -> Evaluate:
    """Return the first value that is not true, or else the last."""
    terms = [compiler.compile(term, scope, depth) for term in _spine(compiler, node)]
    if len(terms) == 2:
        left, right = terms
        return lambda run: left(run) and right(run)

    def last_seen(run: Run) -> Any:
        value = None
        for term in terms:
            value = term(run)
            if not value:
                break
        return value

    return last_seen


def any_of(compiler: Compiler, node: nodes.Or, scope: Scope, depth: int) -> Evaluate:
    """Return the first value that is true, or else the last."""
    terms = [compiler.compile(term, scope, depth) for term in _spine(compiler, node)]
    if len(terms) == 2:
        left, right = terms
        return lambda run: left(run) or right(run)

    def last_seen(run: Run) -> Any:
        value = None
        for term in terms:
            value = term(run)
            if value:
                break
        return value

    return last_seen


def _spine(compiler: Compiler, node: nodes.BinExpr) -> list[nodes.Expr]:
    """Return the terms of ``a and b and c``, which the parser nests to the left."""
    terms: list[nodes.Expr] = []
    left: nodes.Expr = node
    while type(left) is type(node):
        compiler.counted(left)
        terms.append(left.right)
        left = left.left
    terms.append(left)
    return terms[::-1]


def opposite(compiler: Compiler, node: nodes.Not, scope: Scope, depth: int) -> Evaluate:
    """Return whether a value is not true."""
    value = compiler.compile(node.node, scope, depth)
    return lambda run: not value(run)


def negative(compiler: Compiler, node: nodes.Neg, scope: Scope, depth: int) -> Evaluate:
    """Return a number with the other sign."""
    value = compiler.compile(node.node, scope, depth)
    return compiler.placed(node, lambda run: operators.negate(value(run)))


def calculation(compiler: Compiler, node: nodes.BinExpr, scope: Scope, depth: int) -> Evaluate:
    """Return the result of a calculation."""
    first, *others = _spine(compiler, node)
    value = compiler.compile(first, scope, depth)
    calculate = CALCULATIONS[type(node)]
    for other in others:
        value = _calculated(calculate, value, compiler.compile(other, scope, depth))
    return compiler.placed(node, value)


def _calculated(calculate: operators.Calculate, left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda run: calculate(left(run), right(run), run)


def joined(compiler: Compiler, node: nodes.Concat, scope: Scope, depth: int) -> Evaluate:
    """Return values as one text."""
    parts = [compiler.compile(part, scope, depth) for part in node.nodes]

    def text_of(run: Run) -> str:
        texts = [as_text(part(run), run) for part in parts]
        run.make(sum(map(len, texts)))
        return "".join(texts)

    return compiler.placed(node, text_of)


def choice(compiler: Compiler, node: nodes.CondExpr, scope: Scope, depth: int) -> Evaluate:
    """Return one of two values."""
    test = compiler.compile(node.test, scope, depth)
    yes = compiler.compile(node.expr1, scope, depth)
    if node.expr2 is None:
        return lambda run: yes(run) if test(run) else ""
    no = compiler.compile(node.expr2, scope, depth)
    return lambda run: yes(run) if test(run) else no(run)


def comparison(compiler: Compiler, node: nodes.Compare, scope: Scope, depth: int) -> Evaluate:
    """Return whether values compare as written."""
    left = compiler.compile(node.expr, scope, depth)
    if len(node.ops) == 1:
        return compiler.placed(node, _compared_once(compiler, node.ops[0], left, scope, depth))
    steps = []
    for operand in node.ops:
        compiler.counted(operand)
        steps.append((COMPARISONS[operand.op], compiler.compile(operand.expr, scope, depth)))

    def between(run: Run) -> bool:
        value = left(run)
        for holds, other in steps:
            following = other(run)
            if not holds(value, following, run):
                return False
            value = following
        return True

    return compiler.placed(node, between)


def _compared_once(compiler: Compiler, operand: nodes.Operand, left: Evaluate, scope: Scope, depth: int) -> Evaluate:
    compiler.counted(operand)
    is_known, value = constant(compiler, operand.expr)
    if is_known and operand.op in ("eq", "ne") and not isinstance(value, list):
        compiler.counted(operand)
        if operand.op == "eq":
            return lambda run: left(run) == value
        return lambda run: left(run) != value
    if is_known and operand.op in ("in", "notin") and isinstance(value, list):
        compiler.counted(operand, 1 + len(value))
        if all(type(entry) is str for entry in value):
            return one_of(left, frozenset(value), is_wanted=operand.op == "in")
    holds = COMPARISONS[operand.op]
    right = compiler.compile(operand.expr, scope, depth)
    return lambda run: holds(left(run), right(run), run)
