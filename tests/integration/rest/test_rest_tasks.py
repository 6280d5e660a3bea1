"""Reporting tasks over REST."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pulp_notifiers.encoding import dumps
from pulp_notifiers.event import utc_now
from pulp_notifiers.records import ListenerDraft
from pulp_notifiers.task import TaskReport
from tests.support.rest import OWN, RestService, rest_service

TASKS = f"{OWN}tasks/"
STREAM: dict[str, Any] = {
    "_id": {"$oid": "5723af2b0c1ae3f8a7e1a9c1"},
    "task_id": "",
    "worker_name": "resource_worker-0@host",
    "tags": ["pulp:repository:zoo", "pulp:action:sync"],
    "state": "running",
    "spawned_tasks": [str(uuid4())],
    "progress_report": {},
    "start_time": "2016-04-29T16:19:55Z",
    "group_id": {"$uuid": uuid4().hex},
    "_ns": "task_status",
}


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service with a listener for every task event."""
    running.clear()
    running.app.listeners.create(ListenerDraft("http", {"url": "https://x.example/"}, ("task.*",)))
    return running


def stream(state: str, task_id: str | None = None, **values: Any) -> dict[str, Any]:
    """Return a report as the stream publishes it."""
    return {**STREAM, "task_id": task_id or str(uuid4()), "state": state, **values}


def call_report(state: str, task_id: str | None = None) -> dict[str, Any]:
    """Return a report as the 17 keys of Pulp 2."""
    document: dict[str, Any] = json.loads(dumps(TaskReport.from_record(stream(state, task_id)).call_report()))
    return document


def test_a_report_is_accepted_in_either_form(service: RestService) -> None:
    """A body has one report, or several in both forms."""
    answers = [
        service.request("POST", TASKS, sent)
        for sent in (stream("running"), call_report("error"), [stream("waiting"), call_report("skipped")])
    ]

    assert [202] * 3 == [answer.status for answer in answers]
    counts = [{"reports": 1, "deliveries": 1}, {"reports": 1, "deliveries": 1}, {"reports": 2, "deliveries": 2}]
    assert counts == [answer.json() for answer in answers]


@pytest.mark.parametrize(
    ("task_id", "expected"),
    [
        ("c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11", "1f0a4b5e9f0e3b3a4a4f9b11"),
        ("C1C6F3E4-1F0A-4B5E-9F0E-3B3A4A4F9B11", "1f0a4b5e9f0e3b3a4a4f9b11"),
        ("nightly", "06076b18c26ab2ac35a83ba4"),
    ],
)
@pytest.mark.parametrize("absent", [{}, {"id": None}, {"_id": None}])
def test_a_task_without_a_record_gets_an_id_made_from_its_task_id(
    service: RestService, task_id: str, expected: str, absent: dict[str, Any]
) -> None:
    """Tasks of Pulp 3 have no other id."""
    sent = {"task_id": task_id, "state": "error", "start_time": utc_now().isoformat(), **absent}

    answer = service.request("POST", TASKS, sent)

    now = utc_now()
    claims = service.app.store.claims.claim(now, now + timedelta(seconds=30), 100).claims
    reports = [owed.event.call_report for claimed in claims for owed in claimed.deliveries]
    assert (202, {"reports": 1, "deliveries": 1}) == (answer.status, answer.json())
    ids = [report["id"] for report in reports if report is not None and report["task_id"] == task_id]
    assert expected == ids[-1]


def test_both_forms_of_a_report_mean_the_same_task(service: RestService) -> None:
    """Links of spawned tasks become ids."""
    task_id = str(uuid4())

    assert 1 == service.request("POST", TASKS, stream("error", task_id)).json()["deliveries"]
    assert 0 == service.request("POST", TASKS, call_report("error", task_id)).json()["deliveries"]
    report = TaskReport.from_record(call_report("error", task_id))

    assert TaskReport.from_record({**stream("error", task_id), "group_id": None}) == report


def test_a_listener_for_one_task_gets_its_end_and_removes_itself(service: RestService) -> None:
    """A repeated state fires nothing."""
    task_id = str(uuid4())
    listener = {"notifier_type": "http", "config": {"url": "https://y/"}, "event_types": ["task.finished"]}
    created = service.request("POST", f"{OWN}listeners/", {**listener, "task_id": task_id}).json()

    counts = [
        service.request("POST", TASKS, stream(state, task_id)).json()["deliveries"]
        for state in ("waiting", "running", "running", "finished", "finished")
    ]

    assert [1, 1, 0, 2, 0] == counts
    assert 404 == service.request("GET", created["pulp_href"]).status
    query = f"{OWN}deliveries/?listener={created['id']}"
    [delivery] = service.request("GET", query).json()["results"]
    assert ("task.finished", "pending") == (delivery["event_type"], delivery["state"])


def test_a_request_has_at_most_a_thousand_reports(service: RestService) -> None:
    """One more is refused."""
    reports = [stream("running") for _ in range(1001)]

    refused = service.request("POST", TASKS, reports)
    accepted = service.request("POST", TASKS, reports[:1000])

    assert (400, {"non_field_errors": ["Send 1 to 1000 reports, not 1001."]}) == (refused.status, refused.json())
    assert (202, {"reports": 1000, "deliveries": 1000}) == (accepted.status, accepted.json())


GOOD = stream("running", "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11")
REFUSED: list[tuple[Any, set[str]]] = [
    ({}, {"task_id", "state"}),
    ({"task_id": 5, "state": "running"}, {"task_id"}),
    ({**GOOD, "_id": {}, "id": ""}, {"id"}),
    ({**GOOD, "changed_at": None, "resumed": True}, {"changed_at", "resumed"}),
    ({**GOOD, "state": "completed"}, {"state"}),
    ({**GOOD, "extra": 1, "tags": "x"}, {"extra", "tags"}),
    ({**GOOD, "_id": {"$oid": "x"}}, {"id"}),
    ({**GOOD, "start_time": "yesterday"}, {"start_time"}),
    ({**GOOD, "result": "\x00"}, {"non_field_errors"}),
    ({**GOOD, "spawned_tasks": [{"_href": "x"}]}, {"spawned_tasks"}),
    ([GOOD, {**GOOD, "state": 5}, 7, {**GOOD, "x": 1}], {"1.state", "2", "3.x"}),
    ([], {"non_field_errors"}),
    (b"null", {"non_field_errors"}),
    (b'"x"', {"non_field_errors"}),
    (b"", {"detail"}),
    (b'{"state": "running", "state": "error"}', {"detail"}),
    (b"[" * 200 + b"]" * 200, {"detail"}),
]


@pytest.mark.parametrize(("sent", "fields"), REFUSED)
def test_malformed_reports_are_refused_with_every_problem(service: RestService, sent: Any, fields: set[str]) -> None:
    """No report of the list is accepted."""
    before = service.stored()

    answer = service.request("POST", TASKS, sent)

    assert (400, fields) == (answer.status, set(answer.json()))
    assert before == service.stored()


def test_reporting_needs_the_grant_to_create_tasks(service: RestService) -> None:
    """Without it the answer is 403."""
    service.add_user("eva")
    assert 403 == service.request("POST", TASKS, stream("running"), login="eva").status

    service.grant("eva", "/v3/notifications/tasks/", "CREATE")

    assert 202 == service.request("POST", TASKS, stream("running"), login="eva").status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_get_405(service: RestService, method: str) -> None:
    """Tasks are not stored, so there is nothing to read."""
    answer = service.request(method, TASKS)

    assert (405, "POST, OPTIONS") == (answer.status, answer.headers["allow"])


def test_a_list_that_was_partly_accepted_can_be_sent_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No event is fired twice, and none is missing."""
    full = "(SELECT count(*) FROM deliveries) >= 2 BEGIN SELECT RAISE(ABORT, 'no space'); END"
    task_id = str(uuid4())
    reports = [stream(state, task_id) for state in ("waiting", "running", "running", "finished")]
    with rest_service(tmp_path) as service:
        service.app.listeners.create(ListenerDraft("http", {"url": "https://x.example/"}, ("task.*",)))
        with sqlite3.connect(tmp_path / "notifiers.db") as database:
            database.execute(f"CREATE TRIGGER full BEFORE INSERT ON deliveries WHEN {full}")

        refused = service.request("POST", TASKS, reports)
        database.execute("DROP TRIGGER full")
        database.close()
        accepted = service.request("POST", TASKS, reports)

        deliveries = service.request("GET", f"{OWN}deliveries/").json()["results"]
    assert (503, ["detail"]) == (refused.status, list(refused.json()))
    assert "3 of 4 were accepted. Send all of them again later" in refused.json()["detail"]
    assert "no space" in caplog.text
    assert (202, {"reports": 4, "deliveries": 3}) == (accepted.status, accepted.json())
    states = [delivery["event_type"].partition(".")[2] for delivery in deliveries]
    assert ["waiting", "running", "finished"] == states[::-1]
