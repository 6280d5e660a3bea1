"""Events and their deliveries, as they are written."""

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener, Owed
from tests.support.stored import add, claim, fire


def test_an_event_is_read_back_as_it_was_fired(store):
    """Nested values, numbers, text and the order of the keys survive the database."""
    event = Event("repo.sync.finish", {"repo_id": "zoo", "nested": [{"é": None}], "n": 2**53}, {"task_id": "t"})
    fire(store, event=event)

    (claimed,) = claim(store)

    assert event == claimed.deliveries[0].event
    assert list(event.payload) == list(claimed.deliveries[0].event.payload)


def test_firing_an_event_again_adds_nothing(store):
    """The number of its first deliveries is returned, so a source may repeat an event."""
    event = fire(store, targets=("a", "b"))

    assert 2 == add(store, event, [Owed("l", "http", "c")])
    assert 2 == Deliveries(store.history).list()[0]


def test_an_event_for_an_old_revision_is_not_written(store):
    """The caller has to read the listeners again."""
    revision = store.listeners.all()[0]
    store.listeners.add(Listener("http", {}, ("*",), id="5f0c1e2d3a4b5c6d7e8f9012"))

    assert add(store, Event("a", {}), [Owed("l", "http", "")], revision) is None
    assert add(store, Event("a", {}), [], revision) is None
    assert 0 == Deliveries(store.history).list()[0]


def test_deliveries_about_one_repository_to_one_target_share_a_lane(store):
    """They are claimed together, in the order of their events."""
    for number in range(5):
        fire(store, "zoo", number=number, targets=("a", "b"))
    fire(store, "other")

    claimed = claim(store)

    lanes = sorted(
        [owed.event.payload.get("number") for owed in each.deliveries] for each in claimed if each.deliveries[0].target
    )
    assert [[0, 1, 2, 3, 4]] * 2 == lanes
    assert 3 == len(claimed)
