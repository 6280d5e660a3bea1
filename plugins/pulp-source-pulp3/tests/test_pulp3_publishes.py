"""The events of publications, and of versions that no sync created."""

import pytest

from pulp_notifiers.task import publish_payload


def test_a_publish_makes_a_start_and_a_finish(watched):
    """The finish has the publication and the version that it publishes."""
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
def test_a_publication_created_by_a_sync_makes_a_start_and_a_finish(watched, kind):
    """They follow the end of the sync, as when Pulp 2 published automatically."""
    watched.run(kind)

    assert ["repo.sync.start", "repo.sync.finish", "repo.publish.start", "repo.publish.finish"] == watched.types()
    assert ("zoo", "success") == tuple(watched.payload("repo.publish.finish")[name] for name in ("repo_id", "result"))


def test_a_publication_created_by_a_change_of_content_makes_a_start_and_a_finish(watched):
    """This happens if the repository publishes automatically."""
    made = [watched.zoo.version_href(2), "/pulp/api/v3/publications/file/file/01a207a4-9d2e-7c06-8110-c2d844b481a5/"]
    watched.run("modify.completed", created_resources=made)

    found = watched.payload("repo.publish.finish")
    assert ["repo.version.created", "repo.publish.start", "repo.publish.finish"] == watched.types()
    assert ("zoo", 2, made[1]) == tuple(found[name] for name in ("repo_id", "repo_version", "publication"))


def test_publications_of_a_copy_to_several_repositories_make_no_events(watched):
    """The task does not show which repository they belong to; the versions do make events."""
    aviary = watched.world.add_repository("aviary")
    made = [watched.zoo.version_href(2), aviary.version_href(1), "/pulp/api/v3/publications/file/file/x/"]
    watched.run("modify.completed", created_resources=made)

    assert ["repo.version.created"] * 2 == watched.types()


@pytest.mark.parametrize(
    "name", ["pulp_deb.app.tasks.publishing.publish_verbatim", "pulp_python.app.tasks.publish.publish"]
)
def test_the_usual_names_of_publishes_are_known(watched, name):
    """Each plugin has its own name for the task."""
    watched.run("publish.completed", name=name)

    assert ["repo.publish.start", "repo.publish.finish"] == watched.types()


@pytest.mark.parametrize("kind", ["upload.completed", "modify.completed"])
def test_a_version_that_no_sync_created_has_its_own_event(watched, kind):
    """The event has counts, which the result of an upload lacks."""
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
def test_a_task_without_a_version_makes_no_repository_event(watched, kind):
    """It is still reported as a task."""
    watched.run(kind)

    assert [] == watched.types()
    assert ["waiting", "running", "finished"] == [report.state for report in watched.intake.reports]


@pytest.mark.parametrize(
    "kind",
    ["modify.completed", "upload.completed", "sync.completed", "sync.completed.autopublish", "publish.completed"],
)
@pytest.mark.parametrize("state", ["failed", "canceled"])
def test_resources_of_an_unsuccessful_task_are_not_reported(watched, kind, state):
    """Its document lists them, and they never become visible."""
    watched.run(kind, state=state, error={"reason": "Killed by signal 9."} if state == "failed" else None)

    payloads = [event.payload for event in watched.intake.events]
    made = [found.get(name) for found in payloads for name in ("repo_version", "version_href", "publication")]
    assert "repo.version.created" not in watched.types()
    assert len(watched.types()) == (0 if kind in ("modify.completed", "upload.completed") else 2)
    assert {None} >= set(made)
    assert {False, None} >= {found.get("changed") for found in payloads}
