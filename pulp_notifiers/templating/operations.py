"""Filters and tests with what stands in their brackets."""

from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed
from .arguments import Constant, bound, checked
from .chains import described
from .compiler import Compiler, Scope
from .filters import FILTERS
from .literals import constant
from .named_tests import TESTS
from .nearest import shown, suggestion
from .operation import Operation, words
from .run import Evaluate, Run
from .values import MISSING, kind


def filtered(compiler: Compiler, node: nodes.Filter, scope: Scope, depth: int, is_optional: bool = False) -> Evaluate:
    """Return what a filter makes of a value."""
    operation = FILTERS.get(node.name)
    if operation is None:
        compiler.source.refuse(node, f"There is no filter {shown(node.name)}.{suggestion(node.name, FILTERS)}")
    if node.node is None:
        compiler.source.refuse(node, "A filter needs a value before the |.")
    is_lenient = operation.name == "default" or (is_optional and operation.name in ("first", "last"))
    value = compiler.compile(node.node, scope, depth, is_optional=is_lenient)
    arguments = _arguments(compiler, node, operation, scope, depth)
    if is_optional and operation.name in ("first", "last"):
        return _first_or_missing(value, described(node.node), operation)
    return _applied(compiler, node, operation, value, arguments)


def tested(compiler: Compiler, node: nodes.Test, scope: Scope, depth: int) -> Evaluate:
    """Return whether a test holds."""
    operation = TESTS.get(node.name)
    if operation is None:
        compiler.source.refuse(node, f"There is no test {shown(node.name)}.{suggestion(node.name, TESTS)}")
    is_lenient = operation.name in ("defined", "undefined")
    value = compiler.compile(node.node, scope, depth, is_optional=is_lenient)
    return _applied(compiler, node, operation, value, _arguments(compiler, node, operation, scope, depth))


def _applied(
    compiler: Compiler,
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

        return compiler.placed(node, with_constants)

    def with_arguments(run: Run) -> Any:
        found = value(run)
        if takes and type(found) not in takes:
            raise unfit(found)
        return apply(run, found, *[argument(run) for argument in arguments])

    return compiler.placed(node, with_arguments)


def _arguments(
    compiler: Compiler, node: nodes.Filter | nodes.Test, operation: Operation, scope: Scope, depth: int
) -> list[Evaluate]:
    given = bound(node, operation, compiler.source)
    arguments: list[Evaluate] = []
    for parameter, argument in given:
        if argument is None:
            arguments.append(Constant(parameter.default))
            continue
        is_known, value = constant(compiler, argument)
        if is_known:
            compiler.counted(argument)
            problem = parameter.problem(value)
            if problem:
                compiler.source.refuse(argument, f"{parameter.name} of `{operation.name}` {problem}.")
            flaw = parameter.flaw(value) if parameter.flaw else None
            if flaw:
                compiler.source.refuse(argument, flaw)
            arguments.append(Constant(value))
        elif parameter.is_constant:
            compiler.source.refuse(
                argument, f"{parameter.name} of `{operation.name}` must be written out, so that it can be checked."
            )
        else:
            arguments.append(checked(parameter, operation.name, compiler.compile(argument, scope, depth)))
    if operation.prepare is not None:
        constants = [argument for argument in arguments if isinstance(argument, Constant)]
        return _prepared(compiler, node, operation, constants)
    return arguments


def _prepared(
    compiler: Compiler, node: nodes.Filter | nodes.Test, operation: Operation, given: list[Constant]
) -> list[Evaluate]:
    """Return the arguments of an operation whose arguments are all written out, ready for use."""
    prepare = operation.prepare
    assert prepare is not None
    try:
        return [Constant(value) for value in prepare(*(argument.value for argument in given))]
    except ValueError as error:
        compiler.source.refuse(node.args[0] if node.args else node, str(error))


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
