"""Medians of interleaved rounds."""

import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

Figures = dict[str, float]
NameT = TypeVar("NameT")

ROUNDS = 5


def medians(names: Sequence[NameT], measure: Callable[[NameT], Figures], rounds: int = ROUNDS) -> dict[NameT, Figures]:
    """Measure everything once in each round, and return the median of each figure.

    Within a round in turn, so that a busy moment of the machine affects all of them.
    """
    runs: dict[NameT, list[Figures]] = defaultdict(list)
    for number in range(rounds):
        for name in names:
            figures = measure(name)
            print(f"round {number + 1} of {rounds}: {name}: {shown(figures)}", file=sys.stderr, flush=True)
            runs[name].append(figures)
    return {
        name: {key: statistics.median(run[key] for run in figures) for key in figures[0]}
        for name, figures in runs.items()
    }


def shown(figures: Figures) -> str:
    """Return figures on one line, for the progress."""
    return ", ".join(f"{key} {value:,.4g}" for key, value in figures.items())
