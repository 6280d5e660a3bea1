"""``list``, ``show`` and ``delete``: the registered listeners."""

from collections.abc import Mapping
from typing import Any

import click

from ..answers import document_with, read_all
from ..connection import Connection, pass_connection
from ..failures import naming
from ..formats import format_option, show
from ..output import echo
from ..tables import Row, in_one_line, print_table
from .paths import collection, listener_path

_COLUMNS = ("Id", "Notifier", "Event types", "Task", "Include", "Options")
_LEAST_IMPORTANT = ("Include", "Task")


@click.command("list")
@format_option
@pass_connection
def list_listeners(connection: Connection, /, output_format: str) -> None:
    """List the listeners, oldest first."""
    found = read_all(connection.client(), collection())
    show(found, output_format, lambda: print_table(_COLUMNS, [_row(one) for one in found], _LEAST_IMPORTANT))


@click.command("show")
@click.argument("listener_id", metavar="ID")
@format_option
@pass_connection
def show_listener(connection: Connection, /, listener_id: str, output_format: str) -> None:
    """Show the listener ID with its options; secrets are shown as *****."""
    client, path = connection.client(), listener_path(listener_id)
    with naming("listener", listener_id):
        found = document_with(client.get(path), "config", client.url + path)
    show(found, output_format, lambda: _print_listener(found))


@click.command("delete")
@click.argument("listener_id", metavar="ID", required=False)
@click.option("--listener-id", "listener_id_option", metavar="ID", help="The same as ID.")
@pass_connection
def delete_listener(connection: Connection, /, listener_id: str | None, listener_id_option: str | None) -> None:
    """Delete the listener ID; what it is still owed becomes dead letters."""
    if (listener_id is None) == (listener_id_option is None):
        raise click.UsageError("Give the ID of one listener, as listener list shows it.")
    chosen = listener_id if listener_id_option is None else listener_id_option
    path = listener_path(chosen or "")
    with naming("listener", chosen or ""):
        connection.client().delete(path)
    echo(f"Listener {chosen} deleted.")


def _row(found: Mapping[str, Any]) -> Row:
    return (
        found["id"],
        found["notifier_type"],
        ", ".join(found["event_types"]),
        found["task_id"],
        ", ".join(found["source_options"]["include"]),
        in_one_line(found["config"]),
    )


def _print_listener(found: Mapping[str, Any]) -> None:
    rows = (
        ("id", found["id"]),
        ("notifier_type", found["notifier_type"]),
        ("event_types", ", ".join(found["event_types"])),
        ("task_id", found["task_id"]),
        ("include", ", ".join(found["source_options"]["include"])),
    )
    print_table(("Property", "Value"), rows)
    if found["config"]:
        echo()
        print_table(("Option", "Value"), list(found["config"].items()))
