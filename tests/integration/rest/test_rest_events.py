"""Firing events over REST."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid1, uuid3, uuid4, uuid5

import pytest

from pulp_notifiers.dispatch import task_event
from pulp_notifiers.event import derived_id
from pulp_notifiers.task import TaskReport
from tests.support.rest import EVENTS, OWN, RestService, rest_service
from tests.support.rest_events import DELIVERIES, FINISHED, FIRE, fire


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service with a listener for every repository event."""
    running.clear()
    running.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]})
    return running


def test_the_body_of_pulp_2s_http_notifier_fires_an_event(service: RestService) -> None:
    """The answer has the event's id and the number of deliveries."""
    answer = service.request("POST", FIRE, FINISHED)

    assert answer.status == 202
    fired = answer.json()
    assert {"id", "deliveries"} == fired.keys()
    assert UUID(fired["id"]).version == 4
    assert fired["deliveries"] == 1
    [delivery] = service.request("GET", f"{DELIVERIES}?event={fired['id']}").json()["results"]
    assert (delivery["event_type"], delivery["state"]) == ("repo.sync.finish", "pending")


@pytest.mark.parametrize("sent", [{"event_type": "a.b", "payload": {}}, {**FINISHED, "call_report": None}])
def test_a_call_report_may_be_absent_or_null(service: RestService, sent: dict[str, Any]) -> None:
    """An event need not belong to a task."""
    assert service.request("POST", FIRE, sent).status == 202


def test_firing_the_same_event_id_again_adds_nothing(service: RestService) -> None:
    """The http notifier of another installation repeats a request until it is answered."""
    event_id = str(uuid4())

    answers = [service.request("POST", FIRE, FINISHED, {"Pulp-Event-Id": event_id}) for _ in range(3)]

    assert [(202, {"id": event_id, "deliveries": 1})] * 3 == [(answer.status, answer.json()) for answer in answers]
    assert service.request("GET", f"{DELIVERIES}?event={event_id}").json()["count"] == 1


NOT_EVENT_TYPES: list[Any] = [None, "", "a b", "a..b", "*", "#", "repo.*", "a\x00", "ü", "a" * 201, ["a"], {}]
UNPORTABLE: list[Any] = ["\x00", "\ud800", 2**63, -(2**63) - 1, 10**400, [{"b\x00": 1}]]
REQUIRED = ["This field is required."]
REFUSED: list[tuple[Any, dict[str, Any]]] = [
    ({}, {"event_type": REQUIRED, "payload": REQUIRED}),
    ({**FINISHED, "extra": 1, "id": "x"}, {"extra": ["Unexpected field"], "id": ["Unexpected field"]}),
    (
        {"event_type": 5, "payload": "x", "call_report": []},
        {"event_type": [...], "payload": [...], "call_report": [...]},
    ),
    ({**FINISHED, "payload": None}, {"payload": [...]}),
    *[({**FINISHED, "event_type": value}, {"event_type": [...]}) for value in NOT_EVENT_TYPES],
    *[({**FINISHED, "payload": {"a": value}}, {"payload": [...]}) for value in UNPORTABLE],
    (
        {**FINISHED, "call_report": {"a": ["\x00"]}},
        {"call_report": ["It contains the character U+0000, which cannot be stored."]},
    ),
    (b'{"event_type": "a.b", "payload": {"a": 1e400}}', {"payload": ["It contains a number that is not finite."]}),
    (b"[]", {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    (b"null", {"non_field_errors": ["Invalid data. Expected a dictionary, but got NoneType."]}),
    (b"", {"detail": ...}),
    (b"{", {"detail": ...}),
    (b'{"event_type": "a.b", "payload": {"a": NaN}}', {"detail": ...}),
    (b'{"event_type": "a.b", "payload": {"a": 1, "a": 2}}', {"detail": ...}),
    (b'{"event_type": "a.b", "payload": {"a": "\xff"}}', {"detail": ...}),
    (b'{"event_type": "a.b", "payload": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}", {"detail": ...}),
]


@pytest.mark.parametrize(("sent", "expected"), REFUSED)
def test_a_malformed_event_is_refused_with_every_problem(
    service: RestService, sent: Any, expected: dict[str, Any]
) -> None:
    """Nothing is fired."""
    before = service.stored()

    answer = service.request("POST", FIRE, sent)

    assert answer.status == 400
    problems = answer.json()
    assert expected.keys() == problems.keys()
    for field, sentences in expected.items():
        if ... not in (sentences, *(sentences if isinstance(sentences, list) else ())):
            assert sentences == problems[field]
    assert before == service.stored()


@pytest.mark.parametrize("event_id", ["", "x", "5", "g" * 32])
def test_an_event_id_that_is_not_a_uuid_is_refused(service: RestService, event_id: str) -> None:
    """Receivers may rely on the form of the id."""
    answer = service.request("POST", FIRE, FINISHED, {"Pulp-Event-Id": event_id})

    assert answer.status == 400
    assert {"Pulp-Event-Id": ["Must be a valid UUID."]} == answer.json()


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (FIRE, "GET, POST, HEAD, OPTIONS"),
        (DELIVERIES, "GET, HEAD, OPTIONS"),
        (f"{DELIVERIES}1/", "GET, HEAD, OPTIONS"),
        (f"{OWN}notifiers/", "GET, HEAD, OPTIONS"),
        (f"{OWN}status/", "GET, HEAD, OPTIONS"),
        (f"{OWN}docs/legacy/", "GET, HEAD, OPTIONS"),
        (f"{OWN}docs/api.json", "GET, HEAD"),
    ],
)
def test_other_methods_get_405_in_pulp_3s_form(service: RestService, path: str, allow: str) -> None:
    """``Allow`` has the methods that the path supports."""
    answer = service.request("PATCH", path, login=None)

    assert (405, allow) == (answer.status, answer.headers["allow"])
    assert {"detail": 'Method "PATCH" not allowed.'} == answer.json()


@pytest.mark.parametrize("path", [f"{OWN}x/", OWN, "/pulp/api/v3/", f"{DELIVERIES}1/2/", f"{OWN}docs/"])
def test_an_unknown_path_gets_404_in_pulp_3s_form(service: RestService, path: str) -> None:
    """Only Pulp 2's own API answers null."""
    answer = service.request("GET", path)

    assert (404, {"detail": "Not found."}) == (answer.status, answer.json())


def test_a_path_without_the_final_slash_is_redirected(service: RestService) -> None:
    """The query is kept."""
    answer = service.request("GET", f"{DELIVERIES.rstrip('/')}?limit=1")

    assert (301, f"{DELIVERIES}?limit=1") == (answer.status, answer.headers["location"])


def test_another_event_under_a_known_id_is_409_with_the_digest_of_the_first(service: RestService) -> None:
    """It is not mistaken for a repeat, whether or not a listener matches it."""
    event_id = str(uuid4())
    header = {"Pulp-Event-Id": event_id}
    assert service.request("POST", FIRE, FINISHED, header).status == 202
    content = json.dumps(FINISHED, sort_keys=True, separators=(",", ":"))
    others = [
        {**FINISHED, "event_type": "noise.x"},
        {**FINISHED, "event_type": "repo.publish.finish"},
        {**FINISHED, "payload": {}},
        {**FINISHED, "call_report": None},
    ]

    answers = [service.request("POST", FIRE, other, header) for other in others]

    digest = hashlib.sha256(content.encode()).hexdigest()
    assert [(409, digest)] * 4 == [(answer.status, answer.json()["digest"]) for answer in answers]
    assert event_id in answers[0].json()["detail"]
    assert service.request("POST", FIRE, dict(reversed(FINISHED.items())), header).status == 202
    assert service.request("GET", f"{DELIVERIES}?event={event_id}").json()["count"] == 1


TASK = {"id": "5f0c1e2d3a4b5c6d7e8f9012", "state": "error", "start_time": "2026-11-01T12:00:00Z"}


def test_the_id_of_a_task_event_cannot_be_taken_in_advance(service: RestService) -> None:
    """Whoever knows the task could compute it."""
    listener = {
        "notifier_type": "http",
        "config": {"url": "http://x.example/"},
        "event_types": ["noise.x", "task.error"],
    }
    assert service.request("POST", f"{OWN}listeners/", listener).status == 201
    report = TaskReport.from_record({**TASK, "task_id": "nightly"})
    foreseen = {"Pulp-Event-Id": str(task_event(report).id)}

    noise = service.request("POST", FIRE, {"event_type": "noise.x", "payload": {}}, foreseen)
    taken = service.request("POST", f"{OWN}tasks/", {**TASK, "task_id": "nightly"})

    assert noise.status == 400
    assert "version 8" in noise.json()["Pulp-Event-Id"][0]
    assert {"reports": 1, "deliveries": 1} == taken.json()


@pytest.mark.parametrize(
    "event_id", [uuid1(), uuid3(NAMESPACE_DNS, "a"), uuid5(NAMESPACE_DNS, "a"), UUID(int=7 << 76 | 2 << 62)]
)
def test_a_repeat_may_have_an_id_of_any_other_version(service: RestService, event_id: UUID) -> None:
    """Clients derive ids in many ways."""
    header = {"Pulp-Event-Id": str(event_id)}

    answers = [service.request("POST", FIRE, FINISHED, header) for _ in range(2)]

    assert [(202, str(event_id))] * 2 == [(answer.status, answer.json()["id"]) for answer in answers]


def test_a_task_event_that_another_installation_hands_over_gets_an_id_of_its_own(service: RestService) -> None:
    """A repeat is recognised, and the id of the same task here stays free."""
    own = derived_id(UUID(int=0), "a fact")
    header = {"Pulp-Event-Id": str(own), "Pulp-Delivery-Attempt": "1"}

    answers = [service.request("POST", FIRE, FINISHED, header) for _ in range(2)]

    (event_id,) = {answer.json()["id"] for answer in answers}
    assert [202, 202] == [answer.status for answer in answers]
    assert (str(own) != event_id, 8) == (True, UUID(event_id).version)
    assert service.request("GET", f"{DELIVERIES}?event={event_id}").json()["count"] == 1


def test_an_event_that_was_written_in_part_is_completed_by_the_request_that_the_answer_names(tmp_path: Path) -> None:
    """The client need not have chosen an id."""
    full = "(SELECT count(*) FROM deliveries) >= 700 BEGIN SELECT RAISE(ABORT, 'no space'); END"
    addresses = [f"a{number}@example.org" for number in range(1500)]
    with rest_service(tmp_path) as service:
        service.app.pulp2_listeners.create("email", {"subject": "s", "addresses": addresses}, ["*"])
        service.execute(f"CREATE TRIGGER full BEFORE INSERT ON deliveries WHEN {full}")
        refused = service.request("POST", FIRE, FINISHED)
        service.execute("DROP TRIGGER full")
        detail = refused.json()["detail"]
        event_id = re.search("Pulp-Event-Id: ([0-9a-f-]{36});", detail)
        assert event_id is not None, detail

        accepted = service.request("POST", FIRE, FINISHED, {"Pulp-Event-Id": event_id[1]})

        assert (503, 202) == (refused.status, accepted.status)
        assert {"id": event_id[1], "deliveries": 1500} == accepted.json()
        assert service.request("GET", f"{DELIVERIES}?event={event_id[1]}").json()["count"] == 1500


def test_a_listener_with_too_many_targets_is_refused_and_pulp_2s_api_accepts_it(service: RestService) -> None:
    """One at the limit is registered."""
    addresses = [f"a{number}@example.org" for number in range(1001)]

    def body(count: int) -> dict[str, Any]:
        config = {"subject": "s", "addresses": addresses[:count]}
        return {"notifier_type": "email", "config": config, "event_types": ["repo.sync.finish"]}

    refused = service.request("POST", f"{OWN}listeners/", body(1001))
    sent = body(1001)
    legacy = {"notifier_type_id": "email", "notifier_config": sent["config"], "event_types": sent["event_types"]}

    assert 400 == refused.status
    assert "It has 1001 targets, and a listener may have at most 1000." in refused.json()["config"][0]
    assert 201 == service.request("POST", f"{OWN}listeners/", body(1000)).status
    assert 201 == service.request("POST", EVENTS, legacy).status
    assert 2002 == fire(service)["deliveries"]
