"""Fires events at a given rate, whether or not they are delivered as fast."""

import os
import threading
import time
from array import array
from collections.abc import Callable
from itertools import count

from pulp_notifiers.app import App

from ..processes import cpu_seconds, peak_megabytes
from ..rounds import Figures
from .databases import Section
from .engine import running, warm_up
from .events import event
from .receiver import Tally

_THREADS = 8
_GRACE_SECONDS = 10.0
_LOOK_SECONDS = 0.02


def measure(section: Section, url: str, tally_path: str, rate: float, seconds: float) -> Figures:
    """Fire at this rate and deliver in the same process; return what was held, and how late events arrived.

    The latency of an event runs from the moment at which ``fire`` returned. Those that have not arrived ten seconds
    after the last one was fired count with the time that they have waited by then.
    """
    tally = Tally(tally_path)
    with running(section, "http", {"url": url}) as app:
        warm_up(app)
        before = tally.count
        # Not a dictionary, so that the memory is the engine's.
        stored_at = array("d", bytes(8 * (1 + int(rate * seconds))))
        began, cpu = time.monotonic(), cpu_seconds([os.getpid()])
        fired = _offer(app, rate, seconds, stored_at.__setitem__)
        ended = time.monotonic()
        cpu = cpu_seconds([os.getpid()]) - cpu
        while tally.count - before < fired and time.monotonic() < ended + _GRACE_SECONDS:
            time.sleep(_LOOK_SECONDS)
        now = time.monotonic()
        memory = peak_megabytes(os.getpid())
    numbers = [number for number, at in enumerate(stored_at) if at]
    arrived = {number: tally.arrived_at(number) for number in numbers}
    # An event may arrive before the thread that fired it runs again.
    latencies = sorted(max(0.0, (at or now) - stored_at[number]) * 1000 for number, at in arrived.items())
    return {
        "fired": fired / (ended - began),
        "held": sum(began < at <= ended for at in arrived.values()) / (ended - began),
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
        "max": latencies[-1],
        "missing": sum(not at for at in arrived.values()),
        "memory": memory,
        "cpu": cpu / (ended - began) * 100,
    }


def keep_offering(section: Section, url: str, rate: float, seconds: float) -> Figures:
    """Fire at this rate and deliver in the same process; return what was fired."""
    with running(section, "http", {"url": url}) as app:
        return {"fired": _offer(app, rate, seconds, lambda number, at: None) / seconds}


def _offer(app: App, rate: float, seconds: float, stored: Callable[[int, float], None]) -> int:
    """Fire; return how many events were fired.

    :param stored: called with each event's number and the monotonic time at which ``fire`` returned.
    """
    began = time.monotonic()
    numbers, fired = count(), count()

    def fire() -> None:
        # Each event has its own due time, so one slow call does not move the others.
        while (due := began + (number := next(numbers)) / rate) < began + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() > began + seconds:
                return
            app.fire(event(number))
            stored(number, time.monotonic())
            next(fired)

    threads = [threading.Thread(target=fire) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return next(fired)
