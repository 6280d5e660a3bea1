"""The comparison that finds events of a real Pulp 3 that a source missed or doubled."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.pulp3_record import Transition
from tests.support.pulp3_comparison import Fired, compare, due, lives, percentile, table

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SYNC = "pulp_file.app.tasks.synchronizing.synchronize"
PUBLISH = "pulp_file.app.tasks.publishing.publish"
UPLOAD = "pulpcore.app.tasks.base.general_create"
TASK_EVENTS = ["task.waiting", "task.running", "task.finished"]


def at(seconds):
    """Return the time this many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def lived(*states, name=SYNC, made=()):
    """Return a task that reached these states, one per second."""
    transitions = [Transition("1", name, state, at(second)) for second, state in enumerate(states)]
    [life] = lives(transitions, [("1", model) for model in made])
    return life


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        (lived("waiting"), ["task.waiting"]),
        (lived("waiting", "running"), ["task.waiting", "task.running"]),
        (lived("waiting", "running", "completed"), [*TASK_EVENTS, "repo.sync.start", "repo.sync.finish"]),
        (
            lived("waiting", "running", "failed"),
            ["task.waiting", "task.running", "task.error", "repo.sync.start", "repo.sync.finish"],
        ),
        (lived("waiting", "canceling", "canceled"), ["task.waiting", "task.canceled"]),
        (
            lived("waiting", "running", "canceling", "canceled", name=PUBLISH),
            ["task.waiting", "task.running", "task.canceled", "repo.publish.start", "repo.publish.finish"],
        ),
        (
            lived("waiting", "running", "completed", made=["repositoryversion", "filepublication"]),
            [*TASK_EVENTS, "repo.sync.start", "repo.sync.finish", "repo.publish.start", "repo.publish.finish"],
        ),
        (
            lived("waiting", "running", "completed", name=PUBLISH, made=["filepublication"]),
            [*TASK_EVENTS, "repo.publish.start", "repo.publish.finish"],
        ),
        (
            lived("waiting", "running", "completed", name=UPLOAD, made=["repositoryversion", "filecontent"]),
            [*TASK_EVENTS, "repo.version.created"],
        ),
        (lived("waiting", "running", "completed", name=UPLOAD, made=["filecontent"]), TASK_EVENTS),
        (
            lived("waiting", "running", "failed", name=UPLOAD, made=["repositoryversion"]),
            ["task.waiting", "task.running", "task.error"],
        ),
    ],
)
def test_the_required_events_follow_from_the_states_of_a_task(life, expected):
    """Each state but canceling requires one, and syncs, publishes and new versions require more."""
    assert expected == [*due(life)]


def fired(*events, task="1"):
    """Return events of a task, fired at ten seconds past noon."""
    return [Fired(task, event, at(10)) for event in events]


def test_an_event_that_was_not_fired_is_missed():
    """Nothing else is reported."""
    [row] = compare([lived("waiting", "running", "completed", name=UPLOAD)], fired("task.waiting", "task.finished"))

    assert (("1", "task.running"),) == row.missed
    assert ((), ()) == (row.doubled, row.unexpected)


def test_an_event_that_was_fired_more_than_once_is_doubled():
    """It is reported once, no matter how often it was fired."""
    [row] = compare([lived("waiting")], fired(*["task.waiting"] * 3))

    assert (("1", "task.waiting"),) == row.doubled


def test_an_event_about_something_that_did_not_happen_is_unexpected():
    """That applies to known and to unknown tasks."""
    row, unknown = compare([lived("waiting")], [*fired("task.waiting", "task.error"), *fired("task.waiting", task="2")])

    assert (("1", "task.error"),) == row.unexpected
    assert (("2", "task.waiting"),) == unknown.unexpected


def test_a_sync_that_was_canceled_while_it_waited_may_have_an_event():
    """Whether it counts as a sync that ended is a matter of taste."""
    life = lived("waiting", "canceling", "canceled")

    [row] = compare([life], fired("task.waiting", "task.canceled", "repo.sync.finish"))

    assert ((), (), ()) == (row.missed, row.doubled, row.unexpected)


def test_the_lag_is_the_time_from_the_commit_to_the_first_event():
    """Each event has its own lag."""
    [row] = compare([lived("waiting", "running", name=UPLOAD)], fired("task.waiting", "task.running"))

    assert (10.0, 9.0) == row.lags


def test_the_table_ends_with_the_sums():
    """It has a line for each kind of task, and one for all."""
    rows = compare([lived("waiting", "running", "completed")], fired("task.waiting"))

    assert "| synchronize, completed | 1 | 5 | 4 | 0 | 0 | 10.00 s | 10.00 s |" in table(rows).splitlines()
    assert "| all | 1 | 5 | 4 | 0 | 0 | 10.00 s | 10.00 s |" == table(rows).splitlines()[-1]


def test_percentiles_can_be_computed_from_any_number_of_values():
    """There may be none, one, or many."""
    assert [0.0, 7.0, 50.0, 99.0] == [
        percentile(values, part) for values, part in (([], 50), ([7.0], 99), ([*range(101)], 50), ([*range(101)], 99))
    ]
