"""Checks the form of a template's parts, and compiles them."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import InvalidExpression
from ..records import PartForm
from ..templating import TextForm, compile_text
from .compiled import CompiledPlace, CompiledTemplate, Place
from .problems import InvalidParts, PartProblem

MOST_TEXTS = 100
"""Texts in all parts together; each entry of a JSON document or of headers is one."""

MOST_CHARACTERS = 200_000
"""Characters in all parts together."""

DEEPEST = 32
"""Levels of arrays and objects in a JSON part."""

_FORMS = {
    PartForm.TEXT: TextForm.TEXT,
    PartForm.HTML: TextForm.HTML,
    PartForm.LINE: TextForm.LINE,
    PartForm.JSON: TextForm.TEXT,
    PartForm.LINES: TextForm.LINE,
}
_TAG = re.compile(r"\{[{%#]")
_VALUE = re.compile(r"\s*\{\{(?:(?!\}\}).)*\|\s*tojson\s*\}\}\s*", re.DOTALL)
"""A text that is nothing but a value as JSON."""

_NAME = re.compile(r"[\x21-\x7e]{1,100}")

NO_PARTS = "This notifier has no templates."


def compile_parts(
    parts: Mapping[str, Any], forms: Mapping[str, PartForm], used: Callable[[], float] = time.thread_time
) -> CompiledTemplate:
    """Return a template's parts, compiled; nothing is rendered.

    :param forms: the parts that the notifier declares.
    :param used: returns the seconds of the processor's time that this thread has used.
    :raises InvalidParts: lists everything that is wrong.
    """
    if not parts:
        raise InvalidParts([PartProblem("", f"Write at least one part: {', '.join(forms)}." if forms else NO_PARTS)])
    if sum(map(_characters, parts.values())) > MOST_CHARACTERS:
        raise InvalidParts([PartProblem("", f"All parts together have more than {MOST_CHARACTERS:,} characters.")])
    problems: list[PartProblem] = []
    texts: list[tuple[Place, str]] = []
    for name, value in parts.items():
        try:
            texts += _texts(name, value, forms)
        except InvalidParts as invalid:
            problems += invalid.found
    if len(texts) > MOST_TEXTS:
        raise InvalidParts([PartProblem("", f"There are {len(texts)} texts, and at most {MOST_TEXTS} are allowed.")])
    places: list[CompiledPlace] = []
    for place, text in texts:
        try:
            places.append(_compiled(place, text, forms[str(place[0])]))
        except InvalidParts as invalid:
            problems += invalid.found
    if problems:
        raise InvalidParts(problems)
    return CompiledTemplate(parts, places, used)


def _compiled(place: Place, text: str, form: PartForm) -> CompiledPlace:
    name = ".".join(map(str, place))
    try:
        compiled = compile_text(text, _FORMS[form])
    except InvalidExpression as invalid:
        raise InvalidParts([PartProblem(name, invalid.sentence, invalid.line, invalid.column)]) from None
    return CompiledPlace(place, compiled, form is PartForm.JSON and _VALUE.fullmatch(text) is not None)


def _texts(name: str, value: Any, forms: Mapping[str, PartForm]) -> Iterator[tuple[Place, str]]:
    """Yield the texts of a part with their places.

    :raises InvalidParts: its value does not have the form of the part.
    """
    form = forms.get(name)
    if form is None:
        known = f"This notifier has {', '.join(forms)}." if forms else NO_PARTS
        raise InvalidParts([PartProblem(name, f"There is no such part. {known}")])
    if form is PartForm.JSON:
        yield from _leaves((name,), value)
    elif form is PartForm.LINES:
        yield from _lines(name, value)
    elif isinstance(value, str):
        yield (name,), value
    else:
        raise InvalidParts([PartProblem(name, "Write a text.")])


def _lines(name: str, value: Any) -> Iterator[tuple[Place, str]]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InvalidParts(
            [PartProblem(name, 'Write an object of names and texts, such as {"X-Id": "{{ event.id }}"}.')]
        )
    for key, text in value.items():
        if not _NAME.fullmatch(key):
            raise InvalidParts(
                [PartProblem(name, f"{key[:40]!a} is not a name: write 1 to 100 ASCII characters without blanks.")]
            )
        yield (name, key), text


def _leaves(place: Place, value: Any) -> Iterator[tuple[Place, str]]:
    if len(place) > DEEPEST:
        raise InvalidParts([PartProblem(str(place[0]), f"It has more than {DEEPEST} levels of arrays and objects.")])
    if isinstance(value, str):
        # Constant texts need no compiler.
        if _TAG.search(value):
            yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if _TAG.search(key):
                where = ".".join(map(str, place))
                raise InvalidParts([PartProblem(where, f"{key[:80]!r} is a key; only values can be templates.")])
            yield from _leaves((*place, key), item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves((*place, number), item)


def _characters(value: Any) -> int:
    """Return how many characters the texts of a value have, keys included."""
    waiting, found = [value], 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found += len(item)
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        else:
            found += 1
    return found
