"""``delivery``: what happened to events."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .answers import document_with, documents_in, read_all
from .connection import Connection, connection_options, pass_connection
from .document_texts import TABLE
from .failures import Denied, NotFound, naming
from .formats import format_option, show
from .output import echo
from .stored_events import event_id_of
from .tables import in_one_line, print_table

if TYPE_CHECKING:
    from .client import Client

_COLUMNS = ("Id", "State", "Event type", "Listener", "Notifier", "Target", "Attempts", "Next attempt", "Last error")
_LEAST_IMPORTANT = ("Listener", "Notifier", "Attempts", "Next attempt")


@click.group(params=connection_options())
def delivery() -> None:
    """Show what happened to events."""


@delivery.command("list")
@click.option(
    "--state",
    type=click.Choice(["pending", "failed", "delivered", "dead"]),
    help="Only those in this state; failed are those that are pending after an attempt that failed.",
)
@click.option("--listener", metavar="ID|NAME", help="Only those owed to this listener, by its id or name.")
@click.option("--event", metavar="ID", help="Only those of this event: its id, or the first characters of it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many to show.")
@format_option
@pass_connection
def list_deliveries(
    connection: Connection,
    /,
    state: str | None,
    listener: str | None,
    event: str | None,
    limit: int,
    output_format: str,
) -> None:
    """List deliveries, newest first."""
    from .client import NOTIFICATIONS

    client, path = connection.client(), f"{NOTIFICATIONS}deliveries/"
    event_id = None if event is None else event_id_of(client, event)
    query = {"state": state, "listener": listener, "event": event_id, "limit": limit}
    page = client.get(path, query)
    found = documents_in(page, client.url + path)
    show(found, output_format, lambda: _print_deliveries(client, found))
    if output_format == TABLE and page.get("count", 0) > len(found):
        echo(f"{len(found)} of {page['count']} deliveries; --limit shows more.", err=True)


@delivery.command("show")
@click.argument("delivery_id", metavar="ID")
@format_option
@pass_connection
def show_delivery(connection: Connection, /, delivery_id: str, output_format: str) -> None:
    """Show one delivery and all its attempts."""
    from .client import NOTIFICATIONS, segment

    client, path = connection.client(), f"{NOTIFICATIONS}deliveries/{segment(delivery_id)}/"
    with naming("delivery", delivery_id):
        found = document_with(client.get(path), "attempts", client.url + path)
    show(found, output_format, lambda: _print_delivery(client, found))


def _print_deliveries(client: "Client", deliveries: Sequence[Mapping[str, Any]]) -> None:
    targets = _only_targets(client, deliveries)
    rows = [
        (
            _id_of(one),
            one["state"],
            one["event_type"],
            one["listener"],
            one["notifier_type"],
            one["target"] or targets.get(one["listener"]),
            one["attempt_count"],
            _without_fraction(one["due_at"]),
            one["last_error"],
        )
        for one in deliveries
    ]
    print_table(_COLUMNS, rows, _LEAST_IMPORTANT)


def _print_delivery(client: "Client", found: Mapping[str, Any]) -> None:
    target = found["target"] or _only_target(client, found["listener"])
    properties = {**found, "target": target}
    attempts = properties.pop("attempts")
    print_table(("Property", "Value"), [("id", _id_of(found)), *properties.items()])
    echo()
    rows = [(one["number"], one["started_at"], one["finished_at"], one["error"]) for one in attempts]
    print_table(("Attempt", "Started", "Finished", "Error"), rows)


def _only_targets(client: "Client", deliveries: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return where the listeners that have a single target send to; those that may not be read are missing."""
    from .client import NOTIFICATIONS

    listeners = {one["listener"] for one in deliveries if not one["target"]}
    if len(listeners) <= 1:
        return {listener: _only_target(client, listener) for listener in listeners}
    try:
        found: Sequence[Mapping[str, Any]] = read_all(client, f"{NOTIFICATIONS}listeners/")
    except Denied:
        return {}
    return {one["id"]: _destination(one["config"]) for one in found if one["id"] in listeners}


def _only_target(client: "Client", listener_id: str) -> str:
    from .client import NOTIFICATIONS, segment

    path = f"{NOTIFICATIONS}listeners/{segment(listener_id)}/"
    try:
        return _destination(document_with(client.get(path), "config", client.url + path)["config"])
    except (Denied, NotFound):  # deleted since
        return ""


def _destination(config: Mapping[str, Any]) -> str:
    url = config.get("url")
    return url if isinstance(url, str) else in_one_line(config)


def _without_fraction(time: str | None) -> str | None:
    """Return a time for people; a cell may be broken between date and time."""
    return None if time is None else f"{time[:19].replace('T', ' ')}Z"


def _id_of(one: Mapping[str, Any]) -> str:
    return str(one["pulp_href"]).rstrip("/").rpartition("/")[2]
