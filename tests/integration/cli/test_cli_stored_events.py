"""The commands event list, event show and explain, with a real service."""

import json
import re
from uuid import UUID

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.event import Event
from pulp_notifiers.records import ListenerDraft
from tests.support.memory import START
from tests.support.rest import rest_service

FAILED = Event(
    "repo.sync.finish",
    {"repo_id": "prod-a", "result": "failed", "server": "pulp.example.com", "error_message": "\x1b[31mno"},
    {"task_id": "t"},
    id=UUID("5a5f3c1e-2f0b-4a57-9c1e-6b7d4e8f9a0b"),
    occurred_at=START,
)
STARTED = Event("repo.sync.start", {"repo_id": "prod-a"}, id=UUID("5a5f3c1d-2f0b-4a57-9c1e-6b7d4e8f9a0c"))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service with two events and two listeners."""
    with rest_service(tmp_path_factory.mktemp("rest")) as running:
        running.clear()
        for name, when in (("everything", None), ("successes", "payload.result == 'success'")):
            config = {"url": "http://receiver.example/"}
            running.app.listeners.create(ListenerDraft("http", config, ("repo.sync.finish",), name=name, when=when))
        running.app.fire(FAILED)
        running.app.fire(STARTED)
        yield running


@pytest.fixture
def run(service, settings, capsys):
    """A function that runs a command and returns its exit code, its output and its errors."""

    def command(*arguments):
        login = ("--url", f"http://127.0.0.1:{service.server.port}", "--username", "admin", "--password", "admin")
        code = main([*login, *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_events_are_listed_as_a_table_that_fits_a_terminal(run):
    """The newest first; an id can be copied in its short form."""
    code, out, _ = run("event", "list")

    assert code == 0
    heading, started, failed = out.splitlines()
    assert "Id        Time                  Event type        Repository  Result  Deliveries" == heading
    assert started.startswith("5a5f3c1d  ")
    assert failed == "5a5f3c1e  2026-01-01 00:00:00Z  repo.sync.finish  prod-a      failed  1 pending"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--type", "repo.sync.finish", "--type", "x"], [FAILED]),
        (["--result", "failed", "--server", "pulp.example.com", "--repo", "prod-a"], [FAILED]),
        (["--since", "24h"], [STARTED]),
        (["--until", "2026-01-02T00:00:00+00:00"], [FAILED]),
        (["--repo-contains", "rod-"], [STARTED, FAILED]),
        (["--domain", "default"], []),
        (["--source", "python", "--limit", "1"], [STARTED]),
    ],
)
def test_options_choose_events(run, options, expected):
    """Scripts get the documents of the REST API."""
    code, out, _ = run("event", "list", *options, "--format", "json")

    assert (0, [str(event.id) for event in expected]) == (code, [one["id"] for one in json.loads(out)])


@pytest.mark.parametrize("age", ["soon", "24", "-1h", "9999999d", "999999w"])
def test_a_time_that_is_none_is_refused_with_examples(run, age):
    """Before anything is sent."""
    code, _, err = run("event", "list", "--since", age)

    assert 64 == code
    assert "24h" in err


def test_an_event_is_shown_with_body_deliveries_and_decisions(run):
    """Nothing in it controls the terminal."""
    code, out, _ = run("event", "show", "5A5F3C1E-2f0b-4a57-9c1e-6b7d4e8f9a0b")

    assert code == 0
    for text in ('"repo_id": "prod-a"', '"task_id": "t"', "1 of 2 listeners matches it.", "everything", "successes"):
        assert text in out
    assert "Its condition is false: payload.result == 'success' (payload.result is \"failed\")." in out
    assert re.search("^[0-9]+ +pending +everything ", out, re.MULTILINE)
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("5a5f3c1e-2f0b-4a57-9c1e-6b7d4e8f9a0d", "There is no event"),
        ("5a5f3c1f", "There is no event"),
        ("5a5", "There is no event"),
        ("../x", "There is no event"),
        ("5a5f", "Several events have ids that begin with 5a5f: give more of it."),
    ],
)
@pytest.mark.parametrize("command", [("event", "show"), ("explain",)])
def test_an_id_that_does_not_name_one_event_is_refused(run, command, event, text):
    """The exit code is that of wrong data."""
    code, out, err = run(*command, event)

    assert (65, "") == (code, out)
    assert text in err


def test_explain_says_why_each_listener_got_an_event_or_did_not(run):
    """The beginning of the id is enough."""
    code, out, _ = run("explain", "5a5f3c1e")

    assert code == 0
    assert [
        "The event is stored. 1 of 2 listeners matches it.",
        "",
        "Listener    Decision   Why",
        "everything  matched    It matched: 1 delivery.",
        "successes   condition  Its condition is false: payload.result == 'success' (payload.result is \"failed\").",
    ] == out.splitlines()


def test_explain_answers_for_one_listener_as_json_and_yaml(run):
    """By name."""
    code, out, _ = run("explain", str(FAILED.id), "--listener", "successes", "--json")

    assert code == 0
    assert ["condition"] == [one["reason"] for one in json.loads(out)["decisions"]]
    code, out, _ = run("explain", str(FAILED.id), "--listener", "successes", "--format", "yaml")
    assert "reason: condition" in out
    code, _, err = run("explain", str(FAILED.id), "--listener", "nobody")
    assert 65 == code
    assert "nobody" in err


def test_explain_works_for_an_event_that_is_not_fired(run, service):
    """Also if its type is not kept."""
    before = service.app.events.list()[0]

    code, out, _ = run("explain", "--type", "backup.done", "--payload", '{"host": "db1"}')

    assert code == 0
    assert "No listener matches it. It would not be stored: no listener matches it and its type is not kept." in out
    assert "It listens for repo.sync.finish, which does not match backup.done." in out
    assert before == service.app.events.list()[0]


@pytest.mark.parametrize(
    "arguments",
    [(), (str(FAILED.id), "--type", "a"), (str(FAILED.id), "--payload", "{}"), ("--payload", "{}")],
)
def test_explain_takes_an_event_or_a_type(run, arguments):
    """Not both, and not neither."""
    code, _, err = run("explain", *arguments)

    assert 64 == code
    assert "--type" in err
