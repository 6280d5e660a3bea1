"""The OpenAPI document."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from scripts import openapi
from tests.support.pages import ROOT
from tests.support.rest import EVENTS, OWN, RestService

STATUS = f"{OWN}status/"
NOTIFIERS = f"{OWN}notifiers/"
OPENAPI = f"{OWN}docs/api.json"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and description of each operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_openapi_document_describes_every_route(service: RestService) -> None:
    """Each has its body, its answers and its credentials."""
    document = service.request("GET", OPENAPI, login=None).json()

    assert {
        f"get {EVENTS}",
        f"post {EVENTS}",
        f"get {EVENTS}{{listener_id}}/",
        f"put {EVENTS}{{listener_id}}/",
        f"delete {EVENTS}{{listener_id}}/",
        f"get {OWN}listeners/",
        f"post {OWN}listeners/",
        f"get {OWN}listeners/{{listener_id}}/",
        f"patch {OWN}listeners/{{listener_id}}/",
        f"delete {OWN}listeners/{{listener_id}}/",
        f"get {OWN}events/",
        f"post {OWN}events/",
        f"post {OWN}events/explain/",
        f"get {OWN}events/{{event_id}}/",
        f"get {OWN}events/{{event_id}}/explain/",
        f"post {OWN}tasks/",
        f"get {NOTIFIERS}",
        f"get {OWN}sources/",
        f"post {OWN}sources/",
        f"get {OWN}sources/{{name}}/",
        f"patch {OWN}sources/{{name}}/",
        f"delete {OWN}sources/{{name}}/",
        f"post {OWN}sources/{{name}}/test/",
        f"post {OWN}source-tests/",
        f"get {OWN}source-types/",
        f"get {OWN}event-types/",
        f"get {OWN}event-types/{{name}}/",
        f"get {OWN}templates/",
        f"post {OWN}templates/",
        f"get {OWN}templates/{{name}}/",
        f"patch {OWN}templates/{{name}}/",
        f"delete {OWN}templates/{{name}}/",
        f"post {OWN}templates/{{name}}/preview/",
        f"post {OWN}templates/preview/",
        f"get {OWN}deliveries/",
        f"get {OWN}deliveries/{{delivery_id}}/",
        f"get {STATUS}",
    } == {f"{method} {path}" for path, method, _ in operations(document)}
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        bodiless = method in ("get", "delete") or path.endswith("/test/")
        assert bodiless != ("requestBody" in operation), path
        assert (path != STATUS) == ("security" in operation), path
        assert path.startswith(EVENTS) == operation.get("deprecated", False), path
        repeatable = any(one["name"].lower() == "idempotency-key" for one in operation.get("parameters", ()))
        assert repeatable == ("422" in operation["responses"]), path
        assert all(answer["description"] for answer in operation["responses"].values())
        success, answer = next(iter(operation["responses"].items()))
        assert success == "204" or {"schema"} <= answer["content"]["application/json"].keys(), path
    assert document["components"]["securitySchemes"]["basic"]["scheme"] == "basic"


def test_the_committed_openapi_document_is_the_one_that_is_served(service: RestService) -> None:
    """With the bundled plugins, and in the form that the script writes."""
    served = service.request("GET", OPENAPI, login=None).json()
    committed = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")

    assert openapi.text(served) == committed, "docs/openapi.json is not current: run make openapi, and commit it."


def test_references_in_the_openapi_document_resolve(service: RestService) -> None:
    """Otherwise generated clients would not compile."""
    text = service.request("GET", OPENAPI, login=None).body.decode()
    document = json.loads(text)

    names = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert names <= document["components"]["schemas"].keys()


def test_answers_of_the_v3_api_have_the_required_keys_of_their_schemas(service: RestService) -> None:
    """No other key is in them."""
    document = service.request("GET", OPENAPI, login=None).json()
    schemas = document["components"]["schemas"]

    for path, name in ((STATUS, "StatusDocument"), (NOTIFIERS, "Page_PluginDocument_")):
        assert set(schemas[name]["required"]) == service.request("GET", path).json().keys()


ID = "5f0c1e2d3a4b5c6d7e8f9012"
HTTP = {"notifier_type": "http", "config": {"url": "http://192.0.2.1/"}, "event_types": ["task.error"]}
REPORT = {"id": ID, "task_id": "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11", "state": "error"}
EVENT = {"event_type": "a.b", "payload": {}}
DEEP = {"a": [{"b": [1, 1.5, None, True, "text", {}]}]}
NUL = {"a": [{"b": ["\0"]}]}
LISTENER_V2 = {"notifier_type_id": "http", "event_types": ["*"]}

BODIES = [
    *[
        ("post", f"{OWN}listeners/", {**HTTP, "event_types": types}, good)
        for types, good in (
            (["*"], True),
            (["#"], True),
            (["repo.#", "task.*.x", "repo.sync.start", "repo.version.created", "a", "repository.x", "tasks"], True),
            (["a" * 200], True),
            ([], False),
            ([""], False),
            (["a" * 201], False),
            (["repo.sink.start"], False),
            (["task"], False),
            (["task.failed"], False),
            (["a..b"], False),
            ([".a"], False),
            (["a b"], False),
            (["a\0"], False),
            (["**"], False),
            ([1], False),
            ("*", False),
            (None, False),
        )
    ],
    *[
        ("post", f"{OWN}listeners/", {**HTTP, **change}, good)
        for change, good in (
            ({"task_id": REPORT["task_id"]}, True),
            ({"task_id": None, "event_types": ["*"]}, True),
            ({"task_id": REPORT["task_id"], "event_types": ["*"]}, False),
            ({"task_id": REPORT["task_id"], "event_types": ["task.error", "repo.sync.start"]}, False),
            ({"task_id": "x"}, False),
            ({"config": {}}, False),
            ({"config": None}, False),
            ({"config": {"url": "http://192.0.2.1/", "link": "x"}}, False),
            ({"config": {"url": 1}}, False),
            ({"notifier_type": "smoke"}, False),
            ({"notifier_type": "http\0"}, False),
            ({"source_options": {"include": ["content", "a_b"]}}, True),
            ({"source_options": {"include": [""]}}, False),
            ({"source_options": {"include": ["Content"]}}, False),
            ({"source_options": {"exclude": []}}, False),
            ({"more": 1}, False),
        )
    ],
    ("post", f"{OWN}listeners/", {"notifier_type": "http", "event_types": ["task.error"]}, False),
    *[
        ("post", f"{OWN}events/", {**EVENT, **change}, good)
        for change, good in (
            ({}, True),
            ({"payload": DEEP, "call_report": None}, True),
            ({"payload": {"a": 2**63 - 1}}, True),
            ({"payload": {"a": 2**63}}, False),
            ({"payload": NUL}, False),
            ({"payload": {"\0": 1}}, False),
            ({"call_report": NUL}, False),
            ({"event_type": ""}, False),
            ({"event_type": "a.*"}, False),
            ({"event_type": "a\0"}, False),
            ({"event_type": "a" * 201}, False),
            ({"payload": None}, False),
        )
    ],
    *[
        ("post", f"{OWN}tasks/", {**REPORT, **change}, good)
        for change, good in (
            ({}, True),
            ({"_id": {"$oid": ID}, "id": None}, True),
            ({"_id": ID, "id": ""}, True),
            ({"_id": {}, "id": None}, False),
            ({"_id": {"$oid": "x"}, "id": ""}, False),
            ({"id": "x"}, False),
            ({"_id": ID, "id": {}}, False),
            ({"_id": ID, "id": False}, False),
            ({"id": ID.upper()}, False),
            ({"task_id": ""}, False),
            ({"task_id": "\0"}, False),
            ({"task_id": None}, False),
            ({"state": "lost"}, False),
            ({"tags": None}, True),
            ({"tags": ["\0"]}, False),
            ({"result": DEEP, "error": None, "progress_report": {}, "traceback": ["x"]}, True),
            ({"result": NUL}, False),
            ({"spawned_tasks": ["a"]}, True),
            ({"spawned_tasks": [{"task_id": "a"}]}, True),
            ({"spawned_tasks": [{"id": "a"}]}, False),
            ({"more": 1}, False),
        )
    ],
    ("post", f"{OWN}tasks/", [REPORT], True),
    ("post", f"{OWN}tasks/", [], False),
    *[
        ("post", EVENTS, {**LISTENER_V2, **change}, good)
        for change, good in (
            ({}, True),
            ({"more": 1, "notifier_config": DEEP}, True),
            ({"notifier_config": None}, True),
            ({"notifier_config": NUL}, False),
            ({"notifier_config": []}, False),
            ({"notifier_type_id": "smoke"}, False),
            ({"event_types": []}, False),
            ({"event_types": ["task.error"]}, False),
            ({"event_types": None}, False),
        )
    ],
    *[
        ("put", f"{EVENTS}{ID}/", change, good)
        for change, good in (
            ({}, True),
            ({"event_types": None, "notifier_config": {"a": None}}, True),
            ({"event_types": []}, False),
            ({"notifier_config": NUL}, False),
        )
    ],
    *[
        ("post", f"{OWN}source-tests/", change, good)
        for change, good in (
            ({"type": "smoke"}, False),
            ({"type": "pulp3"}, False),
            ({"type": "pulp3", "config": {"url": 1}}, False),
        )
    ],
    ("post", f"{OWN}sources/", {"name": "-a", "type": "amqp", "config": {"url": "amqp://192.0.2.1"}}, False),
    ("post", f"{OWN}sources/", {"name": "a" * 65, "type": "amqp", "config": {"url": "amqp://192.0.2.1"}}, False),
]


def test_the_openapi_document_allows_exactly_the_bodies_that_are_accepted(service: RestService) -> None:
    """Each is sent, and checked against the document."""
    service.add_listener(ID)
    document = service.request("GET", OPENAPI, login=None).json()

    wrong = []
    for method, path, body, good in BODIES:
        described = document["paths"][path.replace(ID, "{listener_id}")][method]
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator(
            {"components": document["components"], **schema}, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        allowed, status = validator.is_valid(body), service.request(method.upper(), path, body).status
        if (good, good) != (allowed, status < 300) or str(status) not in described["responses"]:
            wrong.append((path, body, good, allowed, status))
    assert [] == wrong


def test_the_openapi_document_describes_the_parameters_that_are_refused(service: RestService) -> None:
    """An empty event type is none."""
    document = service.request("GET", OPENAPI, login=None).json()
    parameters = document["paths"][f"{OWN}deliveries/"]["get"]["parameters"]
    (event_type,) = (each["schema"] for each in parameters if each["name"] == "event_type")

    for text, good in (("a.b", True), ("", False), ("a*", False), ("a" * 201, False)):
        assert good == Draft202012Validator(event_type).is_valid(text)
        assert good == (service.request("GET", f"{OWN}deliveries/?event_type={text}").status == 200)


def test_pulp_2_s_answers_may_have_the_patterns_of_other_listeners(service: RestService) -> None:
    """Its own clients cannot register them."""
    service.request("POST", f"{OWN}listeners/", {**HTTP, "event_types": ["repo.#"]})
    document = service.request("GET", OPENAPI, login=None).json()
    described = document["paths"][EVENTS]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    shown = service.request("GET", EVENTS).json()
    assert [["repo.#"]] == [listener["event_types"] for listener in shown]
    Draft202012Validator(described).validate(shown)
