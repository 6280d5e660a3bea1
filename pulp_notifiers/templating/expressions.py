"""Turns the nodes of an expression into functions.

The list of node types is closed: what is not in it is refused. There are no calls, so no methods; a dot and a subscript
read keys of JSON objects and entries of lists, never attributes of Python objects. Nothing is evaluated here.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed
from . import limits, operators
from .arguments import Constant, bound, checked
from .chains import Key, described, key_of, read_chain, read_keys
from .comparisons import COMPARISONS, one_of
from .filters import FILTERS
from .named_tests import TESTS
from .nearest import shown, suggestion
from .operation import Operation, words
from .refusals import refusal
from .run import Evaluate, Run
from .source import Source
from .values import MISSING, TEXT, as_text, kind

_LOOP_FIELDS = ("index", "index0", "revindex", "revindex0", "first", "last", "length")

_CALCULATIONS: dict[type[nodes.Node], operators.Calculate] = {
    nodes.Add: operators.add,
    nodes.Sub: operators.subtract,
    nodes.Mul: operators.multiply,
    nodes.Div: operators.divide,
    nodes.FloorDiv: operators.divide_whole,
    nodes.Mod: operators.remainder,
}


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


class ExpressionCompiler:
    """Compiles the expressions of one text.

    :param source: where the nodes come from.
    :param max_nodes: how many nodes are allowed together.
    """

    def __init__(self, source: Source, max_nodes: int) -> None:
        self.source = source
        self.count = 0
        self._max_nodes = max_nodes

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
        method = _METHODS.get(type(node))
        if method is None:
            self.source.refuse(node, refusal(node))
        if is_optional and type(node) in _OPTIONAL:
            return method(self, node, scope, depth + 1, True)
        return method(self, node, scope, depth + 1)

    # Values

    def _const(self, node: nodes.Const, scope: Scope, depth: int) -> Evaluate:
        value = self._checked(node)
        return lambda run: value

    def _checked(self, node: nodes.Const) -> Any:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and value > limits.MAX_INTEGER:
            self.source.refuse(node, f"This number is too large; at most {limits.MAX_INTEGER} is allowed.")
        if isinstance(value, float) and not math.isfinite(value):
            self.source.refuse(node, "This number is too large.")
        return value

    def _list(self, node: nodes.List, scope: Scope, depth: int) -> Evaluate:
        is_known, value = self.constant(node)
        if is_known:
            self.counted(node, len(value))
            return lambda run: value
        entries = [self.compile(entry, scope, depth) for entry in node.items]
        return lambda run: [entry(run) for entry in entries]

    def _dict(self, node: nodes.Dict, scope: Scope, depth: int) -> Evaluate:
        pairs = []
        for pair in node.items:
            if not (isinstance(pair.key, nodes.Const) and isinstance(pair.key.value, str)):
                self.source.refuse(pair, "The keys of an object must be texts in quotes.")
            pairs.append((pair.key.value, self.compile(pair.value, scope, depth)))
        return lambda run: {key: value(run) for key, value in pairs}

    def constant(self, node: nodes.Node) -> tuple[bool, Any]:
        """Return whether a node is written out, and its value."""
        if isinstance(node, nodes.Const):
            return True, self._checked(node)
        if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
            value = self._checked(node.node)
            return type(value) in (int, float), -value if type(value) in (int, float) else None
        if isinstance(node, (nodes.List, nodes.Tuple)):
            found = [self.constant(entry) for entry in node.items]
            return all(is_known for is_known, _ in found), [value for _, value in found]
        return False, None

    # Names, dots and subscripts

    def _name(self, node: nodes.Name, scope: Scope, depth: int, is_optional: bool = False) -> Evaluate:
        return self._chain(node, scope, depth, is_optional)

    def _chain(self, node: nodes.Expr, scope: Scope, depth: int, is_optional: bool = False) -> Evaluate:
        keys: list[Key] = []
        base: nodes.Node = node
        while isinstance(base, (nodes.Getattr, nodes.Getitem)):
            key = key_of(base, self.source)
            if key is None:
                break
            keys.append(key)
            base = base.node
        self.counted(node, len(keys))
        keys.reverse()
        if isinstance(base, nodes.Name):
            if base.name == "loop":
                return self._loop_field(base, keys, scope)
            self._known(base, scope)
            return read_chain(base.name, tuple(keys), is_optional)
        if isinstance(base, nodes.Getitem):
            value = self._subscript(base, scope, depth, is_optional)
        else:
            value = self.compile(base, scope, depth, is_optional=is_optional)
        return read_keys(value, described(base), tuple(keys), is_optional) if keys else value

    def _known(self, node: nodes.Name, scope: Scope) -> None:
        if node.name not in scope.names:
            self.source.refuse(node, f"There is no name {shown(node.name)} here.{suggestion(node.name, scope.names)}")

    def _loop_field(self, node: nodes.Name, keys: list[Key], scope: Scope) -> Evaluate:
        if not scope.loop_depth:
            self.source.refuse(node, "`loop` exists only inside {% for %}.")
        if len(keys) != 1 or keys[0] not in _LOOP_FIELDS:
            known = ", ".join(f"loop.{field}" for field in _LOOP_FIELDS)
            self.source.refuse(node, f"`loop` cannot be used like this; write one of: {known}.")
        return _LOOP_READERS[str(keys[0])]

    def _subscript(self, node: nodes.Getitem, scope: Scope, depth: int, is_optional: bool) -> Evaluate:
        value = self.compile(node.node, scope, depth, is_optional=is_optional)
        name = described(node.node)
        if isinstance(node.arg, nodes.Slice):
            return self._slice(value, node.arg, name, scope, depth)
        key = self.compile(node.arg, scope, depth)

        def read(run: Run) -> Any:
            found = key(run)
            if type(found) not in _KEY_TYPES:
                raise ExpressionFailed(f"In [ ] stands a text or a whole number, not {kind(found)}.")
            return read_keys(value, name, (found,), is_optional)(run)

        return read

    def _slice(self, value: Evaluate, node: nodes.Slice, name: str, scope: Scope, depth: int) -> Evaluate:
        bounds = []
        for part in (node.start, node.stop, node.step):
            is_known, number = self.constant(part) if part is not None else (True, None)
            if not is_known or type(number) not in (int, type(None)) or (part is node.step and number == 0):
                self.source.refuse(node, "In [:] stand whole numbers, written out, for example [:5].")
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

    # Operators

    def _and(self, node: nodes.And, scope: Scope, depth: int) -> Evaluate:
        terms = [self.compile(term, scope, depth) for term in self._spine(node)]
        if len(terms) == 2:
            left, right = terms
            return lambda run: left(run) and right(run)

        def all_of(run: Run) -> Any:
            value = None
            for term in terms:
                value = term(run)
                if not value:
                    break
            return value

        return all_of

    def _or(self, node: nodes.Or, scope: Scope, depth: int) -> Evaluate:
        terms = [self.compile(term, scope, depth) for term in self._spine(node)]
        if len(terms) == 2:
            left, right = terms
            return lambda run: left(run) or right(run)

        def any_of(run: Run) -> Any:
            value = None
            for term in terms:
                value = term(run)
                if value:
                    break
            return value

        return any_of

    def _spine(self, node: nodes.BinExpr) -> list[nodes.Expr]:
        """Return the terms of ``a and b and c``, which the parser nests to the left."""
        terms: list[nodes.Expr] = []
        left: nodes.Expr = node
        while type(left) is type(node):
            self.counted(left)
            terms.append(left.right)
            left = left.left
        terms.append(left)
        return terms[::-1]

    def _not(self, node: nodes.Not, scope: Scope, depth: int) -> Evaluate:
        value = self.compile(node.node, scope, depth)
        return lambda run: not value(run)

    def _negative(self, node: nodes.Neg, scope: Scope, depth: int) -> Evaluate:
        value = self.compile(node.node, scope, depth)
        return self._placed(node, lambda run: operators.negate(value(run)))

    def _calculation(self, node: nodes.BinExpr, scope: Scope, depth: int) -> Evaluate:
        first, *others = self._spine(node)
        value = self.compile(first, scope, depth)
        calculate = _CALCULATIONS[type(node)]
        for other in others:
            value = self._calculated(calculate, value, self.compile(other, scope, depth))
        return self._placed(node, value)

    @staticmethod
    def _calculated(calculate: operators.Calculate, left: Evaluate, right: Evaluate) -> Evaluate:
        return lambda run: calculate(left(run), right(run), run)

    def _concat(self, node: nodes.Concat, scope: Scope, depth: int) -> Evaluate:
        parts = [self.compile(part, scope, depth) for part in node.nodes]

        def joined(run: Run) -> str:
            texts = [as_text(part(run), run) for part in parts]
            run.make(sum(map(len, texts)))
            return "".join(texts)

        return self._placed(node, joined)

    def _choice(self, node: nodes.CondExpr, scope: Scope, depth: int) -> Evaluate:
        test = self.compile(node.test, scope, depth)
        yes = self.compile(node.expr1, scope, depth)
        if node.expr2 is None:
            return lambda run: yes(run) if test(run) else ""
        no = self.compile(node.expr2, scope, depth)
        return lambda run: yes(run) if test(run) else no(run)

    # Comparisons

    def _compare(self, node: nodes.Compare, scope: Scope, depth: int) -> Evaluate:
        left = self.compile(node.expr, scope, depth)
        if len(node.ops) == 1:
            return self._placed(node, self._comparison(node.ops[0], left, scope, depth))
        steps = []
        for operand in node.ops:
            self.counted(operand)
            steps.append((COMPARISONS[operand.op], self.compile(operand.expr, scope, depth)))

        def between(run: Run) -> bool:
            value = left(run)
            for holds, other in steps:
                following = other(run)
                if not holds(value, following, run):
                    return False
                value = following
            return True

        return self._placed(node, between)

    def _comparison(self, operand: nodes.Operand, left: Evaluate, scope: Scope, depth: int) -> Evaluate:
        self.counted(operand)
        is_known, value = self.constant(operand.expr)
        if is_known and operand.op in ("eq", "ne") and not isinstance(value, list):
            self.counted(operand)
            if operand.op == "eq":
                return lambda run: left(run) == value
            return lambda run: left(run) != value
        if is_known and operand.op in ("in", "notin") and isinstance(value, list):
            self.counted(operand, 1 + len(value))
            if all(type(entry) is str for entry in value):
                return one_of(left, frozenset(value), is_wanted=operand.op == "in")
        holds = COMPARISONS[operand.op]
        right = self.compile(operand.expr, scope, depth)
        return lambda run: holds(left(run), right(run), run)

    # Filters and tests

    def _filter(self, node: nodes.Filter, scope: Scope, depth: int, is_optional: bool = False) -> Evaluate:
        operation = FILTERS.get(node.name)
        if operation is None:
            self.source.refuse(node, f"There is no filter {shown(node.name)}.{suggestion(node.name, FILTERS)}")
        if node.node is None:
            self.source.refuse(node, "A filter needs a value before the |.")
        is_lenient = operation.name == "default" or (is_optional and operation.name in ("first", "last"))
        value = self.compile(node.node, scope, depth, is_optional=is_lenient)
        arguments = self._arguments(node, operation, scope, depth)
        if is_optional and operation.name in ("first", "last"):
            return _first_or_missing(value, described(node.node), operation)
        return self._applied(node, operation, value, arguments)

    def _test(self, node: nodes.Test, scope: Scope, depth: int) -> Evaluate:
        operation = TESTS.get(node.name)
        if operation is None:
            self.source.refuse(node, f"There is no test {shown(node.name)}.{suggestion(node.name, TESTS)}")
        is_lenient = operation.name in ("defined", "undefined")
        value = self.compile(node.node, scope, depth, is_optional=is_lenient)
        return self._applied(node, operation, value, self._arguments(node, operation, scope, depth))

    def _applied(
        self,
        node: nodes.Filter | nodes.Test,
        operation: Operation,
        value: Evaluate,
        arguments: list[Evaluate],
    ) -> Evaluate:
        apply, takes = operation.apply, operation.takes
        name = described(node.node)

        def unfit(found: Any) -> ExpressionFailed:
            return ExpressionFailed(f"`{operation.name}` needs {words(takes)}; {name} is {kind(found)}.")

        constants = tuple(argument.value for argument in arguments if isinstance(argument, Constant))
        if len(constants) == len(arguments):

            def with_constants(run: Run) -> Any:
                found = value(run)
                if takes and type(found) not in takes:
                    raise unfit(found)
                return apply(run, found, *constants)

            return self._placed(node, with_constants)

        def with_arguments(run: Run) -> Any:
            found = value(run)
            if takes and type(found) not in takes:
                raise unfit(found)
            return apply(run, found, *[argument(run) for argument in arguments])

        return self._placed(node, with_arguments)

    def _arguments(
        self, node: nodes.Filter | nodes.Test, operation: Operation, scope: Scope, depth: int
    ) -> list[Evaluate]:
        given = bound(node, operation, self.source)
        arguments: list[Evaluate] = []
        for parameter, argument in given:
            if argument is None:
                arguments.append(Constant(parameter.default))
                continue
            is_known, value = self.constant(argument)
            if is_known:
                self.counted(argument)
                problem = parameter.problem(value)
                if problem:
                    self.source.refuse(argument, f"{parameter.name} of `{operation.name}` {problem}.")
                arguments.append(Constant(value))
            elif parameter.is_constant:
                self.source.refuse(
                    argument, f"{parameter.name} of `{operation.name}` must be written out, so that it can be checked."
                )
            else:
                arguments.append(checked(parameter, operation.name, self.compile(argument, scope, depth)))
        if operation.prepare is not None:
            constants = [argument for argument in arguments if isinstance(argument, Constant)]
            return self._prepared(node, operation, constants)
        return arguments

    def _prepared(self, node: nodes.Filter | nodes.Test, operation: Operation, given: list[Constant]) -> list[Evaluate]:
        """Return the arguments of an operation whose arguments are all written out, ready for use."""
        prepare = operation.prepare
        assert prepare is not None
        try:
            return [Constant(value) for value in prepare(*(argument.value for argument in given))]
        except ValueError as error:
            self.source.refuse(node.args[0] if node.args else node, str(error))

    def _placed(self, node: nodes.Node, evaluate: Evaluate) -> Evaluate:
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


_KEY_TYPES = TEXT | {int}


def _first_or_missing(value: Evaluate, name: str, operation: Operation) -> Evaluate:
    index = 0 if operation.name == "first" else -1

    def found(run: Run) -> Any:
        entries = value(run)
        if entries is MISSING or not entries:
            return MISSING
        if type(entries) not in operation.takes:
            raise ExpressionFailed(f"`{operation.name}` needs {words(operation.takes)}; {name} is {kind(entries)}.")
        return entries[index]

    return found


_LOOP_READERS: Mapping[str, Evaluate] = {
    "index": lambda run: run.names["loop"][0] + 1,
    "index0": lambda run: run.names["loop"][0],
    "revindex": lambda run: run.names["loop"][1] - run.names["loop"][0],
    "revindex0": lambda run: run.names["loop"][1] - run.names["loop"][0] - 1,
    "first": lambda run: run.names["loop"][0] == 0,
    "last": lambda run: run.names["loop"][0] + 1 == run.names["loop"][1],
    "length": lambda run: run.names["loop"][1],
}

_METHODS: Mapping[type[nodes.Node], Callable[..., Evaluate]] = {
    nodes.Const: ExpressionCompiler._const,
    nodes.List: ExpressionCompiler._list,
    nodes.Dict: ExpressionCompiler._dict,
    nodes.Name: ExpressionCompiler._name,
    nodes.Getattr: ExpressionCompiler._chain,
    nodes.Getitem: ExpressionCompiler._chain,
    nodes.And: ExpressionCompiler._and,
    nodes.Or: ExpressionCompiler._or,
    nodes.Not: ExpressionCompiler._not,
    nodes.Neg: ExpressionCompiler._negative,
    nodes.Concat: ExpressionCompiler._concat,
    nodes.CondExpr: ExpressionCompiler._choice,
    nodes.Compare: ExpressionCompiler._compare,
    nodes.Filter: ExpressionCompiler._filter,
    nodes.Test: ExpressionCompiler._test,
    **dict.fromkeys(_CALCULATIONS, ExpressionCompiler._calculation),
}

_OPTIONAL = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter)
