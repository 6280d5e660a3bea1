"""Errors of conditions and templates are counted."""

from datetime import UTC, datetime, timedelta

from pulp_notifiers.records import ErrorKind, Listener, ListenerError

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
IDS = [f"{number:024x}" for number in range(3)]


def test_errors_of_a_kind_are_added_up_and_the_last_is_shown(store):
    """The other kind is counted apart."""
    store.listener_errors.add(IDS[0], ErrorKind.TEMPLATE, 1, "e1", NOON, "No name ☎.")
    store.listener_errors.add(IDS[0], ErrorKind.TEMPLATE, 3, "e2", NOON + timedelta(seconds=1), "Too long.")
    store.listener_errors.add(IDS[0], ErrorKind.CONDITION, 1, "e1", NOON, "No number.")

    condition = ListenerError(IDS[0], ErrorKind.CONDITION, 1, "e1", NOON, "No number.")
    template = ListenerError(IDS[0], ErrorKind.TEMPLATE, 4, "e2", NOON + timedelta(seconds=1), "Too long.")
    assert {IDS[0]: [condition, template]} == store.listener_errors.of(IDS)


def test_counting_does_not_change_the_revision_of_the_listeners(store):
    """They would be read again after each error."""
    before = store.listeners.latest_revision()

    store.listener_errors.add(IDS[0], ErrorKind.TEMPLATE, 1, "e1", NOON, "No name.")

    assert before == store.listeners.latest_revision()


def test_errors_of_ten_thousand_listeners_can_be_asked_for(store):
    """A query has fewer parameters than that."""
    store.listener_errors.add(IDS[2], ErrorKind.CONDITION, 1, "e1", NOON, "No name.")

    assert [IDS[2]] == [*store.listener_errors.of([f"{number:024x}" for number in range(10_000)])]


def test_errors_are_forgotten_by_kind_and_with_their_listener(store):
    """What was changed or deleted cannot fail again."""
    store.listeners.add(Listener("http", {}, ("a",), id=IDS[0]))
    for kind in ErrorKind:
        store.listener_errors.add(IDS[0], kind, 1, "e1", NOON, "No name.")

    store.listener_errors.forget(IDS[0], ErrorKind.CONDITION)

    assert [ErrorKind.TEMPLATE] == [error.kind for error in store.listener_errors.of(IDS[:1])[IDS[0]]]

    store.listeners.delete(IDS[0], NOON)

    assert {} == store.listener_errors.of(IDS[:1])
