"""One measurement, in its own process."""

import os
import time
from dataclasses import replace

from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream.document import message

from ..processes import peak_megabytes
from ..rounds import Figures
from .shapes import SHAPES, Ours, Shape

BURST = 400
"""Number of messages of a small sync."""

_BETWEEN_WAITS = 2000
_REPORT = TaskReport(
    id="57238b2aaca4886d97990601",
    task_id="3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b",
    state="running",
    worker_name="reserved_resource_worker-0@pulp.example.com",
    tags=("pulp:repository:zoo", "pulp:action:sync"),
    task_type="pulp.server.managers.repo.sync.sync",
)


def report_of(size: int) -> TaskReport:
    """Return a report whose message has about this many bytes: the steps of a sync, each with its numbers."""
    steps: list[dict[str, object]] = []
    report = replace(_REPORT, progress_report={"yum_importer": {"steps": steps}})
    while len(message(report).body) < size:
        steps.append({"step_id": str(len(steps)), "state": "IN_PROGRESS", "items_total": 1400, "items_done": 700})
    return report


def throughput(shape: Shape, report: TaskReport, count: int) -> Figures:
    """Return messages per second, until the server has the last one."""
    shape.publish(report)
    shape.settle()
    began = time.perf_counter()
    for number in range(1, count + 1):
        shape.publish(report)
        if not number % _BETWEEN_WAITS:
            shape.settle()
    shape.settle()
    shape.close()
    return {"rate": count / (time.perf_counter() - began)}


def caller(shape: Shape, report: TaskReport, count: int) -> Figures:
    """Return the time that a call takes, in microseconds, and a burst, in milliseconds; bursts are spaced by pauses."""
    _burst(shape, report)
    time.sleep(0.05)
    each: list[float] = []
    bursts: list[float] = []
    for _ in range(max(1, count // BURST)):
        took = _burst(shape, report)
        each += took
        bursts.append(sum(took))
        time.sleep(0.02)
        shape.settle()
    each.sort()
    bursts.sort()
    return {
        "p50": each[len(each) // 2] * 1e6,
        "p99": each[len(each) * 99 // 100] * 1e6,
        "burst": bursts[len(bursts) // 2] * 1e3,
    }


def trouble(shape: Ours, report: TaskReport, count: int) -> Figures:
    """Return the same for a server that accepts nothing, and how many messages were dropped."""
    _burst(shape, report)
    time.sleep(2.5)  # until the stream has noticed
    shape.settle = lambda: None  # type: ignore[method-assign]
    return {**caller(shape, report, count), "dropped": float(shape.dropped)}


def absent(shape: Ours, report: TaskReport, count: int) -> Figures:
    """Return the time of each call, in microseconds, if there is no server."""
    began = time.perf_counter()
    for number in range(count):
        shape.publish(replace(report, progress_report={**report.progress_report, "number": number}))
    return {"each": (time.perf_counter() - began) / count * 1e6, "dropped": float(shape.dropped)}


def measure(kind: str, name: str, url: str, size: int, count: int) -> Figures:
    """Return the figures of one kind of measurement, and the memory that it added to the process, in MB."""
    report = report_of(size)
    shape = SHAPES[name](url)
    before = peak_megabytes(os.getpid())
    figures = {"throughput": throughput, "caller": caller, "trouble": trouble, "absent": absent}[kind](
        shape,  # type: ignore[arg-type]
        report,
        count,
    )
    return {**figures, "memory": peak_megabytes(os.getpid()) - before}


def _burst(shape: Shape, report: TaskReport) -> list[float]:
    publish, clock = shape.publish, time.perf_counter
    took = []
    for _ in range(BURST):
        began = clock()
        publish(report)
        took.append(clock() - began)
    return took
