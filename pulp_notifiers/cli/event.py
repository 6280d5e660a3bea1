"""``event``: send an event to the server, and look at those that were."""

from pathlib import Path
from typing import Any

import click

from .answers import document_with
from .connection import Connection, connection_options, json_from_standard_input, pass_connection
from .formats import format_option, show
from .options import InvalidOptionText, JsonText
from .output import echo
from .pulp_admin import listener_group
from .stored_events import list_events, show_event

FORMS = "JSON, @FILE to read it from a file, or - for standard input."
"""How JSON can be given to a :class:`JsonSource`."""


class OnCommandLine(dict[str, Any]):
    """A JSON object whose text was on the command line itself."""


class JsonSource(JsonText):
    """A JSON object given as text, as ``@file``, or with ``-`` on standard input."""

    name = "JSON|@FILE|-"

    def __init__(self) -> None:
        super().__init__(dict)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the parsed object."""
        if not isinstance(value, str):
            return super().convert(value, param, ctx)
        found = super().convert(self._text(value, param, ctx), param, ctx)
        return found if value == "-" or value.startswith("@") else OnCommandLine(found)

    def _text(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            if value == "-":
                return json_from_standard_input()
            return Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidOptionText(f"{value} cannot be read: {error}.", ctx, param) from None


@click.group(params=connection_options())
def event() -> None:
    """Send an event to the server, and look at stored ones."""


@event.command()
@click.argument("event_type", metavar="TYPE")
@click.option("--payload", type=JsonSource(), default="{}", help=f"Payload of the event: {FORMS}")
@click.option("--call-report", type=JsonSource(), help=f"State of the task in which it happened: {FORMS}")
@format_option
@pass_connection
def fire(
    connection: Connection,
    /,
    event_type: str,
    payload: dict[str, Any],
    call_report: dict[str, Any] | None,
    output_format: str,
) -> None:
    """Fire an event of TYPE, such as repo.sync.finish."""
    from .client import NOTIFICATIONS

    document = {"event_type": event_type, "payload": payload, "call_report": call_report}
    client, path = connection.client(), f"{NOTIFICATIONS}events/"
    answer = document_with(client.post(path, document), "id", client.url + path)
    show(answer, output_format, lambda: echo(f"Event {answer['id']} fired; deliveries: {answer['deliveries']}"))


event.add_command(list_events)
event.add_command(show_event)

# pulp-admin had its listeners below "event": scripts written for it work with a link of that name to this program.
event.add_command(listener_group())
