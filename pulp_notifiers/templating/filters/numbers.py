"""Filters for numbers."""

import math
from typing import Any

from ..operation import Operation, Parameter
from ..run import Run
from ..values import BOOLEAN, INTEGER, NUMBER, TEXT, number

_MAX_DIGITS = 40

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_DECIMAL = ("B", "kB", "MB", "GB", "TB", "PB")


def _round(run: Run, value: Any, precision: int, method: str) -> Any:
    number(value)
    if method == "common":
        return number(round(value, precision)) if precision else number(round(value))
    factor = 10**precision
    whole = math.floor if method == "floor" else math.ceil
    found = whole(number(value * factor)) / factor
    return number(found if precision else int(found))


def _int(run: Run, value: Any, default: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    try:
        if isinstance(value, str):
            if len(value) > _MAX_DIGITS:
                return default
            return number(int(value)) if "." not in value else number(int(float(value)))
        return number(int(value))
    except (TypeError, ValueError, OverflowError):
        return default


def _float(run: Run, value: Any, default: Any) -> Any:
    if isinstance(value, str) and len(value) > _MAX_DIGITS:
        return default
    try:
        return number(float(value))
    except (TypeError, ValueError, OverflowError):
        return default


def _abs(run: Run, value: Any) -> Any:
    return number(abs(value))


def _filesize(run: Run, value: Any, binary: bool) -> str:
    number(value)
    units, base = (_BINARY, 1024) if binary else (_DECIMAL, 1000)
    size = abs(float(value))
    sign = "-" if value < 0 else ""
    if size < base:
        return f"{sign}{size:.0f} {units[0]}"
    exponent = 0
    while round(size, 1) >= base and exponent < len(units) - 1:
        size /= base
        exponent += 1
    return f"{sign}{size:.1f} {units[exponent]}"


def _plural(run: Run, value: Any, one: str, many: str | None) -> str:
    word = one if value == 1 else (many if many is not None else one + "s")
    text = f"{value} {word}"
    run.make(len(text))
    return text


def _method(precision: int, method: str) -> tuple[int, str]:
    if method not in ("common", "ceil", "floor"):
        raise ValueError("method of `round` must be 'common', 'ceil' or 'floor'.")
    return precision, method


NUMBER_FILTERS = (
    Operation(
        "round",
        "The number rounded to that many digits; `method` is 'common', 'ceil' or 'floor'.",
        _round,
        takes=NUMBER,
        parameters=(
            Parameter("precision", INTEGER, default=0, is_constant=True, smallest=0, largest=12),
            Parameter("method", TEXT, default="common", is_constant=True),
        ),
        prepare=_method,
        example="(payload.size / 1000)|round(1)",
    ),
    Operation(
        "int",
        "The value as whole number, or the given one if it is none.",
        _int,
        parameters=(Parameter("default", frozenset(), default=0),),
        example="payload.count|int",
    ),
    Operation(
        "float",
        "The value as number, or the given one if it is none.",
        _float,
        parameters=(Parameter("default", frozenset(), default=0.0),),
        example="payload.ratio|float",
    ),
    Operation("abs", "The number without its sign.", _abs, takes=NUMBER, example="payload.difference|abs"),
    Operation(
        "filesize",
        "A number of bytes for people, in units of 1000, or of 1024 if `binary` is true.",
        _filesize,
        takes=NUMBER,
        parameters=(Parameter("binary", BOOLEAN, default=False),),
        example="payload.size|filesize",
    ),
    Operation(
        "plural",
        "The number and the word for it; the word for many has an s more unless it is given.",
        _plural,
        takes=NUMBER,
        parameters=(Parameter("one", TEXT, largest=100), Parameter("many", TEXT, default=None, largest=100)),
        example="payload.count|plural('repository', 'repositories')",
    ),
)
