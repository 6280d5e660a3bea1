"""The OpenAPI document."""

import json
from collections.abc import Iterator
from typing import Any

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
        f"post {OWN}events/",
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
        assert "422" not in operation["responses"], path
        assert all(answer["description"] for answer in operation["responses"].values())
        success, answer = next(iter(operation["responses"].items()))
        assert success == "204" or {"schema"} <= answer["content"]["application/json"].keys(), path
    assert document["components"]["securitySchemes"]["basic"]["scheme"] == "basic"


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
