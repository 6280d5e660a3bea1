"""``delivery``: what became of events."""

from typing import Any

import click

from .connection import Connection, connection_options, pass_connection
from .tables import json_option, print_json, print_table


@click.group(params=connection_options())
def delivery() -> None:
    """Look at what became of events."""


@delivery.command("list")
@click.option("--state", type=click.Choice(["pending", "delivered", "dead"]), help="Only those that stand there.")
@click.option("--listener", "listener_id", metavar="ID", help="Only those owed to this listener.")
@click.option("--event", "event_id", metavar="ID", help="Only those of this event.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many to show.")
@json_option
@pass_connection
def list_deliveries(
    connection: Connection,
    /,
    state: str | None,
    listener_id: str | None,
    event_id: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List deliveries, newest first."""
    from .client import NOTIFICATIONS

    query = {"state": state, "listener_id": listener_id, "event_id": event_id, "limit": limit}
    page = connection.client().get(f"{NOTIFICATIONS}deliveries/", query)
    if as_json:
        print_json(page["results"])
        return
    print_table(
        ("Id", "State", "Event type", "Listener", "Notifier", "Target", "Attempts", "Next attempt", "Last error"),
        [_row(one) for one in page["results"]],
    )
    if page["count"] > len(page["results"]):
        click.echo(f"{len(page['results'])} of {page['count']} deliveries; --limit shows more.", err=True)


@delivery.command("show")
@click.argument("delivery_id", metavar="ID")
@json_option
@pass_connection
def show_delivery(connection: Connection, /, delivery_id: str, as_json: bool) -> None:
    """Show one delivery and every attempt that was made for it."""
    from .client import NOTIFICATIONS, segment

    found = connection.client().get(f"{NOTIFICATIONS}deliveries/{segment(delivery_id)}/")
    if as_json:
        print_json(found)
        return
    attempts = found.pop("attempts_made")
    print_table(("Property", "Value"), list(found.items()))
    click.echo()
    rows = [(one["number"], one["started_at"], one["finished_at"], one["error"]) for one in attempts]
    print_table(("Attempt", "Started", "Finished", "Error"), rows)


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    keys = ("id", "state", "event_type", "listener_id", "notifier_type", "target", "attempts", "due_at", "last_error")
    return tuple(one[key] for key in keys)
