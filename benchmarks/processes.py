"""Processor time and memory of processes, as Linux counts them."""

import os
from collections.abc import Iterable
from pathlib import Path

from tests.harness.process import children

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_TIMES = slice(11, 15)  # of itself and of its children that ended, each in user and in system mode (proc(5), stat)


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the processor time that these processes and their descendants have used so far."""
    return sum(_own_seconds(process) + cpu_seconds(children(process)) for process in roots)


def resident_megabytes(process: int) -> float:
    """Return the resident memory of a process and its descendants."""
    return _status_megabytes(process, "VmRSS") + sum(map(resident_megabytes, children(process)))


def peak_megabytes(process: int) -> float:
    """Return the largest resident memory that a process and its descendants have had, each by itself.

    Not ``ru_maxrss``, which a program that was started by another one begins with that one's memory.
    """
    return _status_megabytes(process, "VmHWM") + sum(map(peak_megabytes, children(process)))


def _status_megabytes(process: int, field: str) -> float:
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:  # it has ended since it was listed
        return 0.0
    # One that has ended and was not waited for has no memory.
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{field}:")), 0) / 1024


def _own_seconds(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:  # it has ended since it was listed; its parent's times will include it
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[_TIMES])) / _TICKS_PER_SECOND
