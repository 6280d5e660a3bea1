"""Sends from a loop, or from several at a time."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...rounds import Figures

Send = Callable[[int], Any]

_WARM_UP = range(20)


def send_in_loop(send: Send, count: int) -> Figures:
    """Return how fast events are sent one after the other."""
    return send_in_threads([send], count)


def send_in_threads(senders: Sequence[Send], count: int) -> Figures:
    """Return how fast events are sent by several loops, each in its own thread."""
    shares = [range(number, count, len(senders)) for number in range(len(senders))]
    with ThreadPoolExecutor(len(senders)) as pool:
        list(pool.map(_send_all, senders, [_WARM_UP] * len(senders)))
        began, cpu = time.perf_counter(), time.process_time()
        list(pool.map(_send_all, senders, shares))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"rate": count / seconds, "cpu": cpu * 1000 / count}


def _send_all(send: Send, numbers: Iterable[int]) -> None:
    for number in numbers:
        send(number)
