"""``list``, ``show`` and ``delete``: the registered listeners."""

import click

from ..answers import document_with, read_all
from ..connection import Connection, pass_connection
from ..failures import naming
from ..output import echo
from ..tables import in_one_line, json_option, print_json, print_table
from .paths import collection, listener_path


@click.command("list")
@json_option
@pass_connection
def list_listeners(connection: Connection, /, as_json: bool) -> None:
    """List the listeners, oldest first."""
    found = read_all(connection.client(), collection())
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["id"],
            one["notifier_type"],
            ", ".join(one["event_types"]),
            one["task_id"],
            ", ".join(one["source_options"]["include"]),
            in_one_line(one["config"]),
        )
        for one in found
    ]
    print_table(("Id", "Notifier", "Event types", "Task", "Include", "Options"), rows, ("Include", "Task"))


@click.command("show")
@click.argument("listener_id", metavar="ID")
@json_option
@pass_connection
def show_listener(connection: Connection, /, listener_id: str, as_json: bool) -> None:
    """Show the listener ID with its options; secrets are shown as *****."""
    client, path = connection.client(), listener_path(listener_id)
    with naming("listener", listener_id):
        found = document_with(client.get(path), "config", client.url + path)
    if as_json:
        print_json(found)
        return
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
