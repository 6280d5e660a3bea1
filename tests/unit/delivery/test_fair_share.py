"""Which claims may run, and how many for each listener."""

import pytest

from pulp_notifiers.delivery.fair_share import FairShare
from pulp_notifiers.event import Event
from pulp_notifiers.records import Claim, OwedDelivery


def claims(listener: str, *lanes: int) -> list[Claim]:
    return [Claim(lane, "owner", listener, ()) for lane in lanes]


def take_all(share: FairShare, now: float = 0.0) -> list[Claim]:
    taken = []
    while (claim := share.take(now)) is not None:
        taken.append(claim)
    return taken


def attempt(share: FairShare, *taken: Claim, now: float = 0.0) -> None:
    """Start an attempt of each claim."""
    for claim in taken:
        share.attempting(claim, OwedDelivery(1, Event("a", {}), "", 0), now)


def prove(share: FairShare, *listeners: str) -> None:
    """Make one attempt of each listener succeed."""
    for number, listener in enumerate(listeners):
        share.offer(claims(listener, 1000 + number))
        (claim,) = take_all(share)
        share.finished(claim, delivered=True)


def test_a_listener_that_answers_gets_a_quarter_of_the_threads():
    """If its receiver becomes slow, three quarters are left for the others."""
    share = FairShare(16)
    prove(share, "slow", "quick")
    share.offer(claims("slow", *range(10)) + claims("quick", 11))

    taken = take_all(share)

    assert ["slow", "quick", "slow", "slow", "slow"] == [claim.listener_id for claim in taken]
    assert 11 == share.room(0.0)


def test_a_listener_gets_one_thread_until_an_attempt_succeeds():
    """That holds for new listeners and for those whose receiver fails."""
    share = FairShare(16)
    share.offer(claims("l", 1, 2, 3, 4))

    assert [1] == [claim.lane for claim in take_all(share)]

    share.finished(claims("l", 1)[0], delivered=True)

    assert [2, 3, 4] == [claim.lane for claim in take_all(share)]

    for claim in claims("l", 2, 3, 4):
        share.finished(claim, delivered=False)
    share.offer(claims("l", 5, 6))

    assert [5] == [claim.lane for claim in take_all(share)]


def test_an_outcome_that_says_nothing_about_the_receiver_changes_no_share():
    """A wrong config, for example."""
    share = FairShare(16)
    prove(share, "l")
    share.offer(claims("l", 1))
    share.finished(take_all(share)[0])
    share.offer(claims("l", 2, 3))

    assert 2 == len(take_all(share))


def test_all_listeners_without_a_success_together_get_half_of_the_threads():
    """However many of their receivers hang, the other half serves those that answer."""
    share = FairShare(8)
    prove(share, "good")
    for number in range(10):
        share.offer(claims(f"bad{number}", number))
    share.offer(claims("good", 200, 201, 202))

    taken = take_all(share)

    assert ["bad0", "bad1", "bad2", "bad3", "good", "good"] == [claim.listener_id for claim in taken]
    assert {f"bad{number}" for number in range(10)} | {"good"} == share.full(0.0)


def test_attempts_that_have_become_slow_make_room_for_others():
    """They wait for their receivers and need no processor."""
    share = FairShare(4)
    for number in range(20):
        share.offer(claims(f"hangs{number}", number))
    share.offer(claims("new", 99))
    taken: list[Claim] = []
    for second in range(0, 24, 2):
        attempt(share, *(began := take_all(share, second)), now=second)
        taken += began

    assert 21 == len(taken)
    assert 4 == share.room(30.0)


def test_a_listener_with_a_slow_attempt_gets_no_further_thread():
    """Earlier successes do not matter."""
    share = FairShare(16)
    prove(share, "l")
    share.offer(claims("l", 1, 2))
    first = share.take(0.0)
    assert first is not None
    attempt(share, first, now=0.0)

    assert share.take(5.0) is None
    assert {"l"} == share.full(5.0)

    share.attempting(first, None, 6.0)

    assert share.take(6.0) is not None


def test_there_are_never_more_than_eight_times_the_threads():
    """Not even if every receiver hangs."""
    share = FairShare(2)
    for number in range(40):
        share.offer(claims(f"hangs{number}", number))
    taken = 0
    for second in range(0, 200, 2):
        attempt(share, *(began := take_all(share, second)), now=second)
        taken += len(began)

    assert 16 == taken == share.most_threads


def test_an_attempt_that_takes_too_long_no_longer_counts():
    """Its thread is replaced, and its late result is ignored."""
    share = FairShare(4)
    owed = OwedDelivery(7, Event("a", {}), "", 0)
    hanging, recording = Claim(1, "o", "l", (owed,)), Claim(2, "o", "m", (owed,))
    share.offer([hanging, recording])
    take_all(share)
    share.attempting(hanging, owed, 10.0)
    share.attempting(recording, owed, 10.0)
    share.attempting(recording, None, 11.0)

    assert [] == share.overdue(10.0)
    assert [(hanging, owed)] == share.overdue(10.5)
    assert 3 == share.room(0.0)
    assert not share.finished(hanging, delivered=True)
    assert share.finished(recording, delivered=True)


def test_nothing_more_is_claimed_for_a_listener_with_claims_waiting():
    """Another worker may be able to run them at once."""
    share = FairShare(8)
    share.offer(claims("l", 1, 2, 3))

    take_all(share)

    assert {"l"} == share.full(0.0)
    assert {1, 2, 3} == {claim.lane for claim in share.held()}


def test_a_lane_can_be_claimed_again_before_its_first_claim_counts_as_done():
    """The last outcome is recorded a moment before the thread calls finished()."""
    share = FairShare(8)
    prove(share, "l")
    first, again = Claim(1, "first", "l", ()), Claim(1, "again", "l", ())
    share.offer([first])
    take_all(share)
    share.offer([again])
    take_all(share)

    share.finished(first, delivered=True)
    assert [again] == share.held()
    share.finished(again, delivered=True)

    assert [] == share.held()
    assert 8 == share.room(0.0)


def test_waiting_claims_can_be_withdrawn():
    """A worker that stops releases them."""
    share = FairShare(4)
    share.offer(claims("l", 1, 2))
    take_all(share)

    assert [2] == [claim.lane for claim in share.withdraw()]
    assert [1] == [claim.lane for claim in share.held()]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_even_one_thread_serves_all_listeners_in_turn(threads):
    """The shares never round down to nothing."""
    share = FairShare(threads)
    served = []
    share.offer(claims("a", 1) + claims("b", 2))
    for _ in range(2):
        claim = share.take(0.0)
        assert claim is not None
        served.append(claim.listener_id)
        share.finished(claim, delivered=False)

    assert ["a", "b"] == served
