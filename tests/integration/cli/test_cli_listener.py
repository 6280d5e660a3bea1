"""The command listener against a real service: create, show, list, update and delete."""

import json
import os
import re
from datetime import UTC, datetime

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.records import ErrorKind, ListenerErrors
from tests.support.rest import rest_service
from tests.support.terminal import at_terminal

EVENT = "5a5f3c1e-2f0b-4a57-9c1e-6b7d4e8f9a0b"
TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
HTTP = ["--event-type", "repo.sync.finish", "--url", "http://receiver.example/"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A service for the tests of this module."""
    with rest_service(tmp_path_factory.mktemp("rest")) as service:
        yield service


@pytest.fixture
def service(shared, settings):
    """The shared service without listeners; commands use it as admin."""
    shared.clear()
    settings(f"[client]\nurl = {url_of(shared)}\nusername = admin\npassword = admin\n")
    return shared


def url_of(service):
    """Return the address of a service."""
    return f"http://127.0.0.1:{service.server.port}"


def ran(capsys, *arguments):
    """Return exit code, output and errors of a command."""
    capsys.readouterr()
    exit_code = main(["listener", *arguments])
    printed = capsys.readouterr()
    return exit_code, printed.out, printed.err


def created(capsys, *arguments):
    """Create a listener and return its id."""
    exit_code, output, errors = ran(capsys, *arguments)
    assert 0 == exit_code
    assert [] == [line for line in errors.splitlines() if not line.startswith("Warning: every user of this machine")]
    return re.fullmatch(r"Listener ([0-9a-f]{24}) created\.\n", output)[1]


def test_a_terminal_shows_the_made_up_name_and_the_beginning_of_a_long_condition(service, monkeypatch):
    """The name is what other commands are given; a pipe has one line, and nothing is cut."""
    for name, value in (("URL", url_of(service)), ("USERNAME", "admin"), ("PASSWORD", "admin")):
        monkeypatch.setenv(f"PULP_NOTIFIERS_CLIENT_{name}", value)
    environ = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    names = [option for number in range(20) for option in ("--repo", f"prod-{number}")]

    made = at_terminal(environ, "listener", "http", "create", *HTTP, *names)[1].decode()
    named = at_terminal(environ, "listener", "http", "create", *HTTP, "--name", "mine")[1].decode()
    shown = at_terminal(environ, "listener", "list", columns=80)[1].decode()

    assert re.fullmatch(r"Listener [0-9a-f]{24} created\.\r\nIts name is http-sync-finish\.\r\n", made)
    assert "Its name is" not in named
    assert ("prod-19" in shown, "Long texts are cut: When." in shown) == (False, True)


def test_create_prints_the_id_of_the_listener(service, capsys):
    """In a sentence, from which a script takes the second word."""
    listener_id = created(capsys, "http", "create", *HTTP)

    [listener] = service.app.listeners.list()
    assert (listener_id, "http") == (listener.id, listener.notifier_type)
    assert {"url": "http://receiver.example/"} == listener.config
    assert ("repo.sync.finish",) == listener.event_types


def test_create_prints_the_whole_listener_as_json(service, capsys):
    """With the keys of the REST API."""
    arguments = ["--event-type", "task.*", "--event-type", "*", "--addresses", "eva@example.com,ops@example.com"]
    exit_code, output, _ = ran(
        capsys, "email", "create", *arguments, "--subject", "Sync", "--include", "content", "--json"
    )

    document = json.loads(output)
    [listener] = service.app.listeners.list()
    assert (0, listener.id) == (exit_code, document["id"])
    assert ["task.*", "*"] == document["event_types"]
    expected = {"subject": "Sync", "addresses": ["eva@example.com", "ops@example.com"], "format": "html"}
    assert expected == document["config"]
    assert {"include": ["content"]} == document["source_options"]


def test_create_registers_a_listener_on_a_single_task(service, capsys):
    """By the id of the task."""
    created(capsys, "http", "create", "--event-type", "task.finished", "--task-id", TASK, "--url", "http://x.example/")

    assert [TASK] == [listener.task_id for listener in service.app.listeners.list()]


def test_empty_text_is_sent_like_any_other(service, capsys):
    """An empty exchange is that of the server's settings."""
    created(capsys, "amqp", "create", "--event-type", "*", "--exchange", "")

    assert [{"exchange": ""}] == [listener.config for listener in service.app.listeners.list()]


def test_list_prints_a_table_of_listeners(service, capsys):
    """Oldest first, with names first, and their options in one column; secrets are masked."""
    first = created(capsys, "http", "create", *HTTP, "--username", "üser", "--password", "hush")
    second = created(
        *(capsys, "email", "create", "--event-type", "task.error", "--subject", "S", "--addresses", "a@b.example"),
        *("--name", "mine", "--disabled", "--when", "payload.task_type == 'x'"),
    )

    exit_code, output, _ = ran(capsys, "list")

    assert 0 == exit_code
    assert [
        ["Name", "Enabled", "Notifier", "Event types", "When", "Errors", "Task", "Include", "Options", "Id"],
        [
            *("http-sync-finish", "yes", "http", "repo.sync.finish"),
            *("url=http://receiver.example/, username=üser, password=*****", first),
        ],
        [
            *("mine", "no", "email", "task.error", "payload.task_type == 'x'"),
            *('subject=S, addresses=["a@b.example"], format=html', second),
        ],
    ] == [re.split(r" {2,}", line) for line in output.splitlines()]


def test_list_prints_the_listeners_as_json(service, capsys):
    """As the REST API shows them."""
    assert (0, []) == (ran(capsys, "list", "--json")[0], json.loads(ran(capsys, "list", "--json")[1]))

    listener_id = created(capsys, "http", "create", *HTTP)

    [document] = json.loads(ran(capsys, "list", "--json")[1])
    assert service.request("GET", f"/pulp/api/v3/notifications/listeners/{listener_id}/").json() == document


def test_show_prints_one_listener(service, capsys):
    """Its properties, the command that stops it, then its options."""
    face = ["--name", "mine", "--description", "Night shift", "--label", "team=web", "--label", "a b=c"]
    listener_id = created(capsys, "http", "create", *HTTP, *face, "--username", "kätchen", "--password", "hush")

    exit_code, output, _ = ran(capsys, "show", "mine")

    rows = [re.split(r" {2,}", line) for line in output.splitlines()]
    times = [row for row in rows if row[0] in ("pulp_created", "pulp_last_updated")]
    assert 0 == exit_code
    assert [
        ["Property", "Value"],
        ["name", "mine"],
        ["id", listener_id],
        ["description", "Night shift"],
        ["enabled", "true"],
        ["notifier_type", "http"],
        ["event_types", "repo.sync.finish"],
        ["task_id"],
        ["include"],
        ["labels", "team=web, a b=c"],
        ["when"],
        ["template"],
        *times,
        ["condition_errors", "0"],
        ["template_errors", "0"],
        ["to stop it", "pulp-notifiers listener disable mine"],
        [""],
        ["Option", "Value"],
        ["url", "http://receiver.example/"],
        ["username", "kätchen"],
        ["password", "*****"],
    ] == rows


def test_what_failed_on_a_listener_is_listed_and_shown(service, capsys):
    """How often, and the last time with its event and reason."""
    listener_id = created(capsys, "http", "create", *HTTP, "--name", "mine")
    failed = ListenerErrors(listener_id, ErrorKind.CONDITION, 3, EVENT, datetime(2026, 11, 30, tzinfo=UTC), "No x.")
    service.app.store.listener_errors.add([failed])

    row = ran(capsys, "list")[1].splitlines()[1]
    shown = ran(capsys, "show", "mine")[1]

    assert "3 condition" in re.split(r" {2,}", row)
    last = f"3, the last one: No x. (event {EVENT}, 2026-11-30T00:00:00Z)"
    assert ["condition_errors", last] in [re.split(r" {2,}", line) for line in shown.splitlines()]


def test_show_prints_one_listener_as_json(service, capsys):
    """As the REST API shows it."""
    listener_id = created(capsys, "amqp", "create", "--event-type", "*")

    exit_code, output, _ = ran(capsys, "show", listener_id, "--json")

    assert (0, listener_id, {}) == (exit_code, json.loads(output)["id"], json.loads(output)["config"])


def test_update_changes_what_is_given_and_leaves_the_rest(service, capsys):
    """An empty --include takes back what was asked of sources."""
    listener_id = created(
        capsys, "http", "create", *HTTP, "--username", "u", "--password", "hush", "--include", "content"
    )

    changed = ran(
        capsys, "http", "update", "--listener-id", listener_id, "--url", "http://receiver.example/y", "--include", ""
    )
    as_json = ran(capsys, "http", "update", "--listener-id", listener_id, "--event-type", "repo.#", "--json")

    assert (0, f"Listener {listener_id} updated.\n", "") == changed
    assert ["repo.#"] == json.loads(as_json[1])["event_types"]
    [listener] = service.app.listeners.list()
    assert {"url": "http://receiver.example/y", "username": "u", "password": "hush"} == listener.config
    assert ((), ("repo.#",)) == (listener.include, listener.event_types)


def test_update_without_a_change_says_so(service, capsys):
    """It still shows the listener as JSON."""
    listener_id = created(capsys, "http", "create", *HTTP)

    exit_code, output, _ = ran(capsys, "http", "update", "--listener-id", listener_id)
    as_json = ran(capsys, "http", "update", "--listener-id", listener_id, "--json")

    assert (0, f"Listener {listener_id} is unchanged: no option says what to change.\n") == (exit_code, output)
    assert listener_id == json.loads(as_json[1])["id"]


@pytest.mark.parametrize("option", [[], ["--listener-id"]])
def test_delete_accepts_the_id_in_both_spellings(service, capsys, option):
    """Scripts that were written for --listener-id still work."""
    listener_id = created(capsys, "http", "create", *HTTP)

    assert (0, f"Listener {listener_id} deleted.\n", "") == ran(capsys, "delete", *option, listener_id)
    assert [] == list(service.app.listeners.list())


@pytest.mark.parametrize("arguments", [[], ["1", "--listener-id", "1"], ["1", "2"]])
def test_delete_needs_exactly_one_id(service, capsys, arguments):
    """Anything else is a usage error."""
    exit_code, _, errors = ran(capsys, "delete", *arguments)

    assert (64, True) == (exit_code, "Usage: pulp-notifiers listener delete" in errors)


@pytest.mark.parametrize(
    "listener_id", ["nobody", "5f0c1e2d3a4b5c6d7e8f9012", "", "..", "a/b", "bär", "\udcff", "a?b#c"]
)
@pytest.mark.parametrize(
    "command",
    [["show"], ["delete"], ["delete", "--listener-id"], ["http", "update", "--url", "http://x/", "--listener-id"]],
)
def test_an_unknown_listener_is_named(service, capsys, command, listener_id):
    """The error says where to look up the right id."""
    exit_code, output, errors = ran(capsys, *command, listener_id)

    shown = listener_id.replace("\udcff", "\\udcff")
    assert (65, "") == (exit_code, output)
    assert f"There is no listener '{shown}'. Look it up with listener list.\n" == errors


@pytest.mark.parametrize(
    ("arguments", "errors"),
    [
        (
            ["http", "create", "--url", "127.0.0.1:1/", "--event-type", "repo.sync.finish"],
            [
                "--url: it does not start with http:// or https:// and a host; write one like https://receiver.example/hook"
            ],
        ),
        (
            ["http", "create", *HTTP, "--event-type", "repo.sync.finnish", "--event-type", "a b", "--include", "X Y"],
            [
                "--event-type: 'repo.sync.finnish' is not an event type; use one of: ",
                "--event-type: 'a b' is not an event type: ",
                "--include: 'X Y' cannot be included: ",
            ],
        ),
        (["http", "create", *HTTP, "--task-id", "5"], ["--task-id: Input should be a valid UUID"]),
        (
            ["email", "create", "--event-type", "*", "--subject", "S", "--addresses", ""],
            ["--addresses: Tuple should have at least 1 item"],
        ),
    ],
)
def test_a_refusal_names_the_options_one_per_line(service, capsys, arguments, errors):
    """Nothing is registered."""
    exit_code, output, printed = ran(capsys, *arguments)

    lines = printed.splitlines()
    assert (65, "", len(errors)) == (exit_code, output, len(lines))
    assert [True] * len(errors) == [line.startswith(start) for line, start in zip(lines, errors, strict=True)]
    assert [] == list(service.app.listeners.list())


def test_an_update_is_refused_with_the_names_of_options(service, capsys):
    """The listener stays as it was."""
    listener_id = created(capsys, "http", "create", *HTTP)

    exit_code, _, errors = ran(
        capsys, "http", "update", "--listener-id", listener_id, "--url", "x", "--event-type", "repo.x"
    )

    assert 65 == exit_code
    assert ["--event-type", "--url"] == sorted(line.partition(":")[0] for line in errors.splitlines())
    assert [{"url": "http://receiver.example/"}] == [listener.config for listener in service.app.listeners.list()]


def test_a_missing_option_is_a_usage_error(service, capsys):
    """The server said that it is required."""
    exit_code, _, errors = ran(capsys, "http", "create", "--event-type", "*")

    assert (64, True) == (exit_code, "Missing option '--url'" in errors)
