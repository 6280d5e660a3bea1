"""``explain``: why listeners got an event, or would get it, or not."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .answers import document_with, documents_in
from .connection import Connection, connection_options, pass_connection
from .event import FORMS, JsonSource
from .failures import naming
from .formats import format_option, show
from .output import echo
from .stored_events import event_path, print_decisions

if TYPE_CHECKING:
    from .client import Client

_PAGE_SIZE = 1000


@click.command(params=connection_options())
@click.argument("event_id", metavar="[EVENT]", required=False)
@click.option("--listener", metavar="ID|NAME", help="Only about this listener, by its id or name.")
@click.option("--type", "event_type", metavar="TYPE", help="Instead of EVENT: an event of this type, not fired.")
@click.option("--payload", type=JsonSource(), help=f"Payload of that event: {FORMS}")
@click.option("--call-report", type=JsonSource(), help=f"State of the task of that event: {FORMS}")
@format_option
@pass_connection
def explain(
    connection: Connection,
    /,
    event_id: str | None,
    listener: str | None,
    event_type: str | None,
    payload: dict[str, Any] | None,
    call_report: dict[str, Any] | None,
    output_format: str,
) -> None:
    """Explain why listeners got an event or did not.

    EVENT is the id of a stored event, or at least the first four characters of it. With --type, no event is fired or
    stored: it is explained which listeners would get one like that.
    """
    if (event_id is None) == (event_type is None):
        raise click.UsageError("Give either the id of an EVENT, or --type and --payload of one that is not fired.")
    if event_type is None and (payload is not None or call_report is not None):
        raise click.UsageError("--payload and --call-report belong to --type.")
    client = connection.client()
    if event_id is not None:
        with naming("event", event_id):
            found = _explained(client, event_path(client, event_id), listener)
    else:
        body = {"event_type": event_type, "payload": payload or {}, "call_report": call_report, "listener": listener}
        found = _explained_unfired(client, body)
    show(found, output_format, lambda: _print(found))


def _explained(client: "Client", path: str, listener: str | None) -> dict[str, Any]:
    def page(offset: int) -> Any:
        return client.get(f"{path}explain/", {"listener": listener, "limit": _PAGE_SIZE, "offset": offset})

    return _all(client, path, page)


def _explained_unfired(client: "Client", body: Mapping[str, Any]) -> dict[str, Any]:
    from .client import NOTIFICATIONS

    path = f"{NOTIFICATIONS}events/explain/"

    def page(offset: int) -> Any:
        return client.post(f"{path}?limit={_PAGE_SIZE}&offset={offset}", body)

    return _all(client, path, page)


def _all(client: "Client", path: str, page: Any) -> dict[str, Any]:
    """Return the summary and the decisions on all pages."""
    decisions: list[dict[str, Any]] = []
    while True:
        found = document_with(page(len(decisions)), "summary", client.url + path)
        results = documents_in(found, client.url + path)
        decisions += results
        if found.get("next") is None or not results:
            return {"summary": found["summary"], "decisions": decisions}


def _print(found: Mapping[str, Any]) -> None:
    echo(str(found["summary"]))
    if found["decisions"]:
        echo()
        print_decisions(found["decisions"])
