"""A running source reports the tasks of a server."""

import logging

from pulp3_running import options, polled, run
from pulp_source_pulp3 import Pulp3Source


def test_each_state_of_a_sync_is_reported_once(pulp, zoo, intake):
    """It does not matter how often a state is seen, and earlier tasks are not reported."""
    with run(pulp, intake):
        polled(intake)
        task = pulp.world.dispatch("sync.completed", zoo)
        polled(intake, 2)
        pulp.world.start(task)
        polled(intake, 2)
        pulp.world.finish(task)
        polled(intake, 2)

    assert [(task.id, state) for state in ("waiting", "running", "finished")] == intake.states()
    assert ["repo.sync.start", "repo.sync.finish"] == [event.type for event in intake.events]
    assert 1 == pulp.most_in_flight


def test_unfinished_tasks_that_are_deleted_are_counted_and_logged(pulp, zoo, intake, caplog):
    """Their end cannot be known any more."""
    with caplog.at_level(logging.WARNING), run(pulp, intake):
        polled(intake)
        task = pulp.world.dispatch("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.reports) == 1)
        pulp.world.purge(task)
        intake.wait_until(lambda: intake.status_updates[-1]["vanished"] == 1)

    assert [] == [key for key in intake.remembered() if task.id in key]
    assert "Source tried missed the end of 1 tasks: they were deleted on the server" in caplog.text


def test_an_unfinished_task_is_reported_from_its_next_change_on(pulp, zoo, intake):
    """The watch starts while it runs."""
    task = pulp.world.start(pulp.world.dispatch("sync.completed", zoo))
    with run(pulp, intake):
        polled(intake)
        pulp.world.finish(task)
        intake.wait_until(lambda: len(intake.reports) == 1)

    assert [(task.id, "finished")] == intake.states()
    assert ["repo.sync.finish"] == [event.type for event in intake.events]


def test_since_reports_tasks_created_from_a_time_on(pulp, zoo, intake):
    """The time is compared with the time of creation."""
    with run(pulp, intake, since=pulp.world.clock.now.replace(hour=0)):
        polled(intake)

    assert ["waiting", "running", "finished"] == [report.state for report in intake.reports]


def test_a_clock_that_steps_back_loses_nothing(pulp, zoo, intake):
    """Nothing is reported twice either."""
    seconds = [0.0]
    with intake.running(Pulp3Source(seconds=lambda: seconds[0]), options(pulp)):
        polled(intake)
        for _ in range(8):
            pulp.world.run("sync.completed", zoo)
            pulp.world.clock.advance(30)
            seconds[0] += 30
            polled(intake, 2)
        before = len(intake.reports)
        pulp.world.clock.advance(-200)
        polled(intake, 3)
        relics = len(intake.reports)
        task = pulp.world.run("sync.completed", zoo)
        intake.wait_until(lambda: (task.id, "finished") in intake.states())

    assert (24, 24) == (before, relics)
    assert 27 == len(intake.reports)


def test_a_deep_backlog_is_not_requested_at_once(pulp, zoo, intake):
    """The oldest tasks, the running ones, and others in rotation are requested."""
    with run(pulp, intake, interval=0.1):
        polled(intake)
        tasks = [pulp.world.dispatch("sync.completed", zoo) for _ in range(700)]
        pulp.world.clock.advance(61)
        intake.wait_until(lambda: len(intake.reports) == 700)
        pulp.requests.clear()
        pulp.world.finish(pulp.world.start(tasks[650]))
        pulp.world.start(tasks[400])
        intake.wait_until(lambda: len(intake.reports) == 703)
        polled(intake, 2)

    asked = [len(seen.query["pulp_id__in"].split(",")) for seen in pulp.requests if "pulp_id__in" in seen.query]
    assert 90 >= max(asked)
    assert {(tasks[650].id, "finished"), (tasks[400].id, "running")} <= set(intake.states())
