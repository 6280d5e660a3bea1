"""Errors that are no fault of the client: the database is unavailable, or something unexpected happens."""

import logging

import pytest

from tests.support.rest import EVENTS, OWN, RestService

STATUS = f"{OWN}status/"


@pytest.mark.parametrize("path", [f"{OWN}deliveries/", EVENTS])
def test_an_unavailable_database_is_reported_without_the_drivers_text(
    service: RestService, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has it."""
    service.execute("ALTER TABLE users RENAME TO gone")

    answer = service.request("GET", path)

    document = answer.json()
    if path == EVENTS:
        assert (answer.status, document["http_status"]) == (500, 500)
        assert "error" not in document
        assert [f"pulp_notifiers.errors.StoreUnavailable: {document['error_message']}\n"] == document["exception"]
        assert [] == document["traceback"]
    else:
        assert answer.status == 503
    assert b"The database refused or did not answer; nothing was written." in answer.body
    assert b"no such table" not in answer.body
    assert "no such table" in caplog.text


def test_an_unexpected_error_is_answered_500_and_logged(service: RestService, caplog: pytest.LogCaptureFixture) -> None:
    """In v2 it has the form of Pulp 2's document (CONTRACT 1.6)."""
    service.add_listener()
    service.execute("UPDATE listeners SET event_types = 'not json'")

    answer = service.request("GET", f"{EVENTS}?x=1")

    assert answer.status == 500
    document = answer.json()
    assert {"http_request_method", "http_status", "_href", "error_message", "exception", "traceback"} == document.keys()
    assert (document["http_status"], document["_href"]) == (500, f"{EVENTS}?x=1")
    assert len(document["exception"]) == 1
    assert document["exception"][0] == f"json.decoder.JSONDecodeError: {document['error_message']}\n"
    assert all(isinstance(line, str) for line in document["traceback"])
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["deprecation"] == "@1451520000"
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert f"GET {EVENTS} failed" == record.getMessage()
    assert service.request("GET", STATUS).status == 200
