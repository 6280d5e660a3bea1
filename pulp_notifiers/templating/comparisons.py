"""Comparing values, as ``==``, ``<`` and ``in`` do."""

from collections.abc import Callable, Mapping
from typing import Any

from .run import Evaluate, Run
from .values import TEXT, comparable, contains, equal


def one_of(left: Evaluate, texts: frozenset[str], *, is_wanted: bool) -> Evaluate:
    """Return a function that says whether a value is one of the written texts, or none of them."""

    def is_one(run: Run) -> bool:
        value = left(run)
        return (type(value) in TEXT and value in texts) is is_wanted

    return is_one


def _less(left: Any, right: Any, run: Run) -> bool:
    comparable(left, right, run)
    return bool(left < right)


def _less_or_equal(left: Any, right: Any, run: Run) -> bool:
    comparable(left, right, run)
    return bool(left <= right)


COMPARISONS: Mapping[str, Callable[[Any, Any, Run], bool]] = {
    "eq": equal,
    "ne": lambda left, right, run: not equal(left, right, run),
    "lt": _less,
    "lteq": _less_or_equal,
    "gt": lambda left, right, run: _less(right, left, run),
    "gteq": lambda left, right, run: _less_or_equal(right, left, run),
    "in": lambda left, right, run: contains(right, left, run),
    "notin": lambda left, right, run: not contains(right, left, run),
}
