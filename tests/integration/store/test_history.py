"""Deliveries and their attempts, as people list them."""

from datetime import timedelta

from pulp_notifiers.records import DeliveryFilter, DeliveryState
from tests.support.memory import START
from tests.support.stored import claim, fire, outcome, record, work_off

NOW = START
ALL = DeliveryFilter()


def test_deliveries_are_listed_by_filter_newest_first_in_pages(store):
    """The count is that of all pages."""
    events = [fire(store, f"repo{number}", listener="abc"[number % 3]) for number in range(9)]
    work_off(store, claim(store, limit=1)[0])

    assert (9, [9, 8]) == _page(store, limit=2)
    assert (9, [1]) == _page(store, limit=2, offset=8)
    assert (3, [8, 5, 2]) == _page(store, DeliveryFilter(listener_id="b"))
    assert (1, [5]) == _page(store, DeliveryFilter(event_id=str(events[4].id)))
    assert (8, [9]) == _page(store, DeliveryFilter(state=DeliveryState.PENDING), limit=1)
    assert (9, [9]) == _page(store, DeliveryFilter(event_type="repo.sync.start"), limit=1)
    assert (0, []) == _page(store, DeliveryFilter(event_type="a"))
    assert store.history.delivery(99) is None
    assert events[2].id.__str__() == store.history.delivery(3).event_id


def test_pending_deliveries_are_selected_by_the_failure_of_an_attempt(store):
    """Those that wait for their first attempt, or succeeded after a failure, are not among them."""
    for repo in "abcd":
        fire(store, repo)
    failed, recovered, dead, _ = claim(store)
    record(store, failed, outcome(DeliveryState.PENDING, 1, "HTTP 503", NOW + timedelta(seconds=60)))
    record(store, recovered, outcome(DeliveryState.PENDING, 1, "HTTP 503", NOW))
    (recovered,) = [each for each in claim(store) if each.deliveries[0].id == recovered.deliveries[0].id]
    record(store, recovered, outcome(DeliveryState.DELIVERED, 2))
    record(store, dead, outcome(DeliveryState.DEAD, 1, "HTTP 404"))

    assert (1, [failed.deliveries[0].id]) == _page(store, DeliveryFilter(state=DeliveryState.PENDING, failed=True))


def _page(store, wanted=ALL, limit=100, offset=0):
    count, found = store.history.deliveries(wanted, limit, offset)
    return count, [delivery.id for delivery in found]


def test_the_backlog_counts_pending_and_dead_deliveries(store):
    """It also says when the oldest pending one was created."""
    assert (0, 0, None) == _backlog(store)
    for repo in ("a", "b", "c"):
        fire(store, repo)
    work_off(store, claim(store, limit=1)[0], DeliveryState.DEAD)

    assert (2, 1, NOW) == _backlog(store)


def _backlog(store):
    backlog = store.history.backlog()
    return backlog.pending, backlog.dead, backlog.oldest_pending_at
