"""``list``, ``show``, ``delete``, ``enable`` and ``disable``: the registered listeners."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ..answers import document_with, read_all
from ..connection import Connection, pass_connection
from ..failures import naming
from ..formats import format_option, show
from ..output import echo
from ..tables import Row, in_one_line, print_table
from .paths import collection, listener_argument, listener_path

_COLUMNS = (
    *("Name", "Enabled", "Notifier", "Event types", "When", "Errors", "Task", "Include", "Options"),
    "Id",
)
_LEAST_IMPORTANT = ("Include", "Task", "Id", "Options", "Notifier")
_FIRST = ("name", "id", "description", "enabled")
"""What a person looks for first in a listener."""

_ERRORS = {"condition_errors": "condition", "template_errors": "template"}
"""Field to a word for what failed."""


@click.command("list")
@format_option
@pass_connection
def list_listeners(connection: Connection, /, output_format: str) -> None:
    """List the listeners, oldest first."""
    found = read_all(connection.client(), collection())
    show(found, output_format, lambda: print_table(_COLUMNS, list(map(_row, found)), _LEAST_IMPORTANT, cut=("When",)))


@click.command("show")
@listener_argument
@format_option
@pass_connection
def show_listener(connection: Connection, /, listener: str, output_format: str) -> None:
    """Show the listener ID or NAME with its options; secrets are shown as *****."""
    client, path = connection.client(), listener_path(listener)
    with naming("listener", listener):
        found = document_with(client.get(path), "config", client.url + path)
    show(found, output_format, lambda: _print_listener(found))


@click.command("delete")
@listener_argument
@pass_connection
def delete_listener(connection: Connection, /, listener: str) -> None:
    """Delete the listener ID or NAME; what it is still owed becomes dead letters."""
    path = listener_path(listener)
    with naming("listener", listener):
        connection.client().delete(path)
    echo(f"Listener {listener} deleted.")


@click.command("enable")
@listener_argument
@pass_connection
def enable_listener(connection: Connection, /, listener: str) -> None:
    """Let the listener ID or NAME get events again."""
    _switch(connection, listener, enabled=True)


@click.command("disable")
@listener_argument
@pass_connection
def disable_listener(connection: Connection, /, listener: str) -> None:
    """Stop the listener ID or NAME from getting events.

    It is kept as it is, and what it is already owed is still delivered.
    """
    _switch(connection, listener, enabled=False)


def _switch(connection: Connection, listener: str, enabled: bool) -> None:
    path = listener_path(listener)
    with naming("listener", listener):
        connection.client().patch(path, {"enabled": enabled})
    echo(f"Listener {listener} {'enabled' if enabled else 'disabled'}.")


def _row(found: Mapping[str, Any]) -> Row:
    return (
        # What an older server does not send is not shown.
        found.get("name"),
        _yes_or_no(found.get("enabled")),
        found["notifier_type"],
        ", ".join(found["event_types"]),
        found.get("when"),
        _error_counts(found),
        found["task_id"],
        ", ".join(found["source_options"]["include"]),
        in_one_line(found["config"]),
        found["id"],
    )


def _print_listener(found: Mapping[str, Any]) -> None:
    print_table(("Property", "Value"), list(_properties(found)))
    if found["config"]:
        echo()
        print_table(("Option", "Value"), list(found["config"].items()))


def _properties(found: Mapping[str, Any]) -> Iterator[Row]:
    first = {name: found[name] for name in _FIRST if name in found}
    for name, value in {**first, **found}.items():
        if name == "event_types":
            yield name, ", ".join(value)
        elif name == "source_options":
            yield "include", ", ".join(value["include"])
        elif name == "labels":
            yield name, in_one_line(value)
        elif name in _ERRORS:
            yield name, _errors(value)
        elif name == "warnings":
            yield from (("warning", sentence) for sentence in value)
        elif name not in ("config", "pulp_href"):
            yield name, value
    if "enabled" in found and found.get("name"):
        word = "disable" if found["enabled"] else "enable"
        yield f"to {'stop' if found['enabled'] else 'start'} it", f"pulp-notifiers listener {word} {found['name']}"


def _error_counts(found: Mapping[str, Any]) -> str:
    counts = {kind: found[name]["count"] for name, kind in _ERRORS.items() if name in found}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)


def _errors(errors: Mapping[str, Any]) -> str:
    """Return how often something failed, and for which event it did last."""
    if not errors["count"]:
        return "0"
    last = errors.get("last_error"), errors.get("last_event"), errors.get("last_at")
    return "{}, the last one: {} (event {}, {})".format(errors["count"], *last)


def _yes_or_no(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"
