"""``source``: manage the sources of events."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from .answers import document_with, read_all
from .connection import Connection, connection_options, pass_connection
from .failures import FieldsRefused, naming, nothing_named
from .formats import format_option, show
from .output import echo
from .service import run_sources
from .source_config import config_given, gathered
from .tables import Row, print_table

_CHECK_FAILED = 1
_COLUMNS = ("Name", "Type", "State", "Lag", "Problem")
_TYPE_COLUMNS = ("Type", "Distribution", "Version", "Required options", "Further options", "Problem")
_LEAST_IMPORTANT_OF_TYPE = ("Version", "Distribution")


@click.group(params=connection_options())
def source() -> None:
    """Manage the sources of events.

    The commands send requests to the server at --url; only run works on this machine.
    """


@source.command("add")
@click.argument("name")
@click.option(
    "source_type", "--type", metavar="TYPE", required=True, help="A source type that is installed on the server."
)
@config_given
@pass_connection
def add_source(connection: Connection, /, name: str, source_type: str, **given: Any) -> None:
    """Add the source NAME.

    It starts within seconds. source types shows the options of each type; source test checks them beforehand.
    """
    document = {"name": name, "type": source_type, "config": gathered(**given)}
    with _types_explained():
        connection.client().post(_collection("sources"), document)
    echo(f"Source {name} added.")


@source.command("list")
@format_option
@pass_connection
def list_sources(connection: Connection, /, output_format: str) -> None:
    """List the sources and their states."""
    found = read_all(connection.client(), _collection("sources"))
    show(found, output_format, lambda: print_table(_COLUMNS, [_row(one) for one in found]))


@source.command("show")
@click.argument("name")
@format_option
@pass_connection
def show_source(connection: Connection, /, name: str, output_format: str) -> None:
    """Show the source NAME with its options and what it reports about itself."""
    client, path = connection.client(), _path(name)
    with naming("source", name):
        found = document_with(client.get(path), "config", client.url + path)
    show(found, output_format, lambda: _print_source(found))


@source.command("update")
@click.argument("name")
@config_given
@pass_connection
def update_source(connection: Connection, /, name: str, **given: Any) -> None:
    """Change the given options of the source NAME, and leave the others.

    It restarts within seconds and continues where it was. KEY:=null removes an option.
    """
    config = gathered(**given)
    if not config:
        raise click.UsageError("Say what to change, with --config, --secret or --config-json.")
    with naming("source", name):
        connection.client().patch(_path(name), {"config": config})
    echo(f"Source {name} updated.")


@source.command("remove")
@click.argument("name")
@pass_connection
def remove_source(connection: Connection, /, name: str) -> None:
    """Remove the source NAME and what it has remembered."""
    with naming("source", name):
        connection.client().delete(_path(name))
    echo(f"Source {name} removed.")


@source.command("test")
@click.argument("name", required=False)
@click.option("source_type", "--type", metavar="TYPE", help="Test the given options, without a source.")
@config_given
@format_option
@pass_connection
@click.pass_context
def test_source(
    context: click.Context,
    connection: Connection,
    /,
    name: str | None,
    source_type: str | None,
    output_format: str,
    **given: Any,
) -> None:
    """Let the server check everything that the source NAME needs, or that one of --type with these options would.

    Nothing is changed. The exit code is 1 if a check fails.
    """
    if (name is None) == (source_type is None) or (source_type is None and any(given.values())):
        raise click.UsageError("Give either the NAME of a source, or --type and options.")
    client = connection.client()
    if name is not None:
        path = f"{_path(name)}test/"
        with naming("source", name):
            answer = client.post(path, {})
    else:
        path = _collection("source-tests")
        with _types_explained():
            answer = client.post(path, {"type": source_type, "config": gathered(**given)})
    found = document_with(answer, "checks", client.url + path)
    show(found, output_format, lambda: _print_checks(found["checks"]))
    if not found["passed"]:
        context.exit(_CHECK_FAILED)


@source.command("types")
@format_option
@pass_connection
def list_source_types(connection: Connection, /, output_format: str) -> None:
    """List the source types that are installed on the server, and their options."""
    found = read_all(connection.client(), _collection("source-types"))
    show(
        found,
        output_format,
        lambda: print_table(_TYPE_COLUMNS, [_type_row(one) for one in found], _LEAST_IMPORTANT_OF_TYPE),
    )


@contextmanager
def _types_explained() -> Iterator[None]:
    """Say where the source types are listed, if the server refuses one."""
    try:
        yield
    except FieldsRefused as refused:
        hint = "source types lists those of the server."
        problems = [(field, f"{text} {hint}" if field == "type" else text) for field, text in refused.problems]
        raise FieldsRefused(problems) from None


def _row(found: Mapping[str, Any]) -> Row:
    return found["name"], found["type"], found["state"], _lag(found["facts"]), found["problem"]


def _type_row(found: Mapping[str, Any]) -> Row:
    return (
        found["type"],
        found["distribution"],
        found["version"],
        *_options(found["schema"] or {}),
        found["problem"] or found.get("warning"),
    )


def _print_source(found: Mapping[str, Any]) -> None:
    print_table(("Property", "Value"), [(key, value) for key, value in found.items() if key not in ("config", "facts")])
    for title, values in (("Option", found["config"]), ("Fact", found["facts"])):
        if values:
            echo()
            print_table((title, "Value"), list(values.items()))


def _print_checks(checks: Sequence[Mapping[str, Any]]) -> None:
    rows = [("ok" if one["passed"] else "FAILED", one["subject"], one["finding"]) for one in checks]
    print_table(("Result", "Check", "Finding"), rows)


def _options(schema: dict[str, Any]) -> tuple[str, str]:
    required = schema.get("required", [])
    further = [name for name in schema.get("properties", {}) if name not in required]
    return ", ".join(required), ", ".join(further)


def _lag(facts: dict[str, Any]) -> str | None:
    from .status import seconds

    lag = facts.get("lag_seconds")
    return seconds(lag) if type(lag) in (int, float) else None


def _collection(kind: str) -> str:
    from .client import NOTIFICATIONS

    return f"{NOTIFICATIONS}{kind}/"


def _path(name: str) -> str:
    """Return the path of a source.

    :raises NotFound: no path can hold this name, because servers decode a slash before they look at the path.
    """
    from .client import segment

    if not name.strip(".") or "/" in name:
        raise nothing_named("source", name)
    return f"{_collection('sources')}{segment(name)}/"


source.add_command(run_sources)
