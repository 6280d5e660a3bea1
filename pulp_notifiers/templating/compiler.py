"""What the functions that compile an expression share: the source, the count of nodes and the closed list of types."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed
from . import limits
from .refusals import refusal
from .run import Evaluate, Run
from .source import Source


class Scope:
    """Which names can be read at one place of a template.

    :param names: of facts and, inside, of variables.
    :param loop_depth: how many loops are around it.
    """

    def __init__(self, names: Iterable[str], loop_depth: int = 0) -> None:
        self.names = set(names)
        self.loop_depth = loop_depth

    def inside_loop(self) -> "Scope":
        """Return the scope of a loop's body: what is set there ends with each round."""
        return Scope(self.names, self.loop_depth + 1)


class Compiler:
    """Compiles the expressions of one text.

    :param source: where the nodes come from.
    :param max_nodes: how many nodes are allowed together.
    :param methods: the types of nodes that are allowed, with the function that compiles each.
    """

    def __init__(
        self, source: Source, max_nodes: int, methods: Mapping[type[nodes.Node], Callable[..., Evaluate]]
    ) -> None:
        self.source = source
        self.count = 0
        self._max_nodes = max_nodes
        self._methods = methods

    def counted(self, node: nodes.Node, count: int = 1) -> None:
        """Count nodes.

        :raises InvalidExpression: there are too many.
        """
        self.count += count
        if self.count > self._max_nodes:
            self.source.refuse(node, f"This is too long: at most {self._max_nodes:,} names, values and operations.")

    def compile(self, node: nodes.Node, scope: Scope, depth: int = 0, *, is_optional: bool = False) -> Evaluate:
        """Return a function that evaluates an expression.

        :param is_optional: whether a value that does not exist gives MISSING instead of an error.
        """
        self.counted(node)
        if depth > limits.MAX_DEPTH:
            self.source.refuse(node, f"This is nested too deeply; at most {limits.MAX_DEPTH} levels are allowed.")
        method = self._methods.get(type(node))
        if method is None:
            self.source.refuse(node, refusal(node))
        if is_optional and type(node) in _OPTIONAL:
            return method(self, node, scope, depth + 1, True)
        return method(self, node, scope, depth + 1)

    def placed(self, node: nodes.Node, evaluate: Evaluate) -> Evaluate:
        """Add the line to an error; a text of one line needs none, and its functions stay faster without."""
        if "\n" not in self.source.text:
            return evaluate
        line, _ = self.source.place(node.lineno)

        def placed(run: Run) -> Any:
            try:
                return evaluate(run)
            except ExpressionFailed as error:
                if error.line is not None:
                    raise
                raise ExpressionFailed(error.sentence, line) from None

        return placed


_OPTIONAL = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter)
