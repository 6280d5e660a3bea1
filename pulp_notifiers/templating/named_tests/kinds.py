"""Tests of what a value is."""

from typing import Any

from ...errors import ExpressionFailed
from ..operation import Operation, Parameter
from ..run import Run
from ..values import INTEGER, LIST, MISSING, NUMBER, OBJECT, TEXT, contains


def _defined(run: Run, value: Any) -> bool:
    return value is not MISSING


def _undefined(run: Run, value: Any) -> bool:
    return value is MISSING


def _divisible(run: Run, value: int, by: int) -> bool:
    if by == 0:
        raise ExpressionFailed("A number was divided by zero.")
    return value % by == 0


KIND_TESTS = (
    Operation("defined", "The value exists; it may be null.", _defined, example="payload.domain is defined"),
    Operation("undefined", "The value does not exist.", _undefined, example="payload.domain is undefined"),
    Operation("none", "The value is null.", lambda run, value: value is None, example="report is none"),
    Operation(
        "string", "The value is a text.", lambda run, value: isinstance(value, str), example="payload.x is string"
    ),
    Operation(
        "number", "The value is a number.", lambda run, value: type(value) in NUMBER, example="payload.x is number"
    ),
    Operation(
        "integer",
        "The value is a whole number.",
        lambda run, value: type(value) in INTEGER,
        example="payload.x is integer",
    ),
    Operation(
        "boolean",
        "The value is true or false.",
        lambda run, value: isinstance(value, bool),
        example="payload.x is boolean",
    ),
    Operation("true", "The value is true itself.", lambda run, value: value is True, example="payload.x is true"),
    Operation("false", "The value is false itself.", lambda run, value: value is False, example="payload.x is false"),
    Operation(
        "mapping", "The value is an object.", lambda run, value: type(value) in OBJECT, example="payload.x is mapping"
    ),
    Operation(
        "sequence", "The value is a list.", lambda run, value: type(value) in LIST, example="payload.x is sequence"
    ),
    Operation(
        "even",
        "The number is divisible by two.",
        lambda run, value: value % 2 == 0,
        takes=INTEGER,
        example="loop.index is even",
    ),
    Operation(
        "odd",
        "The number is not divisible by two.",
        lambda run, value: value % 2 == 1,
        takes=INTEGER,
        example="loop.index is odd",
    ),
    Operation(
        "divisibleby",
        "The number is divisible by another.",
        _divisible,
        takes=INTEGER,
        parameters=(Parameter("num", INTEGER),),
        example="loop.index is divisibleby(3)",
    ),
    Operation(
        "in",
        "The value is an entry of a list, a key of an object or a part of a text.",
        lambda run, value, whole: contains(whole, value, run),
        parameters=(Parameter("seq", LIST | OBJECT | TEXT),),
        example="payload.result is in ['failed', 'error']",
    ),
    Operation(
        "contains",
        "The list has an entry, the object a key, or the text a part.",
        lambda run, value, part: contains(value, part, run),
        takes=LIST | OBJECT | TEXT,
        parameters=(Parameter("item", frozenset()),),
        example="payload.names is contains('bash')",
    ),
)
