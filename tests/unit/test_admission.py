"""Which claims may run."""

import pytest

from pulp_notifiers.delivery.fair_share import Admission
from pulp_notifiers.event import Event
from pulp_notifiers.records import Claim, OwedDelivery


def claims(listener: str, *lanes: int) -> list[Claim]:
    return [Claim(lane, "owner", listener, ()) for lane in lanes]


def take_all(admission: Admission, now: float = 0.0) -> list[Claim]:
    taken = []
    while (claim := admission.take(now)) is not None:
        taken.append(claim)
    return taken


def attempt(admission: Admission, *taken: Claim, now: float = 0.0) -> None:
    """Begin an attempt of each."""
    for claim in taken:
        admission.attempting(claim, OwedDelivery(1, Event("a", {}), "", 0), now)


def prove(admission: Admission, *listeners: str) -> None:
    """Let each have one attempt that succeeds."""
    for number, listener in enumerate(listeners):
        admission.offer(claims(listener, 1000 + number))
        (claim,) = take_all(admission)
        admission.finished(claim, delivered=True)


def test_a_listener_that_answers_gets_a_quarter_of_the_threads():
    """A receiver that becomes slow this moment leaves the others three quarters."""
    admission = Admission(16)
    prove(admission, "slow", "quick")
    admission.offer(claims("slow", *range(10)) + claims("quick", 11))

    taken = take_all(admission)

    assert ["slow", "quick", "slow", "slow", "slow"] == [claim.listener_id for claim in taken]
    assert 11 == admission.room(0.0)


def test_a_listener_gets_one_thread_until_an_attempt_succeeds():
    """New ones and those whose receiver fails."""
    admission = Admission(16)
    admission.offer(claims("l", 1, 2, 3, 4))

    assert [1] == [claim.lane for claim in take_all(admission)]

    admission.finished(claims("l", 1)[0], delivered=True)

    assert [2, 3, 4] == [claim.lane for claim in take_all(admission)]

    for claim in claims("l", 2, 3, 4):
        admission.finished(claim, delivered=False)
    admission.offer(claims("l", 5, 6))

    assert [5] == [claim.lane for claim in take_all(admission)]


def test_what_says_nothing_of_the_receiver_changes_nothing():
    """Such as a config that does not fit."""
    admission = Admission(16)
    prove(admission, "l")
    admission.offer(claims("l", 1))
    admission.finished(take_all(admission)[0])
    admission.offer(claims("l", 2, 3))

    assert 2 == len(take_all(admission))


def test_all_receivers_that_do_not_answer_together_get_half_of_the_threads():
    """However many hang, the other half serves those that answer."""
    admission = Admission(8)
    prove(admission, "good")
    for number in range(10):
        admission.offer(claims(f"bad{number}", number))
    admission.offer(claims("good", 200, 201, 202))

    taken = take_all(admission)

    assert ["bad0", "bad1", "bad2", "bad3", "good", "good"] == [claim.listener_id for claim in taken]
    assert {f"bad{number}" for number in range(10)} | {"good"} == admission.full(0.0)


def test_attempts_that_have_become_slow_make_room_for_others():
    """They wait for their receivers and need no processor."""
    admission = Admission(4)
    for number in range(20):
        admission.offer(claims(f"hangs{number}", number))
    admission.offer(claims("new", 99))
    taken: list[Claim] = []
    for second in range(0, 24, 2):
        attempt(admission, *(began := take_all(admission, second)), now=second)
        taken += began

    assert 21 == len(taken)
    assert 4 == admission.room(30.0)


def test_a_listener_with_a_slow_attempt_gets_no_further_thread():
    """However well it answered before."""
    admission = Admission(16)
    prove(admission, "l")
    admission.offer(claims("l", 1, 2))
    first = admission.take(0.0)
    assert first is not None
    attempt(admission, first, now=0.0)

    assert admission.take(5.0) is None
    assert {"l"} == admission.full(5.0)

    admission.attempting(first, None, 6.0)

    assert admission.take(6.0) is not None


def test_there_are_never_more_than_eight_times_the_threads():
    """Also when every receiver hangs."""
    admission = Admission(2)
    for number in range(40):
        admission.offer(claims(f"hangs{number}", number))
    taken = 0
    for second in range(0, 200, 2):
        attempt(admission, *(began := take_all(admission, second)), now=second)
        taken += len(began)

    assert 16 == taken == admission.most_threads


def test_an_attempt_that_takes_too_long_no_longer_counts():
    """Its thread is replaced, and what it says later is not heard."""
    admission = Admission(4)
    owed = OwedDelivery(7, Event("a", {}), "", 0)
    hanging, recording = Claim(1, "o", "l", (owed,)), Claim(2, "o", "m", (owed,))
    admission.offer([hanging, recording])
    take_all(admission)
    admission.attempting(hanging, owed, 10.0)
    admission.attempting(recording, owed, 10.0)
    admission.attempting(recording, None, 11.0)

    assert [] == admission.overdue(10.0)
    assert [(hanging, owed)] == admission.overdue(10.5)
    assert 3 == admission.room(0.0)
    assert not admission.finished(hanging, delivered=True)
    assert admission.finished(recording, delivered=True)


def test_nothing_more_is_claimed_for_a_listener_with_claims_waiting():
    """What would only wait here is better left to another worker."""
    admission = Admission(8)
    admission.offer(claims("l", 1, 2, 3))

    take_all(admission)

    assert {"l"} == admission.full(0.0)
    assert {1, 2, 3} == {claim.lane for claim in admission.held()}


def test_a_lane_can_be_claimed_anew_before_its_first_claim_counts_as_done():
    """Its last outcome is recorded a moment before the thread says that it has finished."""
    admission = Admission(8)
    prove(admission, "l")
    first, again = Claim(1, "first", "l", ()), Claim(1, "again", "l", ())
    admission.offer([first])
    take_all(admission)
    admission.offer([again])
    take_all(admission)

    admission.finished(first, delivered=True)
    assert [again] == admission.held()
    admission.finished(again, delivered=True)

    assert [] == admission.held()
    assert 8 == admission.room(0.0)


def test_what_waits_can_be_withdrawn():
    """When the worker stops."""
    admission = Admission(4)
    admission.offer(claims("l", 1, 2))
    take_all(admission)

    assert [2] == [claim.lane for claim in admission.withdraw()]
    assert [1] == [claim.lane for claim in admission.held()]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_even_one_thread_serves_everybody_in_turn(threads):
    """The shares never round down to nothing."""
    admission = Admission(threads)
    served = []
    admission.offer(claims("a", 1) + claims("b", 2))
    for _ in range(2):
        claim = admission.take(0.0)
        assert claim is not None
        served.append(claim.listener_id)
        admission.finished(claim, delivered=False)

    assert ["a", "b"] == served
