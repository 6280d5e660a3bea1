"""Events name the content that was added and removed if somebody asks for it."""

import pytest
from pulp3_intake import WatchIntake
from pulp3_running import polled, run
from pulp_source_pulp3.content import name_of


def sync_of_many(pulp, zoo, intake, **more):
    """Return the payload of a sync that added a and b and removed f0.iso and x, and the requests for content."""
    with run(pulp, intake, **more):
        polled(intake)
        pulp.world.finish(pulp.world.start(pulp.world.dispatch("sync.completed", zoo)), ["a", "b"], ["f0.iso", "x"])
        intake.wait_until(lambda: len(intake.events) == 2)
    return intake.events[-1].payload, [seen for seen in pulp.requests if seen.rest.startswith("content/")]


@pytest.mark.parametrize(
    ("option", "included"),
    [("content", {}), ("", {"repo.sync.finish": ["content"]}), ("content", {"repo.sync.finish": ["content", "more"]})],
)
def test_content_names_are_included_on_demand(pulp, zoo, option, included):
    """The source's option or a listener asks for them; they are limited and requested once."""
    payload, asked = sync_of_many(pulp, zoo, WatchIntake(included=included), include=option, content_limit=3)

    expected = {"added": {"file.file": ["a", "b"]}, "removed": {"file.file": ["f0.iso"]}, "truncated": True}
    assert expected == payload["content"]
    assert 2 == len(asked)


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ({"name": "bear", "version": "4.1", "release": "1", "arch": "noarch"}, "bear-4.1-1-noarch"),
        ({"package": "bear", "version": "4.1", "relative_path": "pool/bear_4.1_all.deb"}, "pool/bear_4.1_all.deb"),
        ({"name": "bear", "version": "4.1", "filename": "bear-4.1-py3-none-any.whl"}, "bear-4.1-py3-none-any.whl"),
        ({"namespace": "zoo", "name": "bear", "version": "4.1"}, "zoo.bear-4.1"),
        ({"group_id": "zoo", "artifact_id": "bear", "version": "4.1", "filename": "bear-4.1.jar"}, "bear-4.1.jar"),
        ({"digest": "sha256:1"}, "sha256:1"),
        ({"id": "RHSA-2026:1234", "version": "3", "title": "bear", "prn": "prn:rpm.updaterecord:1"}, "RHSA-2026:1234"),
        ({}, "/pulp/x/"),
    ],
)
def test_content_of_each_plugin_has_a_name(unit, name):
    """The name distinguishes a content unit from others."""
    assert name == name_of({"pulp_href": "/pulp/x/", **unit})


def test_only_the_fields_for_names_are_requested(pulp, zoo):
    """All fields of a few hundred packages may exceed the limit for an answer."""
    _, asked = sync_of_many(pulp, zoo, WatchIntake(), include="content")

    assert all({"name", "nevra", "relative_path"} <= set(seen.query["fields"].split(",")) for seen in asked)


def test_names_that_nobody_asks_for_are_not_fetched(pulp, zoo):
    """The event lacks the key, and what listeners of other event types ask for does not matter."""
    intake = WatchIntake(included={"repo.version.created": ["content"], "repo.sync.finish": ["other"]})
    payload, asked = sync_of_many(pulp, zoo, intake)

    assert "content" not in payload
    assert [] == asked


def test_an_upload_names_its_content_too(pulp, zoo):
    """Its event is that of a new version, and a sync at the same time has no names."""
    intake = WatchIntake(included={"repo.version.created": ["content"]})
    with run(pulp, intake):
        polled(intake)
        pulp.world.run("upload.completed", zoo)
        pulp.world.run("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.events) == 3)

    found = {event.type: event.payload.get("content") for event in intake.events}
    assert {"added": {"file.file": ["f0.iso"]}, "removed": {}, "truncated": False} == found["repo.version.created"]
    assert None is found["repo.sync.finish"]


@pytest.mark.parametrize("made", ["sync.completed.nothing-new", "sync.failed.404"])
def test_the_content_of_a_sync_without_a_new_version_is_null(pulp, zoo, made):
    """The key is present because a listener asks for it."""
    intake = WatchIntake(included={"repo.sync.finish": ["content"]})
    with run(pulp, intake):
        polled(intake)
        pulp.world.run(made, zoo)
        intake.wait_until(lambda: len(intake.events) == 2)

    assert None is intake.events[-1].payload["content"]
    assert [] == [seen for seen in pulp.requests if seen.rest.startswith("content/")]
