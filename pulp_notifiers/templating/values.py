"""What is done with values: their kinds, how they are printed and compared. A value is what JSON can hold."""

import math
from typing import Any, Final

from ..errors import ExpressionFailed
from . import limits
from .run import Run


class Escaped(str):
    """Text that is HTML already; only the filter ``e`` makes it, and every operation on it gives plain text again."""

    __slots__ = ()


class _Missing:
    __slots__ = ()


MISSING: Final = _Missing()
"""In place of a value that does not exist, where a test or ``default`` asks for it."""

TEXT = frozenset({str, Escaped})
NUMBER = frozenset({int, float})
INTEGER = frozenset({int})
BOOLEAN = frozenset({bool})
LIST = frozenset({list})
OBJECT = frozenset({dict})

_KINDS = {
    str: "a text",
    Escaped: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
    list: "a list",
    dict: "an object",
}

_MAX_DIGITS_BITS = 4_000


def kind(value: object) -> str:
    """Return what a value is, for a sentence."""
    return _KINDS.get(type(value), "no JSON value")


def as_text(value: Any, run: Run) -> str:
    """Return how a value is printed: null as nothing, truth as ``true`` or ``false``.

    :raises ExpressionFailed: it is a list or an object.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value.bit_length() > _MAX_DIGITS_BITS:
            raise ExpressionFailed("A number has too many digits to be printed.")
        return str(value)
    if isinstance(value, float):
        return repr(value)
    raise ExpressionFailed(f"{kind(value).capitalize()} cannot be printed; write |join(', ') or |tojson behind it.")


def number(value: int | float) -> int | float:
    """Return the result of a calculation.

    :raises ExpressionFailed: it is too large.
    """
    if isinstance(value, int):
        if not -limits.MAX_INTEGER <= value <= limits.MAX_INTEGER:
            raise ExpressionFailed("A calculated number is too large.")
    elif not math.isfinite(value):
        raise ExpressionFailed("A calculated number is too large.")
    return value


def equal(left: Any, right: Any, run: Run, depth: int = 0) -> bool:
    """Return whether two values are the same; what is looked through counts."""
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        _deeper(depth)
        run.step(1 + 2 * len(left))
        return all(equal(one, other, run, depth + 1) for one, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        if len(left) != len(right):
            return False
        _deeper(depth)
        run.step(1 + 2 * len(left))
        return all(key in right and equal(value, right[key], run, depth + 1) for key, value in left.items())
    if isinstance(left, str) and isinstance(right, str):
        if len(left) != len(right):
            return False
        if len(left) > limits.CHARACTERS_PER_STEP:
            run.read(len(left))
    return bool(left == right)


def contains(whole: Any, part: Any, run: Run) -> bool:
    """Return whether a list has an entry, an object a key, or a text another text.

    :raises ExpressionFailed: the whole is none of these, or what is looked for in a text or object is not a text.
    """
    if isinstance(whole, list):
        run.step(1 + len(whole))
        return any(equal(entry, part, run) for entry in whole)
    if not isinstance(whole, (str, dict)):
        raise ExpressionFailed(f"`in` needs a list, a text or an object to look in, not {kind(whole)}.")
    if not isinstance(part, str):
        raise ExpressionFailed(f"Only a text can be in {kind(whole)}, not {kind(part)}.")
    run.read(len(part))
    if isinstance(whole, str):
        run.search(len(whole), len(part))
    return part in whole


def comparable(left: Any, right: Any, run: Run) -> None:
    """Check that one value can be larger than the other.

    :raises ExpressionFailed: they are not two numbers or two texts.
    """
    if type(left) in NUMBER and type(right) in NUMBER:
        return
    if not (isinstance(left, str) and isinstance(right, str)):
        raise ExpressionFailed(
            f"Only two numbers or two texts can be put in order, not {kind(left)} and {kind(right)}."
        )
    run.read(min(len(left), len(right)))


def _deeper(depth: int) -> None:
    if depth >= limits.MAX_VALUE_DEPTH:
        raise ExpressionFailed(f"A value has more than {limits.MAX_VALUE_DEPTH} levels.")
