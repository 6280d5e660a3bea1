"""Calculating with numbers and texts."""

from collections.abc import Callable
from typing import Any

from ..errors import ExpressionFailed
from .run import Run
from .values import NUMBER, kind, number

Calculate = Callable[[Any, Any, Run], Any]


def _numbers(left: Any, right: Any, sign: str) -> None:
    if type(left) not in NUMBER or type(right) not in NUMBER:
        raise ExpressionFailed(f"`{sign}` calculates with numbers, not with {kind(left)} and {kind(right)}.")
    number(left)
    number(right)


def add(left: Any, right: Any, run: Run) -> Any:
    """Return the sum of two numbers, or two texts one behind the other."""
    if isinstance(left, str) and isinstance(right, str):
        run.make(len(left) + len(right))
        return "".join((left, right))
    _numbers(left, right, "+")
    return number(left + right)


def subtract(left: Any, right: Any, run: Run) -> Any:
    """Return the difference of two numbers."""
    _numbers(left, right, "-")
    return number(left - right)


def multiply(left: Any, right: Any, run: Run) -> Any:
    """Return the product of two numbers; a text cannot be multiplied."""
    _numbers(left, right, "*")
    return number(left * right)


def divide(left: Any, right: Any, run: Run) -> Any:
    """Return the quotient of two numbers."""
    _numbers(left, right, "/")
    _not_zero(right)
    return number(left / right)


def divide_whole(left: Any, right: Any, run: Run) -> Any:
    """Return the quotient of two numbers, rounded down."""
    _numbers(left, right, "//")
    _not_zero(right)
    return number(left // right)


def remainder(left: Any, right: Any, run: Run) -> Any:
    """Return the remainder of a division; there is no formatting of texts with `%`."""
    _numbers(left, right, "%")
    _not_zero(right)
    return number(left % right)


def negate(value: Any) -> Any:
    """Return the negative of a number."""
    if type(value) not in NUMBER:
        raise ExpressionFailed(f"`-` needs a number, not {kind(value)}.")
    return number(-value)


def _not_zero(value: Any) -> None:
    if value == 0:
        raise ExpressionFailed("A number was divided by zero.")
