"""What stands in the brackets behind a filter or test."""

from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed
from .nearest import known_names, shown
from .operation import REQUIRED, Operation, Parameter
from .run import Evaluate, Run
from .source import Source
from .values import kind


class Constant:
    """An argument that was written out."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, run: Run) -> Any:
        return self.value


def bound(
    node: nodes.Filter | nodes.Test, operation: Operation, source: Source
) -> list[tuple[Parameter, nodes.Expr | None]]:
    """Return each parameter of a filter or test with what is given for it, or None.

    :raises InvalidExpression: something is missing, or there is no such parameter.
    """
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        source.refuse(node, "Arguments cannot be unpacked with * here; write them out.")
    parameters = list(operation.parameters)
    given = list(node.args)
    if operation.repeats and len(given) > len(parameters):
        parameters += parameters[-1:] * (len(given) - len(parameters))
    if len(given) > len(parameters):
        allowed = f"at most {len(parameters)}" if parameters else "no"
        source.refuse(given[len(parameters)], f"`{operation.name}` takes {allowed} arguments.")
    named: dict[str, nodes.Expr] = {}
    taken = {parameter.name for parameter in parameters[: len(given)]}
    names = [parameter.name for parameter in parameters]
    for keyword in node.kwargs:
        key = str(keyword.key)
        if key not in names:
            source.refuse(keyword, f"`{operation.name}` has no argument {shown(key)}.{known_names(names)}")
        if key in taken or key in named:
            source.refuse(keyword, f"{key} of `{operation.name}` is given twice.")
        named[key] = keyword.value
    bound = [
        (parameter, given[index] if index < len(given) else named.get(parameter.name))
        for index, parameter in enumerate(parameters)
    ]
    for parameter, argument in bound:
        if argument is None and parameter.default is REQUIRED:
            example = f", for example {operation.example}" if operation.example else ""
            source.refuse(node, f"`{operation.name}` needs {parameter.name}{example}.")
    return bound


def checked(parameter: Parameter, name: str, evaluate: Evaluate) -> Evaluate:
    """Return a function that evaluates an argument and checks it."""

    def checked_value(run: Run) -> Any:
        value = evaluate(run)
        problem = parameter.problem(value)
        if problem:
            raise ExpressionFailed(f"{parameter.name} of `{name}` {problem}; here it is {kind(value)}.")
        return value

    return checked_value
