"""The command delivery: filters, the target of each, and tables that fit."""

import json
import os
import re

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.terminal import at_terminal

HOOK = "https://receiver.example.com/hooks/pulp/a/rather/long/path?token=*****"
HTTP, EMAIL, AMQP = (f"6923c1e02f0b4a579c1e6b{number}" for number in ("7e", "7f", "80"))
LISTENERS = {HTTP: {"username": "eva", "url": HOOK}, EMAIL: {"addresses": ["a@b.example"]}, AMQP: {"exchange": "out"}}


def delivery(number, listener, target="", error=None, due_at=None, event_type="repo.publish.finish"):
    """Return a delivery as the REST API shows it."""
    return {
        "pulp_href": f"/pulp/api/v3/notifications/deliveries/{number}/",
        "state": "pending",
        "event_type": event_type,
        "listener": listener,
        "notifier_type": "http",
        "target": target,
        "attempt_count": 3,
        "due_at": due_at,
        "last_error": error,
    }


DELIVERIES = [
    delivery(1042, HTTP, error="HTTP 503 from https://receiver.example.com", due_at="2026-11-30T15:14:05.123456Z"),
    delivery(1041, EMAIL, "\u65e5\u672c\u8a9e@\u4f8b\u3048.example", "550 5.1.1 No such user: ops@example.com"),
    delivery(1040, AMQP),
    delivery(1039, "6923c1e02f0b4a579c1e6b00"),
]


@pytest.fixture
def server():
    """A server with deliveries of several listeners, one of which was deleted."""

    def answer(request):
        path = request.path.partition("?")[0]
        name = path.rstrip("/").rpartition("/")[2]
        if name == "deliveries":
            return Answer(body=json.dumps({"count": 4, "results": DELIVERIES}).encode())
        if name == "1042":
            return Answer(body=json.dumps({**DELIVERIES[0], "attempts": []}).encode())
        if name == "listeners":
            found = [{"id": key, "config": config} for key, config in LISTENERS.items()]
            return Answer(body=json.dumps({"next": None, "results": found}).encode())
        if name in LISTENERS:
            return Answer(body=json.dumps({"id": name, "config": LISTENERS[name]}).encode())
        return Answer(404, body=b'{"detail": "Not found."}')

    with HttpReceiver(answer) as receiver:
        yield receiver


def test_each_delivery_is_listed_with_where_it_goes(settings, server, capsys):
    """The URL of a webhook, the options of a listener that has none, and nothing if it was deleted."""
    assert 0 == main(["--url", server.url, "delivery", "list"])

    head, *rows = capsys.readouterr().out.splitlines()
    cells = [re.split(r" {2,}", row) for row in rows]
    assert ["Id", "State", "Event type", "Listener", "Notifier", "Target"] == re.split(r" {2,}", head)[:6]
    assert [HOOK, "\u65e5\u672c\u8a9e@\u4f8b\u3048.example", "exchange=out", "3"] == [row[5] for row in cells]
    assert "2026-11-30 15:14:05Z" in cells[0]


def test_a_delivery_shows_where_it_goes(settings, server, capsys):
    """With one more request."""
    assert 0 == main(["--url", server.url, "delivery", "show", "1042"])

    assert re.search(rf"^target +{re.escape(HOOK)}$", capsys.readouterr().out, re.MULTILINE)


def test_json_is_what_the_rest_api_shows(settings, server, capsys):
    """Nothing is added, and one request is enough."""
    assert 0 == main(["--url", server.url, "delivery", "list", "--json"])

    assert json.loads(capsys.readouterr().out) == DELIVERIES
    assert 1 == len(server.requests)


def test_deliveries_are_listed_without_the_right_to_read_listeners(settings, capsys):
    """The target is empty then."""

    def answer(request):
        if "/deliveries/" in request.path:
            return Answer(body=json.dumps({"count": 4, "results": DELIVERIES}).encode())
        return Answer(403, body=b'{"detail": "No."}')

    with HttpReceiver(answer) as server:
        assert 0 == main(["--url", server.url, "delivery", "list"])

    assert "1042" in capsys.readouterr().out


def test_failed_is_a_filter_of_the_server(settings, server, capsys):
    """In its own words."""
    assert 0 == main(["--url", server.url, "delivery", "list", "--state", "failed"])

    assert "state=failed" in server.requests[0].path


def test_an_unknown_delivery_is_named(settings, capsys):
    """The sentence says where to look."""
    with HttpReceiver([Answer(404, body=b'{"detail": "Not found."}')]) as server:
        assert 65 == main(["--url", server.url, "delivery", "show", "99"])

    assert "There is no delivery '99'. Look it up with delivery list." in capsys.readouterr().err


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_the_table_fits_the_terminal(settings, server, monkeypatch, columns):
    """Short columns are whole; what there is no room for is named."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_URL", server.url)
    environ = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}

    exit_code, printed = at_terminal(environ, "delivery", "list", columns=columns)

    lines = re.sub("\x1b\\[[0-9;]*m", "", printed.decode()).split("\r\n")
    table = [line for line in lines if "Not shown" not in line]
    assert 0 == exit_code
    assert max(map(width, table)) <= columns
    assert any("1042" in line and "pending" in line for line in table)
    if columns >= 80:
        assert any("repo.publish.finish" in line for line in table)
    left_out = "Listener, Notifier, Attempts" in printed.decode()
    assert left_out == (columns < 200)


def width(line):
    """Return how many columns a line takes."""
    return len(line) + sum("\u3000" < letter < "\uffef" for letter in line)


def test_plain_columns_are_aligned_by_width(settings, server, capsys):
    """A Chinese or Japanese character takes two columns."""
    assert 0 == main(["--url", server.url, "delivery", "list"])

    rows = capsys.readouterr().out.splitlines()[1:]
    assert 1 == len({width(row[: re.search(r"  3( |$)", row).start()]) for row in rows})
