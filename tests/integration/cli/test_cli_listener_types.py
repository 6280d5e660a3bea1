"""The command listener gets notifier types and their options from the server, also for its help."""

import json
import os
import subprocess
import sys

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.distributions import installed
from tests.support.rest import rest_service
from tests.support.service import Service
from tests.support.terminal import at_terminal

TIMEOUT_SECONDS = 60
NOBODY = "http://127.0.0.1:1"
LOG_IN = "Log in as a user who may READ /v3/notifications/notifiers/"
PLUGIN = """
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pydantic import Field


class Pigeon(Notifier):
    class Config(NotifierConfig):
        loft: str = Field(description="Höhe des Schlags.")
        json_: bool = Field(False, alias="json")

    def send(self, event, config, target):
        pass


class Broken:
    pass
"""


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    """A service with notifiers that are not installed here, in a process of its own."""
    folder = tmp_path_factory.mktemp("remote")
    entry_points = {"pigeon": "pigeon_module:Pigeon", "broken": "pigeon_module:Broken"}
    with installed(folder, "pigeons", entry_points, {"pigeon_module": PLUGIN}) as site:
        path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PYTHONPATH", path)
            service = Service(folder)
    with service:
        yield service


@pytest.fixture
def service(remote, settings, monkeypatch):
    """The remote service; commands use it as admin."""
    for name, value in remote.environ.items():
        if name.startswith("PULP_NOTIFIERS_CLIENT_"):
            monkeypatch.setenv(name, value)
    return remote


def ran(capsys, *arguments):
    """Return exit code, output and errors of a command; runs of blanks are one blank."""
    capsys.readouterr()
    exit_code = main(arguments)
    printed = capsys.readouterr()
    return exit_code, " ".join(printed.out.split()), " ".join(printed.err.split())


def test_help_lists_the_notifier_types_of_the_server(service, capsys):
    """With the distributions that offer them, or why they cannot be used."""
    exit_code, output, errors = ran(capsys, "listener", "--help")

    assert (0, "") == (exit_code, errors)
    assert "http pulp-notifier-http " in output
    assert "pigeon pigeons 1.0" in output
    assert "broken cannot be used: " in output


def test_help_of_create_shows_options_of_a_notifier_that_is_not_installed_here(service, capsys):
    """An option that has the name of one of the command gets a prefix."""
    exit_code, output, errors = ran(capsys, "listener", "pigeon", "create", "--help")

    assert (0, "") == (exit_code, errors)
    assert "--loft TEXT Höhe des Schlags. [required]" in output
    assert "--config-json / --no-config-json" in output
    assert "--json Print JSON" in output


def test_a_listener_of_a_notifier_that_is_not_installed_here_is_created(service, capsys):
    """Its options are sent under their own names."""
    arguments = ["--event-type", "*", "--loft", "süd", "--config-json"]
    exit_code, output, _ = ran(capsys, "listener", "pigeon", "create", *arguments)
    [listener] = service.call("GET", "/pulp/api/v3/notifications/listeners/")["results"]
    deleted = ran(capsys, "listener", "delete", listener["id"])

    assert (0, f"Listener {listener['id']} created.") == (exit_code, output)
    assert {"loft": "süd", "json": True} == listener["config"]
    assert 0 == deleted[0]


def test_a_notifier_that_the_server_cannot_use_is_an_error(service, capsys):
    """With the reason; help shows the reason too."""
    exit_code, _, errors = ran(capsys, "listener", "broken", "create", "--event-type", "*")
    shown = ran(capsys, "listener", "broken", "create", "--help")

    assert 65 == exit_code
    assert errors.startswith("The server cannot use the notifier type broken: ")
    assert (0, True) == (shown[0], "The server cannot use the notifier type broken: " in shown[1])


@pytest.mark.parametrize("arguments", [[], ["create"], ["create", "--url", "x"], ["create", "--help"], ["--help"]])
def test_an_unknown_type_is_an_error_that_lists_the_types(service, capsys, arguments):
    """The same for a misspelt command."""
    exit_code, output, errors = ran(capsys, "listener", "dove", *arguments)

    assert (64, "") == (exit_code, output)
    assert "'dove' is neither a command nor a notifier type of the server." in errors
    assert "Its types are: amqp, broken, email, http, pigeon." in errors


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (["--url", "{url}", "-u", "admin", "-p", "{password}"], []),
        (["--url", "{url}"], ["-u", "admin", "-p", "{password}"]),
        (["-u", "admin"], ["--url", "{url}", "--password", "{password}"]),
        ([], ["--help", "--url", "{url}", "-u", "admin", "-p", "{password}"]),
        (["--url", NOBODY, "-p", "wrong"], ["--url", "{url}", "-u", "admin", "-p", "{password}"]),
    ],
)
def test_connection_options_at_every_level_are_used_to_look_up_types(remote, settings, capsys, outer, inner):
    """Without any settings; the innermost option wins."""
    password = remote.environ["PULP_NOTIFIERS_CLIENT_PASSWORD"]
    outer, inner = ([word.format(url=remote.url, password=password) for word in words] for words in (outer, inner))

    of_group = ran(capsys, *outer, "listener", *inner, "--help")
    of_create = ran(capsys, *outer, "listener", *inner, "pigeon", "create", "--help")

    assert (0, True) == (of_group[0], "pigeon pigeons 1.0" in of_group[1])
    assert 0 == of_create[0]
    assert ("--loft TEXT" in of_create[1]) == ("--help" not in inner)


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (["--help"], ["list List the listeners", "The server's notifier types are missing here: "]),
        (["http"], ["create Create a listener", "It is not known whether the server has the notifier type http: "]),
        (["http", "--help"], ["update Change", "It is not known whether the server has the notifier type http"]),
        (["http", "create", "--help"], ["--event-type TEXT", "The options of the notifier are missing here: "]),
        (
            ["http", "update", "--url", "x", "-h"],
            ["--listener-id ID", "The options of the notifier are missing here: "],
        ),
    ],
)
@pytest.mark.parametrize(
    ("connection", "reason"),
    [
        (["--url", NOBODY], f"Nothing listens at {NOBODY}. Check --url, or [client] url in the settings."),
        (["-p", "wrong"], f"The server refused the login. Invalid username/password. {LOG_IN}"),
    ],
    ids=["no server", "wrong password"],
)
def test_help_without_the_server_shows_what_is_known_and_why_the_rest_is_missing(
    service, capsys, arguments, known, connection, reason
):
    """Without a traceback."""
    exit_code, output, errors = ran(capsys, *connection, "listener", *arguments)

    # Without arguments click prints help as an error.
    assert (64 if arguments == ["http"] else 0) == exit_code
    assert [] == [text for text in (*known, reason) if text not in output + errors]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>"),
        Answer(body=b"[]"),
        Answer(body=b'{"results": 5}'),
        Answer(body=b'{"results": [5]}'),
        Answer(500, body=b"{}"),
        Answer(drop=True),
    ],
)
def test_help_survives_the_answers_of_another_server(settings, capsys, answer):
    """Any command that is not help fails with one."""
    with HttpReceiver([answer] * 2) as server:
        shown = ran(capsys, "--url", server.url, "listener", "http", "create", "--help")
        exit_code, _, errors = ran(capsys, "--url", server.url, "listener", "http", "create", "--event-type", "*")

    assert (0, "") == (shown[0], shown[2])
    assert "The options of the notifier are missing here: " in shown[1]
    assert exit_code in (70, 74)
    assert "Traceback" not in errors


def test_help_survives_wrong_settings(settings, capsys):
    """And says which setting is wrong."""
    settings("[client]\nurl = nowhere\n")

    exit_code, output, _ = ran(capsys, "listener", "--help")

    assert (0, True) == (exit_code, "[client] url is not allowed" in output)


@pytest.mark.parametrize(
    ("connection", "expected", "text"),
    [
        (["--url", NOBODY], 78, f"Nothing listens at {NOBODY}."),
        (["-p", "wrong"], 77, f"Invalid username/password. The options of a notifier come from the server. {LOG_IN}"),
    ],
    ids=["no server", "wrong password"],
)
def test_a_command_without_the_server_fails_with_its_reason(service, capsys, connection, expected, text):
    """On standard error, because standard output is for scripts."""
    arguments = ["http", "create", "--event-type", "*", "--url", "http://x/"]
    exit_code, output, errors = ran(capsys, *connection, "listener", *arguments)

    assert (expected, "", True) == (exit_code, output, text in errors)


def test_the_types_are_asked_for_once_in_a_command(settings, capsys):
    """Then the listener is created."""
    types = b'{"next": null, "results": [{"type": "http", "schema": {"properties": {}}, "problem": null}]}'
    with HttpReceiver([Answer(body=types), Answer(201, body=b'{"id": "5f"}')]) as server:
        exit_code, output, _ = ran(capsys, "--url", server.url, "listener", "http", "create", "--event-type", "*")

    assert (0, "Listener 5f created.") == (exit_code, output)
    assert [("GET", "notifiers"), ("POST", "listeners")] == [
        (request.method, request.path.split("/")[5]) for request in server.requests
    ]


def test_a_reader_of_notifiers_and_creator_of_listeners_can_create(tmp_path, settings, capsys):
    """Without the first grant, the error says what is missing."""
    with rest_service(tmp_path) as service:
        service.add_user("kate")
        service.grant("kate", "/v3/notifications/listeners/", "CREATE")
        command = ["--url", f"http://127.0.0.1:{service.server.port}", "-u", "kate", "-p", "kate", "listener", "amqp"]
        without = ran(capsys, *command, "create", "--event-type", "*")
        service.grant("kate", "/v3/notifications/notifiers/", "READ")
        granted = ran(capsys, *command, "create", "--event-type", "*")

    assert (77, True) == (without[0], LOG_IN in without[2])
    assert 0 == granted[0]


def test_help_asks_for_no_password(remote):
    """It shows what is known without one, even at a terminal."""
    environment = {**remote.environ, "PULP_NOTIFIERS_CLIENT_PASSWORD": "", "COLUMNS": "200"}

    exit_code, shown = at_terminal(environment, "listener", "http", "create", "--help")

    text = " ".join(shown.decode().split())
    assert (0, False) == (exit_code, "Password" in text)
    assert "Authentication credentials were not provided." in text


def test_a_command_asks_for_the_password_once(remote):
    """For the types and for the request together."""
    environment = {**remote.environ, "PULP_NOTIFIERS_CLIENT_PASSWORD": ""}
    typed = [remote.environ["PULP_NOTIFIERS_CLIENT_PASSWORD"].encode()]

    exit_code, shown = at_terminal(environment, "listener", "amqp", "create", "--event-type", "*", typed=typed)
    [listener] = remote.call("GET", "/pulp/api/v3/notifications/listeners/")["results"]
    remote.session.delete(f"{remote.url}{listener['pulp_href']}", timeout=30)

    text = " ".join(shown.decode().split())
    assert (0, 1) == (exit_code, text.count("Password of admin:"))
    assert f"Listener {listener['id']} created." in text


def completed(environment, *words):
    """Return what bash completes after some words."""
    complete = {"_PULP_NOTIFIERS_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words))}
    command = [sys.executable, "-c", "from pulp_notifiers.cli.root import root; root(prog_name='pulp-notifiers')"]
    environment = {**environment, **complete, "COMP_WORDS": " ".join(["pulp-notifiers", *words])}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert "" == ended.stderr
    return [line.partition(",")[2] for line in ended.stdout.splitlines()]


def test_types_and_their_options_are_completed(remote):
    """Without a server only what is known."""
    alone = {**remote.environ, "PULP_NOTIFIERS_CLIENT_URL": NOBODY}

    assert ["pigeon"] == completed(remote.environ, "listener", "pi")
    assert ["--loft"] == completed(remote.environ, "listener", "pigeon", "create", "--lo")
    assert ["show"] == completed(alone, "listener", "s")
    assert ["--event-type"] == completed(alone, "listener", "pigeon", "create", "--ev")


@pytest.mark.parametrize("verb", ["create", "update"])
@pytest.mark.parametrize("others", [[], ["--event-type", "*"], ["--help"], ["--url", "http://x.example/"]])
def test_a_command_without_its_type_lists_the_types(settings, capsys, verb, others):
    """Those of the server."""
    types = [{"type": name, "distribution": "d", "version": "1", "schema": {}, "problem": None} for name in "ba"]
    page = json.dumps({"next": None, "results": types}).encode()
    with HttpReceiver(lambda request: Answer(body=page)) as server:
        settings(f"[client]\nurl = {server.url}\n")
        exit_code = main(["listener", verb, *others])

    assert 64 == exit_code
    assert f"Write listener TYPE {verb}, where TYPE is a notifier type of the server. Its types are: a, b." in (
        capsys.readouterr().err
    )


def test_a_command_without_its_type_lists_those_of_this_machine_if_the_server_is_away(settings, capsys):
    """They are probably the same."""
    assert 64 == main(["--url", "http://127.0.0.1:1", "listener", "create"])

    errors = capsys.readouterr().err
    assert "Write listener TYPE create, where TYPE is a notifier type. On this machine these types" in errors
    assert "email, http" in errors


@pytest.mark.parametrize("arguments", [["slack"], ["slack", "--help"], ["--help"]])
def test_help_lists_the_types_of_this_machine_if_the_server_is_away(settings, capsys, arguments):
    """Nobody knows whether the server has another one."""
    main(["--url", "http://127.0.0.1:1", "listener", *arguments])

    printed = capsys.readouterr()
    text = " ".join((printed.out + printed.err).split())
    assert "On this machine these types are installed: amqp, email, http." in text
