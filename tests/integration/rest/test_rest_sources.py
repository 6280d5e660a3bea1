"""Sources over REST: adding, showing, changing, testing and removing them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pulp_notifiers.event import utc_now
from pulp_notifiers.records import RegisteredSource, SourceState, SourceStatus
from tests.support.rest import OWN, RestService
from tests.support.trial_source import trial_source

SOURCES = f"{OWN}sources/"
TYPES = f"{OWN}source-types/"
TESTS = f"{OWN}source-tests/"
STATUS = f"{OWN}status/"
CONFIG = {"url": "http://pulp.example/", "password": "right"}
GOOD = {"name": "zoo", "type": "trial", "config": CONFIG}


@pytest.fixture
def service(running: RestService, tmp_path: Path) -> Iterator[RestService]:
    """The service without sources, where the type ``trial`` is installed."""
    running.clear()
    with trial_source(tmp_path):
        yield running
    for source in running.app.sources.list():
        running.app.sources.remove(source.name)


def add(service: RestService, **values: Any) -> dict[str, Any]:
    """Add a source and return its document."""
    answer = service.request("POST", SOURCES, {**GOOD, **values})
    assert answer.status == 201, answer.body
    document: dict[str, Any] = answer.json()
    return document


def hold(service: RestService, **status: Any) -> None:
    """Hold the lease of the only source, as the process that runs it, and record this status."""
    rows, now = service.app.store.sources, utc_now()
    [source] = rows.list()
    assert source in rows.claim("host:1:abc", now, now + timedelta(minutes=1))
    rows.renew("host:1:abc", now + timedelta(minutes=1), {source.id: SourceStatus(**status)})


def test_a_source_is_added_shown_listed_and_removed(service: RestService) -> None:
    """Its secrets are masked throughout."""
    answer = service.request("POST", SOURCES, GOOD)

    created = answer.json()
    assert (201, f"{SOURCES}zoo/") == (answer.status, answer.headers["location"])
    assert {
        "pulp_href": f"{SOURCES}zoo/",
        "pulp_created": created["pulp_created"],
        "name": "zoo",
        "type": "trial",
        "config": {**CONFIG, "password": "*****"},
        "state": "waiting",
        "holder": None,
        "problem": None,
        "problem_since": None,
        "facts": {},
        "told_at": None,
    } == created
    assert created == service.request("GET", created["pulp_href"]).json()
    assert {"count": 1, "next": None, "previous": None, "results": [created]} == service.request("GET", SOURCES).json()
    assert "right" == service.app.sources.get("zoo").config["password"]

    removed = service.request("DELETE", created["pulp_href"])
    assert (204, b"") == (removed.status, removed.body)
    for method, path, sent in (
        ("GET", "", None),
        ("PATCH", "", {"config": {}}),
        ("DELETE", "", None),
        ("POST", "test/", None),
    ):
        answer = service.request(method, created["pulp_href"] + path, sent)
        assert (404, {"detail": "Not found."}) == (answer.status, answer.json())


def test_sources_are_listed_by_name_in_pages(service: RestService) -> None:
    """Unknown filters are refused."""
    for name in ("c", "a", "b"):
        add(service, name=name)

    page = service.request("GET", f"{SOURCES}?limit=2").json()
    following = urlsplit(page["next"])
    rest = service.request("GET", f"{following.path}?{following.query}")

    assert (3, ["a", "b"]) == (page["count"], [source["name"] for source in page["results"]])
    assert ["c"] == [source["name"] for source in rest.json()["results"]]
    assert 400 == service.request("GET", f"{SOURCES}?state=waiting").status


def test_a_source_shows_the_status_that_its_holder_recorded(service: RestService) -> None:
    """``told_at`` is the time of its facts."""
    add(service)
    since = utc_now()
    hold(
        service,
        state=SourceState.FAILING,
        problem="It is down.",
        problem_since=since,
        facts={"lag_seconds": 2},
        reported_at=since,
    )

    shown = service.request("GET", f"{SOURCES}zoo/").json()

    assert ("failing", "host:1:abc", "It is down.") == (shown["state"], shown["holder"], shown["problem"])
    assert {"lag_seconds": 2} == shown["facts"]
    assert shown["problem_since"] == shown["told_at"] != shown["pulp_created"]


@pytest.mark.parametrize(("reported", "lag"), [(2.5, 2.5), (0, 0.0), ("soon", None), (True, None), (None, None)])
def test_the_status_shows_the_lag_of_each_source_without_credentials(
    service: RestService, reported: Any, lag: float | None
) -> None:
    """It does not show their problems, which may name a server, unless their options or plugins are wrong."""
    add(service)
    hold(service, state=SourceState.FAILING, problem="It is down.", facts={"lag_seconds": reported})

    answer = service.request("GET", STATUS, login=None)

    assert 200 == answer.status
    assert [{"name": "zoo", "state": "failing", "lag_seconds": lag, "problem": None}] == answer.json()["sources"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "a/b"}, {"name"}),
        ({"name": "taken"}, {"name"}),
        ({"name": 5, "colour": "red"}, {"name", "colour"}),
        ({"type": "nothing"}, {"type"}),
        ({"type": "nothing", "name": ""}, {"type", "name"}),
        ({"config": {"colour": "x", "retries": "many"}}, {"config.url", "config.colour", "config.retries"}),
        ({"config": {**CONFIG, "password": "*****"}}, {"config.password"}),
        ({"config": {"url": "\x00"}}, {"config"}),
    ],
)
def test_a_source_that_cannot_work_is_refused_field_by_field(
    service: RestService, changes: dict[str, Any], fields: set[str]
) -> None:
    """Nothing is added."""
    add(service, name="taken")

    answer = service.request("POST", SOURCES, {**GOOD, **changes})

    assert (400, fields) == (answer.status, set(answer.json()))
    assert all(isinstance(sentence, str) for sentences in answer.json().values() for sentence in sentences)
    assert ["taken"] == [source.name for source in service.app.sources.list()]


def test_a_change_of_options_leaves_the_others(service: RestService) -> None:
    """Null removes an option, and a masked secret stays unchanged."""
    add(service)

    answer = service.request("PATCH", f"{SOURCES}zoo/", {"config": {"retries": 7, "password": "*****"}})
    less = service.request("PATCH", f"{SOURCES}zoo/", {"config": {"retries": None, "password": "left"}})

    assert (200, {**CONFIG, "retries": 7, "password": "*****"}) == (answer.status, answer.json()["config"])
    without = {key: value for key, value in CONFIG.items() if key != "retries"}
    assert (200, {**without, "password": "*****"}) == (less.status, less.json()["config"])
    assert {**without, "password": "left"} == service.app.sources.get("zoo").config


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {"config"}),
        ({"config": None}, {"config"}),
        ({"config": {}, "name": "ape"}, {"name"}),
        ({"config": {"url": None, "colour": "red"}}, {"config.url", "config.colour"}),
        ({"config": {"retries": "many"}}, {"config.retries"}),
    ],
)
def test_a_change_that_cannot_work_is_refused(service: RestService, sent: dict[str, Any], fields: set[str]) -> None:
    """Nothing is changed."""
    add(service)

    answer = service.request("PATCH", f"{SOURCES}zoo/", sent)

    assert (400, fields) == (answer.status, set(answer.json()))
    assert CONFIG == service.app.sources.get("zoo").config


def test_missing_fields_are_named(service: RestService) -> None:
    """Each has a message."""
    answer = service.request("POST", SOURCES, {})

    assert {"name": ["This field is required."], "type": ["This field is required."]} == answer.json()


def test_a_test_reports_each_check_in_order(service: RestService) -> None:
    """A check that does not pass is not an error of the request."""
    add(service)
    add(service, name="locked", config={**CONFIG, "password": "mistyped"})

    good = service.request("POST", f"{SOURCES}zoo/test/")
    bad = service.request("POST", f"{SOURCES}locked/test/")

    reached = {"subject": "the server", "passed": True, "finding": "http://pulp.example/ answers"}
    assert (200, True) == (good.status, good.json()["passed"])
    assert [reached, {"subject": "the login", "passed": True, "finding": "logged in"}] == good.json()["checks"]
    refused = {"subject": "the login", "passed": False, "finding": "The password is wrong: correct it."}
    assert (200, {"passed": False, "checks": [reached, refused]}) == (bad.status, bad.json())


def test_options_can_be_tested_before_a_source_is_added(service: RestService) -> None:
    """Wrong options get the same errors as when a source is added."""
    tried = service.request("POST", TESTS, {"type": "trial", "config": CONFIG})
    wrong = service.request("POST", TESTS, {"type": "trial", "config": {"retries": "many"}})
    unknown = service.request("POST", TESTS, {"type": "nothing"})

    assert (200, True) == (tried.status, tried.json()["passed"])
    assert (400, {"config.url", "config.retries"}) == (wrong.status, set(wrong.json()))
    assert {"type": ["No source type 'nothing' is installed."]} == unknown.json()
    assert [] == service.app.sources.list()


def test_a_source_whose_plugin_is_uninstalled_is_shown_masked_and_cannot_be_tested(service: RestService) -> None:
    """Which of its options are secret is unknown."""
    source = RegisteredSource("old", "gone", CONFIG, utc_now(), id="5f0c1e2d3a4b5c6d7e8f9012")
    service.app.store.sources.add(source)

    shown = service.request("GET", f"{SOURCES}old/").json()
    tested = service.request("POST", f"{SOURCES}old/test/")

    assert {"url": "*****", "password": "*****"} == shown["config"]
    assert (400, {"type": ["No source type 'gone' is installed."]}) == (tested.status, tested.json())
    assert 204 == service.request("DELETE", f"{SOURCES}old/").status


def test_source_types_are_listed_with_the_schema_of_their_options(service: RestService) -> None:
    """Notifiers are not among them."""
    found = {one["type"]: one for one in service.request("GET", TYPES).json()["results"]}

    assert ("trial-source", "1.0", None) == tuple(found["trial"][key] for key in ("distribution", "version", "problem"))
    assert ["url"] == found["trial"]["schema"]["required"]
    assert "trial" not in {one["type"] for one in service.request("GET", f"{OWN}notifiers/").json()["results"]}


@pytest.mark.parametrize(
    ("method", "path", "sent", "operation"),
    [
        ("GET", SOURCES, None, "READ"),
        ("GET", f"{SOURCES}zoo/", None, "READ"),
        ("POST", SOURCES, {**GOOD, "name": "ape"}, "CREATE"),
        ("POST", f"{SOURCES}zoo/test/", None, "CREATE"),
        ("PATCH", f"{SOURCES}zoo/", {"config": {}}, "UPDATE"),
        ("DELETE", f"{SOURCES}zoo/", None, "DELETE"),
    ],
)
def test_each_request_needs_a_grant_of_its_operation(
    service: RestService, method: str, path: str, sent: Any, operation: str
) -> None:
    """A grant on the list covers each source."""
    add(service)
    service.add_user("eva")

    without = service.request(method, path, sent, login="eva")
    service.grant("eva", "/v3/notifications/sources/", operation)

    assert (401, 403) == (service.request(method, path, sent, login=None).status, without.status)
    assert service.request(method, path, sent, login="eva").status < 300


@pytest.mark.parametrize("path", [TESTS, TYPES])
def test_source_types_and_tests_need_grants_of_their_own(service: RestService, path: str) -> None:
    """A test without a source makes the server connect to any address."""
    service.add_user("eva")
    service.grant("eva", "/v3/notifications/sources/", "CREATE", "READ")

    assert 403 == service.request("GET" if path == TYPES else "POST", path, login="eva").status


def test_other_methods_get_405_with_the_supported_ones(service: RestService) -> None:
    """``Allow`` has them."""
    add(service)

    for path, allow in ((SOURCES, "GET, POST, HEAD"), (f"{SOURCES}zoo/", "GET, PATCH, DELETE, HEAD"), (TESTS, "POST")):
        answer = service.request("PUT", path, {})
        assert (405, f"{allow}, OPTIONS") == (answer.status, answer.headers["allow"])
