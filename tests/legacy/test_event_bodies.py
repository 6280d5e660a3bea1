"""Events, call reports and values as recorded in the contract's vectors."""

import json
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from pulp_notifiers.encoding import dumps
from pulp_notifiers.event import REPO_PUBLISH_FINISH, REPO_SYNC_FINISH, Event
from pulp_notifiers.task import TaskReport, failed_record, publish_payload, sync_payload
from tests.support.bson_types import MinKey, ObjectId, Timestamp

CASES = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parent / "vectors" / "event_bodies.json").read_text())["vectors"]
}
PAYLOADS = {REPO_SYNC_FINISH: sync_payload, REPO_PUBLISH_FINISH: publish_payload}
VALUES = {
    "extjson-oid": ObjectId("57238b27aca4886e0c05c3d0"),
    "extjson-date-aware": datetime.fromisoformat("2016-04-29T18:26:15.123456+02:00"),
    "extjson-date-naive": datetime.fromisoformat("2016-04-29T16:26:15.123999"),
    "extjson-uuid": UUID("00000000-0000-0000-0000-000000000005"),
    "extjson-timestamp": Timestamp(1, 2),
    "extjson-minkey": MinKey(),
}


def wire(value):
    """Return a value as a receiver parses it."""
    return json.loads(dumps(value))


def expected_of(case):
    """Return what a vector expects of this product."""
    return case.get("successor") or case["expect"]


def event_of(given):
    """Return the event of a vector."""
    status = given["task_status"]
    payload = given["payload"] if "payload" in given else PAYLOADS[given["event_type"]](given["record"])
    return Event(given["event_type"], payload, status and TaskReport.from_record(status).call_report())


@pytest.mark.parametrize("case_id", ["call-report-running", "call-report-spawned"])
def test_a_task_record_becomes_a_call_report(case_id):
    """Nulls are kept, and spawned tasks become links."""
    case = CASES[case_id]

    report = wire(TaskReport.from_record(case["given"]["task_status"]).call_report())

    assert case["expect"]["json_equal"] == report
    assert 17 == len(report)
    assert [] == [key for key in case["expect"].get("keys_absent", ()) if key in report]


@pytest.mark.parametrize(
    "case_id",
    [
        "event-sync-start",
        "event-publish-start",
        "event-sync-finish",
        "event-sync-finish-failed",
        "event-outside-task",
    ],
)
def test_an_event_has_the_body_of_pulp_2(case_id):
    """The call report is null outside a task."""
    case = CASES[case_id]

    assert expected_of(case)["json_equal"] == wire(event_of(case["given"]).body())


def test_the_times_of_a_publish_are_strings():
    """They were documented as strings, and were strings up to Pulp 2.7."""
    case = CASES["event-publish-finish"]
    rest = case["legacy"]["json_equal"]["payload"]
    completed = datetime.fromisoformat(case["given"]["record"]["completed"].removeprefix("datetime "))
    started = case["given"]["record"]["started"]
    record = {**rest, "started": started, "completed": completed, "_id": ObjectId(rest["id"])}

    event = event_of({**case["given"], "record": record})

    assert case["successor"]["json_equal"] == wire(event.body())


def test_a_skipped_publish_has_the_reason_in_summary_and_details():
    """Both may be strings as well as objects."""
    subset = CASES["event-publish-skipped"]["expect"]["payload_subset"]

    payload = wire(publish_payload({"repo_id": "zoo", "distributor_id": "yum", **subset}))

    assert 13 == len(payload)
    assert subset.items() <= payload.items()


def test_a_sync_that_raised_has_a_finish_event():
    """It has the keys of the history record."""
    case = CASES["event-sync-raised"]
    shape = case["successor"]["payload_shape"]

    try:
        raise ValueError("boom")
    except ValueError as failure:
        payload = wire(sync_payload(failed_record({"repo_id": "zoo"}, failure)))

    traceback = payload.pop("traceback")
    assert "@list_of_string" == shape["traceback"]
    assert traceback
    assert {str} == {type(line) for line in traceback}
    assert {key: value for key, value in shape.items() if key != "traceback"}.items() <= payload.items()
    assert 15 == len(payload)


@pytest.mark.parametrize("case_id", VALUES)
def test_a_value_has_its_extended_json_form_inside_a_body(case_id):
    """The form applies at any depth of a payload."""
    event = Event("repo.sync.finish", {"details": [VALUES[case_id]]})

    assert [CASES[case_id]["expect"]["json_equal"]] == wire(event.body())["payload"]["details"]


def test_text_is_escaped_as_ascii():
    """The bytes are those of Pulp 2."""
    case = CASES["extjson-nonascii"]

    assert case["expect"]["body_exact"] == dumps(case["given"]["value"])


def test_every_vector_has_a_test():
    """This file names the id of each."""
    source = Path(__file__).read_text()

    assert [] == [case_id for case_id in CASES if f'"{case_id}"' not in source]
