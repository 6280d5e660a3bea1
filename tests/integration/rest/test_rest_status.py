"""What the service tells of itself: status, installed notifiers, OpenAPI document, and faults."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pulp_notifiers import __version__
from tests.harness.rabbitmq import RabbitMQ
from tests.support.distributions import installed
from tests.support.patient import publish, reach
from tests.support.rest import EVENTS, OWN, RestService, rest_service

STATUS = f"{OWN}status/"
NOTIFIERS = f"{OWN}notifiers/"
OPENAPI = f"{OWN}docs/api.json"
STREAM_OFF = {
    "enabled": False,
    "connected": False,
    "outage_since": None,
    "published": 0,
    "dropped": 0,
    "unrenderable": 0,
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RestService]:
    """A service of its own for each test."""
    with rest_service(tmp_path) as running:
        yield running


def sql(service: RestService, *statements: str) -> None:
    """Do to the database what the product would never do."""
    connection = sqlite3.connect(service.app.own.state_directory / "notifiers.db")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_the_status_needs_no_credentials(service: RestService) -> None:
    """So that a load balancer can ask for it."""
    answer = service.request("GET", STATUS, login=None)

    assert answer.status == 200
    assert {
        "version": __version__,
        "database": {"dialect": "sqlite", "reachable": True},
        "worker": {"running": False, "threads": 16},
        "stream": STREAM_OFF,
        "backlog": {"pending": 0, "dead": 0, "oldest_pending_seconds": None},
        "sources": [],
    } == answer.json()


def test_the_status_counts_what_is_owed(service: RestService) -> None:
    """And for how long."""
    service.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]})
    service.request("POST", f"{OWN}events/", {"event_type": "repo.sync.start", "payload": {}})

    backlog = service.request("GET", STATUS, login=None).json()["backlog"]

    assert (backlog["pending"], backlog["dead"]) == (1, 0)
    assert 0 <= backlog["oldest_pending_seconds"] < 60


def test_the_status_says_whether_the_worker_runs(service: RestService) -> None:
    """Of this process."""
    service.app.worker.start()

    assert service.request("GET", STATUS, login=None).json()["worker"]["running"] is True


def test_the_status_tells_nobody_where_the_stream_goes(tmp_path: Path) -> None:
    """Because it needs no credentials."""
    with streaming(tmp_path, "tcp://pulp:hidden@mq.example.com:5671/zoo;ssl://pulp:hidden@mq2.example.com") as service:
        answer = service.request("GET", STATUS, login=None)

    assert {**STREAM_OFF, "enabled": True} == answer.json()["stream"]
    assert b"example.com" not in answer.body


def test_the_status_counts_what_the_stream_published(tmp_path: Path, rabbitmq: RabbitMQ) -> None:
    """Over the connection that the first report opened."""
    with streaming(tmp_path, rabbitmq.url) as service:
        reach(service.app.stream, 1)
        stream = service.request("GET", STATUS, login=None).json()["stream"]

    assert stream["connected"]
    assert 1 == stream["published"]


def test_the_status_says_since_when_the_stream_drops(tmp_path: Path) -> None:
    """While its messaging server is away."""
    began = datetime.now(UTC)
    with streaming(tmp_path, "tcp://127.0.0.1:1") as service:
        publish(service.app.stream, range(3))
        stream = service.request("GET", STATUS, login=None).json()["stream"]

    assert not stream["connected"]
    assert (0, 3) == (stream["published"], stream["dropped"])
    assert began <= datetime.fromisoformat(stream["outage_since"]) <= datetime.now(UTC)


def streaming(directory: Path, url: str) -> AbstractContextManager[RestService]:
    """Run a service that publishes to the task-status stream."""
    messaging = {"event_notifications_enabled": "true", "event_notification_url": url}
    return rest_service(directory, messaging=messaging)


def test_a_database_that_is_away_is_told_by_the_status(service: RestService) -> None:
    """With the same document and 503."""
    sql(service, "ALTER TABLE deliveries RENAME TO gone")

    answer = service.request("GET", STATUS, login=None)

    assert answer.status == 503
    told = answer.json()
    assert {"version", "database", "worker", "stream", "backlog", "sources"} == told.keys()
    assert {"dialect": "sqlite", "reachable": False} == told["database"]
    assert (None, None) == (told["backlog"], told["sources"])


@pytest.mark.parametrize("path", [f"{OWN}deliveries/", EVENTS])
def test_a_database_that_is_away_is_told_to_clients(
    service: RestService, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the driver's words, which the log has."""
    sql(service, "ALTER TABLE users RENAME TO gone")

    answer = service.request("GET", path)

    told = answer.json()
    if path == EVENTS:
        assert (answer.status, told["http_status"]) == (500, 500)
        assert "error" not in told
        assert [f"pulp_notifiers.errors.StoreUnavailable: {told['error_message']}\n"] == told["exception"]
        assert [] == told["traceback"]
    else:
        assert answer.status == 503
    assert b"The database refused or did not answer; nothing was written." in answer.body
    assert b"no such table" not in answer.body
    assert "no such table" in caplog.text


def test_what_nobody_foresaw_is_500_and_logged(service: RestService, caplog: pytest.LogCaptureFixture) -> None:
    """In the shape of Pulp 2's document (CONTRACT 1.6)."""
    service.add_listener()
    sql(service, "UPDATE listeners SET event_types = 'not json'")

    answer = service.request("GET", f"{EVENTS}?x=1")

    assert answer.status == 500
    told = answer.json()
    assert {"http_request_method", "http_status", "_href", "error_message", "exception", "traceback"} == told.keys()
    assert (told["http_status"], told["_href"]) == (500, f"{EVENTS}?x=1")
    assert len(told["exception"]) == 1
    assert told["exception"][0] == f"json.decoder.JSONDecodeError: {told['error_message']}\n"
    assert all(isinstance(line, str) for line in told["traceback"])
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["deprecation"] == "@1451520000"
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert f"GET {EVENTS} failed" == record.getMessage()
    assert service.request("GET", STATUS).status == 200


def test_notifiers_are_listed_with_the_schema_of_their_options(service: RestService) -> None:
    """Which feeds forms and documents."""
    page = service.request("GET", NOTIFIERS).json()

    found = {notifier["type"]: notifier for notifier in page["results"]}
    assert page["count"] == len(page["results"])
    http = found["http"]
    assert {"type", "distribution", "version", "origin", "schema", "problem"} == http.keys()
    assert (http["distribution"], http["problem"]) == ("pulp-notifier-http", None)
    assert "url" in http["schema"]["properties"]


def test_notifiers_that_cannot_be_used_are_listed_with_the_reason(service: RestService, tmp_path: Path) -> None:
    """Beside all others, also when they were installed a moment ago."""
    before = service.request("GET", NOTIFIERS).json()["count"]

    with installed(tmp_path, "broken", {"broken": "broken_notifier:X"}, {"broken_notifier": "import nothing_like_it"}):
        page = service.request("GET", NOTIFIERS).json()

    assert before + 1 == page["count"]
    [broken] = [notifier for notifier in page["results"] if notifier["type"] == "broken"]
    assert broken["schema"] is None
    assert "nothing_like_it" in broken["problem"]
    assert (broken["distribution"], broken["version"], broken["origin"]) == ("broken", "1.0", "broken_notifier:X")


ODD_NOTIFIER = """
from collections.abc import Callable
from pydantic import BaseModel
class Odd:
    class Config(BaseModel):
        function: Callable[[], int]
    def send(self, event, config, target):
        pass
"""


def test_a_notifier_whose_options_have_no_schema_does_not_hide_the_others(service: RestService, tmp_path: Path) -> None:
    """It is its author's mistake, and listed as such."""
    with installed(tmp_path, "odd", {"odd": "odd_notifier:Odd"}, {"odd_notifier": ODD_NOTIFIER}):
        results = service.request("GET", NOTIFIERS).json()["results"]

    found = {notifier["type"]: notifier for notifier in results}
    assert {"http", "odd"} <= found.keys()
    assert found["odd"]["schema"] is None
    assert "cannot be described as JSON Schema" in found["odd"]["problem"]


def test_the_list_of_notifiers_has_pages(service: RestService) -> None:
    """Like every list."""
    page = service.request("GET", f"{NOTIFIERS}?limit=1&offset=1", headers={"Host": "pulp.example.com"}).json()

    assert len(page["results"]) == 1
    assert page["previous"] == f"http://pulp.example.com{NOTIFIERS}?limit=1"
    assert service.request("GET", f"{NOTIFIERS}?state=dead").status == 400


@pytest.mark.parametrize(
    ("header", "scheme"), [("https", "https"), ("http", "http"), ("javascript", "http"), ("https, http", "http")]
)
def test_links_keep_the_scheme_that_a_trusted_proxy_serves(service: RestService, header: str, scheme: str) -> None:
    """Or a client would send its password in clear text for the next page."""
    page = service.request("GET", f"{NOTIFIERS}?limit=1", headers={"X-Forwarded-Proto": header, "Host": "x"}).json()

    assert page["next"] == f"{scheme}://x{NOTIFIERS}?limit=1&offset=1"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and description."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield path, method, told


def test_the_openapi_document_describes_every_route(service: RestService) -> None:
    """With what goes in, what comes out, and who may."""
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
    ids = [told["operationId"] for _, _, told in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, told in operations(document):
        bodiless = method in ("get", "delete") or path.endswith("/test/")
        assert bodiless != ("requestBody" in told), path
        assert (path != STATUS) == ("security" in told), path
        assert path.startswith(EVENTS) == told.get("deprecated", False), path
        assert "422" not in told["responses"], path
        assert all(answer["description"] for answer in told["responses"].values())
        success, answer = next(iter(told["responses"].items()))
        assert success == "204" or {"schema"} <= answer["content"]["application/json"].keys(), path
    assert document["components"]["securitySchemes"]["basic"]["scheme"] == "basic"


def test_references_in_the_openapi_document_lead_somewhere(service: RestService) -> None:
    """Or generated clients would not compile."""
    text = service.request("GET", OPENAPI, login=None).body.decode()
    document = json.loads(text)

    names = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert names <= document["components"]["schemas"].keys()


def test_answers_of_the_own_api_fit_their_schemas(service: RestService) -> None:
    """As far as required keys go."""
    document = service.request("GET", OPENAPI, login=None).json()
    schemas = document["components"]["schemas"]

    for path, name in ((STATUS, "StatusDocument"), (NOTIFIERS, "Page_PluginDocument_")):
        assert set(schemas[name]["required"]) == service.request("GET", path).json().keys()
