"""``delivery``: what happened to events."""

from typing import Any

import click

from .connection import Connection, connection_options, pass_connection
from .output import echo
from .tables import json_option, print_json, print_table

_COLUMNS = {
    "State": "state",
    "Event type": "event_type",
    "Listener": "listener",
    "Notifier": "notifier_type",
    "Target": "target",
    "Attempts": "attempt_count",
    "Next attempt": "due_at",
    "Last error": "last_error",
}


@click.group(params=connection_options())
def delivery() -> None:
    """Show what happened to events."""


@delivery.command("list")
@click.option("--state", type=click.Choice(["pending", "delivered", "dead"]), help="Only those in this state.")
@click.option("--listener", metavar="ID", help="Only those owed to this listener.")
@click.option("--event", metavar="ID", help="Only those of this event.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many to show.")
@json_option
@pass_connection
def list_deliveries(
    connection: Connection,
    /,
    state: str | None,
    listener: str | None,
    event: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List deliveries, newest first."""
    from .client import NOTIFICATIONS

    query = {"state": state, "listener": listener, "event": event, "limit": limit}
    page = connection.client().get(f"{NOTIFICATIONS}deliveries/", query)
    if as_json:
        print_json(page["results"])
        return
    rows = [(_id_of(one), *(one[key] for key in _COLUMNS.values())) for one in page["results"]]
    print_table(("Id", *_COLUMNS), rows)
    if page["count"] > len(page["results"]):
        echo(f"{len(page['results'])} of {page['count']} deliveries; --limit shows more.", err=True)


@delivery.command("show")
@click.argument("delivery_id", metavar="ID")
@json_option
@pass_connection
def show_delivery(connection: Connection, /, delivery_id: str, as_json: bool) -> None:
    """Show one delivery and all its attempts."""
    from .client import NOTIFICATIONS, segment

    found = connection.client().get(f"{NOTIFICATIONS}deliveries/{segment(delivery_id)}/")
    if as_json:
        print_json(found)
        return
    attempts = found.pop("attempts")
    print_table(("Property", "Value"), [("id", _id_of(found)), *found.items()])
    echo()
    rows = [(one["number"], one["started_at"], one["finished_at"], one["error"]) for one in attempts]
    print_table(("Attempt", "Started", "Finished", "Error"), rows)


def _id_of(one: dict[str, Any]) -> str:
    return str(one["pulp_href"]).rstrip("/").rpartition("/")[2]
