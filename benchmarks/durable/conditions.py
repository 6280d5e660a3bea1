"""The cost of conditions: firing an event with 10,000 listeners, of which 1,000 match its type.

Everything that fire promises is included, and beside it the evaluation alone.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from pulp_notifiers.app import App
from pulp_notifiers.dispatch import EventFacts, ListenerCondition
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener, ListenerDraft
from pulp_notifiers.settings import Settings

from ..child import in_child
from ..rounds import Figures, medians
from ..tables import Column, print_table
from .databases import Databases, Section
from .engine import fire
from .events import EVENT_TYPE, event
from .fire import register_drafts
from .options import Options

_LISTENERS = 10_000
_MATCHING = 1_000
_TRUE = 10

_COLUMNS = (
    Column("deliveries each", "deliveries", "{:,.0f}"),
    Column("ms each", "each", "{:.3f}"),
    Column("times the same deliveries without conditions", "times", "{:.2f}"),
    Column("CPU ms each", "cpu", "{:.3f}"),
    Column("first event, ms", "first", "{:,.0f}"),
    Column("evaluations/s", "rate", "{:,.0f}"),
)


@dataclass(frozen=True)
class _Case:
    """What the listeners that match the type have as conditions.

    :ivar when: the condition of each, by its number.
    :ivar matching: how many match the type.
    :ivar like: the case with as many deliveries without conditions.
    """

    title: str
    when: Callable[[int], str | None]
    matching: int
    like: str


def _false(_number: int) -> str:
    return "payload.result == 'failed' and payload.repo_id is glob('prod-*')"


def _each_false(number: int) -> str:
    return f"payload.result == 'failed' and payload.repo_id is glob('prod-{number}-*')"


def _each_glob_false(number: int) -> str:
    return f"payload.repo_id is glob('prod-{number}-*') and payload.result == 'failed'"


def _some_true(number: int) -> str:
    return "payload.result == 'success'" if number < _TRUE else _each_glob_false(number)


def _none(_number: int) -> None:
    return None


_NOBODY, _TEN, _ALL = "nobody listens", "10 without condition", "1,000 without condition"
_CASES = (
    _Case(_NOBODY, _none, 0, _NOBODY),
    _Case("1,000 equal conditions, false", _false, _MATCHING, _NOBODY),
    _Case("1,000 conditions, false at the first word", _each_false, _MATCHING, _NOBODY),
    _Case("1,000 conditions, false at their globs", _each_glob_false, _MATCHING, _NOBODY),
    _Case(_TEN, _none, _TRUE, _TEN),
    _Case("10 true and equal, 990 false at their globs", _some_true, _MATCHING, _TEN),
    _Case(_ALL, _none, _MATCHING, _ALL),
    _Case("1,000 equal conditions, true", lambda _number: "payload.result == 'success'", _MATCHING, _ALL),
)


def run(options: Options) -> None:
    """Measure and print."""
    count = options.size(100)
    with Databases(options.kinds) as databases, ExitStack() as stack:
        prepared: dict[tuple[str, str], Section] = {}
        for kind in options.kinds:
            others = stack.enter_context(databases.fresh(kind))
            in_child(register_others, others)
            for case in _CASES:
                prepared[kind, case.title] = section = stack.enter_context(databases.copy(others))
                in_child(register_matching, section, case.title)
            options.progress(f"{kind}: listeners registered")

        def one(which: tuple[str, str]) -> Figures:
            return in_child(measure, prepared[which], which[1], count)

        figures = medians(list(prepared), one, options.rounds)
        described = {kind: databases.described(kind) for kind in options.kinds}
    for kind in options.kinds:
        print_table(
            f"Conditions, {kind}",
            f"{count:,} events of 1.5 KB, {_LISTENERS:,} listeners. {described[kind]}; {options}.",
            _COLUMNS,
            {case.title: _row(figures[kind, case.title], figures[kind, case.like]) for case in _CASES},
        )


def _row(figures: Figures, without: Figures) -> Figures:
    return {**figures, "times": figures["each"] / without["each"]}


def register_others(section: Section) -> Figures:
    """Register the listeners for other types."""
    register_drafts(section, [_draft(f"other.type.number{number % 50}") for number in range(_LISTENERS - _MATCHING)])
    return {}


def register_matching(section: Section, title: str) -> Figures:
    """Register the listeners for the type."""
    case = next(each for each in _CASES if each.title == title)
    register_drafts(section, [_draft(EVENT_TYPE, case.when(number)) for number in range(case.matching)])
    return {}


def _draft(event_type: str, when: str | None = None) -> ListenerDraft:
    return ListenerDraft("http", {"url": "https://receiver.example/"}, (event_type,), when=when)


def measure(section: Section, title: str, count: int) -> Figures:
    """Return the time and processor time of a call in ms, and how many conditions are evaluated each second."""
    case = next(each for each in _CASES if each.title == title)
    with App.from_settings(Settings({"notifiers": section})) as app:
        app.fire(Event("my.warm.up", {}))  # opens the database, reads the listeners
        began = time.perf_counter()
        deliveries = app.fire(event(0))
        first = time.perf_counter() - began
        fire(app, map(event, range(1, 10)))
        fewer = count if deliveries < _MATCHING else max(10, count // 10)
        events = [event(number) for number in range(10, 10 + fewer)]
        began, cpu = time.perf_counter(), time.process_time()
        fire(app, events)
        each, cpu = (time.perf_counter() - began) * 1000 / fewer, (time.process_time() - cpu) * 1000 / fewer
        figures = {"each": each, "cpu": cpu, "first": first * 1000, "deliveries": deliveries}
        if case.when is not _none:
            figures["rate"] = _evaluations(app.listeners.list())
        return figures


def _evaluations(listeners: Sequence[Listener]) -> float:
    """Return how many different conditions one core evaluates in a second, the facts of each event included."""
    conditions = [condition for one in listeners if (condition := ListenerCondition.of(one)) is not None]
    different = list({condition.key: condition for condition in conditions}.values())
    rounds = max(1, 100_000 // len(different))
    began = time.process_time()
    for number in range(rounds):
        facts = EventFacts(event(number))
        for condition in different:
            facts.holds(condition)
    return rounds * len(different) / (time.process_time() - began)
