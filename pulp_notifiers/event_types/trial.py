"""Evaluates something against every sample that a listener's patterns match."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..event import Event
from .catalogue import Sample, matching


@dataclass(frozen=True, slots=True)
class Tried:
    """The result for one sample.

    :ivar holds: None if it could not be evaluated.
    :ivar problem: why not.
    """

    sample: Sample
    holds: bool | None
    problem: str | None = None


def check(evaluate: Callable[[Event], bool], patterns: Iterable[str], failure: type[Exception]) -> Sequence[Tried]:
    """Evaluate a condition against every sample of the types that patterns match.

    :param failure: what ``evaluate`` raises if the condition cannot be evaluated for an event; its text is the problem.
    """

    def tried(sample: Sample) -> Tried:
        try:
            return Tried(sample, evaluate(sample.event))
        except failure as problem:
            return Tried(sample, None, str(problem))

    return [tried(sample) for known in matching(patterns) for sample in known.samples]
