"""What users get to see of a task: on the documents that a real server answered."""

import json
from typing import Any

import pulp3_recorded
import pytest
from pulp3_direct import DirectClient, poll_of
from pulp3_intake import WatchIntake
from pulp3_world import World
from pulp_source_pulp3.changes import Stage
from pulp_source_pulp3.changes import stage as stage_of
from pulp_source_pulp3.documents import TaskDocument

from pulp_notifiers.task import publish_payload, sync_payload
from pulp_notifiers.task_events import task_event


class Watched:
    """A world with one repository, and what its watch has told."""

    def __init__(self, app: str = "file") -> None:
        self.world = World()
        self.intake = WatchIntake()
        self.zoo = self.world.add_repository("zoo", app)
        self.world.run("sync.completed", self.zoo)
        self.poll = poll_of(self.world, self.intake, DirectClient(self.world))
        self.poll.begin(None)
        self.world.clock.advance(1)

    def run(self, kind: str, **changes: Any) -> "Watched":
        self.world.run(kind, self.zoo, **changes)
        self.poll.poll()
        return self

    def types(self) -> list[str]:
        return [event.type for event in self.intake.events]

    def payload(self, event_type: str) -> Any:
        [event] = [event for event in self.intake.events if event.type == event_type]
        return event.payload


@pytest.fixture
def watched():
    """Return a watched repository."""
    return Watched()


def test_a_sync_gives_its_pair_with_counts(watched):
    """As in Pulp 2, and beside it what only Pulp 3 has."""
    watched.world.finish(
        watched.world.start(watched.world.dispatch("sync.completed", watched.zoo)), ("a", "b", "c"), ("f0.iso",)
    )
    watched.poll.poll()

    found = watched.payload("repo.sync.finish")
    assert ["repo.sync.start", "repo.sync.finish"] == watched.types()
    assert sync_payload({}).keys() <= found.keys()
    assert ("zoo", "success", 3, 0, 1) == tuple(
        found[name] for name in ("repo_id", "result", "added_count", "updated_count", "removed_count")
    )
    assert (watched.zoo.prn, watched.zoo.href, None) == (found["repo_prn"], found["repo_href"], found["domain"])
    assert (2, watched.zoo.version_href(2), True) == (found["repo_version"], found["version_href"], found["changed"])
    assert ("zoo-remote", "pulp.example", "file") == (found["remote"], found["server"], found["importer_id"])
    assert {"added": {"file.file": 3}, "removed": {"file.file": 1}, "present": {"file.file": 3}} == found["summary"]
    assert "file.file" in found["content_summary"]["added"]
    assert "2026-11-23T12:00:01Z" == found["started"]
    json.dumps(found)


def test_a_start_names_the_repository(watched):
    """By its name, which is Pulp 2's id, and by PRN and href."""
    watched.run("sync.completed")

    expected = {"repo_id": "zoo", "repo_prn": watched.zoo.prn, "repo_href": watched.zoo.href, "domain": None}
    assert {**expected, "server": "pulp.example", "remote": "zoo-remote"} == watched.payload("repo.sync.start")


@pytest.mark.parametrize("kind", ["sync.completed.nothing-new", "sync.completed.optimized-away"])
def test_a_sync_that_changed_nothing_says_so(watched, kind):
    """It succeeded, added nothing, and made no version."""
    watched.run(kind)

    found = watched.payload("repo.sync.finish")
    assert ("success", False, 0, 0) == tuple(
        found[name] for name in ("result", "changed", "added_count", "removed_count")
    )
    assert (None, None, None) == (found["repo_version"], found["version_href"], found["content_summary"])


@pytest.mark.parametrize(
    ("kind", "result", "message"),
    [
        ("sync.failed.404", "failed", "404, message="),
        ("sync.failed.connection-refused", "failed", "Cannot connect to host"),
        ("sync.failed.digest-mismatch", "failed", "[PLP0003] A file located at the url"),
        ("sync.failed.garbage-manifest", "failed", ""),
        ("sync.failed.killed", "error", "Killed by signal 9."),
    ],
)
def test_a_sync_that_failed_tells_why(watched, kind, result, message):
    """One that could not tell itself is an error."""
    watched.run(kind)

    found = watched.payload("repo.sync.finish")
    report = watched.intake.reports[-1]
    assert (result, None, False) == (found["result"], found["added_count"], found["changed"])
    assert found["error_message"].startswith(message)
    assert ("error", found["error_message"]) == (report.state, report.error["description"])
    assert (found["traceback"] is None) == (kind == "sync.failed.killed") == (report.traceback is None)


def test_an_error_code_of_pulp_is_kept(watched):
    """In the error object of the task."""
    watched.run("sync.failed.digest-mismatch")

    assert "PLP0003" == watched.intake.reports[-1].error["code"]


def test_a_canceled_sync_ends_canceled(watched):
    """With a message, because there is no other."""
    task = watched.world.start(watched.world.dispatch("sync.completed", watched.zoo))
    watched.world.finish(watched.world.cancel(task))
    watched.poll.poll()

    found = watched.payload("repo.sync.finish")
    assert ("canceled", "The sync was canceled.") == (found["result"], found["error_message"])
    assert ["waiting", "running", "canceled"] == [report.state for report in watched.intake.reports]


def test_a_task_that_is_being_canceled_still_runs(watched):
    """Pulp 2 has no word for it."""
    watched.world.cancel(watched.world.start(watched.world.dispatch("sync.completed", watched.zoo)))
    watched.poll.poll()

    assert ["waiting", "running"] == [report.state for report in watched.intake.reports]


def test_a_sync_that_was_canceled_while_it_waited_was_none(watched):
    """The task tells of it, and the repository does not."""
    watched.world.finish(watched.world.cancel(watched.world.dispatch("sync.completed", watched.zoo)))
    watched.poll.poll()

    assert [] == watched.types()
    assert ["waiting", "canceled"] == [report.state for report in watched.intake.reports]


def test_a_publish_gives_its_pair(watched):
    """With the publication and the version that it publishes."""
    watched.run("publish.completed")

    found = watched.payload("repo.publish.finish")
    assert ["repo.publish.start", "repo.publish.finish"] == watched.types()
    assert publish_payload({}).keys() <= found.keys()
    assert ("zoo", "success", "file", 1) == tuple(
        found[name] for name in ("repo_id", "result", "distributor_id", "repo_version")
    )
    assert "/publications/file/file/" in found["publication"]
    assert {"repo_id", "distributor_id"} <= watched.payload("repo.publish.start").keys()


@pytest.mark.parametrize("kind", ["sync.completed.autopublish", "sync.completed.mirror-add-and-remove"])
def test_a_publication_made_by_a_sync_gives_its_pair(watched, kind):
    """After the sync's end, as when Pulp 2 published by itself."""
    watched.run(kind)

    assert ["repo.sync.start", "repo.sync.finish", "repo.publish.start", "repo.publish.finish"] == watched.types()
    assert ("zoo", "success") == tuple(watched.payload("repo.publish.finish")[name] for name in ("repo_id", "result"))


def test_a_publication_made_by_a_change_of_content_gives_its_pair(watched):
    """Where the repository publishes by itself."""
    made = [watched.zoo.version_href(2), "/pulp/api/v3/publications/file/file/01a207a4-9d2e-7c06-8110-c2d844b481a5/"]
    watched.run("modify.completed", created_resources=made)

    found = watched.payload("repo.publish.finish")
    assert ["repo.version.created", "repo.publish.start", "repo.publish.finish"] == watched.types()
    assert ("zoo", 2, made[1]) == tuple(found[name] for name in ("repo_id", "repo_version", "publication"))


def test_publications_of_a_copy_to_several_repositories_are_nobodys(watched):
    """It does not say which of them is whose; the versions are told."""
    aviary = watched.world.add_repository("aviary")
    made = [watched.zoo.version_href(2), aviary.version_href(1), "/pulp/api/v3/publications/file/file/x/"]
    watched.run("modify.completed", created_resources=made)

    assert ["repo.version.created"] * 2 == watched.types()


@pytest.mark.parametrize("kind", ["upload.completed", "modify.completed"])
def test_a_version_that_no_sync_made_has_its_own_event(watched, kind):
    """With its counts, which an upload's result does not have."""
    watched.run(kind)

    found = watched.payload("repo.version.created")
    assert ["repo.version.created"] == watched.types()
    assert ("zoo", 2, 1, 0) == tuple(
        found[name] for name in ("repo_id", "repo_version", "added_count", "removed_count")
    )
    assert watched.zoo.version_href(2) == found["version_href"]


@pytest.mark.parametrize(
    "kind",
    ["version-delete.completed", "repair-version.completed", "repository-update.completed", "orphan-cleanup.completed"],
)
def test_what_makes_no_version_is_no_repository_event(watched, kind):
    """Its task is told nevertheless."""
    watched.run(kind)

    assert [] == watched.types()
    assert ["waiting", "running", "finished"] == [report.state for report in watched.intake.reports]


def test_the_refresh_of_a_content_source_is_no_repository_event(watched):
    """It syncs a repository that nobody sees."""
    watched.world.run("acs-refresh.task")
    watched.poll.poll()

    assert [] == watched.types()


@pytest.mark.parametrize("app", ["rpm", "deb"])
def test_syncs_of_other_plugins_are_known(app):
    """By their names."""
    found = Watched(app).run("sync.completed")

    assert app == found.payload("repo.sync.finish")["importer_type_id"]


@pytest.mark.parametrize(
    "name",
    [
        "pulp_rpm.app.tasks.synchronizing.synchronize",
        "pulp_container.app.tasks.synchronize.synchronize",
        "pulp_python.app.tasks.sync.sync",
        "pulp_ansible.app.tasks.collections.sync",
        "pulp_ansible.app.tasks.roles.synchronize",
        "pulp_ansible.app.tasks.git.synchronize",
    ],
)
def test_the_usual_names_of_syncs_are_known(watched, name):
    """Each plugin has its own."""
    watched.run("sync.completed", name=name)

    assert ["repo.sync.start", "repo.sync.finish"] == watched.types()


@pytest.mark.parametrize(
    "name", ["pulp_deb.app.tasks.publishing.publish_verbatim", "pulp_python.app.tasks.publish.publish"]
)
def test_the_usual_names_of_publishes_are_known(watched, name):
    """Each plugin has its own."""
    watched.run("publish.completed", name=name)

    assert ["repo.publish.start", "repo.publish.finish"] == watched.types()


def test_a_report_is_one_of_pulp_2(watched):
    """With its states, its kind of id, its tags and the call report's 17 keys."""
    watched.run("sync.completed")

    report = watched.intake.reports[-1]
    assert 17 == len(report.call_report())
    assert report.task_id.replace("-", "").endswith(report.id)
    assert 24 == len(report.id)
    assert ("pulp:repository:zoo", "pulp:action:sync") == report.tags
    assert "pulp_file.app.tasks.synchronizing.synchronize" == report.task_type
    assert {"message", "done", "total", "state"} <= report.progress_report["sync.parsing.metadata"].keys()
    assert None not in (report.start_time, report.finish_time, report.result)


@pytest.mark.parametrize(
    "kind",
    ["modify.completed", "upload.completed", "sync.completed", "sync.completed.autopublish", "publish.completed"],
)
@pytest.mark.parametrize("state", ["failed", "canceled"])
def test_what_a_killed_task_left_half_done_was_not_made(watched, kind, state):
    """Although its document lists it; nobody ever gets to see it."""
    watched.run(kind, state=state, error={"reason": "Killed by signal 9."} if state == "failed" else None)

    payloads = [event.payload for event in watched.intake.events]
    made = [found.get(name) for found in payloads for name in ("repo_version", "version_href", "publication")]
    assert "repo.version.created" not in watched.types()
    assert len(watched.types()) == (0 if kind in ("modify.completed", "upload.completed") else 2)
    assert {None} >= set(made)
    assert {False, None} >= {found.get("changed") for found in payloads}


def test_reports_say_when_each_state_was_reached(watched):
    """However late the document is read."""
    task = watched.world.dispatch("sync.completed", watched.zoo)
    watched.world.clock.advance(10)
    watched.world.start(task)
    watched.world.clock.advance(20)
    watched.world.finish(task)
    watched.world.clock.advance(3600)
    watched.poll.poll()

    assert [task.created, task.started, task.finished] == [report.changed_at for report in watched.intake.reports]
    assert task.created == task_event(watched.intake.reports[0]).occurred_at


def test_an_early_state_knows_nothing_of_what_came_later(watched):
    """Although one document tells all of it."""
    watched.run("sync.failed.404")

    waiting, running, _ = watched.intake.reports
    assert (None, None, None, {}) == (waiting.start_time, waiting.finish_time, waiting.error, waiting.progress_report)
    assert (None, None, None) == (running.finish_time, running.error, running.traceback)
    assert running.start_time is not None


def test_events_keep_their_true_times_and_ids(watched):
    """After an outage too; and another watch of the same server makes the same events."""
    watched.run("sync.completed")
    other = WatchIntake()
    again = poll_of(watched.world, other)
    again.begin(watched.world.clock.now.replace(second=0))
    again.poll()

    at = {task.started for task in watched.world.tasks.values()}
    assert {event.occurred_at for event in watched.intake.events} <= at
    assert {event.id for event in watched.intake.events} <= {event.id for event in other.events}


def test_what_was_over_in_the_second_of_the_beginning_is_not_told():
    """The server tells its time in whole seconds, which looks like a clock that is behind its newest task."""
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


def test_credentials_do_not_leave(watched):
    """Wherever a URL with them stands in the document."""
    error = {
        "description": "Cannot reach https://user:hunter2@cdn.example/pub?token=hunter3",
        "traceback": "  File x\n    url='https://user:hunter2@cdn.example/?auth=hunter3'\n",
    }
    steps = [{"message": "Downloading https://user:hunter2@cdn.example/", "code": "get", "state": "failed", "done": 0}]
    seen = {"seen": ["https://cdn.example/?sig=hunter3"], "headers": [{"Authorization": "Basic hunter4"}]}
    watched.run("sync.failed.404", error=error, progress_reports=steps, result=seen)
    watched.run("publish.completed", progress_reports=steps, result=seen)

    told = str([event.body() for event in watched.intake.events]) + str(watched.intake.reports)
    assert "cdn.example/pub" in told
    assert "hunter" not in told


def test_a_deleted_repository_keeps_its_name(watched):
    """If it was seen before; another watch that knows nothing calls it by its PRN."""
    task = watched.world.start(watched.world.dispatch("sync.completed", watched.zoo))
    watched.poll.poll()
    watched.world.remove_repository(watched.zoo)
    watched.world.finish(task)
    restarted = poll_of(watched.world, watched.intake)
    restarted.poll()
    stranger = WatchIntake()
    late = poll_of(watched.world, stranger)
    late.begin(watched.world.clock.now.replace(second=0))
    late.poll()

    assert "zoo" == watched.payload("repo.sync.finish")["repo_id"]
    assert watched.zoo.prn == stranger.events[-1].payload["repo_id"]


def test_a_version_without_counts_in_the_result_is_asked_for(watched):
    """As servers before pulpcore 3.88 have them."""
    watched.run("sync.completed", result=None)

    assert 1 == watched.payload("repo.sync.finish")["added_count"]


def test_a_version_that_is_gone_has_no_counts(watched):
    """Which is not to say that nothing was added."""
    gone = ["/pulp/api/v3/repositories/file/file/" + watched.zoo.id + "/versions/99/"]
    watched.run("sync.completed", result=None, created_resources=gone)

    found = watched.payload("repo.sync.finish")
    counts = tuple(found[name] for name in ("added_count", "updated_count", "removed_count"))
    assert ((None, None, None), True, 99) == (counts, found["changed"], found["repo_version"])


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
