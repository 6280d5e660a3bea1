"""The values of the names in a condition at one event, short enough to be read."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..templating import Condition
from .conditions import EventFacts, ListenerCondition

_ENTRY = "[]"
_MOST = 50
_MOST_ENTRIES = 10
_LONGEST_TEXT = 300
_LONGEST_IN_SENTENCE = 80
_MOST_IN_SENTENCE = 8

Values = Mapping[str, Any]


def condition_values(condition: ListenerCondition, facts: EventFacts) -> Values:
    """Return the value of each name that a condition reads; names that do not exist at this event are missing.

    Long values are shortened to their beginning.
    """
    compiled = condition.compiled
    if not isinstance(compiled, Condition):
        return {}
    known = facts.of(condition)
    found = {}
    for path in compiled.paths[:_MOST]:
        values = list(_at(known, path.names))
        if values:
            found[str(path)] = _short(values[:_MOST_ENTRIES] if _ENTRY in path.names else values[0])
    return found


def missing_names(condition: ListenerCondition, values: Values) -> list[str]:
    """Return the names that a condition reads and that do not exist at an event."""
    compiled = condition.compiled
    if not isinstance(compiled, Condition):
        return []
    return [str(path) for path in compiled.paths[:_MOST] if str(path) not in values]


def in_words(values: Values, missing: Iterable[str] = ()) -> str:
    """Return the values as a part of a sentence."""
    parts = [f"{name} is {_in_sentence(value)}" for name, value in values.items()]
    parts += [f"{name} does not exist" for name in missing]
    shown = parts[:_MOST_IN_SENTENCE]
    return ", ".join([*shown, *(["and so on"] if len(parts) > len(shown) else [])])


def _at(value: Any, names: tuple[str, ...]) -> Iterable[Any]:
    """Yield the values at a path."""
    if not names:
        yield value
        return
    first, rest = names[0], names[1:]
    if first == _ENTRY and isinstance(value, list):
        for entry in value[:_MOST_ENTRIES]:
            yield from _at(entry, rest)
    elif isinstance(value, dict) and first in value:
        yield from _at(value[first], rest)


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _in_sentence(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_IN_SENTENCE else f"{text[:_LONGEST_IN_SENTENCE]}…"
