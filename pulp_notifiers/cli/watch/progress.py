"""How far a task is, from a progress report of any shape.

Each importer and distributor of Pulp 2 had its own shape: steps by name below the plugin's name, or lists of steps,
which count what is done or what is left. Pulp 3 has lists of steps with ``total`` and ``done``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TOTALS = ("items_total", "total", "total_count", "num_isos", "size_total", "total_bytes")
_DONE = ("done", "num_processed", "finished_count", "num_isos_finished", "processed", "finished_bytes")
_LEFT = ("items_left", "size_left")
_LABELS = ("message", "description", "step_type")
_ACTIVE = ("in_progress", "running")
_DEEPEST = 20
_LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the work.

    :ivar label: its name.
    :ivar total: 0 if it is not known.
    """

    label: str
    done: int
    total: int
    active: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is, all steps together.

    :ivar step: the active step, if the report says which.
    """

    done: int = 0
    total: int = 0
    step: Step | None = None

    @property
    def fraction(self) -> float | None:
        """Return a number from 0 to 1, or None if no total is known."""
        return self.done / self.total if self.total else None


def progress_of(report: Any) -> Progress:
    """Return the progress that a report describes, of whatever shape."""
    steps = list(_steps(report, "", _DEEPEST))
    active = [step for step in steps if step.active]
    done, total = (sum(getattr(step, name) for step in steps if step.total) for name in ("done", "total"))
    return Progress(done, total, active[-1] if active else None)


def _steps(value: Any, name: str, levels: int) -> Iterator[Step]:
    if not levels:
        return
    if isinstance(value, list):
        for item in value:
            yield from _steps(item, name, levels - 1)
    elif isinstance(value, Mapping):
        inner = [step for key, item in value.items() for step in _steps(item, str(key), levels - 1)]
        own = _own_step(value, name)
        # The parts of a step say more than their number, which is what the step itself counts.
        if own is not None and not any(step.total for step in inner):
            yield own
        else:
            yield from inner


def _own_step(fields: Mapping[str, Any], name: str) -> Step | None:
    state = fields.get("state")
    active = isinstance(state, str) and state.lower() in _ACTIVE
    total = _first(fields, _TOTALS)
    if not total and not active:
        return None
    label = next((str(fields[key]) for key in _LABELS if isinstance(fields.get(key), str) and fields[key]), name)
    return Step(label.replace("_", " "), min(_done(fields, total), total), total, active)


def _done(fields: Mapping[str, Any], total: int) -> int:
    if any(_count(fields.get(key)) is not None for key in _DONE):
        return _first(fields, _DONE)
    left = next((count for key in _LEFT if (count := _count(fields.get(key))) is not None), None)
    if left is not None:
        return max(0, total - left)
    return _first(fields, ("num_success",)) + _first(fields, ("num_failures",))


def _first(fields: Mapping[str, Any], keys: tuple[str, ...]) -> int:
    counts = (_count(fields.get(key)) for key in keys)
    return next((count for count in counts if count), 0)


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= _LARGEST else None
