"""HTTP senders."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from ...rounds import Figures
from ..events import BYTES, body

Send = Callable[[int], Any]

SESSION = "requests.Session in a loop"
SESSION_THREADS = "requests.Session in a loop, 16 threads"
POST = "requests.post each, as Pulp 2 did"
APPRISE = "Apprise json://"
PEERS = (SESSION, SESSION_THREADS, POST, APPRISE)

_THREADS = 16
_HEADERS = {"Content-Type": "application/json"}


def measure(name: str, url: str, count: int) -> Figures:
    """Return how fast one of them sends this many events."""
    threads = _THREADS if name == SESSION_THREADS else 1
    senders = {
        SESSION: lambda: _by_session(url),
        SESSION_THREADS: lambda: _by_session(url),
        POST: lambda: _by_post(url),
        APPRISE: lambda: _by_apprise(url),
    }
    local = threading.local()

    def send(number: int) -> None:
        if not hasattr(local, "send"):
            local.send = senders[name]()
        local.send(number)

    with ThreadPoolExecutor(threads) as pool:
        _send_all(pool, send, range(-1, -101, -1))
        began, cpu = time.perf_counter(), time.process_time()
        _send_all(pool, send, range(count))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"rate": count / seconds, "cpu": cpu * 1000 / count}


def _send_all(pool: ThreadPoolExecutor, send: Send, numbers: range) -> None:
    # A future for each event would cost more than a loop does.
    shared = iter(numbers)
    lock = threading.Lock()

    def take(numbers: Iterator[int]) -> int | None:
        with lock:
            return next(numbers, None)

    def loop(_: int) -> None:
        while (number := take(shared)) is not None:
            send(number)

    list(pool.map(loop, range(_THREADS)))


def _by_session(url: str) -> Send:
    session = requests.Session()
    return lambda number: session.post(url, json.dumps(body(number)), headers=_HEADERS).raise_for_status()


def _by_post(url: str) -> Send:
    return lambda number: requests.post(url, json.dumps(body(number)), headers=_HEADERS).raise_for_status()


def _by_apprise(url: str) -> Send:
    import apprise  # noqa: PLC0415  only its own measurement pays for it

    sender = apprise.Apprise()
    sender.add(url.replace("http://", "json://"))
    filler = "x" * (BYTES - 120)

    def send(number: int) -> None:
        if not sender.notify(title="repo.sync.finish", body=f"{number} {filler}"):
            raise RuntimeError("Apprise could not send")

    return send
