"""What the command listener makes of answers: refused fields in the words of the command line, pages, and others."""

import json

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver

OPTIONS = {"addresses": {"type": "array", "items": {"type": "string"}}, "a.b": {}, "include": {"type": "string"}}


def types(**schema):
    """Return the server's notifier types: one, with this schema."""
    results = [{"type": "mail", "distribution": "d", "version": "1", "schema": schema, "problem": None}]
    return Answer(body=json.dumps({"next": None, "results": results}).encode())


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("event_types", "--event-type"),
        ("event_types.1", "--event-type"),
        ("task_id", "--task-id"),
        ("source_options.include", "--include"),
        ("config.addresses", "--addresses"),
        ("config.addresses.1", "--addresses (1)"),
        ("config.a.b", "--a.b"),
        ("config.a.b.c", "--a.b (c)"),
        ("config.include", "--config-include"),
        ("config.unknown", "config.unknown"),
        ("config", "config"),
        ("notifier_type", "notifier type"),
        ("non_field_errors", "non_field_errors"),
    ],
)
def test_a_refused_field_is_named_after_its_option(settings, capsys, field, name):
    """Each sentence has a line of its own."""
    refused = Answer(400, body=json.dumps({field: ["One.", "Two\x1b."]}).encode())
    with HttpReceiver([types(properties=OPTIONS), refused]) as server:
        exit_code = main(["--url", server.url, "listener", "mail", "create", "--event-type", "*"])

    assert 65 == exit_code
    assert [f"{name}: One.", f"{name}: Two\\x1b."] == capsys.readouterr().err.splitlines()


def test_an_undeclared_option_is_named_after_the_option_for_json(settings, capsys):
    """A notifier in the style of Pulp 2 declares none."""
    refused = Answer(400, body=b'{"config.prefix": ["No."], "config": ["Never."]}')
    with HttpReceiver([types(additionalProperties=True), refused]) as server:
        arguments = ["--event-type", "*", "--config", '{"prefix": 1}']
        exit_code = main(["--url", server.url, "listener", "mail", "create", *arguments])

    assert 65 == exit_code
    assert ["--config prefix: No.", "--config: Never."] == capsys.readouterr().err.splitlines()


def test_an_empty_refusal_is_still_an_error(settings, capsys):
    """The exit code is that of wrong data."""
    with HttpReceiver([types(properties=OPTIONS), Answer(400, body=b"{}")]) as server:
        exit_code = main(["--url", server.url, "listener", "mail", "create", "--event-type", "*"])

    assert (65, "The server refused the request without a description.\n") == (exit_code, capsys.readouterr().err)


@pytest.mark.parametrize("body", [b"null", b"<html>", b"{}", b"[]"])
def test_an_answer_without_an_id_is_an_error(settings, capsys, body):
    """Nobody knows what happened to the listener."""
    with HttpReceiver([types(properties=OPTIONS), Answer(201, body=body)]) as server:
        exit_code = main(["--url", server.url, "listener", "mail", "create", "--event-type", "*"])

    assert 70 == exit_code
    assert "is not one of pulp-notifiers. Check --url" in capsys.readouterr().err


def test_a_list_of_several_pages_is_printed_as_one(settings, capsys):
    """The server decides how long a page is."""
    pages = [{"next": "http://x/", "results": [{"id": "1"}, {"id": "2"}]}, {"next": None, "results": [{"id": "3"}]}]
    with HttpReceiver([Answer(body=json.dumps(page).encode()) for page in pages]) as server:
        exit_code = main(["--url", server.url, "listener", "list", "--json"])

    assert (0, [{"id": "1"}, {"id": "2"}, {"id": "3"}]) == (exit_code, json.loads(capsys.readouterr().out))
    assert ["offset=0", "offset=2"] == [request.path.partition("&")[2] for request in server.requests]
