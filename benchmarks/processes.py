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
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _own_seconds(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:  # it has ended since it was listed; its parent's times will include it
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[_TIMES])) / _TICKS_PER_SECOND
