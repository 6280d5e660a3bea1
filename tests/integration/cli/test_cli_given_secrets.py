"""Secrets on the command line are warned of, and can be given in other ways."""

import io
import sys

import pytest

from pulp_notifiers.cli import given_secrets, main
from pulp_notifiers.options import SECRET_NAME
from tests.support.rest import rest_service

HTTP = ["listener", "http", "create", "--event-type", "*", "--url", "https://receiver.example/"]
OLD = ["event", "listener", "http", "create", "--event-type", "*", "--url", "https://receiver.example/"]
SOURCE = ["source", "test", "--type", "amqp"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A service for the tests of this module."""
    with rest_service(tmp_path_factory.mktemp("rest")) as service:
        yield service


@pytest.fixture
def service(shared, settings, tmp_path):
    """The shared service without listeners; commands use it as admin."""
    shared.clear()
    own = f"[notifiers]\nstate_directory = {tmp_path / 'state'}\n"
    settings(f"{own}[client]\nurl = http://127.0.0.1:{shared.server.port}\nusername = admin\npassword = admin\n")
    return shared


@pytest.mark.parametrize(
    ("command", "option", "otherwise"),
    [
        (["user", "create", "eva", "--password", "hush"], "--password", "standard input"),
        (["listener", "--password", "admin", "list"], "--password", "PULP_NOTIFIERS_CLIENT_PASSWORD"),
        (["status", "-p", "x"], "--password", "leave it out"),
        ([*HTTP, "--password", "hush", "--username", "u"], "--password", "--secret"),
        ([*HTTP[:-1], "https://u:hush@receiver.example/"], "--url", "--secret"),
        ([*OLD, "--password", "hush"], "--password", "--secret"),
        ([*SOURCE, "--config", "url=amqp://u:hush@127.0.0.1:1"], "--config url", "--secret url"),
        ([*SOURCE, "--config", "url=amqp://127.0.0.1:1", "--config", "password=hush"], "--config password", "=@FILE"),
        ([*SOURCE, "--config-json", '{"url": "amqp://u:hush@127.0.0.1:1"}'], "--config-json", "@FILE"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else None,
)
def test_a_secret_on_the_command_line_is_warned_of(service, capsys, command, option, otherwise):
    """On standard error, with the other ways, and without the secret."""
    main(command)

    warnings = [line for line in capsys.readouterr().err.splitlines() if "on the command line" in line]
    assert 1 == len(warnings)
    assert warnings[0].startswith("Warning: every user of this machine can see " + option)
    assert otherwise in warnings[0]
    assert "hush" not in warnings[0]


def test_secrets_given_in_other_ways_are_not_warned_of(service, capsys, monkeypatch, tmp_path):
    """They come from standard input, a file, or the settings."""
    (tmp_path / "url").write_text("amqp://u:hush@127.0.0.1:1\n")
    (tmp_path / "json").write_text('{"url": "amqp://u:hush@127.0.0.1:1"}')
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush\namqp://127.0.0.1:1\n"))
    main([*HTTP, "--username", "u", "--secret", "password"])
    main([*SOURCE, "--secret", "url"])
    main([*SOURCE, "--config", f"url=@{tmp_path / 'url'}"])
    main([*SOURCE, "--config-json", f"@{tmp_path / 'json'}"])

    assert "Warning:" not in capsys.readouterr().err
    assert ["hush"] == [listener.config["password"] for listener in service.app.listeners.list()]


def test_a_secret_of_a_listener_is_changed_from_standard_input(service, capsys, monkeypatch):
    """The option is named as on the command line, with or without dashes."""
    listener = service.add_listener(notifier_config={"url": "https://x.example/", "username": "u", "password": "old"})
    monkeypatch.setattr(sys, "stdin", io.StringIO("new\n"))

    assert 0 == main(["listener", "http", "update", "--listener-id", listener.id, "--secret", "--password"])

    assert "new" == service.app.listeners.get(listener.id).config["password"]


@pytest.mark.parametrize("given", [["--password", "a"], []])
def test_a_secret_that_is_missing_or_given_twice_is_a_usage_error(service, capsys, monkeypatch, given):
    """Nothing is created."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    assert 64 == main([*HTTP, "--secret", "password", *given])

    assert [] == list(service.app.listeners.list())


def test_the_names_of_secrets_are_those_of_the_server():
    """The command line has a copy, because importing it is slow."""
    assert SECRET_NAME == given_secrets.SECRET_NAME


def test_a_secret_that_is_an_object_is_read_as_json(service, capsys, monkeypatch):
    """As on the command line; anything else is refused before the server is asked."""
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"X-Api-Key": "hush"}\nhush\n'))

    codes = [main([*HTTP, "--secret", "headers"]) for _ in range(2)]

    assert [0, 65] == codes
    assert [{"X-Api-Key": "hush"}] == [listener.config["headers"] for listener in service.app.listeners.list()]
    printed = capsys.readouterr().err
    assert "--headers" in printed
    assert "hush" not in printed
