"""Malformed requests to Pulp 2's API of listeners: each gets its error and changes nothing."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tests.support.rest import EVENTS, RestService, database_settings, rest_service

KNOWN = "5f0c1e2d3a4b5c6d7e8f9012"
ONE = f"{EVENTS}{KNOWN}/"
UNKNOWN = f"{EVENTS}000000000000000000000000/"
DIGITS = "9" * 400

NOT_JSON = [
    b" ",
    b"{",
    b"not json",
    b'{"a": NaN}',
    b'{"a": 1, "a": 2}',
    b'{"a": "\xff"}',
    b"[" * 100_000,
    b'{"notifier_type_id": "http", "event_types": ["*"], "notifier_config": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}",
]
NOT_AN_OBJECT = [b"null", b"[]", b'"x"', b"5", b"1.5", b"true", b'[{"notifier_type_id": "http"}]']
NOT_EVENT_TYPES: list[Any] = [
    [],
    {},
    "*",
    5,
    True,
    ["*", None],
    [["*"]],
    [{}],
    [1],
    ["repo.*"],
    ["#"],
    ["repo-sync-finished"],
    ["repo.sync.finish "],
    ["Repo.sync.finish"],
    ["task.error"],
    ["repo.sync.finish\x00"],
    ["\ud800"],
]
NOT_NOTIFIERS: list[Any] = [
    *(None, 5, True, [], ["http"], {}, {"a": 1}),
    *("", "nope", "rest-api", "HTTP", "http\x00", "\ud800", "x" * 9999),
]
NOT_CONFIGS = [
    *('"x"', "5", "true", "[]", '["x"]', "1.5"),
    *(r'{"a": "a\u0000b"}', r'{"a": {"a\u0000": 1}}', r'{"a": [{"b": ["\ud800"]}]}'),
    *('{"a": 9223372036854775808}', '{"a": -9223372036854775809}', f'{{"a": {DIGITS}}}', f'{{"a": -{DIGITS}}}'),
    *('{"a": 1e400}', '{"a": [[-1e999]]}'),
]


def new(**values: Any) -> dict[str, Any]:
    """Return the body of a valid new listener with some values replaced."""
    return {"notifier_type_id": "http", "event_types": ["*"], **values}


def malformed() -> Iterable[tuple[str, str, Any, int, str, str | None]]:
    """Yield method, path, body, and the expected status, code and property."""
    for body in NOT_JSON:
        yield "POST", EVENTS, body, 400, "PLP1009", None
        yield "PUT", ONE, body, 400, "PLP1009", None
    yield "POST", EVENTS, b"", 400, "PLP1009", None
    for body in NOT_AN_OBJECT:
        yield "POST", EVENTS, body, 400, "PLP1015", None
        yield "PUT", ONE, body, 400, "PLP1015", None
    for value in NOT_EVENT_TYPES:
        yield "POST", EVENTS, new(event_types=value), 400, "PLP0015", "event_types"
        yield "PUT", ONE, {"event_types": value}, 400, "PLP0015", "event_types"
        yield "PUT", ONE, {"event_types": value, "notifier_config": {"url": "x"}}, 400, "PLP0015", "event_types"
    yield "POST", EVENTS, new(event_types=None), 400, "PLP0015", "event_types"
    yield "POST", EVENTS, {}, 400, "PLP0015", "event_types"
    for value in NOT_NOTIFIERS:
        yield "POST", EVENTS, new(notifier_type_id=value), 400, "PLP0015", "notifier_type_id"
    yield "POST", EVENTS, {"event_types": ["*"]}, 400, "PLP0015", "notifier_type_id"
    for text in NOT_CONFIGS:
        body = f'{{"notifier_type_id": "http", "event_types": ["*"], "notifier_config": {text}}}'.encode()
        yield "POST", EVENTS, body, 400, "PLP0015", "notifier_config"
        yield "PUT", ONE, f'{{"notifier_config": {text}}}'.encode(), 400, "PLP0015", "notifier_config"


def several_faults() -> Iterable[tuple[str, str, Any, int, str, str | None]]:
    """Yield requests with more than one fault, and the one that is reported (CONTRACT 1.4 to 1.6)."""
    yield "PUT", UNKNOWN, b"{", 400, "PLP1009", None
    yield "PUT", UNKNOWN, {"event_types": []}, 404, "PLP0009", None
    yield "PUT", UNKNOWN, b"", 404, "PLP0009", None
    yield "POST", EVENTS, new(event_types=[], notifier_type_id=5, notifier_config=5), 400, "PLP0015", "event_types"
    yield "POST", EVENTS, new(notifier_type_id="nope", notifier_config=5), 400, "PLP0015", "notifier_type_id"
    nul = {"a": "\x00"}
    yield "POST", EVENTS, new(notifier_type_id="nope", notifier_config=nul), 400, "PLP0015", "notifier_type_id"
    yield "PUT", ONE, {"event_types": [], "notifier_config": 5}, 400, "PLP0015", "notifier_config"


def unknown_ids() -> Iterable[tuple[str, str, Any, int, str, str | None]]:
    """Yield requests for listeners that do not exist."""
    for listener_id in ("0" * 24, "x", f"{KNOWN}%00", f"{KNOWN}%0A", "5" * 5000, "%ff%c3", "..%5c..", "%22"):
        for method in ("GET", "DELETE"):
            yield method, f"{EVENTS}{listener_id}/", None, 404, "PLP0009", None


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """One service for all tests."""
    with rest_service(tmp_path_factory.mktemp("rest"), **database_settings(request)) as service:
        service.add_listener(KNOWN)
        yield service


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "property_name"), [*malformed(), *several_faults(), *unknown_ids()]
)
def test_a_malformed_request_gets_its_error_and_changes_nothing(
    running: RestService, method: str, path: str, body: Any, status: int, code: str, property_name: str | None
) -> None:
    """Every error document has the same form (CONTRACT 1.6)."""
    before = running.stored()

    answer = running.request(method, path, body)

    document = answer.json()
    assert (status, code) == (answer.status, document["error"]["code"])
    assert ([property_name] if property_name else None) == document.get("property_names")
    assert {"http_request_method": method, "http_status": status, "_href": path}.items() <= document.items()
    assert document["exception"] is None
    assert document["traceback"] is None
    assert document["error_message"] == document["error"]["description"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert before == running.stored()
