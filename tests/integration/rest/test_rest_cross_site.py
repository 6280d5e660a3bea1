"""Changes that a page of another web site makes a browser send, on both APIs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rest import EVENTS, OWN, RestService, rest_service

LISTENER = {"notifier_type_id": "http", "event_types": ["*"]}
PATHS = [
    ("POST", EVENTS),
    ("PUT", f"{EVENTS}5f0c1e2d3a4b5c6d7e8f9012/"),
    ("DELETE", f"{EVENTS}5f0c1e2d3a4b5c6d7e8f9012/"),
    ("POST", f"{OWN}listeners/"),
    ("PATCH", f"{OWN}listeners/5f0c1e2d3a4b5c6d7e8f9012/"),
    ("DELETE", f"{OWN}listeners/5f0c1e2d3a4b5c6d7e8f9012/"),
    ("POST", f"{OWN}events/"),
    ("POST", f"{OWN}tasks/"),
    ("POST", f"{OWN}sources/"),
    ("POST", "/nowhere/"),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """One service."""
    with rest_service(tmp_path_factory.mktemp("rest")) as service:
        yield service


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service with one listener."""
    running.clear()
    running.add_listener()
    return running


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("login", ["admin", None])
@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_change_from_another_web_site_is_answered_403(
    service: RestService, method: str, path: str, login: str | None, headers: dict[str, str]
) -> None:
    """In the form of each API, before credentials are looked at; nothing is changed."""
    before = service.stored()

    answer = service.request(method, path, LISTENER, headers, login)

    assert answer.status == 403
    assert before == service.stored()
    document = answer.json()
    if path.startswith(OWN):
        assert document.keys() == {"detail"}
        assert "[rest] allowed_origins" in document["detail"]
    else:
        assert {"http_status": 403, "http_request_method": method, "_href": path}.items() <= document.items()
        assert document["error"]["code"] == "PN0403"
        assert "[rest] allowed_origins" in document["error_message"]


@pytest.mark.parametrize("path", [EVENTS, f"{OWN}listeners/"])
def test_pages_of_the_service_itself_may_change_listeners(service: RestService, path: str) -> None:
    """Behind a trusted proxy too, which forwards scheme and host."""
    direct = {"Origin": service.server.url, "Sec-Fetch-Site": "same-origin"}
    proxied = {"Origin": "https://a.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"}

    body = LISTENER if path == EVENTS else {**LISTENER, "notifier_config": {"url": "http://192.0.2.1/"}}
    assert service.request("POST", path, body, direct).status in (201, 400)
    assert service.request("POST", path, body, proxied).status in (201, 400)
    assert service.request("POST", path, body, {"Origin": "https://a.example"}).status == 403


def test_web_sites_in_the_settings_may_change_listeners(tmp_path: Path) -> None:
    """A site that is not an origin is refused at the start."""
    with rest_service(tmp_path, rest={"allowed_origins": "https://a.example, http://b.example"}) as service:
        assert service.request("POST", EVENTS, LISTENER, {"Origin": "http://b.example"}).status == 201
        assert service.request("POST", EVENTS, LISTENER, {"Origin": "http://c.example"}).status == 403
