"""What people read about an event."""

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.event_types import about, sample


@pytest.mark.parametrize(
    ("event_type", "name", "state", "sentence"),
    [
        (
            "repo.sync.finish",
            "pulp3-failed-404",
            "FAILED",
            "Sync of rhel-9-appstream failed: HTTP 404 File not found: http://127.0.0.1:24818/absent/PULP_MANIFEST.",
        ),
        ("repo.sync.finish", "pulp3-canceled", "CANCELED", "Sync of zoo was canceled."),
        ("repo.sync.finish", "pulp3-mirror", "CHANGED", "Sync of zoo finished: 1 added, 1 removed."),
        ("repo.sync.finish", "pulp3-nothing-new", "OK", "Sync of zoo finished; nothing changed."),
        ("repo.sync.finish", "pulp3-deb-unread", "CHANGED", "Sync of bookworm finished with changes."),
        ("repo.sync.finish", "pulp2", "CHANGED", "Sync of zoo finished: 14 added."),
        ("repo.sync.finish", "pulp2-failed", "FAILED", "Sync of zoo failed; the event does not say why."),
        ("repo.sync.finish", "pulp2-raised", "FAILED", "Sync of zoo failed: boom."),
        ("repo.sync.start", "pulp3-rpm", "STARTED", "Sync of prod-rhel-9-baseos started."),
        ("repo.publish.finish", "pulp3-rpm-publish", "PUBLISHED", "prod-rhel-9-baseos was published."),
        (
            "repo.publish.finish",
            "pulp2-skipped",
            "SKIPPED",
            "Publish of zoo was skipped: Repository content has not changed since last publish.",
        ),
        ("repo.version.created", "pulp3-modify", "NEW VERSION", "Version 4 of iso-images was created: 1 removed."),
        ("task.error", "pulp2", "TASK FAILED", "Task pulp.server.managers.repo.sync.sync failed: boom."),
        (
            "task.waiting",
            "pulp3-orphan-cleanup",
            "TASK WAITING",
            "Task pulpcore.app.tasks.orphan.orphan_cleanup is waiting.",
        ),
    ],
)
def test_a_sentence_says_what_happened(event_type, name, state, sentence):
    """The state says it in capitals; only failures are bad."""
    found = about(sample(event_type, name).event)

    assert (state, sentence) == (found["state"], found["sentence"])
    assert state.endswith("FAILED") == found["bad"]


def body(event_type, payload, call_report=None, source="rest"):
    """Return the body of an event."""
    return {"event_type": event_type, "payload": payload, "call_report": call_report, "source": source}


def test_an_event_of_an_unknown_type_shows_its_fields():
    """Texts, numbers and truth values are rows; a secret is masked; other values are left out."""
    payload = {"version": "1.2", "count": 3, "ok": True, "ratio": 0.5, "none": None, "more": {"a": 1}, "api_key": "abc"}
    found = about(body("myapp.deploy", payload))

    assert ("EVENT", False, "Event myapp.deploy from rest.") == (found["state"], found["bad"], found["sentence"])
    assert "myapp.deploy" == found["name"]
    rows = [["Event", "myapp.deploy"], ["Source", "rest"], ["version", "1.2"], ["count", "3"], ["ok", "yes"]]
    assert [*rows, ["ratio", "0.5"], ["api_key", "*****"]] == found["facts"]


def test_an_event_of_an_unknown_type_can_say_that_it_failed():
    """With the words that the repository events use."""
    found = about(body("myapp.deploy", {"result": "failed", "error_message": "no disk space", "repo_id": "zoo"}))

    assert ("FAILED", True, "zoo") == (found["state"], found["bad"], found["repository"])
    assert "myapp.deploy failed: no disk space." == found["sentence"]


@pytest.mark.parametrize(
    ("added", "updated", "removed", "changes"),
    [
        (14, 0, 0, {"added": {"units": 14}, "updated": {}, "removed": {}}),
        (1, 2, -3, {"added": {"units": 1}, "updated": {"units": 2}, "removed": {"units": 3}}),
        (0, 0, -1, {"added": {}, "updated": {}, "removed": {"units": 1}}),
        (-1, -1, -1, None),  # the importer reported nothing (CONTRACT Q8)
        (None, None, None, None),
        (0, 0, 0, {"added": {}, "updated": {}, "removed": {}}),
    ],
)
def test_counts_of_pulp_2_are_of_units(added, updated, removed, changes):
    """What it says was removed is negative."""
    payload = {"result": "success", "added_count": added, "updated_count": updated, "removed_count": removed}
    assert changes == about(body("repo.sync.finish", payload))["changes"]


def test_counts_of_pulp_3_are_by_type():
    """Of a sync from its summary, of a new version from the content summary."""
    sync = about(sample("repo.sync.finish", "pulp3-rpm").event)
    assert {"rpm.package": 3, "rpm.packagegroup": 1, "rpm.packagecategory": 1} == sync["changes"]["added"]
    assert ["Added", "3 rpm.package, 1 rpm.packagegroup, 1 rpm.packagecategory"] in sync["facts"]
    version = about(sample("repo.version.created", "pulp3-deb-remove-all").event)
    assert 4 == version["changes"]["removed"]["deb.package"]


def test_names_are_listed_up_to_a_limit():
    """More says how many are not."""
    names = about(sample("repo.version.created", "pulp3-advisory").event)["names"]
    assert {"added": ["ZOO-2026:9"], "removed": [], "more": {"added": 0, "removed": 0}} == names

    content = {"added": {"rpm.package": [f"bear-{number}" for number in range(150)]}, "removed": {}}
    summary = {"added": {"rpm.package": 1000}, "removed": {"rpm.package": 1}}
    names = about(body("repo.sync.finish", {"content": content, "summary": summary}))["names"]
    assert (100, {"added": 900, "removed": 1}) == (len(names["added"]), names["more"])


@pytest.mark.parametrize(
    ("payload", "report", "times"),
    [
        (
            {"started": "2016-04-29T16:19:55Z", "completed": "2016-04-29T16:20:01Z"},
            {},
            ("2016-04-29T16:19:55Z", "2016-04-29T16:20:01Z", 6.0),
        ),
        (
            {"started": "2016-04-29T16:19:55Z", "completed": {"$date": 1461946801000}},
            {},
            ("2016-04-29T16:19:55Z", "2016-04-29T16:20:01Z", 6.0),
        ),
        (
            {"started": None},
            {"start_time": "2016-04-29T18:19:55+02:00", "finish_time": "2016-04-29T16:20:01.5Z"},
            ("2016-04-29T16:19:55Z", "2016-04-29T16:20:01Z", 6.5),
        ),
        (
            {"started": "2016-04-29T16:20:02Z", "completed": "2016-04-29T16:20:01Z"},
            {},
            ("2016-04-29T16:20:02Z", "2016-04-29T16:20:01Z", None),
        ),
        ({"started": "2016-12-31T23:59:60Z"}, {}, ("2016-12-31T23:59:59Z", None, None)),
        ({"started": "yesterday", "completed": 10**300}, {"start_time": []}, (None, None, None)),
    ],
)
def test_times_are_those_of_the_sync_or_else_of_its_task(payload, report, times):
    """Pulp 2 wrote some of them as objects (CONTRACT Q6)."""
    found = about(body("repo.sync.finish", payload, report))
    assert times == (found["started"], found["finished"], found["duration_seconds"])


@pytest.mark.parametrize(
    ("completed", "duration"),
    [
        ("2026-11-30T12:00:00Z", "less than 1 s"),
        ("2026-11-30T12:00:00.25Z", "0.2 s"),
        ("2026-11-30T12:00:59Z", "59 s"),
        ("2026-11-30T12:00:59.6Z", "1 min"),
        ("2026-11-30T12:01:05Z", "1 min 5 s"),
        ("2026-11-30T14:00:01Z", "2 h 1 s"),
        ("2026-12-02T12:00:00Z", "2 d"),
    ],
)
def test_a_duration_is_shown_in_words(completed, duration):
    """In the table."""
    found = about(body("repo.sync.finish", {"started": "2026-11-30T12:00:00Z", "completed": completed}))
    assert ["Duration", duration] in found["facts"]
    assert ["Started", "2026-11-30T12:00:00Z"] in found["facts"]


@pytest.mark.parametrize(
    ("payload", "worker", "server"),
    [
        ({"server": "prod"}, "reserved_resource_worker-0@pulp.example.com", "prod"),
        ({}, "reserved_resource_worker-0@pulp.example.com", "pulp.example.com"),
        ({}, "/pulp/api/v3/workers/1/", None),
        ({}, "worker@host name", None),
        ({}, None, None),
        ({"server": ["x"]}, 7, None),
    ],
)
def test_the_server_of_pulp_2_is_the_host_of_its_worker(payload, worker, server):
    """Its events have no other name of it."""
    assert server == about(body("repo.sync.finish", payload, {"worker_name": worker}))["server"]


@pytest.mark.parametrize(
    ("result", "state", "sentence"),
    [
        ("partial", "FINISHED", "Sync of zoo finished with the result partial."),
        (None, "FINISHED", "Sync of zoo finished."),
        ("skipped", "SKIPPED", "Sync of zoo was skipped."),
        ("error", "FAILED", "Sync of zoo failed; the event does not say why."),
        ("success", "OK", "Sync of zoo finished."),
    ],
)
def test_a_result_that_nobody_knows_is_shown_as_it_is(result, state, sentence):
    """It is not taken for a failure."""
    found = about(body("repo.sync.finish", {"repo_id": "zoo", "result": result}))
    assert (state, sentence) == (found["state"], found["sentence"])


def test_an_error_without_words_is_explained():
    """The text of a KeyError is its key."""
    found = about(sample("repo.sync.finish", "pulp3-npm-failed").event)
    assert "Sync of npm failed: The error says only 'version'; its traceback may say more." == found["sentence"]


def test_lines_that_point_at_the_code_above_are_left_out_of_the_traceback() -> None:
    """Mails wrap long lines, and then the markers point at nothing."""
    lines = ['  File "a.py", line 1, in run', "    return await get()", "           ^^^^^^^^^~~", "ValueError: no"]

    found = about(Event("repo.sync.finish", {"result": "failed", "traceback": "\n".join(lines)}))

    assert [lines[0], lines[1], lines[3]] == found["traceback"]
    assert 3 == found["traceback_lines"]
