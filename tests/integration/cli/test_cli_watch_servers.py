"""The commands tail and wait, and the messaging server that they connect to."""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from pulp_notifiers.cli import main
from tests.support.watching import environment_for, watching


@pytest.mark.parametrize("command", [["tail"], ["tail", "--json"], ["wait", str(uuid4())]])
def test_a_server_that_cannot_be_reached_at_the_start_is_an_error(tmp_path, command):
    """The address may be wrong."""
    environment = environment_for("amqp://127.0.0.1:1//", tmp_path)
    with watching(environment, *command) as watcher:
        exit_code = watcher.ended()

    assert 74 == exit_code
    assert watcher.errors.startswith("Could not connect to messaging server amqp://127.0.0.1:1//: ")
    assert "Check --broker, or [messaging] event_notification_url" in watcher.errors


@pytest.mark.parametrize(
    "setting", ["event_notification_url = what://h", "url = what://h\ntopic_exchange = " + "x" * 256]
)
def test_a_wrong_setting_does_not_matter_if_the_server_is_given(tmp_path, setting):
    """Nor do those of amqp listeners."""
    environment = environment_for("amqp://127.0.0.1:1//", tmp_path)
    Path(environment["PULP_NOTIFIERS_CONF"]).write_text(f"[messaging]\nevent_notifications_enabled = true\n{setting}\n")
    with watching(environment, "tail", "--broker", "amqp://127.0.0.1:1//") as tail:
        exit_code = tail.ended()

    assert 74 == exit_code
    assert tail.errors.startswith("Could not connect to messaging server amqp://127.0.0.1:1//: ")


def test_a_server_that_refuses_access_is_an_error(rabbitmq, watch_environment):
    """Which does not show the password."""
    url = f"amqp://guest:wrong-password@127.0.0.1:{rabbitmq.port}//"
    with watching(watch_environment, "tail", "--broker", url) as tail:
        exit_code = tail.ended()

    assert 74 == exit_code
    assert "ACCESS_REFUSED" in tail.errors
    assert "wrong-password" not in tail.errors


@pytest.mark.parametrize("url", ["", "gopher://localhost:5672/", "; ;"])
def test_a_setting_that_names_no_server_is_an_error(tmp_path, url):
    """Nothing is tried."""
    with watching(environment_for(url, tmp_path), "tail") as tail:
        exit_code = tail.ended()

    assert 78 == exit_code
    assert tail.errors.startswith("[messaging] event_notification_url ")
    assert "--broker" in tail.errors


@pytest.mark.parametrize(
    "arguments",
    [
        ["tail", "--state", "done"],
        ["tail", "--task", "tasks.#"],
        ["tail", "--broker", "gopher://localhost"],
        ["tail", "--broker", ""],
        ["wait"],
        ["wait", "*"],
        ["wait", str(uuid4()), "--timeout", "-1"],
        ["wait", str(uuid4()), "--timeout", "soon"],
        ["wait", str(uuid4()), "--timeout", "nan"],
    ],
)
def test_a_wrong_command_line_is_not_mistaken_for_the_end_of_a_task(watch_environment, arguments):
    """Its exit code is none of those of wait."""
    with watching(watch_environment, *arguments) as watcher:
        assert 64 == watcher.ended()
        assert "Usage: " in watcher.errors


@pytest.mark.parametrize("arguments", [["tail"], ["wait", "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"]])
def test_without_a_messaging_server_the_setting_to_write_is_named(settings, capsys, arguments):
    """Pulp's default, which nobody wrote, is not complained about."""
    assert 78 == main(arguments)

    errors = capsys.readouterr().err
    assert "[messaging] event_notification_url is not set" in errors
    assert (
        f"Set it in {os.environ['PULP_NOTIFIERS_CONF']}, or as PULP_NOTIFIERS_MESSAGING_EVENT_NOTIFICATION_URL"
        in errors
    )
    assert "--broker URL" in errors
    assert "qpid" not in errors
