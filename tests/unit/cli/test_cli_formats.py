"""Which format a command prints: that of the command line, else that of the settings."""

import click
import pytest

from pulp_notifiers.cli.document_texts import as_text_in_stream
from pulp_notifiers.cli.formats import format_option, show
from pulp_notifiers.errors import InvalidSetting

DOCUMENT = {"name": "B\u00e4r", "count": 1}
TABLE = "a table\n"
JSON = '{\n  "name": "B\\u00e4r",\n  "count": 1\n}\n'
YAML = 'name: "B\\u00e4r"\ncount: 1\n'


@click.command()
@format_option
def shown(output_format):
    """Show a document."""
    show(DOCUMENT, output_format, lambda: click.echo("a table"))


@pytest.fixture
def setting(tmp_path, monkeypatch):
    """Return a function that sets the format of this test's configuration file."""
    file = tmp_path / "server.conf"
    file.touch()
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))
    monkeypatch.delenv("PULP_NOTIFIERS_CLIENT_FORMAT", raising=False)
    return lambda text: file.write_text(f"[client]\nformat = {text}\n")


def printed(capsys, *arguments):
    """Return what the command prints."""
    shown.main(arguments, standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], TABLE),
        (["--format", "table"], TABLE),
        (["--format", "json"], JSON),
        (["--format=yaml"], YAML),
        (["--json"], JSON),
        (["--json", "--format", "json"], JSON),
        (["--format", "json", "--json"], JSON),
        (["--format", "table", "--format", "yaml"], YAML),
    ],
)
def test_the_command_line_chooses_the_format(setting, capsys, arguments, expected):
    """A table, if it does not; --json is another word for --format json."""
    assert expected == printed(capsys, *arguments)


@pytest.mark.parametrize("other", ["table", "yaml"])
@pytest.mark.parametrize("is_first", [True, False])
def test_json_and_another_format_are_a_usage_error(setting, other, is_first):
    """In whatever order they are given."""
    options = [["--json"], ["--format", other]]

    with pytest.raises(click.UsageError, match=f"--json is the same as --format json: leave it or --format {other}"):
        shown.main([word for option in options[:: 1 if is_first else -1] for word in option], standalone_mode=False)


def test_an_unknown_format_is_a_usage_error(setting):
    """The formats are listed."""
    with pytest.raises(click.UsageError, match="'xml' is not one of 'table', 'json', 'yaml'"):
        shown.main(["--format", "xml"], standalone_mode=False)


@pytest.mark.parametrize(("text", "expected"), [("json", JSON), ("yaml", YAML), ("table", TABLE), ("", TABLE)])
def test_the_settings_choose_the_format_if_the_command_line_does_not(setting, capsys, text, expected):
    """From the section of the client."""
    setting(text)

    assert expected == printed(capsys)
    assert YAML == printed(capsys, "--format", "yaml")
    assert JSON == printed(capsys, "--json")


def test_the_environment_overrides_the_settings(setting, capsys, monkeypatch):
    """As for any other setting."""
    setting("json")
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_FORMAT", "yaml")

    assert YAML == printed(capsys)


def test_a_wrong_setting_is_named(setting, tmp_path):
    """With the file that it is in; it does not matter if the command line says the format."""
    setting("xml")

    with pytest.raises(InvalidSetting, match=r"server.conf: \[client\] format = 'xml' is not allowed: .*'yaml'"):
        shown.main([], standalone_mode=False)
    shown.main(["--json"], standalone_mode=False)


@pytest.mark.parametrize(("name", "expected"), [("json", '{"name":"B\\u00e4r","count":1}\n'), ("yaml", f"---\n{YAML}")])
def test_documents_that_come_one_by_one_are_kept_apart(name, expected):
    """By the end of a line, or by the marker of YAML."""
    assert expected == as_text_in_stream(DOCUMENT, name)
