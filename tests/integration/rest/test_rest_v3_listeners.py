"""Listeners of the v3 API: patterns, single tasks, checked configs."""

import re
from typing import Any

import pytest

from pulp_notifiers.event import Event
from tests.support.rest import EVENTS, OWN, RestService

LISTENERS = f"{OWN}listeners/"
TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
HOOK = {"url": "https://x.example/", "username": "u", "password": "p"}
GOOD = {"notifier_type": "http", "config": HOOK, "event_types": ["task.*"]}


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service without listeners."""
    running.clear()
    return running


def register(service: RestService, **values: Any) -> dict[str, Any]:
    """Register a listener and return its document."""
    answer = service.request("POST", LISTENERS, {**GOOD, **values})
    assert answer.status == 201, answer.body
    document: dict[str, Any] = answer.json()
    return document


def test_a_listener_is_registered_shown_listed_changed_and_deleted(service: RestService) -> None:
    """Its secret stays masked throughout."""
    answer = service.request("POST", LISTENERS, {**GOOD, "task_id": TASK.upper()})

    created = answer.json()
    assert (201, created["pulp_href"]) == (answer.status, answer.headers["location"])
    none = {"count": 0, "last_event": None, "last_at": None, "last_error": None}
    assert created["pulp_created"] == created["pulp_last_updated"]
    assert {
        "pulp_href": f"{LISTENERS}{created['id']}/",
        "pulp_created": created["pulp_created"],
        "pulp_last_updated": created["pulp_created"],
        "id": created["id"],
        "notifier_type": "http",
        "config": {**HOOK, "password": "*****"},
        "event_types": ["task.*"],
        "task_id": TASK,
        "source_options": {"include": []},
        "name": "http-task-task-c1c6f3e4",
        "description": "",
        "enabled": True,
        "labels": {},
        "when": None,
        "template": None,
        "condition_errors": none,
        "template_errors": none,
        "warnings": [],
    } == created
    assert created == service.request("GET", created["pulp_href"]).json()
    assert {"count": 1, "next": None, "previous": None, "results": [created]} == service.request(
        "GET", LISTENERS
    ).json()

    changes = {"config": {"url": "https://x.example/other", "password": "*****"}, "event_types": ["task.error"]}
    changed = service.request("PATCH", created["pulp_href"], changes)
    assert (200, ["task.error"]) == (changed.status, changed.json()["event_types"])
    assert {**HOOK, "url": "https://x.example/other"} == service.app.listeners.get(created["id"]).config

    deleted = service.request("DELETE", created["pulp_href"])
    assert (204, b"") == (deleted.status, deleted.body)
    for method, sent in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        answer = service.request(method, created["pulp_href"], sent)
        assert (404, {"detail": "Not found."}) == (answer.status, answer.json())


def test_both_apis_show_the_same_listeners(service: RestService) -> None:
    """Pulp 2's API shows seven keys, and its own rules apply to changes."""
    own = register(service, event_types=["task.*"], task_id=TASK)
    service.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]})

    shown = service.request("GET", EVENTS).json()

    keys = {"_href", "_id", "_ns", "id", "notifier_type_id", "notifier_config", "event_types"}
    assert [keys] * 2 == [listener.keys() for listener in shown]
    assert [["task.*"], ["*"]] == [listener["event_types"] for listener in shown]
    listed = service.request("GET", LISTENERS).json()["results"]
    assert [listener["id"] for listener in shown] == [listener["id"] for listener in listed]
    assert 400 == service.request("PUT", shown[0]["_href"], {"event_types": ["task.*"]}).status
    assert 200 == service.request("PUT", shown[0]["_href"], {"notifier_config": {"username": "v"}}).status
    assert TASK == service.request("GET", own["pulp_href"]).json()["task_id"]
    assert 200 == service.request("DELETE", shown[0]["_href"]).status


def test_a_config_that_another_door_stored_does_not_break_the_list(service: RestService) -> None:
    """Only what this API takes is checked, not what it shows."""
    service.app.publish_to_topic(Event("repo.sync.start", {}), "a\0b")

    answer = service.request("GET", LISTENERS)

    assert 200 == answer.status
    assert ["a\0b"] == [listener["config"]["exchange"] for listener in answer.json()["results"]]


def test_listeners_are_filtered_by_notifier_event_type_and_task_in_pages(service: RestService) -> None:
    """A pattern is found by the types that it matches."""
    created = [
        register(service, event_types=["task.*"]),
        register(service, event_types=["task.error"], task_id=TASK),
        register(service, event_types=["repo.#"]),
        register(service, event_types=["#"], notifier_type="amqp", config={}),
    ]
    hrefs = [each["pulp_href"] for each in created]

    def filtered(query: str) -> list[int]:
        results = service.request("GET", f"{LISTENERS}?{query}").json()["results"]
        return [hrefs.index(each["pulp_href"]) for each in results]

    assert [0, 1, 3] == filtered("event_type=task.error")
    assert [2, 3] == filtered("event_type=repo.sync.start")
    assert [1] == filtered(f"task_id={TASK}")
    assert [3] == filtered("notifier_type=amqp&event_type=task.error")
    assert [1, 2] == filtered("limit=2&offset=1")
    page = service.request("GET", f"{LISTENERS}?limit=2&offset=1").json()
    assert 4 == page["count"]
    assert page["next"].endswith(f"{LISTENERS}?limit=2&offset=3")
    assert 400 == service.request("GET", f"{LISTENERS}?task_id=x&listener=y").status


REFUSED: list[tuple[Any, set[str]]] = [
    ({}, {"notifier_type", "event_types"}),
    ({**GOOD, "notifier_config": {}, "id": "x"}, {"notifier_config", "id"}),
    ({**GOOD, "notifier_type": "nope", "event_types": ["a b"]}, {"notifier_type", "event_types"}),
    ({**GOOD, "notifier_type": "rest-api"}, {"notifier_type"}),
    ({**GOOD, "event_types": "task.*"}, {"event_types"}),
    ({**GOOD, "event_types": [5]}, {"event_types.0"}),
    ({**GOOD, "event_types": []}, {"event_types"}),
    ({**GOOD, "event_types": None}, {"event_types"}),
    ({**GOOD, "task_id": "x"}, {"task_id"}),
    ({**GOOD, "task_id": 5}, {"task_id"}),
    ({**GOOD, "event_types": ["*"], "task_id": TASK}, {"event_types"}),
    ({**GOOD, "config": None}, {"config"}),
    ({**GOOD, "config": []}, {"config"}),
    ({**GOOD, "config": {"a": "\x00"}}, {"config"}),
    ({**GOOD, "config": {}}, {"config.url"}),
    ({**GOOD, "config": {"url": "ftp://x/", "user": "u"}}, {"config.url", "config.user"}),
    ({**GOOD, "config": {**HOOK, "password": "*****"}}, {"config.password"}),
    (
        {"notifier_type": "email", "event_types": ["#"], "config": {"subject": "x", "addresses": []}},
        {"config.addresses"},
    ),
    (b"[]", {"non_field_errors"}),
    (b"{", {"detail"}),
    (b'{"config": {}, "config": {}}', {"detail"}),
]


@pytest.mark.parametrize(("sent", "fields"), REFUSED)
def test_a_listener_that_cannot_work_is_refused_with_every_problem(
    service: RestService, sent: Any, fields: set[str]
) -> None:
    """Nothing is registered."""
    answer = service.request("POST", LISTENERS, sent)

    assert 400 == answer.status
    assert fields <= answer.json().keys()
    assert [] == service.app.listeners.list()


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"task_id": TASK}, {"task_id"}),
        ({"notifier_type": "amqp"}, {"notifier_type"}),
        ({"config": {"url": None}}, {"config.url"}),
        ({"config": {"colour": 1}}, {"config.colour"}),
        ({"config": {"url": "https://z/"}, "event_types": []}, {"event_types"}),
    ],
)
def test_a_change_that_cannot_work_changes_nothing(service: RestService, sent: Any, fields: set[str]) -> None:
    """Task and notifier cannot be changed at all."""
    created = register(service)

    answer = service.request("PATCH", created["pulp_href"], sent)

    assert (400, fields) == (answer.status, set(answer.json()))
    assert created == service.request("GET", created["pulp_href"]).json()


def test_an_error_contains_no_secret(service: RestService) -> None:
    """The password was sent with a wrong option."""
    answer = service.request("POST", LISTENERS, {**GOOD, "config": {"password": "sesame123", "username": 5}})

    assert 400 == answer.status
    assert b"sesame123" not in answer.body


def test_each_operation_needs_its_grant(service: RestService) -> None:
    """A grant on the list covers its listeners."""
    created = register(service)
    service.add_user("eva")
    tried: list[tuple[str, str, str, Any]] = [
        ("READ", "GET", LISTENERS, None),
        ("CREATE", "POST", LISTENERS, GOOD),
        ("READ", "GET", created["pulp_href"], None),
        ("UPDATE", "PATCH", created["pulp_href"], {}),
        ("DELETE", "DELETE", created["pulp_href"], None),
    ]

    assert [403] * 5 == [service.request(method, path, sent, login="eva").status for _, method, path, sent in tried]
    for operation, method, path, sent in tried:
        service.grant("eva", "/v3/notifications/listeners/", operation)
        assert service.request(method, path, sent, login="eva").status in (200, 201, 204)


@pytest.mark.parametrize(
    ("path", "allow"), [("", "GET, POST, HEAD, OPTIONS"), ("x/", "GET, PATCH, DELETE, HEAD, OPTIONS")]
)
def test_other_methods_get_405_with_the_supported_ones(service: RestService, path: str, allow: str) -> None:
    """``Allow`` has them."""
    answer = service.request("PUT", f"{LISTENERS}{path}", {})

    assert (405, allow) == (answer.status, answer.headers["allow"])


def test_source_options_are_registered_shown_and_replaced(service: RestService) -> None:
    """Pulp 2's document does not have them."""
    created = register(service, event_types=["repo.#"], source_options={"include": ["content"]})
    options = {"source_options": {"include": ["content"]}}

    assert options.items() <= created.items()
    assert created == service.request("GET", created["pulp_href"]).json()
    assert created == service.request("GET", LISTENERS).json()["results"][0]
    assert 7 == len(service.request("GET", f"{EVENTS}{created['id']}/").json())
    assert options.items() <= service.request("PATCH", created["pulp_href"], {"event_types": ["*"]}).json().items()
    for nothing in ({}, {"include": []}):
        assert options.items() <= service.request("PATCH", created["pulp_href"], options).json().items()
        changed = service.request("PATCH", created["pulp_href"], {"source_options": nothing}).json()
        assert {"include": []} == changed["source_options"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ([], "source_options"),
        ({"exclude": []}, "source_options.exclude"),
        ({"include": "content"}, "source_options.include"),
        ({"include": None}, "source_options.include"),
        ({"include": [5]}, "source_options.include.0"),
        ({"include": ["A B"]}, "source_options.include"),
    ],
)
def test_invalid_source_options_are_refused(service: RestService, options: Any, field: str) -> None:
    """They are checked for new listeners and for changes."""
    created = register(service)

    registered = service.request("POST", LISTENERS, {**GOOD, "source_options": options})
    changed = service.request("PATCH", created["pulp_href"], {"source_options": options})

    assert [(400, {field})] * 2 == [(answer.status, set(answer.json())) for answer in (registered, changed)]


def test_request_bodies_refer_to_nothing_outside_the_document(service: RestService) -> None:
    """A generated client needs no other document."""
    document = service.request("GET", f"{OWN}docs/api.json").json()
    body = document["paths"][LISTENERS]["post"]["requestBody"]["content"]["application/json"]["schema"]

    references = set(re.findall(r"'\$ref': '(.*?)'", str(document)))
    names = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references <= names
    assert "array" == body["properties"]["source_options"]["properties"]["include"]["type"]
    assert "event_types" in body["required"]


def test_wrong_syntax_and_broken_rules_are_reported_together(service: RestService) -> None:
    """A client need not correct one to be told of the other; nothing is registered or changed."""
    wrong = {
        "config": {"url": "ftp://x/", "link": "x"},
        "event_types": "task.error",
        "source_options": {"include": ["Content"]},
        "more": 1,
    }
    expected = {"config.url", "config.link", "event_types", "source_options.include", "more"}

    refused = service.request("POST", LISTENERS, {**wrong, "notifier_type": "http"})
    assert (400, expected) == (refused.status, set(refused.json()))
    refused = service.request("POST", LISTENERS, {"config": 1, "event_types": ["a b"], "task_id": "x"})
    assert {"config", "event_types", "task_id", "notifier_type"} == set(refused.json())
    assert ["This field is required."] == refused.json()["notifier_type"]
    assert [] == service.app.listeners.list()

    listener = service.add_listener(notifier_config={"url": "http://192.0.2.1/"})
    refused = service.request("PATCH", f"{LISTENERS}{listener.id}/", wrong)
    assert (400, expected) == (refused.status, set(refused.json()))
    assert [listener] == service.app.listeners.list()


def test_wrong_syntax_and_broken_rules_of_a_source_are_reported_together(service: RestService) -> None:
    """As for listeners."""
    refused = service.request("POST", f"{OWN}sources/", {"name": "-", "type": "pulp3", "config": {}, "more": 1})
    assert {"name", "config.url", "more"} <= set(refused.json())
    refused = service.request("POST", f"{OWN}sources/", {"name": "a b"})
    assert {"name", "type"} == set(refused.json())
    assert ["This field is required."] == refused.json()["type"]
