"""Conditional requests: no client overwrites what another one changed, or reads again what it has."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from pulp_notifiers.event import utc_now
from pulp_notifiers.records import SourceState, SourceStatus
from tests.support.rest import EVENTS, OWN, Answer, RestService

LISTENERS = f"{OWN}listeners/"
SOURCES = f"{OWN}sources/"
LISTENER = {
    "notifier_type": "http",
    "config": {"url": "http://192.0.2.1/", "username": "a", "password": "b"},
    "event_types": ["task.error"],
}
SOURCE = {"name": "zoo", "type": "amqp", "config": {"url": "amqp://192.0.2.1"}}
RESOURCES = [
    (LISTENERS, LISTENER, {"event_types": ["task.canceled"]}),
    (SOURCES, SOURCE, {"config": {"url": "amqp://192.0.2.2"}}),
]
each_resource = pytest.mark.parametrize(("collection", "new", "change"), RESOURCES, ids=["listeners", "sources"])


@pytest.fixture
def service(running: RestService) -> RestService:
    """Return the service without listeners and sources."""
    running.clear()
    for source in running.app.sources.list():
        running.app.sources.remove(source.name)
    return running


def created(service: RestService, collection: str, new: Any) -> tuple[str, str]:
    """Create an object and return its path and tag."""
    answer = service.request("POST", collection, new)
    assert 201 == answer.status, answer.body
    return answer.headers["location"], answer.headers["etag"]


def conditional(service: RestService, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    return service.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})


@each_resource
def test_a_change_needs_the_tag_of_what_it_changes(
    service: RestService, collection: str, new: Any, change: Any
) -> None:
    """Creation, reading and changing an object show its tag; with an old one nothing is changed or deleted."""
    path, first = created(service, collection, new)
    assert first.startswith('"')
    assert first == service.request("GET", path).headers["etag"] == service.request("HEAD", path).headers["etag"]

    changed = conditional(service, "PATCH", path, change, If_Match=first)
    second = changed.headers["etag"]
    assert (200, False) == (changed.status, first == second)
    assert second == service.request("GET", path).headers["etag"]

    for method, body in (("PATCH", change), ("DELETE", None)):
        refused = conditional(service, method, path, body, If_Match=first)
        assert 412 == refused.status
        assert "It was changed since you read it, and nothing was done. Read it again" in refused.json()["detail"]
    assert second == service.request("GET", path).headers["etag"]
    assert 204 == conditional(service, "DELETE", path, If_Match=f'"x", {second}').status


@each_resource
def test_a_change_without_if_match_is_carried_out(service: RestService, collection: str, new: Any, change: Any) -> None:
    """So it is with a star; but not with a weak tag, nor with If-None-Match and a star."""
    path, tag = created(service, collection, new)

    assert 412 == conditional(service, "PATCH", path, change, If_Match=f"W/{tag}").status
    assert 412 == conditional(service, "PATCH", path, change, If_None_Match="*").status
    assert 200 == conditional(service, "PATCH", path, change, If_Match="*").status
    assert 200 == conditional(service, "PATCH", path, change, If_None_Match='"x"').status
    assert 204 == service.request("DELETE", path).status
    assert 404 == conditional(service, "DELETE", path, If_Match=tag).status


@each_resource
def test_a_malformed_if_match_changes_nothing(service: RestService, collection: str, new: Any, change: Any) -> None:
    """It is refused, because the client wanted to be sure."""
    path, tag = created(service, collection, new)

    for value in (tag.strip('"'), f"{tag} x", ""):
        refused = conditional(service, "PATCH", path, change, If_Match=value)
        assert (400, ["If-Match"]) == (refused.status, list(refused.json()))
    assert tag == service.request("GET", path).headers["etag"]


def test_a_change_of_a_secret_changes_the_tag(service: RestService) -> None:
    """Although the document, in which it is masked, stays the same."""
    path, tag = created(service, LISTENERS, LISTENER)
    before = service.request("GET", path).json()

    changed = conditional(service, "PATCH", path, {"config": {"password": "c"}}, If_Match=tag)

    assert before["config"] == changed.json()["config"]
    assert tag != changed.headers["etag"]
    assert 412 == conditional(service, "PATCH", path, {"config": {"password": "d"}}, If_Match=tag).status


def test_a_change_through_pulp_2_s_api_changes_the_tag(service: RestService) -> None:
    """Both show the same listener."""
    path, tag = created(service, LISTENERS, {**LISTENER, "event_types": ["*"]})

    old = service.request("GET", path).json()["id"]
    assert 200 == service.request("PUT", f"{EVENTS}{old}/", {"notifier_config": {"password": "c"}}).status

    assert 412 == conditional(service, "DELETE", path, If_Match=tag).status


def test_what_a_client_has_is_not_sent_again(service: RestService) -> None:
    """If-None-Match is compared weakly, and one that is malformed is ignored."""
    path, tag = created(service, LISTENERS, LISTENER)

    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = conditional(service, "GET", path, If_None_Match=known)
        assert (304, b"", tag) == (answer.status, answer.body, answer.headers["etag"])
    for unknown in ('"x"', tag.strip('"')):
        assert 200 == conditional(service, "GET", path, If_None_Match=unknown).status


def test_the_status_of_a_source_is_no_obstacle_to_a_change(service: RestService) -> None:
    """It changes every second; but a client that reads gets the new one."""
    path, tag = created(service, SOURCES, SOURCE)
    rows, now = service.app.store.sources, utc_now()
    (source,) = rows.claim("host:1:abc", now, now + timedelta(minutes=1))
    rows.renew("host:1:abc", now + timedelta(minutes=1), {source.id: SourceStatus(SourceState.RUNNING)})

    assert 200 == conditional(service, "GET", path, If_None_Match=tag).status
    assert 204 == conditional(service, "DELETE", path, If_Match=tag).status


@each_resource
def test_of_clients_that_change_the_same_version_one_succeeds(
    service: RestService, collection: str, new: Any, change: Any
) -> None:
    """The tag is checked in the transaction that makes the change."""
    path, tag = created(service, collection, new)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: conditional(service, "PATCH", path, change, If_Match=tag), range(8)))

    assert [200, *[412] * 7] == sorted(answer.status for answer in answers)
