"""The rules for conditions: they compile, their names exist, and they can be evaluated for recorded events."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from ..encoding import unportable
from ..errors import ExpressionFailed, InvalidExpression
from ..event import Event
from ..event_types import Tried, check, name_problems
from ..records import Listener, ListenerDraft, made_up_name
from ..templating import Condition, Path, compile_condition, event_facts, listener_facts, place_of

_NO_ID = "0" * 24
_MISSING = " does not exist."
_TYPES_NAMED = 3

_of_samples: dict[UUID, dict[str, Any]] = {}


def condition_problems(listener: ListenerDraft) -> list[str]:
    """Return what is wrong with the condition of a listener, for its event types and labels."""
    if listener.when is None:
        return []
    if not isinstance(listener.when, str):
        return ["A condition must be a text."]
    if flaw := unportable(listener.when):
        return [flaw]
    try:
        condition = compile_condition(listener.when)
    except InvalidExpression as invalid:
        return [str(invalid)]
    patterns = [pattern for pattern in listener.event_types if isinstance(pattern, str)]
    unknown = [
        f"{_place(condition, path)}{sentence}"
        for path in condition.paths
        for sentence in (*name_problems([path], patterns), *_unknown_labels(path, listener.labels))
    ]
    if unknown:
        return unknown
    tried = _tried(condition, listener)
    if not tried or any(one.problem is None for one in tried):
        return []
    return [f"It can be evaluated for none of the events that the listener gets: {tried[0].problem}"]


def condition_advice(listener: Listener) -> Sequence[str]:
    """Return warnings about the condition of a registered listener."""
    if listener.when is None:
        return ()
    labels = tuple(sorted(listener.labels.items()))
    return _advice(listener.when, listener.event_types, listener.id, listener.name or "", listener.description, labels)


@lru_cache(4096)
def _advice(
    when: str,
    event_types: tuple[str, ...],
    listener_id: str,
    name: str,
    description: str,
    labels: tuple[tuple[str, str], ...],
) -> Sequence[str]:
    listener = Listener(
        "", {}, event_types, name=name, description=description, labels=dict(labels), when=when, id=listener_id
    )
    try:
        condition = compile_condition(when)
    except InvalidExpression as invalid:
        return (f"This release does not accept its condition, so it gets no events: {invalid}",)
    return tuple(_type_advice(_tried(condition, listener)))


def _type_advice(tried: Sequence[Tried]) -> Iterator[str]:
    """Yield one sentence for each reason why a condition fails for all events of some types."""
    by_type = groupby(tried, lambda one: one.sample.event.type)
    failing: dict[str, list[str]] = {}
    for event_type, results in by_type:
        problems = [one.problem for one in results]
        if problems[0] is not None and None not in problems:
            failing.setdefault(problems[0], []).append(event_type)
    for problem, types in failing.items():
        yield (
            f"Its condition cannot be evaluated for {_listed(types)}: {problem} It gets none of these events, and each "
            f"counts as an error. {_remedy(problem)}"
        )


def _remedy(problem: str) -> str:
    name = problem.removesuffix(_MISSING)
    if name == problem:
        return "Leave these types out of event_types, or ask for event.type first in the condition."
    return f"Leave these types out of event_types, or write in the condition: {name} is defined and ..."


def _listed(types: Sequence[str]) -> str:
    if len(types) > _TYPES_NAMED + 1:
        return f"{', '.join(types[:_TYPES_NAMED])} and {len(types) - _TYPES_NAMED} other event types"
    return " and ".join(filter(None, (", ".join(types[:-1]), types[-1])))


def _place(condition: Condition, path: Path) -> str:
    place = place_of(condition.text, path.names)
    return "" if place is None else "Line {}, column {}: ".format(*place)


def _unknown_labels(path: Path, labels: Mapping[str, str]) -> Iterator[str]:
    root, *below = path.names[1:] if path.names[:2] == ("listener", "labels") else path.names
    if root == "labels" and below and not path.optional and below[0] not in labels:
        known = ", ".join(sorted(map(str, labels))) or "none"
        yield f"labels has no {below[0]}. The labels of the listener are: {known}."


def _tried(condition: Condition, listener: ListenerDraft) -> Sequence[Tried]:
    name = listener.name or made_up_name(listener.notifier_type, listener.event_types, listener.task_id)
    own = listener_facts(getattr(listener, "id", _NO_ID), name, listener.description, listener.labels)
    patterns = [pattern for pattern in listener.event_types if isinstance(pattern, str)]
    return check(lambda event: condition.holds({**_facts(event), **own}), patterns, ExpressionFailed)


def _facts(sample: Event) -> dict[str, Any]:
    # Samples are read once, and there are fewer than a hundred.
    known = _of_samples.get(sample.id)
    if known is None:
        known = _of_samples[sample.id] = event_facts(sample)
    return known
