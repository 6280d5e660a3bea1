"""The repository events of syncs: on the documents that a real server answered."""

import json

import pytest
from pulp3_direct import poll_of
from pulp3_intake import WatchIntake
from pulp3_watched import Watched

from pulp_notifiers.task import sync_payload


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


def test_a_sync_whose_version_was_deleted_at_once_is_told_in_full(watched):
    """As by ``retain_repo_versions``, before anybody looked at the task."""
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
def test_a_sync_that_failed_tells_why(watched, kind, result, message):
    """One that could not tell itself is an error."""
    watched.run(kind)

    found = watched.payload("repo.sync.finish")
    report = watched.intake.reports[-1]
    assert (result, None, False) == (found["result"], found["added_count"], found["changed"])
    assert found["error_message"].startswith(message)
    assert ("error", found["error_message"]) == (report.state, report.error["description"])
    assert (found["traceback"] is None) == (kind == "sync.failed.killed") == (report.traceback is None)


def test_a_canceled_sync_ends_canceled(watched):
    """With a message, because there is no other."""
    task = watched.world.start(watched.world.dispatch("sync.completed", watched.zoo))
    watched.world.finish(watched.world.cancel(task))
    watched.poll.poll()

    found = watched.payload("repo.sync.finish")
    assert ("canceled", "The sync was canceled.") == (found["result"], found["error_message"])
    assert ["waiting", "running", "canceled"] == [report.state for report in watched.intake.reports]


def test_a_sync_that_was_canceled_while_it_waited_was_none(watched):
    """The task tells of it, and the repository does not."""
    watched.world.finish(watched.world.cancel(watched.world.dispatch("sync.completed", watched.zoo)))
    watched.poll.poll()

    assert [] == watched.types()
    assert ["waiting", "canceled"] == [report.state for report in watched.intake.reports]


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
