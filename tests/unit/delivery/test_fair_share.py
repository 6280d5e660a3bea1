"""Which lanes may be attempted, and how many for each listener."""

from pulp_notifiers.delivery.fair_share import LANES_AT_ONCE, MOST_HELD, FairShare, HeldLane
from pulp_notifiers.event import Event
from pulp_notifiers.records import Claim, OwedDelivery

OWED = OwedDelivery(7, Event("a", {}), "", 0)


def claims(listener: str, *lanes: int, deliveries: int = 1) -> list[Claim]:
    return [Claim(lane, "owner", listener, (OWED,) * deliveries) for lane in lanes]


def take_all(share: FairShare, now: float = 0.0) -> list[HeldLane]:
    taken = []
    while (lane := share.take(now)) is not None:
        taken.append(lane)
    return taken


def numbers(lanes: list[HeldLane]) -> list[int]:
    return [lane.claim.lane for lane in lanes]


def listeners(lanes: list[HeldLane]) -> list[str]:
    return [lane.claim.listener_id for lane in lanes]


def finish(share: FairShare, lane: HeldLane, delivered: bool | None = True) -> None:
    """End an attempt and record its outcome; the lane is released."""
    assert share.ended(lane, delivered)
    share.recorded(lane, held=False)


def prove(share: FairShare, *names: str) -> None:
    """Make one attempt of each listener succeed."""
    for number, listener in enumerate(names):
        share.offer(claims(listener, 1000 + number))
        (lane,) = take_all(share)
        finish(share, lane)


def test_a_listener_that_answers_gets_a_quarter_of_the_threads():
    """If its receiver becomes slow, three quarters are left for the others."""
    share = FairShare(16)
    prove(share, "slow", "quick")
    share.offer(claims("slow", *range(10)) + claims("quick", 11))

    assert ["slow", "quick", "slow", "slow", "slow"] == listeners(take_all(share))


def test_a_listener_gets_one_thread_and_one_lane_until_an_attempt_succeeds():
    """That holds for new listeners and for those whose receiver fails."""
    share = FairShare(16)
    assert 1 == share.most_of("l")
    share.offer(claims("l", 1))
    (lane,) = take_all(share)
    assert {"l"} == share.full(0.0)

    finish(share, lane)
    assert LANES_AT_ONCE == share.most_of("l")
    share.offer(claims("l", 2, 3, 4))
    taken = take_all(share)
    assert [2, 3, 4] == numbers(taken)

    for lane in taken:
        finish(share, lane, delivered=False)
    share.offer(claims("l", 5, 6))
    assert [5] == numbers(take_all(share))
    assert 1 == share.most_of("l")


def test_an_outcome_that_says_nothing_about_the_receiver_changes_no_share():
    """A wrong config, for example."""
    share = FairShare(16)
    prove(share, "l")
    share.offer(claims("l", 1))
    finish(share, take_all(share)[0], delivered=None)
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

    assert ["bad0", "bad1", "bad2", "bad3", "good", "good"] == listeners(taken)
    assert {f"bad{number}" for number in range(10)} == share.full(0.0)


def test_attempts_that_have_become_slow_make_room_for_others():
    """They wait for their receivers and need no processor."""
    share = FairShare(4)
    for number in range(20):
        share.offer(claims(f"hangs{number}", number))
    share.offer(claims("new", 99))
    taken = [lane for second in range(0, 24, 2) for lane in take_all(share, second)]

    assert 21 == len(taken)


def test_a_listener_with_a_slow_attempt_gets_no_further_thread():
    """Earlier successes do not matter."""
    share = FairShare(16)
    prove(share, "l")
    share.offer(claims("l", 1, 2))
    first = share.take(0.0)
    assert first is not None

    assert share.take(5.0) is None
    assert {"l"} == share.full(5.0)

    finish(share, first)
    assert share.take(6.0) is not None


def test_there_are_never_more_than_eight_times_the_threads():
    """Not even if every receiver hangs."""
    share = FairShare(2)
    for number in range(40):
        share.offer(claims(f"hangs{number}", number))
    taken = sum(len(take_all(share, second)) for second in range(0, 200, 2))

    assert 16 == taken
    assert not share.may_claim


def test_an_attempt_that_takes_too_long_no_longer_counts():
    """Its thread is replaced, and its late result is ignored."""
    share = FairShare(4)
    share.offer(claims("l", 1) + claims("m", 2))
    hanging, ending = (share.take(10.0), share.take(10.0))
    assert hanging is not None
    assert ending is not None
    share.ended(ending, delivered=True)

    assert [] == share.overdue(10.0)
    assert [hanging] == share.overdue(10.5)
    assert not share.ended(hanging, delivered=True)
    assert [ending.claim, hanging.claim] == share.held()


def test_lanes_are_claimed_ahead_for_a_listener_that_answers_but_not_without_end():
    """Threads need not wait for the next claim, and another worker may be able to run the rest."""
    share = FairShare(8)
    prove(share, "l")
    share.offer(claims("l", 1, 2, 3))
    take_all(share)
    assert set() == share.full(0.0)

    share.offer(claims("l", 4))

    assert {"l"} == share.full(0.0)
    assert {1, 2, 3, 4} == {claim.lane for claim in share.held()}


def test_the_next_delivery_of_a_lane_is_attempted_after_the_outcome_of_the_one_before_is_recorded():
    """So a kill repeats one delivery of a lane at most."""
    share = FairShare(8)
    share.offer(claims("l", 1, deliveries=2))
    lane = share.take(0.0)
    assert lane is not None
    assert not lane.at_last
    share.ended(lane, delivered=True)
    assert share.take(0.0) is None
    assert [lane.claim] == share.held()

    share.recorded(lane, held=True)

    assert lane is share.take(0.0)
    assert lane.at_last


def test_a_listener_with_many_lanes_does_not_keep_others_waiting():
    """Each thread that becomes free takes a lane of the listener with the fewest threads."""
    share = FairShare(8)
    prove(share, "busy", "other")
    share.offer(claims("busy", *range(50)))
    taken = take_all(share)
    share.offer(claims("other", 99))

    finish(share, taken[0])

    assert [99] == numbers([lane for lane in take_all(share) if lane.claim.listener_id == "other"])


def test_lanes_whose_lease_was_lost_are_dropped_unless_they_are_attempted():
    """Another worker has them; the outcome of the running attempt will show the same."""
    share = FairShare(8)
    prove(share, "l")
    lost = claims("l", 1, 2, 3)
    share.offer(lost)
    running = share.take(0.0)
    assert running is not None

    share.drop(lost[:2])

    assert [1, 3] == [claim.lane for claim in share.held()]
    assert [3] == numbers(take_all(share))


def test_nothing_is_held_after_the_waiting_lanes_are_withdrawn():
    """They are released when the worker stops."""
    share = FairShare(8)
    waiting = claims("l", 1) + claims("m", 2)
    share.offer(waiting)

    assert waiting == share.withdraw()
    assert not share.busy


def test_a_lane_can_be_claimed_again_before_its_first_claim_counts_as_done():
    """Its outcome is on disk a moment before the worker notes it."""
    share = FairShare(8)
    prove(share, "l")
    share.offer(claims("l", 1))
    (first,) = take_all(share)
    share.ended(first, delivered=True)
    again = Claim(1, "again", "l", (OWED,))
    share.offer([again])

    share.recorded(first, held=False)

    assert [again] == share.held()


def test_no_more_lanes_are_held_than_fit_into_memory():
    """Every lane that is released makes room for another one."""
    share = FairShare(8)
    for number in range(MOST_HELD):
        share.offer(claims(f"hangs{number}", number))
    assert not share.may_claim
    assert 0 == share.room("new", 0.0)

    share.drop(claims("hangs1", 1))
    assert 1 == share.room("new", 0.0)
    lane = share.take(0.0)
    assert lane is not None
    finish(share, lane)
    share.offer(claims("more", 1, 2))
    assert not share.may_claim

    share.withdraw()
    assert share.may_claim
    assert not share.busy
