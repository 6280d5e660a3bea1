"""``event-type``: the catalogue of event types of the server."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from .answers import document_with, read_all
from .connection import Connection, connection_options, pass_connection
from .document_texts import JSON, TABLE
from .failures import naming, nothing_named
from .formats import format_option, show
from .output import echo
from .tables import Row, print_table

_PARTS = {"payload": "payload", "call_report": "report"}
"""The parts of the body, by their names in conditions and templates."""


@click.group(params=connection_options())
def event_type() -> None:
    """Show the event types of the server."""


@event_type.command("list")
@format_option
@pass_connection
def list_event_types(connection: Connection, /, output_format: str) -> None:
    """List the event types that the server's own sources fire."""
    found = read_all(connection.client(), _collection())
    show(found, output_format, lambda: print_table(("Name", "Description"), [_row(one) for one in found]))


@event_type.command("show")
@click.argument("name")
@click.option("--sample", metavar="SAMPLE", help="Print the body of this recorded event instead.")
@format_option
@pass_connection
def show_event_type(connection: Connection, /, name: str, sample: str | None, output_format: str) -> None:
    """Show the event type NAME: its fields, and the recorded events.

    JSON and YAML have the JSON Schema of its body and the bodies of all recorded events.
    """
    client, path = connection.client(), _path(name)
    with naming("event-type", name):
        found = document_with(client.get(path), "samples", client.url + path)
    if sample is None:
        show(found, output_format, lambda: _print_event_type(found))
        return
    body = _body(found, sample)
    # A body is no table; what people want to see is what a receiver gets.
    show(body, JSON if output_format == TABLE else output_format, echo)


def _row(found: Mapping[str, Any]) -> Row:
    return (found["name"], found["description"])


def _print_event_type(found: Mapping[str, Any]) -> None:
    echo(f"{found['name']}: {found['description']}")
    echo()
    print_table(("Field", "Type", "Meaning"), list(_fields(found["schema"])))
    echo()
    print_table(("Sample", "What is special about it"), [_row(one) for one in found["samples"]])


def _fields(schema: Mapping[str, Any]) -> Iterator[Row]:
    from ..event_types import fields

    for part, shown in _PARTS.items():
        yield from fields(schema["properties"][part], shown)


def _body(found: Mapping[str, Any], sample: str) -> dict[str, Any]:
    for one in found["samples"]:
        if one["name"] == sample:
            body: dict[str, Any] = one["body"]
            return body
    names = ", ".join(one["name"] for one in found["samples"])
    raise click.BadParameter(f"{found['name']} has no such sample. It has {names}.", param_hint="--sample")


def _collection() -> str:
    from .client import NOTIFICATIONS

    return f"{NOTIFICATIONS}event-types/"


def _path(name: str) -> str:
    """Return the path of an event type.

    :raises NotFound: no path can hold this name, because servers decode a slash before they look at the path.
    """
    from .client import segment

    if not name.strip(".") or "/" in name:
        raise nothing_named("event-type", name)
    return f"{_collection()}{segment(name)}/"
