"""What the dispatcher answers from memory: whether an event is worth firing, and what to include in it."""

from collections.abc import Sequence

import pytest

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.records import Listener
from tests.support.dispatching import TASK, mail, on_task, task_event, watched


def test_wants_is_answered_from_memory():
    """The revision is read once in each check time, however many ask."""
    dispatcher, table, seconds = watched(mail("one", ["a"], "task.error", "repo.#"))

    answers = [dispatcher.wants(f"task.{state}", TASK) for state in ("error", "running") for _ in range(100)]
    seconds[0] = 1.0
    dispatcher.wants("task.error", TASK)
    dispatcher.wants("task.error", TASK)

    assert [True] * 100 + [False] * 100 == answers
    assert 1 == table.reads


def test_a_listener_is_known_after_the_check_time_or_at_once_in_the_process_that_registered_it():
    """That process calls look_again()."""
    dispatcher, table, seconds = watched()
    assert not dispatcher.wants("task.error", TASK)

    table.add(mail("new", ["a"], "task.*"))
    assert not dispatcher.wants("task.error", TASK)
    seconds[0] = 1.0
    assert dispatcher.wants("task.error", TASK)

    table.add(on_task("one", "task.finished", task_id="x"))
    dispatcher.look_again()
    assert dispatcher.wants("task.suspended", "x")


def test_a_bare_asterisk_and_a_listener_on_another_task_match_no_task_event():
    """Clients of Pulp 2 are not flooded."""
    dispatcher, _, _ = watched(mail("old", ["a"], "*"), on_task("other", "task.*", task_id="x"))

    assert not dispatcher.wants("task.finished", TASK)
    assert dispatcher.wants("repo.sync.start", None)


@pytest.mark.parametrize("known", [True, False])
def test_the_known_listeners_count_while_the_database_is_unavailable(known, caplog):
    """The outage is logged once, and the database is asked again after some seconds."""
    dispatcher, table, seconds = watched(mail("one", ["a"], "task.error"))
    if known:
        dispatcher.wants("task.error", TASK)
    table.away = True
    seconds[0] = 1.0

    assert [known] * 3 == [dispatcher.wants("task.error", TASK) for _ in range(3)]
    seconds[0] = 6.5
    assert known == dispatcher.wants("task.error", TASK)
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert ["Listeners could not be read, using those known so far: away"] == warnings

    table.away = False
    seconds[0] = 12.0
    assert dispatcher.wants("task.error", TASK)
    assert 1 == dispatcher.fire(task_event("task.error"))


def test_listeners_that_were_read_stay_known_when_the_database_becomes_unavailable():
    """A source starts by reading them, so that it skips no event for want of an answer."""
    dispatcher, table, _ = watched(mail("one", ["a"], "task.error"))

    dispatcher.learn()
    table.away = True

    assert dispatcher.wants("task.error", TASK)
    with pytest.raises(StoreUnavailable):
        dispatcher.learn()


def asking(listener_id: str, *include: str, event_types: Sequence[str], task_id: str | None = None) -> Listener:
    return Listener("mail", {"addresses": ["a"]}, tuple(event_types), task_id, include=include, id=listener_id)


def test_included_is_what_all_matching_listeners_ask_for_together():
    """Listeners on single tasks and those with a wrong config count too."""
    dispatcher, _, _ = watched(
        mail("plain", ["a"], "#"),
        asking("one", "content", event_types=["repo.*.finish"]),
        asking("two", "content", "advisories", event_types=["repo.sync.finish"]),
        asking("three", "log", event_types=["#"], task_id=TASK),
        Listener("mail", {"addresses": 5}, ("task.error",), include=("content",), id="four"),
    )

    assert {"content", "advisories", "log"} == dispatcher.included("repo.sync.finish")
    assert {"content", "log"} == dispatcher.included("repo.publish.finish")
    assert {"content", "log"} == dispatcher.included("task.error")
    assert {"log"} == dispatcher.included("repo.sync.start")


def test_included_is_answered_from_memory_and_updated_after_the_check_time():
    """It is answered while the database is unavailable, too."""
    dispatcher, table, seconds = watched(mail("plain", ["a"], "*"))
    assert [frozenset()] * 100 == [dispatcher.included("repo.sync.finish") for _ in range(100)]
    assert 0 == table.reads

    table.add(asking("one", "content", event_types=["*"]))
    assert frozenset() == dispatcher.included("repo.sync.finish")
    seconds[0] = 1.0
    assert {"content"} == dispatcher.included("repo.sync.finish")

    table.away = True
    seconds[0] = 2.0
    assert {"content"} == dispatcher.included("repo.sync.finish")
