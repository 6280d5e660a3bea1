"""Filters for lists."""

from collections.abc import Sequence
from typing import Any

from ...errors import ExpressionFailed
from .. import limits
from ..operation import Operation, Parameter
from ..run import Run
from ..values import BOOLEAN, LIST, NUMBER, OBJECT, TEXT, as_text, equal, kind, number

_ATTRIBUTE = Parameter("attribute", TEXT, default=None, is_constant=True, smallest=1, largest=200)


def _join(run: Run, value: Any, separator: str, attribute: Sequence[str]) -> str:
    _bounded(value, "join", run)
    texts = [as_text(_read(entry, attribute, "join"), run) for entry in value]
    run.make(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
    return str(separator).join(texts)


def _first(run: Run, value: Any) -> Any:
    if not value:
        raise ExpressionFailed("`first` needs a list or text that is not empty; write |first|default('none').")
    return value[0]


def _last(run: Run, value: Any) -> Any:
    if not value:
        raise ExpressionFailed("`last` needs a list or text that is not empty; write |last|default('none').")
    return value[-1]


def _reverse(run: Run, value: Any) -> Any:
    if isinstance(value, str):
        run.make(len(value))
        return str(value)[::-1]
    run.step(1 + len(value))
    return value[::-1]


def _sort(run: Run, value: Any, reverse: bool, case_sensitive: bool, attribute: Sequence[str]) -> list[Any]:
    keys = _keys(run, value, attribute, case_sensitive, "sort")
    order = sorted(range(len(value)), key=keys.__getitem__, reverse=reverse)
    return [value[index] for index in order]


def _min(run: Run, value: Any, case_sensitive: bool, attribute: Sequence[str]) -> Any:
    return _outermost(run, value, case_sensitive, attribute, "min")


def _max(run: Run, value: Any, case_sensitive: bool, attribute: Sequence[str]) -> Any:
    return _outermost(run, value, case_sensitive, attribute, "max")


def _outermost(run: Run, value: Any, case_sensitive: bool, attribute: Sequence[str], name: str) -> Any:
    keys = _keys(run, value, attribute, case_sensitive, name)
    if not value:
        raise ExpressionFailed(f"`{name}` needs a list that is not empty.")
    return value[(min if name == "min" else max)(range(len(value)), key=keys.__getitem__)]


def _keys(run: Run, value: Any, attribute: Sequence[str], case_sensitive: bool, name: str) -> list[Any]:
    """Return what the entries are sorted by: all numbers, or all texts."""
    _bounded(value, name, run)
    keys = [_read(entry, attribute, name) for entry in value]
    if all(isinstance(key, str) for key in keys):
        run.make(sum(map(len, keys)) * (1 if case_sensitive else 3))
        run.step(
            len(keys) * len(keys).bit_length() * (1 + max(map(len, keys), default=0) // limits.CHARACTERS_PER_STEP)
        )
        return keys if case_sensitive else [key.lower() for key in keys]
    for key in keys:
        if type(key) not in NUMBER:
            raise ExpressionFailed(f"`{name}` needs a list of only numbers or only texts; an entry is {kind(key)}.")
    run.step(len(keys) * len(keys).bit_length())
    return keys


def _unique(run: Run, value: Any, case_sensitive: bool, attribute: Sequence[str]) -> list[Any]:
    _bounded(value, "unique", run)
    seen = set()
    kept = []
    for entry in value:
        key = _read(entry, attribute, "unique")
        if isinstance(key, (list, dict)):
            raise ExpressionFailed(f"`unique` compares numbers and texts, not {kind(key)}.")
        if isinstance(key, str):
            run.read(len(key))
            if not case_sensitive:
                run.make(len(key) * 3)
                key = key.lower()
        mark = (isinstance(key, str), key)
        if mark not in seen:
            seen.add(mark)
            kept.append(entry)
    return kept


def _map(run: Run, value: Any, attribute: Sequence[str]) -> list[Any]:
    _bounded(value, "map", run)
    return [_read(entry, attribute, "map") for entry in value]


def _sum(run: Run, value: Any, attribute: Sequence[str], start: Any) -> Any:
    _bounded(value, "sum", run)
    total = number(start)
    for entry in value:
        found = _read(entry, attribute, "sum")
        if type(found) not in NUMBER:
            raise ExpressionFailed(f"`sum` adds numbers; an entry is {kind(found)}.")
        total = number(total + number(found))
    return total


def _list(run: Run, value: Any) -> list[Any]:
    if isinstance(value, str) and len(value) > limits.MAX_ITEMS:
        raise ExpressionFailed(f"`list` makes at most {limits.MAX_ITEMS:,} entries.")
    run.step(1 + 2 * len(value))
    return list(value)


def _difference(run: Run, value: Any, other: Any) -> list[Any]:
    return [entry for entry in value if not _has(other, entry, run)]


def _intersect(run: Run, value: Any, other: Any) -> list[Any]:
    return [entry for entry in value if _has(other, entry, run)]


def _has(entries: Any, wanted: Any, run: Run) -> bool:
    run.step(1 + 2 * len(entries))
    return any(equal(entry, wanted, run) for entry in entries)


def _bounded(value: Any, name: str, run: Run) -> None:
    if len(value) > limits.MAX_ITEMS:
        raise ExpressionFailed(f"`{name}` takes at most {limits.MAX_ITEMS:,} entries.")
    run.step(1 + 2 * len(value))


def _read(entry: Any, attribute: Sequence[str], name: str) -> Any:
    for key in attribute:
        if not isinstance(entry, dict) or key not in entry:
            raise ExpressionFailed(f"`{name}`: an entry has no {key}.")
        entry = entry[key]
    return entry


def _path(attribute: str | None) -> tuple[str, ...]:
    if attribute is None:
        return ()
    keys = tuple(attribute.split("."))
    if not all(keys) or any(key.startswith("__") for key in keys):
        raise ValueError("attribute must be keys joined by dots, for example 'name' or 'repository.name'.")
    return keys


def _with_path_last(*arguments: Any) -> tuple[Any, ...]:
    return *arguments[:-1], _path(arguments[-1])


_REVERSE = Parameter("reverse", BOOLEAN, default=False, is_constant=True)
_CASE = Parameter("case_sensitive", BOOLEAN, default=False, is_constant=True)

LIST_FILTERS = (
    Operation(
        "join",
        "The entries as one text, with a separator between them; `attribute` takes that key of each entry.",
        _join,
        takes=LIST,
        parameters=(Parameter("separator", TEXT, default="", is_constant=True), _ATTRIBUTE),
        prepare=_with_path_last,
        example="payload.names|join(', ')",
    ),
    Operation(
        "first",
        "The first entry, or the first character of a text.",
        _first,
        takes=LIST | TEXT,
        example="payload.names|first",
    ),
    Operation(
        "last",
        "The last entry, or the last character of a text.",
        _last,
        takes=LIST | TEXT,
        example="payload.names|last",
    ),
    Operation(
        "reverse",
        "The list or text from its end to its start.",
        _reverse,
        takes=LIST | TEXT,
        example="payload.names|reverse",
    ),
    Operation(
        "sort",
        "The list in order: numbers, or texts regardless of case unless `case_sensitive` is true.",
        _sort,
        takes=LIST,
        parameters=(_REVERSE, _CASE, _ATTRIBUTE),
        prepare=_with_path_last,
        example="payload.units|sort(attribute='name')",
    ),
    Operation(
        "unique",
        "The list without repeated numbers or texts.",
        _unique,
        takes=LIST,
        parameters=(_CASE, _ATTRIBUTE),
        prepare=_with_path_last,
        example="payload.names|unique",
    ),
    Operation(
        "map",
        "A list of that key of each entry.",
        _map,
        takes=LIST,
        parameters=(Parameter("attribute", TEXT, is_constant=True, smallest=1, largest=200),),
        prepare=_with_path_last,
        example="payload.units|map(attribute='name')",
    ),
    Operation(
        "min",
        "The smallest number or the first text.",
        _min,
        takes=LIST,
        parameters=(_CASE, _ATTRIBUTE),
        prepare=_with_path_last,
        example="payload.sizes|min",
    ),
    Operation(
        "max",
        "The largest number or the last text.",
        _max,
        takes=LIST,
        parameters=(_CASE, _ATTRIBUTE),
        prepare=_with_path_last,
        example="payload.sizes|max",
    ),
    Operation(
        "sum",
        "The numbers added up; `attribute` takes that key of each entry.",
        _sum,
        takes=LIST,
        parameters=(_ATTRIBUTE, Parameter("start", NUMBER, default=0, is_constant=True)),
        prepare=lambda attribute, start: (_path(attribute), start),
        example="payload.units|sum(attribute='size')",
    ),
    Operation(
        "list",
        "The characters of a text, the keys of an object, or a list as it is.",
        _list,
        takes=LIST | TEXT | OBJECT,
        example="labels|list",
    ),
    Operation(
        "difference",
        "The entries that another list does not have.",
        _difference,
        takes=LIST,
        parameters=(Parameter("other", LIST),),
        example="payload.names|difference(['a'])",
    ),
    Operation(
        "intersect",
        "The entries that another list has too.",
        _intersect,
        takes=LIST,
        parameters=(Parameter("other", LIST),),
        example="payload.names|intersect(['a'])",
    ),
)
