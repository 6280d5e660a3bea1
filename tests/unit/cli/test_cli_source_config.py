"""Options of a source as they are typed."""

import io
import json
import sys

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    """Settings of this test alone."""
    file = tmp_path / "server.conf"
    file.write_text("")
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))


def added(*arguments):
    """Return the exit code, and the config that was sent or None."""
    with HttpReceiver([Answer(201, body=b"{}")]) as server:
        exit_code = main(["--url", server.url, "source", "add", "zoo", "--type", "trial", *arguments])
    sent = [json.loads(request.body) for request in server.requests]
    return exit_code, sent[0]["config"] if sent else None


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        ([], {}),
        (["--config", "url=http://a/?b=c"], {"url": "http://a/?b=c"}),
        (["--config", "a=", "--config", "b=5", "--config", "c= x "], {"a": "", "b": "5", "c": " x "}),
        (["--config", 'domains:=["a", "b"]', "--config", "none:=null"], {"domains": ["a", "b"], "none": None}),
        (["--config-json", '{"a": {"b": 1}}', "--config", "c=x"], {"a": {"b": 1}, "c": "x"}),
    ],
)
def test_options_are_text_or_json(arguments, config):
    """The source's model converts text."""
    assert (0, config) == added(*arguments)


def test_secrets_come_from_files(tmp_path):
    """Without the line end that editors write."""
    (tmp_path / "password").write_text("hush hush\n")
    (tmp_path / "all.json").write_text('{"token": "t"}')

    _, config = added("--config", f"password=@{tmp_path}/password", "--config-json", f"@{tmp_path}/all.json")

    assert {"password": "hush hush", "token": "t"} == config


def test_secrets_are_lines_of_standard_input_without_a_terminal(monkeypatch):
    """One for each, in their order."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\ntwo\r\n"))

    assert (0, {"a": "one", "b": "two"}) == added("--secret", "a", "--secret", "b")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (["--config", "url"], 64, "KEY=TEXT, KEY=@FILE or KEY:=JSON"),
        (["--config", "=x"], 64, "KEY=TEXT, KEY=@FILE or KEY:=JSON"),
        (["--config", ":=1"], 64, "KEY=TEXT, KEY=@FILE or KEY:=JSON"),
        (["--config", "a:=hush"], 65, "This is not JSON"),
        (["--config", "a=@/no/such/file"], 65, "The file of a cannot be read"),
        (["--config", "a=x", "--config", "a=y"], 64, "a is given twice"),
        (["--config-json", '{"a": 1}', "--secret", "a"], 64, "a is given twice"),
        (["--config-json", "[]"], 65, "JSON object"),
        (["--secret", "key"], 64, "Standard input has no line for key"),
    ],
)
def test_an_option_that_cannot_be_read_is_one_sentence(arguments, exit_code, text, capsys, monkeypatch):
    """Nothing is sent, and no value is repeated."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush" if "--config-json" in arguments else ""))

    assert (exit_code, None) == added(*arguments)

    printed = capsys.readouterr()
    assert text in printed.err
    assert "hush" not in printed.err


def test_no_secret_is_asked_for_if_standard_input_is_closed(capsys, monkeypatch):
    """As after <&- in a shell."""
    monkeypatch.setattr(sys, "stdin", None)

    assert (64, None) == added("--secret", "password")

    assert "No password can be read: standard input is closed." in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["zoo", "--type", "trial"], ["zoo", "--config", "a=b"], ["--config", "a=b"]])
def test_either_a_source_or_options_are_tested(arguments, capsys):
    """Never both."""
    with HttpReceiver() as server:
        assert 64 == main(["--url", server.url, "source", "test", *arguments])

    assert () == tuple(server.requests)
    assert "either the NAME of a source, or --type" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
@pytest.mark.parametrize("command", ["show", "remove", "test"])
def test_a_name_that_no_path_can_hold_is_not_found(command, name, capsys):
    """Without a request, which would be for something else."""
    with HttpReceiver() as server:
        assert 65 == main(["--url", server.url, "source", command, name])

    assert () == tuple(server.requests)
    assert f"There is no source {name!r}." in capsys.readouterr().err
