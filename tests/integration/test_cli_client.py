"""What the command line tool says when the server, or the way to it, fails."""

import json
import sys
from base64 import b64encode

import pytest
import trustme

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A configuration file of this test alone; returns a function that writes it."""
    file = tmp_path / "server.conf"
    file.write_text("")
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))
    return file.write_text


@pytest.fixture(scope="module")
def authority():
    """A certificate authority that no system trusts."""
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority, tmp_path_factory):
    """Files: a certificate for 127.0.0.1, one for another host, and the authority's own."""
    folder = tmp_path_factory.mktemp("tls")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for host in ("127.0.0.1", "elsewhere.example"):
        authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(folder / f"{host}.pem")
    return folder


def basic(credentials):
    """Return the header for these credentials."""
    return f"Basic {b64encode(credentials.encode()).decode()}"


def answered(status, document, *arguments):
    """Return the exit code of a command whose one request is answered so."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    with HttpReceiver([Answer(status, body=body)]) as server:
        return main(["--url", server.url, *(arguments or ("listener", "list"))])


@pytest.mark.parametrize(
    ("status", "document", "exit_code", "text"),
    [
        (400, {"error": {"description": "Top", "sub_errors": [{"description": "Below"}]}}, 65, "Top\n\nBelow\n"),
        (400, {"error": {}}, 65, "without a description"),
        (400, {"property_names": ["a", "b"]}, 65, "a, b"),
        (400, {"error_message": "Because."}, 65, "Because."),
        (400, {"event_type": ["One.", "Two."]}, 65, "event_type: One. Two."),
        (401, b"<html>", 77, "does not have permission"),
        (401, {"error_message": "Authentication failed."}, 77, "Authentication failed."),
        (401, {"detail": "Log in."}, 77, "Log in."),
        (404, {"resources": {"a": "1", "b": "2"}}, 65, "could not be found:\n\n  1 (a)\n  2 (b)\n"),
        (404, {"detail": "Not found."}, 65, "Not found."),
        (404, None, 70, "status 404"),
        (404, b"<html>", 70, "There was an internal server error"),
        (409, {"error": {"description": "Taken."}}, 65, "Taken."),
        (301, b"", 70, "status 301"),
        (403, {"detail": "No."}, 77, "No."),
        (413, {"detail": "Too large."}, 65, "Too large."),
        (403, {"error_message": "No."}, 70, "An internal error occurred on the Pulp server:\n\nGET "),
        (500, {"error_message": "boom"}, 70, "failed with status 500: boom"),
        (502, b"<html>", 70, "There was an internal server error"),
    ],
)
def test_an_answer_that_is_an_error_is_told_with_its_exit_code(settings, capsys, status, document, exit_code, text):
    """On standard output for the commands of pulp-admin, as there."""
    assert exit_code == answered(status, document)
    assert text in capsys.readouterr().out


def test_other_commands_tell_errors_on_standard_error(settings, capsys):
    """Their standard output is for scripts."""
    assert 65 == answered(404, {"detail": "Not found."}, "delivery", "show", "7")

    printed = capsys.readouterr()
    assert "" == printed.out
    assert "Not found.\n" == printed.err


@pytest.mark.parametrize(
    "answer",
    [
        Answer(drop=True),
        Answer(raw=b"SSH-2.0-OpenSSH\r\n"),
        Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
    ],
)
def test_a_connection_that_breaks_is_an_input_output_error(settings, capsys, answer):
    """Whatever was said before."""
    with HttpReceiver([answer]) as server:
        exit_code = main(["--url", server.url, "listener", "list"])

    assert 74 == exit_code
    assert "An error occurred attempting to contact the server" in capsys.readouterr().out


def test_a_server_of_a_private_authority_is_trusted_by_its_certificate(settings, capsys, tls):
    """Given as a file, on the command line or in the settings."""
    with HttpReceiver([Answer(body=b"[]")] * 2, certificate=tls / "127.0.0.1.pem") as server:
        by_option = main(["--url", server.url, "--ca-path", str(tls / "ca.pem"), "listener", "list"])
        settings(f"[client]\nurl = {server.url}\nca_path = {tls / 'ca.pem'}\n")
        by_settings = main(["listener", "list"])

    assert (0, 0) == (by_option, by_settings)


def test_an_untrusted_certificate_is_refused(settings, capsys, tls):
    """The system's authorities have not signed it."""
    with HttpReceiver(certificate=tls / "127.0.0.1.pem") as server:
        exit_code = main(["--url", server.url, "listener", "list"])

    assert 70 == exit_code
    assert "untrusted" in capsys.readouterr().out
    assert () == server.requests


def test_a_certificate_of_another_host_is_refused(settings, capsys, tls):
    """Even when its authority is trusted."""
    with HttpReceiver(certificate=tls / "elsewhere.example.pem") as server:
        exit_code = main(["--url", server.url, "--ca-path", str(tls / "ca.pem"), "listener", "list"])

    assert 65 == exit_code
    assert "[127.0.0.1]" in capsys.readouterr().out


def test_authorities_that_cannot_be_read_are_named(settings, capsys, tmp_path):
    """A missing file, and one that holds no certificate."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")

    for ca_path in (tmp_path / "missing.pem", empty):
        exit_code = main(["--url", "https://127.0.0.1:1", "--ca-path", str(ca_path), "listener", "list"])

        assert 74 == exit_code
        assert str(ca_path) in capsys.readouterr().out


def test_a_directory_of_authorities_replaces_those_of_the_system(settings, capsys, tls, tmp_path):
    """One that holds none in the form that openssl rehash gives them trusts nobody."""
    with HttpReceiver(certificate=tls / "127.0.0.1.pem") as server:
        exit_code = main(["--url", server.url, "--ca-path", str(tmp_path), "listener", "list"])

    assert 70 == exit_code
    assert "untrusted" in capsys.readouterr().out


def test_the_innermost_option_wins(settings, capsys):
    """The same options may stand at every level, and win over the settings."""
    settings("[client]\nusername = stored\npassword = kept\nurl = http://127.0.0.1:1\n")

    with HttpReceiver([Answer(body=b"[]")] * 3) as server:
        main(["--url", server.url, "listener", "list"])
        main(["--url", server.url, "-u", "outer", "-p", "x", "listener", "-u", "inner", "list"])
        main(["listener", "--url", server.url, "-p", "other", "list"])

    sent = [request.headers["Authorization"] for request in server.requests]
    assert [basic("stored:kept"), basic("inner:x"), basic("stored:other")] == sent


def test_the_stored_password_is_not_tried_for_another_user(settings, capsys):
    """Without a terminal to ask at, the command cannot go on."""
    settings("[client]\nusername = stored\npassword = kept\n")

    exit_code = main(["-u", "other", "listener", "list"])

    assert 64 == exit_code
    assert "--password" in capsys.readouterr().err


def test_a_stored_password_without_a_user_is_for_the_user_on_the_command_line(settings, capsys, monkeypatch):
    """As one puts it into the environment of a script."""
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_PASSWORD", "kept")

    with HttpReceiver([Answer(body=b"[]")]) as server:
        main(["--url", server.url, "-u", "admin", "listener", "list"])

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
def test_the_server_is_the_one_that_the_settings_describe(settings, capsys, settings_text, url):
    """The one on this machine unless [client] url names another."""
    settings(settings_text)

    main(["listener", "list"])

    assert f"Nothing listens at {url}. " in capsys.readouterr().out


def test_a_server_below_a_path_is_reached(settings, capsys):
    """As behind a proxy."""
    with HttpReceiver([Answer(body=b"[]")]) as server:
        main(["--url", f"{server.url}some/where/", "listener", "list"])

    assert ["/some/where/pulp/api/v2/events/"] == [request.path for request in server.requests]


@pytest.mark.parametrize(
    "url",
    [
        *("localhost:24818", "ftp://x/", "http://", "http://x:port/", "http://[x/", "http://a b", "http://a\x7fb/"),
        *("http://me:hunter2@x/", "ftp://me:hunter2@x/", "http://me:hunter2/x@y/", "http://me:hunter2@℀/"),
    ],
)
def test_a_url_that_is_none_is_refused(settings, capsys, url):
    """As a usage error on the command line, as a wrong setting in the file."""
    on_command_line = main(["--url", url, "listener", "list"])
    settings(f"[client]\nurl = {url}\n")
    in_file = main(["listener", "list"])

    printed = capsys.readouterr()
    assert (64, 78) == (on_command_line, in_file)
    assert "[client] url" in printed.err
    assert "hunter2" not in printed.out + printed.err


@pytest.mark.parametrize("listener_id", ["", "a/b", "/", "a/\udcff"])
@pytest.mark.parametrize("command", [["delete"], ["http", "update", "--event-type", "*"]])
def test_an_id_that_no_path_can_hold_is_not_found(settings, capsys, command, listener_id):
    """Without a request, which would be for something else."""
    with HttpReceiver() as server:
        exit_code = main(["--url", server.url, "listener", *command, "--listener-id", listener_id])

    assert 65 == exit_code
    assert () == tuple(server.requests)
    shown = listener_id.replace("\udcff", "\\udcff")
    assert f"The following resource(s) could not be found:\n\n  {shown} (event_listener)\n" in capsys.readouterr().out


@pytest.mark.parametrize("listener_id", ["..", "ü", "a?b#c", "\udcff"])
def test_an_id_is_one_segment_of_the_path(settings, capsys, listener_id):
    """Whatever a user typed cannot reach another address."""
    with HttpReceiver([Answer(body=b"null")]) as server:
        main(["--url", server.url, "listener", "delete", "--listener-id", listener_id])

    (request,) = server.requests
    assert request.path.startswith("/pulp/api/v2/events/")
    assert 6 == request.path.count("/")
    assert "?" not in request.path


def test_a_wrong_setting_is_one_sentence(settings, capsys):
    """With the exit code of configuration errors."""
    settings("[client]\nurll = http://x/\n")

    exit_code = main(["listener", "list"])

    printed = capsys.readouterr()
    assert 78 == exit_code
    assert "" == printed.out
    assert "[client] urll is not a setting" in printed.err


@pytest.mark.parametrize(
    ("arguments", "document"),
    [
        (["--event-type", "task.*"], {"event_types": ["task.*"], "task_id": None}),
        (["--event-type", "*", "--event-type", "task.error"], {"event_types": ["*", "task.error"], "task_id": None}),
        (["--event-type", "repo.#"], {"event_types": ["repo.#"], "task_id": None}),
        (["--event-type", "repo.version.created"], {"event_types": ["repo.version.created"], "task_id": None}),
        (["--event-type", "task.finished", "--task-id", "x"], {"event_types": ["task.finished"], "task_id": "x"}),
        (
            ["--event-type", "*", "--include", "content", "--include", "log"],
            {"event_types": ["*"], "task_id": None, "source_options": {"include": ["content", "log"]}},
        ),
    ],
)
def test_what_pulp_2_did_not_know_is_registered_by_the_own_api(arguments, document, settings, capsys):
    """Everything else goes to Pulp 2's."""
    with HttpReceiver([Answer(201, body=b"{}")]) as server:
        exit_code = main(["--url", server.url, "listener", "http", "create", "--url", "http://x/", *arguments])

    [request] = server.requests
    assert (0, "Event listener successfully created\n\n") == (exit_code, capsys.readouterr().out)
    assert ("POST", "/pulp/api/v3/notifications/listeners/") == (request.method, request.path)
    assert {"notifier_type": "http", "config": {"url": "http://x/"}, **document} == request.json()


def test_patterns_are_changed_by_the_own_api(settings, capsys):
    """With its own words for the same."""
    arguments = ["http", "update", "--listener-id", "5f", "--event-type", "task.*", "--username", "u"]
    with HttpReceiver([Answer(200, body=b"{}")]) as server:
        exit_code = main(["--url", server.url, "listener", *arguments])

    [request] = server.requests
    assert (0, "PATCH", "/pulp/api/v3/notifications/listeners/5f/") == (exit_code, request.method, request.path)
    assert {"config": {"username": "u"}, "event_types": ["task.*"]} == request.json()


@pytest.mark.parametrize(("name", "include"), [("content", ["content"]), ("", [])])
def test_what_sources_are_to_include_is_changed_by_the_own_api(settings, capsys, name, include):
    """An empty name takes it back."""
    arguments = ["http", "update", "--listener-id", "5f", "--include", name, "--username", "u"]
    with HttpReceiver([Answer(200, body=b"{}")]) as server:
        exit_code = main(["--url", server.url, "listener", *arguments])

    [request] = server.requests
    assert (0, "PATCH", "/pulp/api/v3/notifications/listeners/5f/") == (exit_code, request.method, request.path)
    assert {"config": {"username": "u"}, "source_options": {"include": include}} == request.json()


def test_every_field_that_the_own_api_refuses_is_told(settings, capsys):
    """One by one."""
    answer = Answer(400, body=b'{"config.url": ["Field required"], "task_id": ["No.", "Never."]}')
    with HttpReceiver([answer]) as server:
        exit_code = main(
            ["--url", server.url, "listener", "amqp", "create", "--event-type", "task.*", "--task-id", "5"]
        )

    assert 65 == exit_code
    assert "config.url: Field required\n\ntask_id: No. Never." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ("[" * 5000, "This is not JSON: "),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "This is nested more than 100 levels deep."),
        ('{"a": 1, "a": 2}', "This is not JSON: an object names the same key twice."),
        ('{"a": {"b": 1, "b": 1}}', "This is not JSON: an object names the same key twice."),
    ],
)
def test_a_payload_that_the_server_would_refuse_is_one_sentence(settings, capsys, payload, told):
    """With the exit code of wrong data, and without a request."""
    with HttpReceiver() as server:
        exit_code = main(["--url", server.url, "event", "fire", "a", "--payload", payload])

    assert (65, 0) == (exit_code, len(server.requests))
    assert told in capsys.readouterr().err


def test_a_payload_may_be_as_deep_as_the_server_takes_it(settings, capsys):
    """One level is that of the request."""
    payload = '{"a": ' + "[" * 98 + "]" * 98 + "}"
    with HttpReceiver([Answer(201, body=b'{"id": "1", "deliveries": 0}')]) as server:
        exit_code = main(["--url", server.url, "event", "fire", "a", "--payload", payload])

    assert (0, 1) == (exit_code, len(server.requests))


def test_an_event_id_that_is_no_text_is_sent_as_its_bytes(settings, capsys):
    """The server finds no delivery of it."""
    with HttpReceiver([Answer(body=b'{"count": 0, "results": []}')]) as server:
        exit_code = main(["--url", server.url, "delivery", "list", "--event", "\udcff"])

    (request,) = server.requests
    assert 0 == exit_code
    assert "event=%FF" in request.path


def test_a_payload_cannot_come_from_a_standard_input_that_is_closed(settings, capsys, monkeypatch):
    """As after <&- in a shell."""
    monkeypatch.setattr(sys, "stdin", None)

    assert 65 == main(["--url", "http://127.0.0.1:1", "event", "fire", "a", "--payload", "-"])

    assert "- cannot be read: standard input is closed." in capsys.readouterr().err


def test_a_password_cannot_be_asked_for_where_standard_input_is_closed(settings, capsys, monkeypatch):
    """There is nobody to ask."""
    monkeypatch.setattr(sys, "stdin", None)

    assert 64 == main(["--url", "http://127.0.0.1:1", "--username", "joe", "listener", "list"])

    assert "There is no terminal to ask for the password" in capsys.readouterr().err
