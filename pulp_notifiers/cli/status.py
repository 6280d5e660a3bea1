"""``status``: the state of the service."""

import os
from typing import Any

import click

from .answers import document_with
from .connection import Connection, connection_options, pass_connection
from .formats import format_option, show
from .output import echo
from .tables import Row, print_table


@click.command(params=connection_options())
@format_option
@pass_connection
@click.pass_context
def status(context: click.Context, connection: Connection, /, output_format: str) -> None:
    """Show the state of the server, its backlog, and the lag of its sources.

    Shows also what to correct before the stream, a notifier, a listener, a template or a source can be used. Needs no
    user. The exit code is 74 if the server cannot reach its database.
    """
    from .client import NOTIFICATIONS

    client, path = connection.client(ask=False), f"{NOTIFICATIONS}status/"
    found = document_with(client.get(path, answer_key="backlog"), "backlog", client.url + path)
    show(found, output_format, lambda: _print_status(found))
    if not found["database"]["reachable"]:
        context.exit(os.EX_IOERR)


def seconds(value: float | None) -> str | None:
    """Return a duration for people."""
    return None if value is None else f"{value:.1f} s"


def _print_status(found: dict[str, Any]) -> None:
    # What an older server does not send is not shown.
    print_table(("Property", "Value"), list(_rows(found)))
    if unusable := found.get("notifiers"):
        echo()
        print_table(("Notifier", "Problem"), [(one["type"], one["problem"]) for one in unusable])
    if unreadable := found.get("listeners"):
        echo()
        print_table(("Listener", "Problem"), [(one["id"], one["problem"]) for one in unreadable])
    if wrong := found.get("templates"):
        echo()
        print_table(("Template", "Problem"), [(one["name"], one["problem"]) for one in wrong])
    if found["sources"]:
        echo()
        print_table(("Source", "State", "Lag", "Problem"), list(map(_source, found["sources"])))


def _rows(found: dict[str, Any]) -> tuple[Row, ...]:
    database, worker, backlog = found["database"], found["worker"], found["backlog"] or {}
    stream = found["stream"]
    return (
        ("version", found["version"]),
        ("database", f"{database['dialect']}, {'reachable' if database['reachable'] else 'not reachable'}"),
        ("worker", f"running, {worker['threads']} threads" if worker["running"] else "not in this process"),
        ("task-status stream", _stream(stream)),
        ("published, dropped", f"{stream['published']}, {stream['dropped']}"),
        ("sent late, to be sent", f"{stream['late']}, {stream['remembered']}"),
        ("pending deliveries", backlog.get("pending")),
        ("dead letters", backlog.get("dead")),
        ("oldest pending", seconds(backlog.get("oldest_pending_seconds"))),
    )


def _source(found: dict[str, Any]) -> Row:
    problem = found.get("problem")
    if problem is None and found["state"] == "failing":
        problem = "pulp-notifiers source list says why"
    return found["name"], found["state"], seconds(found["lag_seconds"]), problem


def _stream(found: dict[str, Any]) -> str:
    if not found["enabled"]:
        return "off"
    if found.get("problem") is not None:
        return f"cannot be used: {found['problem']}"
    if found["outage_since"] is not None:
        return f"not published since {found['outage_since']}; its log says why"
    return "connected" if found["connected"] else "not connected"
