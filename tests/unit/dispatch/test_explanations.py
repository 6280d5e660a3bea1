"""What is said about an event and all listeners."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pulp_notifiers.dispatch import Events
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener, StoredEvent
from tests.support.memory import START, ListenerTable

EVENT = Event("repo.sync.finish", {"repo_id": "zoo", "units": [{"n": 1}, {"n": 2}]})
STORED = StoredEvent(str(EVENT.id), EVENT.type, START, START, "rest", "zoo", None, None, None, {})


class Rows:
    """One stored event."""

    def __init__(self, **deliveries: int) -> None:
        self._deliveries = deliveries

    def list(self, filters, orders, limit, offset):
        """Return the event, whatever is asked for."""
        return 1, [STORED]

    def get(self, event_id):
        """Return the event."""
        return (STORED, EVENT) if event_id == STORED.id else None

    def deliveries_by_listener(self, event_id):
        """Return the prepared numbers."""
        return self._deliveries


class CountingTable(ListenerTable):
    """Listeners of which those that ended are not listed, and that count how often they are read."""

    reads = 0

    def all(self):
        """Return those that have not ended."""
        self.reads += 1
        revision, listeners = super().all()
        return revision, [each for each in listeners if not each.ended]


def on(listener_id: str, *event_types: str, **fields) -> Listener:
    """Return a listener that is older than the event."""
    return Listener("http", {}, event_types, name=listener_id, id=listener_id, created_at=START, **fields)


def events_of(*listeners: Listener, kept_types=("repo.#",), **deliveries: int) -> tuple[Events, CountingTable]:
    """Return the events, and the listeners that they are explained for."""
    table = CountingTable(*listeners)
    return Events(Rows(**deliveries), table, kept_types, timedelta(days=7), clock=lambda: START), table


def test_listeners_that_ended_or_were_deleted_since_are_among_those_that_matched():
    """They have deliveries of the event."""
    events, _ = events_of(on("a", "task.error"), on("b", "repo.#", ended=True), b=1, c=2)

    explanation = events.explain(STORED, EVENT)

    assert [("b", "b", "matched", 1), ("c", None, "matched", 2), ("a", "a", "type", 0)] == [
        (each.listener_id, each.listener_name, each.reason, each.deliveries) for each in explanation.decisions
    ]
    assert "The event is stored. 2 of 3 listeners match it." == explanation.sentence


@pytest.mark.parametrize(
    ("listeners", "sentence"),
    [
        ([], "No listener matches it. It would be stored all the same, because events of its type are kept."),
        ([on("a", "repo.#")], "The listener matches it. It would be stored."),
        ([on("a", "repo.#"), on("b", "repo.#"), on("c", "x")], "2 of 3 listeners match it. It would be stored."),
        ([on("a", "repo.#"), on("c", "x")], "1 of 2 listeners matches it. It would be stored."),
    ],
)
def test_the_sentence_says_who_matches_and_whether_an_event_would_be_stored(listeners, sentence):
    """Only about an event that was not fired."""
    assert sentence == events_of(*listeners)[0].explain_unfired(EVENT).sentence


def test_an_event_of_a_type_that_is_not_kept_would_not_be_stored():
    """Or of any type if none is kept."""
    sentence = "It would not be stored: no listener matches it and its type is not kept."

    assert events_of()[0].explain_unfired(Event("a", {})).sentence.endswith(sentence)
    assert events_of(kept_types=())[0].explain_unfired(EVENT).sentence.endswith(sentence)


def test_one_listener_is_explained_alone():
    """Nothing is said about the others."""
    events, table = events_of(on("a", "repo.#"))
    other = on("b", "task.error")

    assert "The listener does not match it." == events.explain_unfired(EVENT, other).sentence
    assert ["b"] == [each.listener_id for each in events.explain(STORED, EVENT, other).decisions]
    assert 0 == table.reads


def test_listeners_are_read_again_only_if_they_changed():
    """Ten thousand take a second."""
    events, table = events_of(on("a", "repo.#"))

    for _ in range(3):
        events.explain_unfired(EVENT)
    table.add(replace(on("b", "repo.#")))

    assert 2 == len(events.explain_unfired(EVENT).decisions)
    assert 2 == table.reads


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        (
            "payload.units | map(attribute='n') | sum == 7",
            {"payload.units": [{"n": 1}, {"n": 2}], "payload.units.[].n": [1, 2]},
        ),
        ("payload.units[0].n == 7", {"payload.units.[].n": [1, 2]}),
        ("payload.repo_id.x is defined", {}),
        ("payload.none is defined", {}),
    ],
)
def test_names_inside_lists_have_the_values_of_their_entries(condition, values):
    """Names that do not exist have none."""
    events, _ = events_of(on("a", "repo.#", when=condition))

    (decision,) = events.explain_unfired(EVENT).decisions

    assert ("condition", values) == (decision.reason, decision.values)


def test_a_condition_that_this_release_refuses_is_explained_as_an_error():
    """It was saved with other rules."""
    events, _ = events_of(on("a", "repo.#", when="payload.("))

    (decision,) = events.explain_unfired(EVENT).decisions

    assert ("condition_error", {}) == (decision.reason, decision.values)
    assert "This release does not accept the condition." in decision.sentence


def test_a_condition_with_very_many_names_is_explained_briefly():
    """The sentence names some of them."""
    condition = " and ".join(f"payload.n{number} is undefined" for number in range(20)) + " and payload.repo_id == 'x'"
    events, _ = events_of(on("a", "repo.#", when=condition))

    (decision,) = events.explain_unfired(EVENT).decisions

    assert "condition" == decision.reason
    assert decision.sentence.endswith(", and so on).")


def test_events_are_listed_and_shown():
    """None is shown under an unknown id."""
    events, _ = events_of()

    assert (1, [STORED]) == events.list()
    assert (STORED, EVENT) == events.show(STORED.id)
    assert events.show("x") is None
