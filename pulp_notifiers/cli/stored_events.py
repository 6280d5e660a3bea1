"""``event list`` and ``event show``: what happened."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from .answers import document_with, documents_in
from .connection import Connection, pass_connection
from .document_texts import TABLE
from .failures import RequestFailed, naming, nothing_named
from .formats import format_option, show
from .output import echo
from .tables import print_table

if TYPE_CHECKING:
    from .client import Client

_COLUMNS = ("Id", "Time", "Event type", "Repository", "Result", "Deliveries")
_LEAST_IMPORTANT = ("Deliveries", "Result")
_SHORT_ID = 8
_WHOLE_ID = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_BEGINNING = re.compile("[0-9a-f][0-9a-f-]{3,34}")
_AGE = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[str]):
    """A time, or an age such as ``24h``."""

    name = "TIME|AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the time as the REST API takes it; one without an offset is local."""
        age = _AGE.fullmatch(value)
        try:
            if age is not None:
                time = datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
            else:
                time = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("Write a time such as 2026-11-30T21:04 or an age such as 90m, 24h or 7d.", param, ctx)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@click.command("list")
@click.option("--type", "event_types", multiple=True, metavar="TYPE", help="Only those of this type; repeatable.")
@click.option("--repo", metavar="NAME", help="Only repository events of this repository.")
@click.option("--repo-contains", metavar="TEXT", help="Only those about repositories with this text in their names.")
@click.option("--server", metavar="NAME", help="Only those of this server.")
@click.option("--domain", metavar="NAME", help="Only those of this domain.")
@click.option("--result", metavar="RESULT", help="Only those with this result, such as failed.")
@click.option("--source", metavar="SOURCE", help="Only those from this source.")
@click.option("--since", type=Moment(), help="Only those that occurred since then.")
@click.option("--until", type=Moment(), help="Only those that occurred before.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many to show.")
@format_option
@pass_connection
def list_events(
    connection: Connection, /, event_types: tuple[str, ...], limit: int, output_format: str, **chosen: str | None
) -> None:
    """List stored events, newest first."""
    from .client import NOTIFICATIONS

    query = {
        "event_type__in": ",".join(event_types) or None,
        "repo_id": chosen["repo"],
        "repo_id__contains": chosen["repo_contains"],
        "server": chosen["server"],
        "domain": chosen["domain"],
        "result": chosen["result"],
        "source": chosen["source"],
        "occurred_at__gte": chosen["since"],
        "occurred_at__lt": chosen["until"],
        "limit": limit,
    }
    client, path = connection.client(), f"{NOTIFICATIONS}events/"
    page = client.get(path, query)
    found = documents_in(page, client.url + path)
    show(found, output_format, lambda: print_table(_COLUMNS, list(map(_row, found)), _LEAST_IMPORTANT))
    if output_format == TABLE and page.get("count", 0) > len(found):
        echo(f"{len(found)} of {page['count']} events; --limit shows more.", err=True)


@click.command("show")
@click.argument("event_id", metavar="EVENT")
@format_option
@pass_connection
def show_event(connection: Connection, /, event_id: str, output_format: str) -> None:
    """Show an event, its deliveries, and why listeners got it or did not.

    EVENT is its id, or at least the first four characters of it.
    """
    client = connection.client()
    path = event_path(client, event_id)
    with naming("event", event_id):
        found = document_with(client.get(path), "payload", client.url + path)
    show(found, output_format, lambda: _print_event(found))


def event_path(client: "Client", text: str) -> str:
    """Return the path of the event with an id, or with one that begins like this.

    :raises RequestFailed: there is none, or several.
    """
    from .client import NOTIFICATIONS

    return f"{NOTIFICATIONS}events/{event_id_of(client, text)}/"


def event_id_of(client: "Client", text: str) -> str:
    """Return the id of the event with an id, or with one that begins like this.

    :raises RequestFailed: there is none, or several.
    """
    from .client import NOTIFICATIONS

    known, collection = text.strip().lower(), f"{NOTIFICATIONS}events/"
    if not _WHOLE_ID.fullmatch(known):
        if not _BEGINNING.fullmatch(known):
            raise nothing_named("event", text)
        page = client.get(collection, {"id__startswith": known, "limit": 2})
        ids = [one["id"] for one in documents_in(page, client.url + collection)]
        if not ids:
            raise nothing_named("event", text)
        if len(ids) > 1:
            raise RequestFailed(f"Several events have ids that begin with {known}: give more of it.", os.EX_DATAERR)
        known = str(ids[0])
    return known


def print_decisions(decisions: Sequence[Mapping[str, Any]]) -> None:
    """Print which listeners got an event or not, and why."""
    rows = [
        (
            one["listener_name"] or one["listener"],
            one["reason"],
            f"{one['sentence']}{' It was changed after the event.' * _is_about_now(one)}",
        )
        for one in decisions
    ]
    print_table(("Listener", "Decision", "Why"), rows)


def _is_about_now(decision: Mapping[str, Any]) -> bool:
    """Return whether a reason is about a listener that was different when the event was fired."""
    return bool(decision["changed_after"]) and decision["reason"] not in ("matched", "changed_after")


def _print_event(event: Mapping[str, Any]) -> None:
    properties = {name: value for name, value in event.items() if not isinstance(value, dict | list)}
    summary = properties.pop("summary")
    print_table(("Property", "Value"), list(properties.items()))
    for name in ("payload", "call_report"):
        if event[name] is not None:
            echo(f"\n{name}:")
            echo(json.dumps(event[name], indent=2, ensure_ascii=False))
    if event["deliveries"]:
        echo()
        names = {one["listener"]: one["listener_name"] for one in event["decisions"]}
        rows = [
            (
                str(one["pulp_href"]).rstrip("/").rpartition("/")[2],
                one["state"],
                names.get(one["listener"]) or one["listener"],
                one["notifier_type"],
                one["target"],
                one["attempt_count"],
                one["last_error"],
            )
            for one in event["deliveries"]
        ]
        columns = ("Id", "State", "Listener", "Notifier", "Target", "Attempts", "Last error")
        print_table(columns, rows, ("Notifier", "Attempts"))
    echo(f"\n{summary}")
    if event["decisions"]:
        echo()
        print_decisions(event["decisions"])


def _row(event: Mapping[str, Any]) -> tuple[object, ...]:
    counts = event["delivery_counts"]
    deliveries = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    return (
        str(event["id"])[:_SHORT_ID],
        f"{str(event['occurred_at'])[:19].replace('T', ' ')}Z",
        event["event_type"],
        event["repo_id"],
        event["result"],
        deliveries or "none",
    )
