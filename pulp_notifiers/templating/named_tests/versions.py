"""Comparing versions, as Ansible's test of this name does."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import ExpressionFailed
from ..nearest import shown
from ..operation import Operation, Parameter
from ..run import Run
from ..values import NUMBER, TEXT, as_text

MAX_VERSION = 200
"""Characters of a version."""

_PART = re.compile(r"\d+|[a-z]+|[^\da-z.]+", re.IGNORECASE)
_OPERATOR = re.compile(r"\s*(<=|>=|==|!=|<>|<|>|=)\s*")

Key = list[tuple[int, int, str]]

_HOLDS: dict[str, Callable[[Key, Key], bool]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
}
_SIGNS = {"==": "eq", "=": "eq", "!=": "ne", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def parts(version: str) -> Key:
    """Return what a version is compared by: numbers as numbers, words as texts, and words are older than numbers."""
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part.lower()) for part in _PART.findall(version.strip())]


def _version(run: Run, value: Any, holds: Callable[[Key, Key], bool], other: Key) -> bool:
    text = as_text(value, run)
    if len(text) > MAX_VERSION:
        raise ExpressionFailed(f"`version` compares texts of at most {MAX_VERSION} characters.")
    run.step(20)
    return holds(parts(text), other)


def _prepared(version: str, operator: str | None) -> Sequence[Any]:
    text = version
    if operator is None:
        sign = _OPERATOR.match(text)
        operator = sign.group(1) if sign else "=="
        text = text[sign.end() :] if sign else text
    name = _SIGNS.get(operator, operator)
    if name not in _HOLDS:
        raise ValueError(f"`version` knows no operator {shown(operator)}; write for example version('9.2', '>=').")
    if not text.strip():
        raise ValueError("`version` needs a version to compare with, for example version('9.2', '>=').")
    if not re.search(r"\d", text):
        raise ValueError(
            f"`version` compares numbers, and {shown(text.strip())} has none; write for example version('9.2', '>=')."
        )
    return _HOLDS[name], parts(text)


VERSION_TESTS = (
    Operation(
        "version",
        "The value compares like this with a version; without operator: is the same version.",
        _version,
        takes=TEXT | NUMBER,
        parameters=(
            Parameter("version", TEXT, is_constant=True, smallest=1, largest=MAX_VERSION),
            Parameter("operator", TEXT, default=None, is_constant=True, largest=MAX_VERSION),
        ),
        prepare=_prepared,
        example="payload.release is version('9.2', '>=')",
    ),
)
