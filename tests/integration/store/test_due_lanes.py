"""Which due lanes are leased, however many of them nobody has room for."""

from datetime import datetime, timedelta

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.records import Claimed, DeliveryState, Owed, OwedEvent
from pulp_notifiers.store import Store, schema
from tests.support.memory import START
from tests.support.stored import LEASE, claim, execute, fire, outcome, record, work_off

NOW = START
MANY = 2500
"""More lanes than one claim reads."""


def fill(store: Store, count: int, listener: str = "hanging", now: datetime = NOW) -> None:
    """Make so many lanes of a listener due."""
    events = [Event("repo.sync.start", {"repo_id": f"{listener}{number}"}) for number in range(count)]
    owed = [Owed(listener, "http", "")]
    store.outbox.add_all([OwedEvent(each, owed) for each in events], store.listeners.latest_revision(), now)


def one_claim(
    store: Store, now: datetime = NOW, limit: int = 10, full: frozenset[str] = frozenset(), most: int = 100
) -> Claimed:
    """Claim once."""
    return store.claims.claim(now, now + LEASE, limit, full, lambda listener_id: most)


def claims_until(store: Store, listener: str, now: datetime = NOW, full: frozenset[str] = frozenset()) -> int:
    """Return how many claims it takes until a lane of a listener is leased."""
    for number in range(1, 100):
        claimed = one_claim(store, now, full=full)
        if listener in {each.listener_id for each in claimed.claims}:
            return number
        assert claimed.more, "the worker would rest now"
    raise AssertionError(f"no lane of {listener} was claimed")


HANGING = frozenset({"hanging"})


def test_lanes_behind_many_that_nobody_has_room_for_are_claimed_without_a_rest(store):
    """The claim that passes the last of them finds it, and later claims find others at once."""
    fill(store, MANY, now=NOW - timedelta(seconds=5))
    fire(store, "later", "healthy")
    claims_until(store, "healthy", full=HANGING)
    fire(store, "later still", "healthy")

    assert 1 == claims_until(store, "healthy", full=HANGING)


def test_a_listener_that_has_room_again_gets_its_oldest_lanes_with_the_next_claim(store, database_url):
    """Although the claims before passed them."""
    for number, repo in enumerate(("first", "second")):
        fill(store, 1, repo, NOW - timedelta(seconds=9 - number))
    execute(database_url, schema.lanes.update().values(listener_id="hanging"))
    fill(store, MANY, now=NOW - timedelta(seconds=5))
    fire(store, "later", "healthy")
    claims_until(store, "healthy", full=HANGING)

    repos = [one_claim(store, most=1).claims[0].deliveries[0].event.payload["repo_id"] for _ in range(2)]

    assert ["first0", "second0"] == repos


def test_many_listeners_that_have_room_again_do_not_keep_new_lanes_waiting(store):
    """Each claim has room for both."""
    listeners = [f"l{number}" for number in range(50)]
    for listener in listeners:
        fill(store, 40, listener, NOW - timedelta(seconds=5))
    while one_claim(store, full=frozenset(listeners)).more:
        pass
    fire(store, "new", "new")

    assert 1 == claims_until(store, "new")


def test_listeners_that_have_room_for_many_lanes_again_get_all_of_them_without_a_rest(store):
    """Also if the first of them may have more than one claim takes."""
    listeners = [f"l{number}" for number in range(3)]
    for listener in listeners:
        fill(store, 40, listener, NOW - timedelta(seconds=5))
    while one_claim(store, full=frozenset(listeners)).more:
        pass

    lanes, more = set(), True
    while more:
        claimed = one_claim(store)
        lanes |= {each.lane for each in claimed.claims}
        more = claimed.more

    assert 120 == len(lanes)


def test_listeners_do_not_wait_behind_one_whose_lanes_another_process_has_leased(open_store):
    """It has room for all that one claim takes, and gets none of them."""
    store, other = open_store(), open_store()
    for listener in ("a", "b"):
        fill(store, 10, listener, NOW - timedelta(seconds=5))
    while one_claim(store, full=frozenset({"a", "b"})).more:
        pass
    assert 10 == len(claim(other, 100, except_listeners={"b"}))

    assert 2 >= claims_until(store, "b")


def test_every_lane_of_every_listener_is_claimed_in_the_end(store):
    """Whichever listeners are full meanwhile."""
    listeners = [f"l{number}" for number in range(30)]
    for listener in listeners:
        fill(store, 50, listener)
    seen: list[int] = []
    for number in range(300):
        full = frozenset(listeners[(number + offset) % 30] for offset in range(20))
        claims = one_claim(store, limit=20, full=full, most=2).claims
        assert not full & {each.listener_id for each in claims}
        seen += [each.lane for each in claims]
        for each in claims:
            work_off(store, each)

    assert 1500 == len(set(seen)) == len(seen)
    assert 0 == store.history.backlog().pending


def test_the_lease_of_a_killed_process_among_many_lanes_is_taken_over_when_it_ends(open_store):
    """The claims of another process passed it while it was held."""
    killed, other = open_store(), open_store()
    fire(killed, "zoo", "healthy")
    (lost,) = claim(killed)
    fill(killed, MANY)
    while one_claim(other, full=HANGING).more:
        pass

    taken = one_claim(other, NOW + LEASE, full=HANGING)

    assert [lost.lane] == [each.lane for each in taken.claims]


@pytest.mark.parametrize("seconds", [0.2, 30])
def test_a_lane_that_is_returned_with_an_early_time_is_not_passed(store, seconds):
    """A recorder whose clock lags behind, or an outcome that waited for the database."""
    fill(store, MANY)
    fire(store, "zoo", "healthy")
    later = NOW + timedelta(seconds=seconds)
    claimed: list = []
    while not claimed:
        claimed = [each for each in one_claim(store, later, full=HANGING).claims if each.listener_id == "healthy"]
    record(store, claimed[0], outcome(DeliveryState.PENDING, error="HTTP 503", due_at=NOW))

    assert claims_until(store, "healthy", later, HANGING) < 100


def test_a_lane_that_another_process_released_is_claimed_within_a_second(open_store):
    """Although it was due before those that were passed since."""
    leaving, staying = open_store(), open_store()
    fire(leaving, "zoo", "healthy")
    held = claim(leaving)
    assert [] == one_claim(staying).claims
    leaving.claims.release(held)

    assert [held[0].lane] == [each.lane for each in one_claim(staying, NOW + timedelta(seconds=1)).claims]


def test_a_claim_that_is_rolled_back_is_repeated(store):
    """What it chose was not leased."""
    fire(store, "zoo", "a")
    fire(store, "zoo", "b")
    asked: list[str] = []

    def broken(listener_id: str) -> int:
        asked.append(listener_id)
        return 10 // (2 - len(set(asked)))

    with pytest.raises(ZeroDivisionError):
        store.claims.claim(NOW, NOW + LEASE, 10, (), broken)

    assert 2 == len(claim(store))
