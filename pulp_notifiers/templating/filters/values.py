"""Filters for values of any kind."""

import json
from typing import Any

from ...errors import ExpressionFailed
from .. import limits
from ..operation import Operation, Parameter
from ..run import Run
from ..values import BOOLEAN, INTEGER, LIST, MISSING, OBJECT, TEXT, as_text

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"})


def _default(run: Run, value: Any, instead: Any, boolean: bool) -> Any:
    if value is MISSING or (boolean and not value):
        return instead
    return value


def _length(run: Run, value: Any) -> int:
    return len(value)


def _string(run: Run, value: Any) -> str:
    return as_text(value, run)


def _tojson(run: Run, value: Any, indent: int) -> str:
    run.make(_json_length(value, run, indent, 0))
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent or None).translate(_ESCAPES)
    if len(text) > limits.MAX_TEXT:
        raise ExpressionFailed(f"The JSON text has more than {limits.MAX_TEXT:,} characters.")
    return text


def _json_length(value: Any, run: Run, indent: int, depth: int) -> int:
    """Return about how long the JSON text is; every value that is looked at counts, also one that occurs twice."""
    if isinstance(value, str):
        run.read(len(value))
        return len(value) + 2
    if not isinstance(value, (list, dict)):
        return len(as_text(value, run)) + 4
    if depth >= limits.MAX_VALUE_DEPTH:
        raise ExpressionFailed(f"A value has more than {limits.MAX_VALUE_DEPTH} levels.")
    run.step(1 + 2 * len(value))
    length = 2 + len(value) * (4 + indent * (depth + 1))
    entries = value
    if isinstance(value, dict):
        length += sum(map(len, value))
        entries = list(value.values())
    for entry in entries:
        length += _json_length(entry, run, indent, depth + 1)
        if length > limits.MAX_TEXT:
            raise ExpressionFailed(f"The JSON text has more than {limits.MAX_TEXT:,} characters.")
    return length


def _items(run: Run, value: Any) -> list[list[Any]]:
    run.step(1 + 3 * len(value))
    return [[key, entry] for key, entry in value.items()]


def _dictsort(run: Run, value: Any) -> list[list[Any]]:
    run.step(1 + len(value) * 20)
    return [[key, value[key]] for key in sorted(value)]


VALUE_FILTERS = (
    Operation(
        "default",
        "The value, or the given one if it does not exist; with true as second argument also if it is null or empty.",
        _default,
        parameters=(
            Parameter("default_value", frozenset(), default=""),
            Parameter("boolean", BOOLEAN, default=False),
        ),
        example="payload.domain|default('none')",
    ),
    Operation(
        "length",
        "Number of characters of a text, entries of a list, or keys of an object.",
        _length,
        takes=TEXT | LIST | OBJECT,
        example="payload.units|length",
    ),
    Operation("string", "The value as text, as it is printed.", _string, example="payload.count|string"),
    Operation(
        "tojson",
        "The value as JSON text; `<`, `>`, `&` and `'` are written as \\u003c and so on.",
        _tojson,
        parameters=(Parameter("indent", INTEGER, default=0, is_constant=True, smallest=0, largest=8),),
        example="payload|tojson",
    ),
    Operation(
        "items",
        "Pairs of key and value of an object, in its order.",
        _items,
        takes=OBJECT,
        example="{% for key, value in labels|items %}",
    ),
    Operation(
        "dictsort",
        "Pairs of key and value of an object, sorted by key.",
        _dictsort,
        takes=OBJECT,
        example="{% for key, value in labels|dictsort %}",
    ),
)
