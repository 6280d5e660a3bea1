"""Which claims may run."""

import pytest

from pulp_notifiers.admission import Admission
from pulp_notifiers.records import Claim


def claims(listener: str, *lanes: int) -> list[Claim]:
    return [Claim(lane, "owner", listener, ()) for lane in lanes]


def take_all(admission: Admission) -> list[Claim]:
    taken = []
    while (claim := admission.take()) is not None:
        taken.append(claim)
    return taken


def test_a_listener_gets_a_quarter_of_the_threads():
    """A receiver that became slow this moment leaves the others three quarters."""
    admission = Admission(16)
    admission.offer(claims("slow", *range(10)) + claims("quick", 11))

    taken = take_all(admission)

    assert ["slow"] * 4 + ["quick"] == [claim.listener_id for claim in taken]
    assert 11 == admission.free


def test_a_listener_whose_receiver_fails_gets_one_thread():
    """Until an attempt succeeds."""
    admission = Admission(16)
    admission.offer(claims("l", 1))
    admission.finished(take_all(admission)[0], troubled=True)
    admission.offer(claims("l", 2, 3, 4))

    assert [2] == [claim.lane for claim in take_all(admission)]

    admission.finished(claims("l", 2)[0], troubled=False)

    assert [3, 4] == [claim.lane for claim in take_all(admission)]


def test_all_failing_receivers_together_get_half_of_the_threads():
    """However many hang, the other half serves those that answer."""
    admission = Admission(4)
    for number in range(10):
        admission.offer(claims(f"bad{number}", number))
        admission.finished(take_all(admission)[0], troubled=True)
    for number in range(10):
        admission.offer(claims(f"bad{number}", 100 + number))
    admission.offer(claims("good", 200))

    taken = take_all(admission)

    assert ["bad0", "bad1", "good"] == [claim.listener_id for claim in taken]
    assert {f"bad{number}" for number in range(10)} | {"good"} == admission.full()


def test_nothing_more_is_claimed_for_a_listener_with_claims_waiting():
    """What would only wait here is better left to another worker."""
    admission = Admission(8)
    admission.offer(claims("l", 1, 2, 3))

    take_all(admission)

    assert {"l"} == admission.full()
    assert {1, 2, 3} == {claim.lane for claim in admission.held()}


def test_a_lane_can_be_claimed_anew_before_its_first_claim_counts_as_done():
    """Its last outcome is recorded a moment before the thread says that it has finished."""
    admission = Admission(8)
    first, again = Claim(1, "first", "l", ()), Claim(1, "again", "l", ())
    admission.offer([first])
    take_all(admission)
    admission.offer([again])
    take_all(admission)

    admission.finished(first, troubled=False)
    assert [again] == admission.held()
    admission.finished(again, troubled=False)

    assert [] == admission.held()
    assert 8 == admission.free


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
        claim = admission.take()
        assert claim is not None
        served.append(claim.listener_id)
        admission.finished(claim, troubled=True)

    assert ["a", "b"] == served
