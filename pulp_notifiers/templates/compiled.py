"""A template's parts, compiled, and rendered with the facts of one event."""

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..encoding import MAX_DEPTH, is_too_deep
from ..errors import ExpressionFailed
from ..templating import CompiledText, Path, place_of
from .problems import PartProblem, RenderFailed

MOST_RENDERED = 1_000_000
"""Characters of all rendered texts together."""

LONGEST_SECONDS = 0.4
"""Of the processor's time; after that no further text of a template is rendered. Each text has limits of its own, which
count steps. Time that passes while other threads work does not count: a busy machine must not change what is sent."""

_DEEPEST = 2 * MAX_DEPTH
"""Levels of a JSON value: a template may put an event into lists and objects."""

_MISSING = re.compile(r"([\w.]+) does not exist")
"""How the sentence about a missing name begins."""

Place = tuple[str | int, ...]
"""A part and the keys below it."""


@dataclass(frozen=True, slots=True)
class CompiledPlace:
    """One text of a template.

    :ivar place: the part and the keys below it.
    :ivar is_value: whether its text is a JSON value, which takes the place of the text.
    """

    place: Place
    text: CompiledText
    is_value: bool = False

    @property
    def name(self) -> str:
        """The place as :attr:`PartProblem.part`."""
        return ".".join(map(str, self.place))

    def render(self, facts: Mapping[str, Any]) -> Any:
        """Return the text, or the value, for these facts.

        :raises RenderFailed: it cannot be rendered.
        """
        try:
            text = self.text.render(dict(facts))
        except ExpressionFailed as failed:
            raise RenderFailed(self._problem(failed)) from None
        if not self.is_value:
            return text
        try:
            return _json_value(text)
        except (ValueError, RecursionError):
            sentence = "This gives no JSON value; put what stands before |tojson in parentheses."
            raise RenderFailed(PartProblem(self.name, sentence, 1)) from None

    def position(self, names: Sequence[str]) -> tuple[int, int] | tuple[None, None]:
        """Return line and column at which a name stands in the text."""
        return place_of(self.text.text, names) or (None, None)

    def _problem(self, failed: ExpressionFailed) -> PartProblem:
        if failed.line is None and (missing := _MISSING.match(failed.sentence)):
            return PartProblem(self.name, failed.sentence, *self.position(missing[1].split(".")))
        return PartProblem(self.name, failed.sentence, failed.line)


def _json_value(text: str) -> Any:
    """Return a JSON value that can be sent.

    :raises ValueError: it is none, its numbers are not finite, or it is nested more deeply than events can be.
    :raises RecursionError: the same.
    """
    value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    if is_too_deep(value, _DEEPEST):
        raise ValueError("nested too deeply")
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


class CompiledTemplate:
    """The parts of a template, ready to be rendered. Threads may share it.

    :param parts: as in :class:`pulp_notifiers.records.Template`.
    :param used: returns the seconds of the processor's time that this thread has used.
    """

    def __init__(
        self,
        parts: Mapping[str, Any],
        places: Sequence[CompiledPlace],
        used: Callable[[], float] = time.thread_time,
    ) -> None:
        self._parts = parts
        self.places = tuple(places)
        self._at = {each.place: each for each in places}
        self._used = used

    @property
    def paths(self) -> Iterator[Path]:
        """The facts that it reads."""
        for each in self.places:
            yield from each.text.paths

    def render(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the rendered parts: the same, with texts in place of their templates.

        :raises RenderFailed: a part cannot be rendered.
        """
        run = _Run(self._used, self._at, facts)
        return {name: run.rendered(value, (name,)) for name, value in self._parts.items()}

    def render_each(self, facts: Mapping[str, Any]) -> tuple[dict[str, Any], list[PartProblem]]:
        """Return the parts that can be rendered, and why the others cannot."""
        run = _Run(self._used, self._at, facts)
        found: dict[str, Any] = {}
        problems: list[PartProblem] = []
        for name, value in self._parts.items():
            try:
                found[name] = run.rendered(value, (name,))
            except RenderFailed as failed:
                problems.append(failed.problem)
        return found, problems


class _Run:
    """One rendering of all texts."""

    def __init__(
        self, used: Callable[[], float], places: Mapping[Place, CompiledPlace], facts: Mapping[str, Any]
    ) -> None:
        self._used = used
        self._until = used() + LONGEST_SECONDS
        self._places = places
        self._facts = facts
        self._characters = 0

    def rendered(self, value: Any, place: Place) -> Any:
        """Return the value at a place of a template, rendered.

        :raises RenderFailed: a text in it cannot be rendered.
        """
        if isinstance(value, dict):
            return {key: self.rendered(item, (*place, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.rendered(item, (*place, number)) for number, item in enumerate(value)]
        compiled = self._places.get(place)
        return value if compiled is None else self._text(compiled)

    def _text(self, compiled: CompiledPlace) -> Any:
        if self._used() > self._until:
            raise RenderFailed(PartProblem(compiled.name, "All texts of the template together take too long."))
        value = compiled.render(self._facts)
        self._characters += len(value) if isinstance(value, str) else len(json.dumps(value))
        if self._characters > MOST_RENDERED:
            raise RenderFailed(
                PartProblem(compiled.name, f"The template makes more than {MOST_RENDERED:,} characters in all.")
            )
        return value
