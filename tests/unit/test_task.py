"""A task's record, and the history records of syncs and publishes."""

import copy
import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from pulp_notifiers.task import TASK_STATES, TaskReport, failed_record, publish_payload, sync_payload
from tests.support.bson_types import ObjectId

HEX = "57238b2aaca4886d97990601"
TASK_ID = "3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b"
GROUP = UUID("16412fcb-06fa-4caa-818b-b103e2a9bf44")
STARTED = datetime(2016, 4, 29, 16, 19, 55, tzinfo=UTC)
MINIMAL = {"id": HEX, "task_id": TASK_ID, "state": "waiting"}


def report(**fields):
    """Return the report of a minimal record with these fields."""
    return TaskReport.from_record({**MINIMAL, **fields})


@pytest.mark.parametrize(
    "identity",
    [{"id": HEX}, {"id": ObjectId(HEX)}, {"_id": ObjectId(HEX)}, {"_id": {"$oid": HEX}}, {"id": None, "_id": HEX}],
)
def test_an_id_may_have_any_stored_form(identity):
    """MongoEngine calls it id, MongoDB _id, and JSON has an object."""
    assert HEX == TaskReport.from_record({"task_id": TASK_ID, "state": "waiting", **identity}).id


@pytest.mark.parametrize(
    "time",
    [
        STARTED,
        STARTED.replace(tzinfo=None),
        STARTED.astimezone(timezone(timedelta(hours=2))),
        "2016-04-29T16:19:55Z",
        "2016-04-29T16:19:55.999Z",
        "2016-04-29T18:19:55+02:00",
        "2016-04-29T16:19:55",
    ],
)
def test_times_may_be_strings_or_times(time):
    """Without zone they are UTC; receivers get whole seconds."""
    made = report(start_time=time, finish_time=time)

    assert "2016-04-29T16:19:55Z" == made.call_report()["start_time"] == made.call_report()["finish_time"]


@pytest.mark.parametrize("group", [GROUP, str(GROUP), GROUP.hex, {"$uuid": GROUP.hex}])
def test_a_group_id_may_have_any_stored_form(group):
    """The stream has it, a call report never."""
    made = report(group_id=group)

    assert GROUP == made.group_id
    assert "group_id" not in made.call_report()


def test_a_minimal_record_becomes_a_full_call_report():
    """It has all 17 keys, with nulls and empty containers for what is unknown."""
    expected = {
        "_href": f"/pulp/api/v2/tasks/{TASK_ID}/",
        "_id": {"$oid": HEX},
        "_ns": "task_status",
        "id": HEX,
        "task_id": TASK_ID,
        "task_type": None,
        "state": "waiting",
        "worker_name": None,
        "tags": [],
        "start_time": None,
        "finish_time": None,
        "progress_report": {},
        "result": None,
        "error": None,
        "spawned_tasks": [],
        "exception": None,
        "traceback": None,
    }

    assert expected == report().call_report()
    assert expected == report(tags=None, spawned_tasks=None, progress_report=None).call_report()


@pytest.mark.parametrize("state", TASK_STATES)
def test_every_state_of_pulp_2_is_accepted(state):
    """That includes states that Pulp 3 does not have."""
    assert state == report(state=state).call_report()["state"]


def test_all_wrong_values_are_reported_at_once():
    """Nobody wants to correct a record field by field."""
    record = {
        "id": "57238B2AACA4886D97990601",
        "task_id": 7,
        "state": "completed",
        "worker_name": 1,
        "tags": "pulp:action:sync",
        "spawned_tasks": [1],
        "progress_report": [],
        "task_type": {},
        "start_time": "yesterday",
        "finish_time": 1461947175,
        "group_id": "zoo",
    }

    with pytest.raises(ValueError, match="The task record is not valid") as refusal:
        TaskReport.from_record(record)

    assert [] == [name for name in record if f"{name} must be " not in str(refusal.value)]


@pytest.mark.parametrize("group", [1, {"uuid": GROUP.hex}, {"$uuid": 1}, []])
def test_a_group_id_that_is_not_a_uuid_is_refused(group):
    """Its type does not matter."""
    with pytest.raises(ValueError, match="group_id must be a UUID or null"):
        report(group_id=group)


def test_a_report_cannot_be_changed():
    """It is a fact."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        report().state = "running"


def test_the_payload_of_a_sync_has_16_keys():
    """Keys that the record lacks are null."""
    expected = {
        "id": None,
        "repo_id": "zoo",
        "importer_id": None,
        "importer_type_id": None,
        "started": None,
        "completed": None,
        "result": None,
        "error_message": None,
        "exception": None,
        "traceback": None,
        "added_count": None,
        "updated_count": None,
        "removed_count": None,
        "summary": None,
        "details": None,
        "_ns": "repo_sync_results",
    }

    assert expected == sync_payload({"repo_id": "zoo"})
    assert 16 == len(expected)


def test_the_payload_of_a_publish_has_13_keys():
    """Keys that the record lacks are null."""
    payload = publish_payload({"repo_id": "zoo", "distributor_id": "yum"})

    assert 13 == len(payload)
    assert {"distributor_id", "distributor_type_id"} == {key for key in payload if key.startswith("distributor")}
    assert "repo_publish_results" == payload["_ns"]


@pytest.mark.parametrize("payload_of", [sync_payload, publish_payload])
def test_making_a_payload_does_not_change_the_record(payload_of):
    """Pulp 2 removed the _id from its caller's record, which later became the task's result."""
    record = {"_id": ObjectId(HEX), "repo_id": "zoo", "completed": STARTED, "extra": 1}
    before = copy.copy(record)

    payload = payload_of(record)

    assert before == record
    assert "_id" not in payload
    assert (HEX, "2016-04-29T16:19:55Z", 1) == (payload["id"], payload["completed"], payload["extra"])


def test_the_id_of_a_record_takes_precedence_over_the_id_of_its_row():
    """Up to Pulp 2.7 they differed."""
    assert "a-uuid" == sync_payload({"_id": ObjectId(HEX), "id": "a-uuid"})["id"]


@pytest.mark.parametrize(("failure", "expected"), [(ValueError("boom"), "error"), (SystemExit("stop"), "canceled")])
def test_an_exception_completes_the_record_of_a_failed_sync(failure, expected):
    """Pulp 2 canceled tasks by SystemExit."""
    known = {"repo_id": "zoo"}

    try:
        raise failure
    except BaseException as raised:  # noqa: BLE001  SystemExit is not an Exception
        record = failed_record(known, raised)

    assert {"repo_id": "zoo"} == known
    assert (expected, str(failure), repr(failure)) == tuple(
        record[key] for key in ("result", "error_message", "exception")
    )
    assert "raise failure" in "".join(record["traceback"])
