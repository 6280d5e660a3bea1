"""What finds out whether a watcher of a real Pulp 3 missed or doubled an event."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.pulp3_record import Transition
from tests.support.pulp3_comparison import Told, compare, due, lives, percentile, table

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SYNC = "pulp_file.app.tasks.synchronizing.synchronize"
PUBLISH = "pulp_file.app.tasks.publishing.publish"
UPLOAD = "pulpcore.app.tasks.base.general_create"
TASK_EVENTS = ["task.waiting", "task.running", "task.finished"]


def at(seconds):
    """Return a time that many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def lived(*states, name=SYNC, made=()):
    """Return a task that took these states, one a second."""
    transitions = [Transition("1", name, state, at(second)) for second, state in enumerate(states)]
    [life] = lives(transitions, [("1", model) for model in made])
    return life


@pytest.mark.parametrize(
    ("life", "wanted"),
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
def test_events_follow_from_what_the_database_saw(life, wanted):
    """Each state but canceling, and what syncs, publishes and new versions give beside."""
    assert wanted == [*due(life)]


def told(*events, task="1"):
    """Return events of a task, told at ten seconds past noon."""
    return [Told(task, event, at(10)) for event in events]


def test_what_was_not_told_is_missed():
    """And nothing else."""
    [row] = compare([lived("waiting", "running", "completed", name=UPLOAD)], told("task.waiting", "task.finished"))

    assert (("1", "task.running"),) == row.missed
    assert ((), ()) == (row.doubled, row.unexpected)


def test_what_was_told_twice_is_doubled():
    """However often."""
    [row] = compare([lived("waiting")], told(*["task.waiting"] * 3))

    assert (("1", "task.waiting"),) == row.doubled


def test_what_did_not_happen_is_unexpected():
    """Of a task that there is, or of none."""
    row, strange = compare([lived("waiting")], [*told("task.waiting", "task.error"), *told("task.waiting", task="2")])

    assert (("1", "task.error"),) == row.unexpected
    assert (("2", "task.waiting"),) == strange.unexpected


def test_a_sync_that_never_ran_may_be_told():
    """It was canceled while it waited, and whether it is a sync that ended is a matter of taste."""
    life = lived("waiting", "canceling", "canceled")

    [row] = compare([life], told("task.waiting", "task.canceled", "repo.sync.finish"))

    assert ((), (), ()) == (row.missed, row.doubled, row.unexpected)


def test_the_lag_counts_from_the_commit():
    """To the first time that the event was safe."""
    [row] = compare([lived("waiting", "running", name=UPLOAD)], told("task.waiting", "task.running"))

    assert (10.0, 9.0) == row.lags


def test_the_table_sums_up():
    """A line for each kind, and one for all."""
    rows = compare([lived("waiting", "running", "completed")], told("task.waiting"))

    assert "| synchronize, completed | 1 | 5 | 4 | 0 | 0 | 10.00 s | 10.00 s |" in table(rows).splitlines()
    assert "| all | 1 | 5 | 4 | 0 | 0 | 10.00 s | 10.00 s |" == table(rows).splitlines()[-1]


def test_percentiles_of_few_values():
    """None, one, and many."""
    assert [0.0, 7.0, 50.0, 99.0] == [
        percentile(values, part) for values, part in (([], 50), ([7.0], 99), ([*range(101)], 50), ([*range(101)], 99))
    ]
