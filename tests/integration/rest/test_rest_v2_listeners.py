"""Pulp 2's API of listeners beyond the recorded samples."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.rest import EVENTS, RestService, rest_service

KNOWN = "5f0c1e2d3a4b5c6d7e8f9012"
ONE = f"{EVENTS}{KNOWN}/"
UNKNOWN = f"{EVENTS}000000000000000000000000/"
GOOD = {"notifier_type_id": "http", "event_types": ["*"]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """One service for all tests."""
    with rest_service(tmp_path_factory.mktemp("rest")) as service:
        yield service


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service with one listener."""
    running.clear()
    running.add_listener(KNOWN)
    return running


@pytest.mark.parametrize("ignored", ['"a\\u0000"', "1e400", "null", "[[[]]]", "9" * 400])
def test_unknown_keys_are_ignored_whatever_their_values(service: RestService, ignored: str) -> None:
    """Pulp 2 ignored them too."""
    body = f'{{"notifier_type_id": "http", "event_types": ["*"], "extra": {ignored}}}'.encode()

    assert service.request("POST", EVENTS, body).status == 201


@pytest.mark.parametrize(
    "config",
    [
        {"url": "HTTP://Receiver.example:80/a/../b?x=%7e&y=ü#f", "ca_path": "/etc/pki/tls/../ca.crt"},
        {"nested": {"a": [1, 2.5, None, True, {"b": "\U0001f600"}]}, "": "", "big": 2**63 - 1, "small": -(2**63)},
        {"$oid": "x", "_id": "y", "a.b": "z", "tab\t": "line\n"},
    ],
)
def test_config_values_come_back_unchanged(service: RestService, config: dict[str, Any]) -> None:
    """Katello compares them as strings, and recreates its listener if they differ (CONTRACT 1.8)."""
    created = service.request("POST", EVENTS, {**GOOD, "notifier_config": config}).json()

    assert config == created["notifier_config"]
    assert created == service.request("GET", created["_href"]).json()


def test_secrets_are_masked_and_a_mask_sent_back_leaves_them_unchanged(service: RestService) -> None:
    """The setting reveal_secrets is off by default."""
    shown = service.request("GET", ONE).json()
    assert {"url": "http://x.example/", "username": "u", "password": "*****"} == shown["notifier_config"]

    changes = {"notifier_config": {**shown["notifier_config"], "url": "http://x.example/other"}}
    assert service.request("PUT", ONE, changes).json()["notifier_config"]["password"] == "*****"

    stored = service.app.listeners.get(KNOWN)
    assert {"url": "http://x.example/other", "username": "u", "password": "p"} == stored.config


def test_listeners_are_listed_oldest_first(service: RestService) -> None:
    """Their ids do not matter."""
    service.add_listener("f" * 24)
    service.add_listener("0" * 24)

    assert [KNOWN, "f" * 24, "0" * 24] == [listener["id"] for listener in service.request("GET", EVENTS).json()]


def test_repeating_a_put_changes_nothing(service: RestService) -> None:
    """``notifier_type_id`` is ignored."""
    change = {
        "notifier_config": {"a": {"b": None}, "username": None},
        "event_types": ["*"],
        "notifier_type_id": "email",
    }

    first, second = (service.request("PUT", ONE, change) for _ in range(2))

    assert (first.status, first.json()) == (second.status, second.json())
    assert first.headers.keys() == second.headers.keys()
    assert first.json()["notifier_type_id"] == "http"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        (EVENTS.rstrip("/"), EVENTS),
        (f"{EVENTS.rstrip('/')}?", EVENTS),
        (f"{EVENTS.rstrip('/')}?a=b%20c&a=/", f"{EVENTS}?a=b%20c&a=/"),
        (f"{EVENTS}a%2Db", f"{EVENTS}a%2Db/"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_every_method_is_redirected_if_the_final_slash_is_missing(
    service: RestService, method: str, path: str, location: str
) -> None:
    """Credentials are not needed for that."""
    answer = service.request(method, path, b"{}", login=None)

    assert answer.status == 301
    assert location == answer.headers["location"]
    assert answer.body == b""


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/pulp/api/",
        "/pulp/api/v2/",
        "/pulp/api/v2",
        "/pulp/api/v2/tasks/",
        f"{EVENTS}/",
        f"{EVENTS}a/b/",
        f"{EVENTS}a/b",
        f"{EVENTS}a%2Fb/",
        "//evil.example/pulp/api/v2/events",
        "/pulp/api/v2/Events/",
        "/docs",
        "/openapi.json",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_an_unknown_path_gets_404_with_null(service: RestService, method: str, path: str) -> None:
    """This includes paths outside the API."""
    answer = service.request(method, path)

    assert (404, b"null") == (answer.status, answer.body)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "allow"),
    [(EVENTS, "GET, POST, HEAD, OPTIONS"), (ONE, "GET, PUT, DELETE, HEAD, OPTIONS")],
)
@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PROPFIND", "OPTIONS"])
def test_other_methods_are_answered_before_credentials_are_checked(
    service: RestService, method: str, path: str, allow: str
) -> None:
    """``Allow`` has the methods that the path supports."""
    answer = service.request(method, f"{path}?x=1", b"not json", login=None)

    assert (200 if method == "OPTIONS" else 405) == answer.status
    assert allow == answer.headers["allow"]
    assert answer.headers["content-length"] == "0"
    assert answer.body == b""


@pytest.mark.parametrize("path", [EVENTS, ONE, UNKNOWN])
def test_head_is_get_without_the_body(service: RestService, path: str) -> None:
    """Headers and status agree."""
    got, head = service.request("GET", path), service.request("HEAD", path)

    assert head.body == b""
    assert got.status == head.status
    different = {"date"} if got.status == 200 else {"date", "content-length"}  # the error document names the method
    assert {k: v for k, v in got.headers.items() if k not in different} == {
        k: v for k, v in head.headers.items() if k not in different
    }


@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"x", {tag}', "*"])
def test_a_matching_if_none_match_is_answered_304(service: RestService, form: str) -> None:
    """After a change the answer is sent again."""
    tag = service.request("GET", ONE).headers["etag"]
    headers = {"If-None-Match": form.format(tag=tag)}

    answer = service.request("GET", ONE, None, headers)
    assert (304, b"") == (answer.status, answer.body)
    assert service.request("HEAD", ONE, None, headers).status == 304
    service.request("PUT", ONE, {"event_types": ["*"]})
    assert (304 if form == "*" else 200) == service.request("GET", ONE, None, headers).status


@pytest.mark.parametrize(
    ("method", "path", "body", "login"),
    [
        ("GET", EVENTS, None, "admin"),
        ("POST", EVENTS, GOOD, "admin"),
        ("POST", EVENTS, b"{", "admin"),
        ("GET", EVENTS, None, None),
        ("PATCH", EVENTS, None, None),
        ("OPTIONS", EVENTS, None, None),
        ("GET", EVENTS.rstrip("/"), None, None),
        ("GET", UNKNOWN, None, "admin"),
        ("GET", "/pulp/api/v2/tasks/", None, None),
    ],
)
def test_every_answer_has_the_deprecation_headers(
    service: RestService, method: str, path: str, body: Any, login: str | None
) -> None:
    """They are those of RFC 9745, with a link to the page about replacements."""
    headers = service.request(method, path, body, login=login).headers

    assert headers["deprecation"] == "@1451520000"
    link = '</pulp/api/v3/notifications/docs/legacy/>; rel="deprecation"; type="text/html"'
    assert link == headers["link"]


def test_the_page_about_deprecated_interfaces_needs_no_credentials(service: RestService) -> None:
    """It is HTML."""
    answer = service.request("GET", "/pulp/api/v3/notifications/docs/legacy/", login=None)

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"/pulp/api/v2/events/&lt;id&gt;/" in answer.body
    assert "deprecation" not in answer.headers


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "x", ""])
def test_content_type_and_accept_are_ignored(service: RestService, content_type: str) -> None:
    """Pulp 2 ignored them too (CONTRACT 1.1)."""
    headers = {"Content-Type": content_type, "Accept": "image/png", "Accept-Charset": "latin-1"}

    assert service.request("POST", EVENTS, GOOD, headers).status == 201


def test_answers_are_ascii_json_with_pythons_default_spaces(service: RestService) -> None:
    """Pulp 2 wrote JSON like this."""
    service.request("PUT", ONE, {"notifier_config": {"url": "http://ü.example/"}})

    body = service.request("GET", ONE).body

    assert rb"http://\u00fc.example/" in body
    assert json.dumps(json.loads(body)).encode() == body
