"""Commands whose URL leads to something else than pulp-notifiers."""

import pytest
import trustme

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver

ID = "6923c1e02f0b4a579c1e6b7e"
COMMANDS = [
    ["status"],
    ["delivery", "list"],
    ["delivery", "show", "7"],
    ["event", "fire", "a.b"],
    ["event", "listener", "list"],
    ["event", "listener", "http", "create", "--event-type", "*", "--url", "http://x.example/"],
    ["event", "listener", "http", "update", "--listener-id", ID, "--event-type", "*"],
    ["event", "listener", "delete", "--listener-id", ID],
    ["listener", "list"],
    ["listener", "show", ID],
    ["listener", "delete", ID],
    ["listener", "http", "create", "--event-type", "*", "--url", "http://x.example/"],
    ["listener", "http", "update", "--listener-id", ID, "--event-type", "*"],
    ["source", "add", "x", "--type", "amqp"],
    ["source", "list"],
    ["source", "show", "x"],
    ["source", "update", "x", "--config", "a=b"],
    ["source", "remove", "x"],
    ["source", "test", "x"],
    ["source", "test", "--type", "amqp"],
    ["source", "types"],
]
PAGE = Answer(headers={"Content-Type": "text/html"}, body=b"<html><h1>Welcome</h1></html>")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, and its key."""
    file = tmp_path_factory.mktemp("tls") / "127.0.0.1.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
    return file


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_web_page_is_recognised_by_every_command(settings, capsys, arguments):
    """None of them reports a success."""
    with HttpReceiver(lambda request: PAGE) as server:
        exit_code = main(["--url", server.url, *arguments])

    printed = capsys.readouterr()
    assert 70 == exit_code
    assert "is not one of pulp-notifiers. Check --url, or [client] url" in printed.out + printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b"7", b'"text"', b'{"results": [{}]}', b'{"results": [7]}', b'[{"id": 7}]', b"[7]"]
)
@pytest.mark.parametrize("arguments", [one for one in COMMANDS if "delete" not in one and "remove" not in one])
def test_other_json_is_no_defect(settings, capsys, arguments, body):
    """It is an answer of another server, or nothing that the command needs."""
    with HttpReceiver(lambda request: Answer(body=body)) as server:
        exit_code = main(["--url", server.url, *arguments])

    printed = capsys.readouterr()
    assert exit_code in (0, 64, 65, 70)
    assert "please report" not in printed.err


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_redirect_is_not_followed_and_its_target_is_shown(settings, capsys, arguments):
    """Without its query, which may hold a session; a password is not sent there."""
    location = "https://sso.example.com/login?session=hush"
    with HttpReceiver(lambda request: Answer(302, headers={"Location": location}, body=b"<html>")) as server:
        exit_code = main(["--url", server.url, *arguments])

    printed = capsys.readouterr()
    text = printed.out + printed.err
    assert 70 == exit_code
    assert "a redirect to https://sso.example.com/login. Redirects are not followed." in text
    assert "hush" not in text


@pytest.mark.parametrize("answers", [[Answer()], [Answer(raw=b"220 mail.example.com ESMTP\r\n")], [Answer(drop=True)]])
def test_https_to_a_port_without_tls_says_so(settings, capsys, answers):
    """The sentence names the setting."""
    with HttpReceiver(answers) as server:
        exit_code = main(["--url", server.url.replace("http:", "https:"), "status"])

    assert 74 == exit_code
    assert "it does not speak TLS on this port. If it serves plain HTTP, write http://" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["status"], ["listener", "list"], ["event", "listener", "list"]])
def test_http_to_a_port_with_tls_says_so(settings, capsys, certificate, command):
    """Found out with the greeting of TLS."""
    with HttpReceiver(certificate=certificate) as server:
        exit_code = main(["--url", server.url.replace("https:", "http:"), *command])

    printed = capsys.readouterr()
    assert 74 == exit_code
    assert "it speaks HTTPS. Write https:// instead of http://" in printed.out + printed.err


def test_a_server_that_speaks_another_protocol_is_an_input_output_error(settings, capsys):
    """Such as SSH."""
    with HttpReceiver(lambda request: Answer(raw=b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
        exit_code = main(["--url", server.url, "status"])

    assert 74 == exit_code
    assert "An error occurred attempting to contact the server" in capsys.readouterr().err
