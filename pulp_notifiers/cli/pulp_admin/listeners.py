"""The group ``event listener``, with a section for each notifier that is installed on this machine."""

from collections.abc import Callable
from typing import Any

import click

from ..connection import Connection, connection_options, pass_connection
from ..failures import foreign_answer, missing_resource
from ..options import given_config, warn_of_given_secrets
from ..output import echo
from .commands import NotifierCommand, PulpAdminCommand, say

LISTENERS = "/pulp/api/v2/events/"
"""Where Pulp 2's API has its listeners."""

_LISTENER_ID = click.Option(["--listener-id"], required=True, help="Id of the listener, as list shows it.")
_OTHERWISE = "use pulp-notifiers listener with --secret instead, which asks for it"
_EVENT_TYPES_HELP = (
    "Event type, such as repo.sync.finish; a single * matches Pulp 2's four repository events; "
    "may be given several times."
)


class ListenerGroup(click.Group):
    """``list`` and ``delete``, and a section for each installed notifier."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands and of the installed notifiers, none of which is loaded."""
        return sorted(self.commands.keys() | _installed())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of its own, else the section of the notifier with this name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _installed():
            return own
        return _section(cmd_name)


def listener_group() -> click.Group:
    """Return the group ``event listener``; hidden, because it is there for scripts written for pulp-admin."""
    help_text = "Manage event listeners as pulp-admin did."
    group = ListenerGroup("listener", params=connection_options(), help=help_text, hidden=True)
    group.add_command(list_listeners)
    group.add_command(delete_listener)
    return group


@click.command("list", cls=PulpAdminCommand)
@pass_connection
def list_listeners(connection: Connection, /) -> None:
    """List all listeners."""
    from ..documents import document_lines

    client = connection.client()
    found = client.get(LISTENERS)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise foreign_answer(client.url + LISTENERS)
    for listener in found:
        for line in document_lines(listener):
            echo(line)
        echo("\n")


@click.command("delete", cls=PulpAdminCommand, params=[_LISTENER_ID])
@pass_connection
def delete_listener(connection: Connection, /, listener_id: str) -> None:
    """Delete a listener."""
    connection.client().delete(_path(listener_id))
    say("Event listener successfully deleted")


def _section(notifier_type: str) -> click.Group:
    section = click.Group(notifier_type, help=f"Manage {notifier_type} listeners.")
    create = _create_callback(notifier_type)
    section.add_command(NotifierCommand("create", notifier_type, [_event_types(required=True)], create, True))
    update_options = [_LISTENER_ID, _event_types(required=False)]
    section.add_command(NotifierCommand("update", notifier_type, update_options, _update, False))
    return section


def _event_types(required: bool) -> click.Parameter:
    return click.Option(["event_types", "--event-type"], multiple=True, required=required, help=_EVENT_TYPES_HELP)


def _create_callback(notifier_type: str) -> Callable[..., None]:
    @pass_connection
    @click.pass_context
    def create(context: click.Context, connection: Connection, /, event_types: tuple[str, ...], **_: Any) -> None:
        warn_of_given_secrets(context, _OTHERWISE)
        document = {
            "event_types": list(event_types),
            "notifier_type_id": notifier_type,
            "notifier_config": given_config(context, without_empty_defaults=True),
        }
        connection.client().post(LISTENERS, document)
        say("Event listener successfully created")

    return create


@pass_connection
@click.pass_context
def _update(
    context: click.Context, connection: Connection, /, listener_id: str, event_types: tuple[str, ...], **_: Any
) -> None:
    changes: dict[str, Any] = {}
    warn_of_given_secrets(context, _OTHERWISE)
    config = given_config(context)
    if config:
        changes["notifier_config"] = config
    if event_types:
        changes["event_types"] = list(event_types)
    if not changes:
        say("No changes were made")
        return
    connection.client().put(_path(listener_id), changes)
    say("Event listener successfully updated")


def _path(listener_id: str) -> str:
    """Return where the server has a listener.

    :raises RequestFailed: no path can hold this id, because servers decode a slash before they look at the path.
    """
    from ..client import segment

    if not listener_id or "/" in listener_id:
        raise missing_resource("event_listener", listener_id)
    return f"{LISTENERS}{segment(listener_id)}/"


def _installed() -> set[str]:
    from ...distributions import NOTIFIERS, scan

    return set(scan(NOTIFIERS).offers)
