"""Compares the events that a source fired with what happened in a Pulp 3: none may be missing or doubled."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.harness.pulp3_record import Transition

TASK_EVENTS = {
    "waiting": "task.waiting",
    "running": "task.running",
    "completed": "task.finished",
    "failed": "task.error",
    "canceled": "task.canceled",
    "skipped": "task.skipped",
}
"""State in Pulp 3 to its event; a source that polls may not see a task that is being canceled."""

FINAL = ("completed", "failed", "canceled", "skipped")
_SYNC = ".synchronize"
_PUBLISH = ".publish"

Key = tuple[str, str]
"""A task's UUID and the type of an event about it."""


@dataclass(frozen=True)
class Fired:
    """An event that a source fired.

    :ivar at: when it was on disk.
    """

    task: str
    event_type: str
    at: datetime


@dataclass(frozen=True)
class Life:
    """A task as the database saw it.

    :ivar states: each state that it took, with its time.
    :ivar made: the kinds of what it created, such as ``repositoryversion``.
    """

    task: str
    name: str
    states: Mapping[str, datetime]
    made: frozenset[str]

    @property
    def end(self) -> str:
        """Its final state, or ``unfinished``."""
        return next((state for state in self.states if state in FINAL), "unfinished")

    @property
    def kind(self) -> str:
        """What it did and how it ended, for people."""
        made = " with a publication" if self.name.endswith(_SYNC) and "filepublication" in self.made else ""
        return f"{self.name.rpartition('.')[2]}{made}, {self.end}"


@dataclass(frozen=True)
class Row:
    """The events about the tasks of one kind.

    :ivar due: how many events there had to be.
    :ivar lags: seconds from the commit in Pulp's database until the event was on disk.
    """

    kind: str
    tasks: int
    due: int
    missed: tuple[Key, ...]
    doubled: tuple[Key, ...]
    unexpected: tuple[Key, ...]
    lags: tuple[float, ...]


def lives(transitions: Iterable[Transition], creations: Iterable[tuple[str, str]]) -> list[Life]:
    """Return the tasks in the order of their creation."""
    states: dict[str, dict[str, datetime]] = defaultdict(dict)
    names = {}
    for transition in transitions:
        states[transition.task].setdefault(transition.state, transition.at)
        names[transition.task] = transition.name
    made = defaultdict(set)
    for task, model in creations:
        made[task].add(model)
    return [Life(task, names[task], taken, frozenset(made[task])) for task, taken in states.items()]


def due(life: Life) -> dict[str, datetime]:
    """Return the events that a task must cause, with the times of what they report."""
    found = {TASK_EVENTS[state]: at for state, at in life.states.items() if state in TASK_EVENTS}
    ended = life.states.get(life.end)
    if ended is None:
        return found
    if "running" in life.states:
        for ending, kind in ((_SYNC, "repo.sync"), (_PUBLISH, "repo.publish")):
            if life.name.endswith(ending):
                found |= {f"{kind}.start": life.states["running"], f"{kind}.finish": ended}
    if life.end == "completed":
        if life.name.endswith(_SYNC) and "filepublication" in life.made:
            found |= {"repo.publish.start": ended, "repo.publish.finish": ended}
        if not life.name.endswith((_SYNC, _PUBLISH)) and "repositoryversion" in life.made:
            found["repo.version.created"] = ended
    return found


def allowed(life: Life) -> frozenset[str]:
    """Return the events that a task may cause beside those due."""
    if life.end == "canceled" and "running" not in life.states:
        kind = "repo.sync" if life.name.endswith(_SYNC) else "repo.publish"
        return frozenset({f"{kind}.start", f"{kind}.finish"})
    return frozenset()


def compare(tasks: Collection[Life], fired: Iterable[Fired]) -> list[Row]:
    """Return missed, doubled and unexpected events for each kind of task; events of unknown tasks come last."""
    times: dict[Key, list[datetime]] = defaultdict(list)
    for each in fired:
        times[each.task, each.event_type].append(each.at)
    groups = defaultdict(list)
    for life in tasks:
        groups[life.kind].append(life)
    rows = [_row(kind, groups[kind], times) for kind in sorted(groups)]
    known = {life.task for life in tasks}
    unknown = tuple(key for key in times if key[0] not in known)
    return [*rows, Row("of unknown tasks", 0, 0, (), (), unknown, ())] if unknown else rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, with their sums."""
    total = Row(
        "all",
        sum(row.tasks for row in rows),
        sum(row.due for row in rows),
        tuple(key for row in rows for key in row.missed),
        tuple(key for row in rows for key in row.doubled),
        tuple(key for row in rows for key in row.unexpected),
        tuple(lag for row in rows for lag in row.lags),
    )
    head = "| task, end | tasks | events due | missed | doubled | unexpected | lag p50 | lag p99 |"
    lines = [head, "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for row in (*rows, total):
        counts = (row.tasks, row.due, len(row.missed), len(row.doubled), len(row.unexpected))
        shown = [row.kind, *map(str, counts), *(f"{percentile(row.lags, part):.2f} s" for part in (50, 99))]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)


def percentile(values: Sequence[float], part: int) -> float:
    """Return a percentile of the values; 0 if there are none."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]


def _row(kind: str, tasks: Sequence[Life], times: Mapping[Key, Sequence[datetime]]) -> Row:
    required = {(life.task, event_type): at for life in tasks for event_type, at in due(life).items()}
    tolerated = {(life.task, event_type) for life in tasks for event_type in allowed(life)}
    own = {life.task for life in tasks}
    counts = Counter({key: len(found) for key, found in times.items() if key[0] in own})
    return Row(
        kind,
        len(tasks),
        len(required),
        tuple(key for key in required if not counts[key]),
        tuple(key for key, count in counts.items() if count > 1),
        tuple(key for key in counts if key not in required and key not in tolerated),
        tuple((min(times[key]) - at).total_seconds() for key, at in required.items() if key in times),
    )
