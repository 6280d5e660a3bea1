"""Which server a command sends its requests to, and as which user."""

import sys
from base64 import b64encode

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver


def basic(credentials):
    """Return the header for these credentials."""
    return f"Basic {b64encode(credentials.encode()).decode()}"


def test_the_innermost_option_wins(settings, capsys):
    """Options are allowed at every level, and win over the settings."""
    settings("[client]\nusername = stored\npassword = kept\nurl = http://127.0.0.1:1\n")

    with HttpReceiver([Answer(body=b"[]")] * 3) as server:
        main(["--url", server.url, "event", "listener", "list"])
        main(["--url", server.url, "-u", "outer", "-p", "x", "listener", "-u", "inner", "list"])
        main(["listener", "--url", server.url, "-p", "other", "list"])

    sent = [request.headers["Authorization"] for request in server.requests]
    assert [basic("stored:kept"), basic("inner:x"), basic("stored:other")] == sent


def test_the_stored_password_is_not_sent_for_another_user(settings, capsys):
    """Without a terminal, the command fails."""
    settings("[client]\nusername = stored\npassword = kept\n")

    exit_code = main(["-u", "other", "event", "listener", "list"])

    assert 64 == exit_code
    assert "--password" in capsys.readouterr().err


def test_a_stored_password_without_a_user_is_for_any_user(settings, capsys, monkeypatch):
    """Scripts keep the password in their environment."""
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_PASSWORD", "kept")

    with HttpReceiver([Answer(body=b"[]")]) as server:
        main(["--url", server.url, "-u", "admin", "event", "listener", "list"])

    assert [basic("admin:kept")] == [request.headers["Authorization"] for request in server.requests]


@pytest.mark.parametrize(
    ("settings_text", "url"),
    [
        ("", "http://127.0.0.1:24818"),
        ("[notifiers]\nbind = 0.0.0.0:1\n", "http://127.0.0.1:1"),
        ("[notifiers]\nbind = [::]:1\n", "http://[::1]:1"),
        ("[notifiers]\nbind = 127.0.0.2:1\ntls_certificate = /x.pem\n", "https://127.0.0.2:1"),
        ("[client]\nurl = http://127.0.0.3:1/\n", "http://127.0.0.3:1"),
    ],
)
def test_the_default_server_is_that_of_the_settings(settings, capsys, settings_text, url):
    """The one on this machine, unless [client] url names another."""
    settings(settings_text)

    main(["event", "listener", "list"])

    assert f"Nothing listens at {url}. " in capsys.readouterr().out


def test_a_server_may_be_below_a_path(settings, capsys):
    """Such as behind a proxy."""
    with HttpReceiver([Answer(body=b"[]")]) as server:
        main(["--url", f"{server.url}some/where/", "event", "listener", "list"])

    assert ["/some/where/pulp/api/v2/events/"] == [request.path for request in server.requests]


@pytest.mark.parametrize(
    "url",
    [
        *("localhost:24818", "ftp://x/", "http://", "http://x:port/", "http://[x/", "http://a b", "http://a\x7fb/"),
        *("http://me:hunter2@x/", "ftp://me:hunter2@x/", "http://me:hunter2/x@y/", "http://me:hunter2@℀/"),
    ],
)
def test_a_malformed_server_url_is_refused(settings, capsys, url):
    """It is a usage error on the command line, and a wrong setting in the file."""
    on_command_line = main(["--url", url, "event", "listener", "list"])
    settings(f"[client]\nurl = {url}\n")
    in_file = main(["event", "listener", "list"])

    printed = capsys.readouterr()
    assert (64, 78) == (on_command_line, in_file)
    assert "[client] url" in printed.err
    assert "hunter2" not in printed.out + printed.err


@pytest.mark.parametrize("listener_id", ["", "a/b", "/", "a/\udcff"])
@pytest.mark.parametrize("command", [["delete"], ["http", "update", "--event-type", "*"]])
def test_an_id_that_no_path_can_hold_is_not_sent(settings, capsys, command, listener_id):
    """The request would be for something else."""
    with HttpReceiver() as server:
        exit_code = main(["--url", server.url, "event", "listener", *command, "--listener-id", listener_id])

    assert 65 == exit_code
    assert () == tuple(server.requests)
    shown = listener_id.replace("\udcff", "\\udcff")
    assert f"The following resource(s) could not be found:\n\n  {shown} (event_listener)\n" in capsys.readouterr().out


@pytest.mark.parametrize("listener_id", ["..", "ü", "a?b#c", "\udcff"])
def test_an_id_is_one_segment_of_the_path(settings, capsys, listener_id):
    """Nothing that a user types can reach another address."""
    with HttpReceiver([Answer(body=b"null")]) as server:
        main(["--url", server.url, "event", "listener", "delete", "--listener-id", listener_id])

    (request,) = server.requests
    assert request.path.startswith("/pulp/api/v2/events/")
    assert 6 == request.path.count("/")
    assert "?" not in request.path


def test_a_wrong_setting_is_reported_in_one_sentence(settings, capsys):
    """With the exit code of configuration errors."""
    settings("[client]\nurll = http://x/\n")

    exit_code = main(["event", "listener", "list"])

    printed = capsys.readouterr()
    assert 78 == exit_code
    assert "" == printed.out
    assert "[client] urll is not a setting" in printed.err


def test_no_password_is_asked_for_if_standard_input_is_closed(settings, capsys, monkeypatch):
    """The error names the option."""
    monkeypatch.setattr(sys, "stdin", None)

    assert 64 == main(["--url", "http://127.0.0.1:1", "--username", "joe", "event", "listener", "list"])

    assert "There is no terminal to ask for the password" in capsys.readouterr().err
