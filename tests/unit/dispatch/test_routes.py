"""Routes look only at the listeners that match an event's type."""

from collections import Counter

import pytest

from pulp_notifiers.dispatch import routes as module
from pulp_notifiers.dispatch.routes import Route, Routes
from pulp_notifiers.event import Event
from pulp_notifiers.records import Owed

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


class CountedTypes(tuple[str, ...]):
    """Event types that count how often somebody reads them."""

    reads = Counter[str]()

    def __iter__(self):
        self.reads[self[0]] += 1
        return super().__iter__()


def route(listener_id, *event_types, task_id=None):
    owed = Owed(listener_id, "http", "")
    return Route(CountedTypes(event_types), task_id, frozenset(), owed, (owed,))


@pytest.fixture(autouse=True)
def reads():
    CountedTypes.reads = Counter()
    return CountedTypes.reads


def listeners_of(found):
    return [owed.listener_id for owed in found]


def test_after_the_first_event_of_a_type_no_other_listener_is_looked_at(reads):
    """Ten thousand listeners for other types cost nothing."""
    known = Routes(1, [route("a", "repo.sync.finish"), *(route(f"o{n}", "my.other") for n in range(10_000))])
    known.owed(Event("repo.sync.finish", {}))
    reads.clear()

    assert ["a"] == listeners_of(known.owed(Event("repo.sync.finish", {})))
    assert Counter() == reads


def test_patterns_and_listeners_on_the_task_are_found_with_those_of_the_type():
    """In the order of their registration, those on the task last."""
    known = Routes(
        1,
        [
            route("on task", "task.error", task_id=TASK),
            route("exact", "task.error"),
            route("on another", "task.error", task_id="another"),
            route("pattern", "task.*"),
            route("other", "repo.#"),
        ],
    )

    for _ in range(2):
        event = Event("task.error", {}, {"task_id": TASK})
        assert ["exact", "pattern", "on task"] == listeners_of(known.owed(event))
        assert ["exact", "pattern"] == listeners_of(known.owed(Event("task.error", {})))


def test_made_up_types_do_not_fill_the_memory():
    """Anybody who may fire events can make up types."""
    known = Routes(1, [route("all", "#")])

    for number in range(3 * module._MAX_REMEMBERED_TYPES):
        assert ["all"] == listeners_of(known.owed(Event(f"made.up.{number}", {})))
        known.included(f"made.up.{number}")

    assert len(known._by_type) <= module._MAX_REMEMBERED_TYPES
    assert len(known._included) <= module._MAX_REMEMBERED_TYPES
