"""Headers that limit what a browser does with an answer."""

import pytest

from tests.support.rest import EVENTS, OWN, RestService

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def test_every_answer_limits_what_a_browser_does_with_it(service: RestService) -> None:
    """Whatever its status, on both APIs and for pages."""
    listener = service.add_listener()
    foreign = {"Origin": "http://evil.example"}
    answers = [
        service.request("GET", f"{OWN}docs/legacy/", login=None),
        service.request("GET", f"{OWN}docs/api.json", login=None),
        service.request("GET", f"{OWN}status/", login=None),
        service.request("GET", f"{OWN}listeners/{listener.id}/"),
        service.request("GET", f"{EVENTS}{listener.id}/"),
        service.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]}),
        service.request("GET", EVENTS.rstrip("/")),
        service.request("OPTIONS", EVENTS),
        service.request("HEAD", EVENTS),
        service.request("POST", EVENTS, b"{"),
        service.request("GET", EVENTS, login=None),
        service.request("GET", f"{OWN}listeners/", login=None),
        service.request("POST", EVENTS, {}, foreign),
        service.request("GET", "/nowhere/"),
        service.request("TRACE", EVENTS),
        service.request("GET", f"{EVENTS}{listener.id}/", headers={"If-None-Match": "*"}),
    ]

    statuses = {200, 201, 301, 304, 400, 401, 403, 404, 405}
    assert statuses == {answer.status for answer in answers}
    for answer in answers:
        assert HEADERS.items() <= answer.headers.items(), answer
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 10_000])
def test_answers_to_malformed_requests_have_the_same_headers(service: RestService, sent: bytes) -> None:
    """No route has seen them."""
    received = service.talk(sent).lower()

    assert all(f"\r\n{name}: {value}\r\n".lower().encode() in received for name, value in HEADERS.items())
    assert b"\r\ncontent-security-policy: default-src 'none'" in received


def test_the_page_has_nothing_that_its_policy_forbids(service: RestService) -> None:
    """No script, style, image, frame or form, and nothing of another host."""
    page = service.request("GET", f"{OWN}docs/legacy/", login=None).body.decode().lower()

    assert not [part for part in ("<script", "<style", "<link", "<img", "<iframe", "<form", "style=") if part in page]
