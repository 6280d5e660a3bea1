"""Many requests for the same cost no more than one."""

import asyncio
import threading
from itertools import count

import pytest

from pulp_notifiers.rest.http.shared_answer import SharedAnswer, pause_after


def test_requests_that_come_together_share_one_computation():
    """Those that come while it runs get the next one, which began after they came."""
    gate, numbers = threading.Event(), count()

    def compute() -> int:
        number = next(numbers)
        assert number or gate.wait(30)
        return number

    async def ask() -> tuple[list[int], list[int]]:
        shared = SharedAnswer(compute)
        first = [asyncio.create_task(shared.get()) for _ in range(20)]
        while shared._next is None or not shared._turn.locked():
            await asyncio.sleep(0)
        while shared._next is not None:
            await asyncio.sleep(0)
        second = [asyncio.create_task(shared.get()) for _ in range(20)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*first), await asyncio.gather(*second)

    assert ([0] * 20, [1] * 20) == asyncio.run(ask())


def test_an_error_reaches_all_who_wait_and_the_next_request_computes_again():
    """It is not remembered."""
    outcomes = iter([ZeroDivisionError(), "fine"])

    def compute() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def ask() -> None:
        shared = SharedAnswer(compute)
        failed = await asyncio.gather(*[shared.get() for _ in range(3)], return_exceptions=True)
        assert [ZeroDivisionError] * 3 == [type(each) for each in failed]
        assert "fine" == await shared.get()

    asyncio.run(ask())


def test_a_client_that_disconnects_cancels_the_answer_of_nobody_else():
    """The other one still gets it."""

    async def ask() -> int:
        shared = SharedAnswer(lambda: 7)
        leaving, staying = (asyncio.create_task(shared.get()) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert 7 == asyncio.run(ask())


@pytest.mark.parametrize(("seconds", "pause"), [(0.0, 0.5), (0.01, 0.5), (0.1, 1.0), (0.3, 3.0), (60.0, 5.0)])
def test_the_pause_grows_with_the_cost_of_the_computation(seconds, pause):
    """So that it takes about a tenth of a thread, and nobody waits for more than five seconds."""
    assert pause == pytest.approx(pause_after(seconds))
