"""Checks a template against recorded events, when it is saved."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from ..event_types import Sample, matching, name_problems
from ..plugin_host import LoadedNotifier
from .compiled import CompiledTemplate
from .facts import example_listener, facts_of
from .problems import InvalidParts, PartProblem, RenderFailed

LONGEST_SECONDS = 0.2
"""Of the processor's time; after that no further sample is tried; the first of each event type come first."""

_UNTRIED = "Only {} of {} recorded events were tried, because trying them took too long; template preview tries others."
_TYPES_NAMED = 4
_TARGET = "example@example.com"


def check_samples(
    compiled: CompiledTemplate,
    event_types: Sequence[str],
    notifier: LoadedNotifier,
    used: Callable[[], float] = time.thread_time,
) -> list[str]:
    """Return warnings: for which events the template fails although it works for others.

    :param event_types: the patterns of the events for which it is written.
    :raises InvalidParts: a name in it exists in no such event, or a text fails for all of them.
    """
    problems = list(_names(compiled, event_types))
    if problems:
        raise InvalidParts(problems)
    tried = _Tried(compiled, notifier, used)
    warnings = []
    samples = list(_in_turns([known.samples for known in matching(event_types)]))
    for sample in samples:
        tried.add(sample)
        if tried.is_late():
            if tried.count < len(samples):
                warnings.append(_UNTRIED.format(tried.count, len(samples)))
            break
    problems = list(tried.always())
    if problems:
        raise InvalidParts(problems)
    return [*tried.sometimes(), *warnings]


class _Tried:
    """What became of each text with each sample."""

    def __init__(self, compiled: CompiledTemplate, notifier: LoadedNotifier, used: Callable[[], float]) -> None:
        self._compiled = compiled
        self._notifier = notifier
        self._until = used() + LONGEST_SECONDS
        self._used = used
        self._listener = example_listener(compiled.paths)
        self._failed: dict[str, list[tuple[str, PartProblem]]] = defaultdict(list)
        self._tried: dict[str, int] = defaultdict(int)
        self.count = 0

    def is_late(self) -> bool:
        """Return whether nothing further should be tried."""
        return self._used() > self._until

    def add(self, sample: Sample) -> None:
        """Render every text, as long as there is time."""
        self.count += 1
        facts = facts_of(sample.event, self._listener, _TARGET, 1)
        whole = True
        for place in self._compiled.places:
            self._tried[place.name] += 1
            try:
                place.render(facts)
            except RenderFailed as failed:
                self._note(sample, failed.problem)
                whole = False
            if self.is_late():
                return
        if whole:
            self._tried[""] += 1
            try:
                problem = self._notifier.rendered_problem(self._compiled.render(facts))
            except RenderFailed as failed:
                self._note(sample, failed.problem)
            else:
                if problem is not None:
                    self._note(sample, PartProblem("", problem))

    def always(self) -> Iterator[PartProblem]:
        """Yield what is wrong at the places that failed with every sample that was tried."""
        for part, found in self._failed.items():
            if len(found) == self._tried[part]:
                yield found[0][1]

    def sometimes(self) -> Iterator[str]:
        """Yield a sentence for each place that failed."""
        for found in self._failed.values():
            types = list(dict.fromkeys(event_type for event_type, _ in found))
            named = ", ".join(types[:_TYPES_NAMED]) + (", ..." if len(types) > _TYPES_NAMED else "")
            yield f"{found[0][1]} This happens with recorded events of {named}; the default is sent for such events."

    def _note(self, sample: Sample, problem: PartProblem) -> None:
        self._failed[problem.part].append((sample.event.type, problem))


def _names(compiled: CompiledTemplate, event_types: Sequence[str]) -> Iterator[PartProblem]:
    for place in compiled.places:
        for path in place.text.paths:
            for sentence in name_problems([path], event_types):
                yield PartProblem(place.name, sentence, *place.position(path.names))


def _in_turns(of_types: Sequence[Sequence[Sample]]) -> Iterator[Sample]:
    for turn in zip_longest(*of_types):
        yield from (sample for sample in turn if sample is not None)
