"""The repository events of syncs, from documents of a real server."""

import json

import pytest
from pulp3_direct import poll_of
from pulp3_intake import WatchIntake
from pulp3_watched import Watched

from pulp_notifiers.task import sync_payload


def test_a_sync_makes_a_start_and_a_finish_with_counts(watched):
    """The payload is Pulp 2's, with the additional fields of Pulp 3."""
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
    """It has the name, which is Pulp 2's id, the PRN and the href."""
    watched.run("sync.completed")

    found = watched.payload("repo.sync.start")
    expected = {"repo_id": "zoo", "repo_prn": watched.zoo.prn, "repo_href": watched.zoo.href, "domain": None}
    place = {"server": "pulp.example", "server_url": "https://pulp.example", "task_href": found["task_href"]}
    assert {**expected, **place, "remote": "zoo-remote"} == found


@pytest.mark.parametrize("kind", ["sync.completed.nothing-new", "sync.completed.optimized-away"])
def test_a_sync_that_changed_nothing_is_a_success_without_a_version(watched, kind):
    """It added nothing."""
    watched.run(kind)

    found = watched.payload("repo.sync.finish")
    assert ("success", False, 0, 0) == tuple(
        found[name] for name in ("result", "changed", "added_count", "removed_count")
    )
    assert (None, None, None) == (found["repo_version"], found["version_href"], found["content_summary"])


def test_a_sync_whose_version_was_deleted_at_once_still_has_its_counts(watched):
    """``retain_repo_versions`` may delete it before the task is read."""
    watched.run("sync.completed", created_resources=["<unavailable>"])

    found = watched.payload("repo.sync.finish")
    assert (True, 1, 2) == (found["changed"], found["added_count"], found["repo_version"])
    assert watched.zoo.version_href(2) == found["version_href"]


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
def test_a_failed_sync_has_the_reason(watched, kind, result, message):
    """A task that could not report its failure has the result ``error``."""
    watched.run(kind)

    found = watched.payload("repo.sync.finish")
    report = watched.intake.reports[-1]
    assert (result, None, False) == (found["result"], found["added_count"], found["changed"])
    assert found["error_message"].startswith(message)
    assert ("error", found["error_message"]) == (report.state, report.error["description"])
    assert (found["traceback"] is None) == (kind == "sync.failed.killed") == (report.traceback is None)


def test_a_canceled_sync_ends_canceled(watched):
    """Its message is the source's own, because Pulp has none."""
    task = watched.world.start(watched.world.dispatch("sync.completed", watched.zoo))
    watched.world.finish(watched.world.cancel(task))
    watched.poll.poll()

    found = watched.payload("repo.sync.finish")
    assert ("canceled", "The sync was canceled.") == (found["result"], found["error_message"])
    assert ["waiting", "running", "canceled"] == [report.state for report in watched.intake.reports]


def test_a_sync_that_was_canceled_while_it_waited_makes_no_repository_event(watched):
    """The task is reported."""
    watched.world.finish(watched.world.cancel(watched.world.dispatch("sync.completed", watched.zoo)))
    watched.poll.poll()

    assert [] == watched.types()
    assert ["waiting", "canceled"] == [report.state for report in watched.intake.reports]


def test_the_refresh_of_a_content_source_makes_no_repository_event(watched):
    """It syncs a hidden repository."""
    watched.world.run("acs-refresh.task")
    watched.poll.poll()

    assert [] == watched.types()


@pytest.mark.parametrize("app", ["rpm", "deb"])
def test_syncs_of_other_plugins_are_known(app):
    """They are recognized by their names."""
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
    """Each plugin has its own name for the task."""
    watched.run("sync.completed", name=name)

    assert ["repo.sync.start", "repo.sync.finish"] == watched.types()


def test_a_version_without_counts_in_the_result_is_requested(watched):
    """Servers before pulpcore 3.88 do not put counts into the result."""
    watched.run("sync.completed", result=None)

    assert 1 == watched.payload("repo.sync.finish")["added_count"]


def test_the_counts_of_a_deleted_version_are_null(watched):
    """Null does not mean that nothing was added."""
    gone = ["/pulp/api/v3/repositories/file/file/" + watched.zoo.id + "/versions/99/"]
    watched.run("sync.completed", result=None, created_resources=gone)

    found = watched.payload("repo.sync.finish")
    counts = tuple(found[name] for name in ("added_count", "updated_count", "removed_count"))
    assert ((None, None, None), True, 99) == (counts, found["changed"], found["repo_version"])


def test_a_deleted_repository_keeps_its_name(watched):
    """This holds if it was seen before; a watch that did not see it uses its PRN."""
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
