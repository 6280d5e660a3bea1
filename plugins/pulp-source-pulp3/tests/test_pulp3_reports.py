"""Tasks of Pulp 3 as task reports of Pulp 2, with the times of their states and without credentials."""

import pulp3_recorded
import pytest
from pulp3_direct import poll_of
from pulp3_intake import WatchIntake
from pulp3_world import World
from pulp_source_pulp3.changes import Stage
from pulp_source_pulp3.changes import stage as stage_of
from pulp_source_pulp3.documents import TaskDocument

from pulp_notifiers.dispatch import task_event


def test_a_report_has_the_form_of_pulp_2(watched):
    """States, ids, tags and the 17 keys of the call report are Pulp 2's."""
    watched.run("sync.completed")

    report = watched.intake.reports[-1]
    assert 17 == len(report.call_report())
    assert report.task_id.replace("-", "").endswith(report.id)
    assert 24 == len(report.id)
    assert ("pulp:repository:zoo", "pulp:action:sync") == report.tags
    assert "pulp_file.app.tasks.synchronizing.synchronize" == report.task_type
    assert {"message", "done", "total", "state"} <= report.progress_report["sync.parsing.metadata"].keys()
    assert None not in (report.start_time, report.finish_time, report.result)


def test_a_task_event_says_where_the_task_ran(watched):
    """Pulp 2's call report has no field for it, and the stream shows nothing more than before."""
    watched.run("sync.completed")

    report = watched.intake.reports[-1]
    [task] = [task for task in watched.world.tasks.values() if task.id == report.task_id]
    place = {"domain": None, "server": "pulp.example", "server_url": "https://pulp.example", "task_href": task.href}
    payload = task_event(report).payload
    assert place == {name: payload[name] for name in place}
    assert not place.keys() & {*report.call_report(), *report.document()}


def test_an_error_code_of_pulp_is_kept(watched):
    """It is in the error object of the task."""
    watched.run("sync.failed.digest-mismatch")

    assert "PLP0003" == watched.intake.reports[-1].error["code"]


def test_a_task_that_is_being_canceled_is_running(watched):
    """Pulp 2 has no state for it."""
    watched.world.cancel(watched.world.start(watched.world.dispatch("sync.completed", watched.zoo)))
    watched.poll.poll()

    assert ["waiting", "running"] == [report.state for report in watched.intake.reports]


def test_reports_have_the_time_of_each_state(watched):
    """The times are right however late the document is read."""
    task = watched.world.dispatch("sync.completed", watched.zoo)
    watched.world.clock.advance(10)
    watched.world.start(task)
    watched.world.clock.advance(20)
    watched.world.finish(task)
    watched.world.clock.advance(3600)
    watched.poll.poll()

    assert [task.created, task.started, task.finished] == [report.changed_at for report in watched.intake.reports]
    assert task.created == task_event(watched.intake.reports[0]).occurred_at


def test_an_early_state_has_no_facts_of_later_ones(watched):
    """All states come from one document."""
    watched.run("sync.failed.404")

    waiting, running, _ = watched.intake.reports
    assert (None, None, None, {}) == (waiting.start_time, waiting.finish_time, waiting.error, waiting.progress_report)
    assert (None, None, None) == (running.finish_time, running.error, running.traceback)
    assert running.start_time is not None


def test_events_keep_their_true_times_and_ids(watched):
    """Times are right after an outage, and another watch of the same server makes the same ids."""
    watched.run("sync.completed")
    other = WatchIntake()
    again = poll_of(watched.world, other)
    again.begin(watched.world.clock.now.replace(second=0))
    again.poll()

    at = {task.started for task in watched.world.tasks.values()}
    assert {event.occurred_at for event in watched.intake.events} <= at
    assert {event.id for event in watched.intake.events} <= {event.id for event in other.events}


def test_a_task_that_ended_in_the_second_of_the_start_is_not_reported():
    """The server's time has whole seconds, so its clock seems to be behind its newest task."""
    world, intake = World(), WatchIntake()
    world.clock.advance(0.9)
    zoo = world.add_repository("zoo")
    world.run("sync.completed", zoo)
    poll = poll_of(world, intake)
    poll.begin(None)
    poll.poll()
    before = list(intake.reports)
    world.run("sync.completed", zoo)
    poll.poll()

    assert [] == before
    assert 3 == len(intake.reports)


def test_credentials_are_in_no_report_or_event(watched):
    """URLs with credentials may be anywhere in the document."""
    error = {
        "description": "Cannot reach https://user:hunter2@cdn.example/pub?token=hunter3",
        "traceback": "  File x\n    url='https://user:hunter2@cdn.example/?auth=hunter3'\n",
    }
    steps = [{"message": "Downloading https://user:hunter2@cdn.example/", "code": "get", "state": "failed", "done": 0}]
    seen = {"seen": ["https://cdn.example/?sig=hunter3"], "headers": [{"Authorization": "Basic hunter4"}]}
    watched.run("sync.failed.404", error=error, progress_reports=steps, result=seen)
    watched.run("publish.completed", progress_reports=steps, result=seen)

    sent = str([event.body() for event in watched.intake.events]) + str(watched.intake.reports)
    assert "cdn.example/pub" in sent
    assert "hunter" not in sent


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("sync.waiting", Stage.WAITING),
        ("sync.running", Stage.RUNNING),
        ("sync.canceling", Stage.RUNNING),
        ("sync.canceled.from-running", Stage.FINAL),
        ("purge.completed", Stage.FINAL),
    ],
)
def test_every_recorded_state_has_a_stage(name, stage):
    """One that is being canceled still runs."""
    assert stage is stage_of(TaskDocument.from_json(pulp3_recorded.document(name)))
