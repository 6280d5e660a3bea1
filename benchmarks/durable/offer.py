"""Fires events at a given rate, whether or not they are delivered as fast."""

import os
import threading
import time
from itertools import count

from pulp_notifiers.app import App

from ..processes import cpu_seconds
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
        tally.forget()
        began, cpu = time.monotonic(), cpu_seconds([os.getpid()])
        stored = _offer(app, rate, seconds)
        ended = time.monotonic()
        cpu = cpu_seconds([os.getpid()]) - cpu
        while tally.count < len(stored) and time.monotonic() < ended + _GRACE_SECONDS:
            time.sleep(_LOOK_SECONDS)
        now = time.monotonic()
        arrived = {number: tally.arrived_at(number) for number in stored}
    # An event may arrive before the thread that fired it runs again.
    latencies = sorted(max(0.0, (arrived[number] or now) - at) * 1000 for number, at in stored.items())
    return {
        "fired": len(stored) / (ended - began),
        "held": sum(began < at <= ended for at in arrived.values()) / (ended - began),
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
        "max": latencies[-1],
        "missing": sum(not at for at in arrived.values()),
        "cpu": cpu / (ended - began) * 100,
    }


def keep_offering(section: Section, url: str, rate: float, seconds: float) -> Figures:
    """Fire at this rate and deliver in the same process; return what was fired."""
    with running(section, "http", {"url": url}) as app:
        return {"fired": len(_offer(app, rate, seconds)) / seconds}


def _offer(app: App, rate: float, seconds: float) -> dict[int, float]:
    stored: dict[int, float] = {}
    began = time.monotonic()
    numbers = count()

    def fire() -> None:
        # Each event has its own due time, so one slow call does not move the others.
        while (due := began + (number := next(numbers)) / rate) < began + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() > began + seconds:
                return
            app.fire(event(number))
            stored[number] = time.monotonic()

    threads = [threading.Thread(target=fire) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return stored
