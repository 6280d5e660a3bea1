"""The commands of pulp-admin for event listeners, as recorded in the vectors of the contract."""

import json
import os
import socket
from pathlib import Path

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver

VECTORS = json.loads((Path(__file__).parent / "vectors" / "cli_pulp_admin.json").read_text())
CASES = {vector["id"]: vector for vector in VECTORS["vectors"]}
AT_NOBODY = {"connection-refused", "unknown-host"}


def error_document(status, path):
    """Return what the server answers to a request with this status (CONTRACT 1.6)."""
    identity = path.rstrip("/").rpartition("/")[2]
    known = {
        400: ("PLP0015", "Invalid properties: ['event_types']", {"property_names": ["event_types"]}),
        401: ("PLP0025", "Authentication failed.", {"auth_error_code": "authentication_failed"}),
        404: (
            "PLP0009",
            f"Missing resource(s): event_listener={identity}",
            {"resources": {"event_listener": identity}},
        ),
    }
    code, message, extra = known.get(status, (None, "boom", {}))
    document = {
        "http_request_method": "GET",
        "http_status": status,
        "_href": path,
        "error_message": message,
        "exception": None,
        "traceback": None,
        **extra,
    }
    if code:
        document["error"] = {"code": code, "description": message, "data": {}, "sub_errors": []}
    return document


def answers_of(expect):
    """Return what the server of a vector answers."""
    if "given_body" in expect:
        return [Answer(expect["given_status"], body=expect["given_body"].encode())]
    if "given_status" in expect:
        path = expect["request"]["path"]
        return [Answer(expect["given_status"], body=json.dumps(error_document(expect["given_status"], path)).encode())]
    method = (expect["request"] or {}).get("method")
    document = expect.get("given_response", None if method == "DELETE" else {"id": "5f0c1e2d3a4b5c6d7e8f9012"})
    return [Answer(201 if method == "POST" else 200, body=json.dumps(document).encode())]


def url_of_nobody(vector_id):
    """Return a URL at which nothing answers: an unknown host or a closed port, as the vector needs."""
    if vector_id == "unknown-host":
        return "http://no-such-host.invalid:1"
    with socket.socket() as freed:
        freed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{freed.getsockname()[1]}"


def arguments_of(vector):
    """Return the vector's command line without the program's name."""
    assert ["pulp-admin", "event", "listener"] == vector["argv"][:3]
    return vector["argv"][1:]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Settings of this test alone."""
    file = tmp_path / "server.conf"
    file.write_text("")
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))
    return monkeypatch


@pytest.mark.parametrize("vector_id", sorted(CASES.keys() - AT_NOBODY))
def test_a_command_sends_prints_and_returns_what_pulp_admin_did(vector_id, settings, capsys):
    """The request, the text and the exit code."""
    vector = CASES[vector_id]
    expect = vector["expect"]

    with HttpReceiver(answers_of(expect)) as server:
        settings.setenv("PULP_NOTIFIERS_CLIENT_URL", server.url)
        exit_code = main(arguments_of(vector))
    printed = capsys.readouterr().out

    request = expect["request"]
    assert expect["exit_code"] == exit_code
    assert ([(request["method"], request["path"])] if request else []) == [(r.method, r.path) for r in server.requests]
    bodies = [request["json"]] if request and "json" in request else []
    assert bodies == [sent.json() for sent in server.requests if sent.body]
    assert (expect["stdout_contains"] or "") in printed
    if "stdout_lines" in expect:
        assert expect["stdout_lines"] == printed.removesuffix("\n").split("\n")


@pytest.mark.parametrize("vector_id", sorted(AT_NOBODY))
def test_a_server_that_does_not_answer_is_reported_as_pulp_admin_did(vector_id, settings, capsys):
    """By text and exit code."""
    vector = CASES[vector_id]
    settings.setenv("PULP_NOTIFIERS_CLIENT_URL", url_of_nobody(vector_id))

    exit_code = main(arguments_of(vector))

    assert vector["expect"]["exit_code"] == exit_code
    assert vector["expect"]["stdout_contains"] in capsys.readouterr().out


def test_requests_carry_the_headers_of_the_bindings(settings, capsys):
    """Accept, Accept-Language and Content-Type always; Authorization if there is a user."""
    settings.setenv("LC_ALL", "de_DE.UTF-8")

    with HttpReceiver([Answer(body=b"[]"), Answer(body=b"[]")]) as server:
        main(["--url", server.url, "event", "listener", "list"])
        main(["--url", server.url, "-u", "admin", "-p", "pass:word", "event", "listener", "list"])

    anonymous, known = (request.headers for request in server.requests)
    expected = dict.fromkeys(["Accept", "Content-Type"], "application/json") | {"Accept-Language": "de-de"}
    assert expected == {name: anonymous[name] for name in expected}
    assert anonymous["Authorization"] is None
    assert known["Authorization"] == "Basic YWRtaW46cGFzczp3b3Jk"


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        (["amqp", "create", "--event-type", "*", "--exchange", ""], {}),
        (["http", "create", "--event-type", "*", "--url", "", "--username", ""], {"url": "", "username": ""}),
        (
            ["email", "create", "--event-type", "*", "--subject", "", "--addresses", '"a, b"@x,c'],
            {"subject": "", "addresses": ["a, b@x", "c"]},
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_empty_texts_are_sent_but_for_the_exchange_of_a_new_listener(arguments, sent, settings, capsys):
    """Pulp 2 left out an empty exchange."""
    with HttpReceiver([Answer(201, body=b"{}")]) as server:
        exit_code = main(["--url", server.url, "event", "listener", *arguments])

    assert 0 == exit_code
    assert [sent] == [request.json()["notifier_config"] for request in server.requests]


@pytest.mark.parametrize("missing", ["--subject", "--addresses"])
def test_a_new_listener_of_pulp_2_needs_what_it_needed_there(missing, settings, capsys):
    """The own API makes mails without a given subject; Pulp 2's never did."""
    given = [text for name in ("--subject", "--addresses") if name != missing for text in (name, "x")]

    with HttpReceiver([Answer(201, body=b"{}")]) as server:
        exit_code = main(["--url", server.url, "event", "listener", "email", "create", "--event-type", "*", *given])

    assert (os.EX_USAGE, 0) == (exit_code, len(server.requests))
    assert missing in capsys.readouterr().err
