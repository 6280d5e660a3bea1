"""The recorded contract of Pulp 2's http notifier; of two readings, the successor's."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pulp_notifier_http import HttpConfig, HttpRequest, render
from pulp_notifier_http.failures import Answer, answer_failure

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.testing.plugins import LoadedNotifier

FILE = Path(__file__).parents[3] / "tests" / "legacy" / "vectors" / "notifier_http.json"
VECTORS = {vector["id"]: vector for vector in json.loads(FILE.read_text())["vectors"]}
RENDERED = [name for name, vector in VECTORS.items() if "method" in vector["expect"]]
WITHOUT_URL = ["empty-url", "no-url", "null-url"]


def test_every_vector_is_used() -> None:
    """No vector of the file is left out here."""
    assert {*RENDERED, *WITHOUT_URL, "status-404", "connection-error"} == VECTORS.keys()


def vector_event(given: dict[str, Any]) -> Event:
    """Return the event that a vector gives."""
    body = given["event"]
    return Event(body["event_type"], body["payload"], body["call_report"])


def rendered(vector: dict[str, Any], loaded: LoadedNotifier) -> HttpRequest:
    """Return the request for a vector's options."""
    config = loaded.parse(vector["given"]["config"])
    assert isinstance(config, HttpConfig)
    return render(vector_event(vector["given"]), config, attempt=1)


@pytest.mark.parametrize("name", RENDERED)
def test_the_request_is_that_of_pulp_2(name: str, loaded: LoadedNotifier) -> None:
    """Method, URL, headers, body, time limit and verification are those of the vector."""
    expected = VECTORS[name]["expect"]

    request = rendered(VECTORS[name], loaded)

    assert expected["method"] == request.method
    assert expected["url"] == request.url
    assert expected["headers"].items() <= request.headers.items()
    assert not set(expected.get("headers_absent", ())) & request.headers.keys()
    assert expected["body_json"] == json.loads(request.body)
    assert expected["timeout_s"] == request.timeout
    assert expected.get("tls_verify", True) == request.verify


def test_the_body_is_that_of_pulp_2_byte_for_byte(loaded: LoadedNotifier) -> None:
    """The vector's example is what goes out, separators and all."""
    request = rendered(VECTORS["plain"], loaded)

    assert VECTORS["plain"]["expect"]["body_example"].encode() == request.body


def test_basic_credentials_decode_to_user_and_password(loaded: LoadedNotifier) -> None:
    """The header is base64 of user, colon and password."""
    request = rendered(VECTORS["basic-auth"], loaded)

    assert b"jo:pw" == base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))


@pytest.mark.parametrize("name", WITHOUT_URL)
def test_a_missing_url_is_a_permanent_failure_with_pulp_2s_message(name: str, loaded: LoadedNotifier) -> None:
    """Nothing is sent."""
    with pytest.raises(PermanentFailure) as raised:
        rendered(VECTORS[name], loaded)

    assert VECTORS[name]["expect"]["log"]["message"] == raised.value.reason


def test_a_refused_event_has_pulp_2s_message(loaded: LoadedNotifier) -> None:
    """The reason names status and URL."""
    vector = VECTORS["status-404"]
    config = loaded.parse(vector["given"]["config"])

    failure = answer_failure(
        Answer(vector["given"]["response_status"]), render(Event("repo.sync.start", {}), config, attempt=1)
    )

    assert failure is not None
    assert vector["expect"]["log"]["message"] == failure.reason


def test_a_failed_connection_starts_with_pulp_2s_message(send: Any) -> None:
    """The attempt can be repeated."""
    with pytest.raises(TemporaryFailure) as raised:
        send(url="http://127.0.0.1:1/")

    assert raised.value.reason.startswith(VECTORS["connection-error"]["expect"]["log"]["message"])
