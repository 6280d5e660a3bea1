"""Conditions: expressions that are true or false for an event."""

from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed, InvalidExpression
from . import limits
from .cache import Cache
from .compiler import Scope
from .expressions import compiler_of
from .facts import CONDITION_NAMES
from .paths import Path, paths_of
from .run import Evaluate, Run
from .source import Source
from .values import kind

_MAX_CACHED_NODES = 300_000


class Condition:
    """A compiled condition. Threads may share it.

    :ivar text: as it was written.
    :ivar paths: the facts that it reads.
    :ivar nodes: its size.
    """

    __slots__ = ("_evaluate", "nodes", "paths", "text")

    def __init__(self, text: str, evaluate: Evaluate, paths: tuple[Path, ...], nodes: int) -> None:
        self.text = text
        self.paths = paths
        self.nodes = nodes
        self._evaluate = evaluate

    def holds(self, facts: dict[str, Any]) -> bool:
        """Return whether the condition is true for these facts, which must be plain JSON values.

        :raises ExpressionFailed: it cannot be evaluated, or gives neither true nor false.
        """
        try:
            result = self._evaluate(Run(facts))
        except ExpressionFailed:
            raise
        except RecursionError:
            raise ExpressionFailed("A value is nested too deeply.") from None
        except Exception as error:
            raise ExpressionFailed(f"The condition failed unexpectedly ({type(error).__name__}).") from error
        if result is True or result is False:
            return result
        # Null is what a field may hold that is otherwise true or false.
        remedy = "write `is true` behind it" if result is None else "compare it, for example X == 'failed'"
        raise ExpressionFailed(f"The condition gives {kind(result)}, not true or false; {remedy}.")

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"


_CACHE: Cache[Condition] = Cache(_MAX_CACHED_NODES)


def compile_condition(text: str) -> Condition:
    """Return a compiled condition; nothing is evaluated yet.

    :raises InvalidExpression: it is not an allowed expression.
    """
    return _CACHE.get((text, limits.POLICY_VERSION), lambda: compiled_anew(text))


def compiled_anew(text: str) -> Condition:
    """Return a compiled condition, past the cache."""
    source = Source(text, limits.MAX_CONDITION_LENGTH)
    node = source.expression()
    compiler = compiler_of(source, limits.MAX_CONDITION_NODES)
    try:
        evaluate = compiler.compile(node, Scope(CONDITION_NAMES))
    except RecursionError:
        raise InvalidExpression("This is nested too deeply; split it.", 1, 1) from None
    _check_truth(node, source)
    return Condition(text, evaluate, paths_of(node, source, is_condition=True), compiler.count)


def _check_truth(node: nodes.Node, source: Source) -> None:
    """Refuse what can never be true or false, such as ``payload.x == 1 or 'b'``."""
    if isinstance(node, (nodes.And, nodes.Or)):
        _check_truth(node.left, source)
        _check_truth(node.right, source)
        return
    if isinstance(node, nodes.CondExpr):
        _check_truth(node.expr1, source)
        if node.expr2 is None:
            source.refuse(node, "In a condition `if` needs an `else`.")
        _check_truth(node.expr2, source)
        return
    is_bool = isinstance(node, nodes.Const) and isinstance(node.value, bool)
    if isinstance(node, _NEVER_TRUTH) and not is_bool:
        source.refuse(node, "This is neither true nor false; compare it with something, for example X == 'failed'.")


_NEVER_TRUTH = (nodes.Const, nodes.List, nodes.Dict, nodes.Concat, nodes.Neg, nodes.BinExpr)
