"""What the command line tool prints and returns if the server, or the connection to it, fails."""

import json

import pytest
import trustme

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver


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


def answered(status, document, *arguments):
    """Return the exit code of a command whose only request gets this answer."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    with HttpReceiver([Answer(status, body=body)]) as server:
        return main(["--url", server.url, *(arguments or ("event", "listener", "list"))])


@pytest.mark.parametrize(
    ("status", "document", "exit_code", "text"),
    [
        (400, {"error": {"description": "Top", "sub_errors": [{"description": "Below"}]}}, 65, "Top\n\nBelow\n"),
        (400, {"error": {}}, 65, "without a description"),
        (400, {"property_names": ["a", "b"]}, 65, "a, b"),
        (400, {"error_message": "Because."}, 65, "Because."),
        (400, {"event_type": ["One.", "Two."]}, 65, "event_type: One.\nevent_type: Two.\n"),
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
def test_a_refusal_is_printed_and_has_its_own_exit_code(settings, capsys, status, document, exit_code, text):
    """On standard output for the commands of pulp-admin, as in Pulp 2."""
    assert exit_code == answered(status, document)
    assert text in capsys.readouterr().out


@pytest.mark.parametrize("command", [["delivery", "list"], ["status"]])
def test_other_commands_print_errors_on_standard_error(settings, capsys, command):
    """Their standard output is for scripts."""
    assert 65 == answered(404, {"detail": "Not found."}, *command)

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
def test_a_broken_connection_is_an_input_output_error(settings, capsys, answer):
    """Whether or not an answer had started."""
    with HttpReceiver([answer]) as server:
        exit_code = main(["--url", server.url, "event", "listener", "list"])

    assert 74 == exit_code
    assert "An error occurred attempting to contact the server" in capsys.readouterr().out


def test_the_certificate_of_a_private_authority_can_be_given(settings, capsys, tls):
    """On the command line or in the settings."""
    with HttpReceiver([Answer(body=b"[]")] * 2, certificate=tls / "127.0.0.1.pem") as server:
        by_option = main(["--url", server.url, "--ca-path", str(tls / "ca.pem"), "event", "listener", "list"])
        settings(f"[client]\nurl = {server.url}\nca_path = {tls / 'ca.pem'}\n")
        by_settings = main(["event", "listener", "list"])

    assert (0, 0) == (by_option, by_settings)


def test_an_untrusted_certificate_is_refused(settings, capsys, tls):
    """One that the system's authorities have not signed."""
    with HttpReceiver(certificate=tls / "127.0.0.1.pem") as server:
        exit_code = main(["--url", server.url, "event", "listener", "list"])

    assert 70 == exit_code
    assert "untrusted" in capsys.readouterr().out
    assert () == server.requests


def test_a_certificate_of_another_host_is_refused(settings, capsys, tls):
    """Even if its authority is trusted."""
    with HttpReceiver(certificate=tls / "elsewhere.example.pem") as server:
        exit_code = main(["--url", server.url, "--ca-path", str(tls / "ca.pem"), "event", "listener", "list"])

    assert 65 == exit_code
    assert "[127.0.0.1]" in capsys.readouterr().out


def test_certificates_that_cannot_be_read_are_named(settings, capsys, tmp_path):
    """A missing file, and one without a certificate."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")

    for ca_path in (tmp_path / "missing.pem", empty):
        exit_code = main(["--url", "https://127.0.0.1:1", "--ca-path", str(ca_path), "event", "listener", "list"])

        assert 74 == exit_code
        assert str(ca_path) in capsys.readouterr().out


def test_a_directory_of_certificates_replaces_those_of_the_system(settings, capsys, tls, tmp_path):
    """A directory that openssl rehash has not prepared trusts nobody."""
    with HttpReceiver(certificate=tls / "127.0.0.1.pem") as server:
        exit_code = main(["--url", server.url, "--ca-path", str(tmp_path), "event", "listener", "list"])

    assert 70 == exit_code
    assert "untrusted" in capsys.readouterr().out


def test_a_refused_login_says_how_to_log_in(settings, capsys):
    """But not below the commands of pulp-admin, whose output is Pulp 2's."""
    assert 77 == answered(401, {"detail": "Log in."}, "delivery", "list")
    assert "Log in. Log in with --username and --password, or with PULP_NOTIFIERS_CLIENT" in capsys.readouterr().err

    assert 77 == answered(401, {"error_message": "Log in."})
    assert "--username" not in capsys.readouterr().out


def test_an_unknown_source_type_says_where_the_types_are_listed(settings, capsys):
    """The server's sentence stays."""
    assert 65 == answered(400, {"type": ["No source type 'x' is installed."]}, "source", "add", "zoo", "--type", "x")

    assert "No source type 'x' is installed. source types lists those of the server." in capsys.readouterr().err
