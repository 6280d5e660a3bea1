"""``create`` and ``update`` of listeners of one notifier type."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ... import listener_fields
from ..answers import document_with
from ..failures import ChangedMeanwhile, RequestFailed, naming
from ..formats import format_option, show
from ..options import config_options, given_config, with_secrets
from ..output import echo
from .fields import ListenerFields, field_options
from .notifier_types import (
    NotifierType,
    installed_here,
    notifier_types,
    notifier_types_for_help,
    shared_client,
    wants_help,
    write_note,
)
from .paths import collection, failures_named, listener_argument, listener_path

if TYPE_CHECKING:
    from ..client import Client

_MOST_TRIES = 5

_secret_option = click.option(
    "secrets",
    "--secret",
    multiple=True,
    metavar="OPTION",
    help="An option of the notifier, such as password, that you are asked for; without a terminal, a line of standard "
    "input; may be given several times.",
)


class Section(click.Group):
    """The commands for listeners of one notifier type; its name is not checked until the server is asked.

    :param notifier_type: its name.
    """

    def __init__(self, notifier_type: str) -> None:
        commands = (_create_command(notifier_type), _update_command(notifier_type))
        super().__init__(notifier_type, commands, help=f"Create and update {notifier_type} listeners.")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say so if nobody knows whether the type exists."""
        reason = notifier_types_for_help(ctx).reason
        if reason:
            unknown = f"It is not known whether the server has the notifier type {self.name}: {reason}"
            write_note(formatter, f"{unknown} {installed_here()}")


class NotifierCommand(click.Command):
    """A command with the options of a notifier type, as the server describes them.

    :param notifier_type: its name.
    :param for_creation: whether the required options of the notifier are required.
    """

    def __init__(self, name: str, notifier_type: str, for_creation: bool, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self._notifier_type = notifier_type
        self._for_creation = for_creation
        self._note: str | None = None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Ask the server for the options first; if it does not answer, help shows the others and a note."""
        quietly = wants_help(ctx, args)
        types = notifier_types_for_help(ctx) if quietly else notifier_types(ctx)
        found = None if types.failure is not None else types.get(self._notifier_type)
        if found is not None and found.schema is not None:
            self.params.extend(config_options(found.schema, self.params, self._for_creation))
        elif quietly:
            self._note = f"The options of the notifier are missing here: {types.reason or _unusable(found)}"
            if not ctx.resilient_parsing:
                # Unknown options before --help would otherwise be an error.
                args = ["--help"]
        else:
            raise RequestFailed(_unusable(found), os.EX_DATAERR)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say why options are missing, if they are."""
        if self._note is not None:
            write_note(formatter, self._note)


def _unusable(notifier_type: NotifierType | None) -> str:
    if notifier_type is None:
        return ""
    return f"The server cannot use the notifier type {notifier_type.name}: {notifier_type.problem}"


def _create_command(notifier_type: str) -> click.Command:
    @click.command("create", cls=NotifierCommand, notifier_type=notifier_type, for_creation=True)
    @field_options
    @click.option("--task-id", metavar="UUID", help=listener_fields.TASK_ID)
    @_secret_option
    @format_option
    @click.pass_context
    def create(
        context: click.Context,
        /,
        task_id: str | None,
        secrets: tuple[str, ...],
        output_format: str,
        **given: Any,
    ) -> None:
        """Create a listener and print its id."""
        fields = ListenerFields.of(given)
        document = fields.document()
        client = shared_client(context)
        document |= {
            "notifier_type": notifier_type,
            "config": with_secrets(context, given_config(context), secrets),
            "task_id": task_id,
        }
        with failures_named(context.command.params, fields.made(document.get("when"))):
            created = document_with(client.post(collection(), document), "id", client.url + collection())
        show(created, output_format, lambda: _print_created(created, has_own_name="name" in document))
        _print_warnings(created)

    return create


def _print_created(created: Mapping[str, Any], has_own_name: bool) -> None:
    echo(f"Listener {created['id']} created.")
    # Scripts take the second word of a single line.
    if sys.stdout.isatty() and created.get("name") and not has_own_name:
        echo(f"Its name is {created['name']}.")


def _update_command(notifier_type: str) -> click.Command:
    @click.command("update", cls=NotifierCommand, notifier_type=notifier_type, for_creation=False)
    @listener_argument
    @field_options
    @_secret_option
    @format_option
    @click.pass_context
    def update(
        context: click.Context,
        /,
        listener: str,
        secrets: tuple[str, ...],
        output_format: str,
        **given: Any,
    ) -> None:
        """Change what is given about the listener ID or NAME, and leave the rest.

        --when, --server, --domain, --repo and the --only options together replace the old condition.
        """
        fields = ListenerFields.of(given)
        config = with_secrets(context, given_config(context), secrets)
        client, path = shared_client(context), listener_path(listener)
        with naming("listener", listener):
            changes, answer = _changed(context, client, path, fields, config)
        outcome = "updated." if changes else "is unchanged: no option says what to change."
        show(answer, output_format, lambda: echo(f"Listener {listener} {outcome}"))
        _print_warnings(answer)

    return update


def _changed(
    context: click.Context, client: "Client", path: str, fields: ListenerFields, config: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change a listener; return the changes and the listener after them.

    What depends on the listener as it is, is made again if somebody else has changed that meanwhile.
    """
    url = client.url + path
    tries_left = _MOST_TRIES
    while True:
        tries_left -= 1
        stored = document_with(client.get(path), "event_types", url) if fields.needs_stored() else {}
        changes = {**({"config": config} if config else {}), **fields.changes(stored)}
        if not changes:
            return changes, document_with(client.get(path), "id", url)
        try:
            with failures_named(context.command.params, fields.made(changes.get("when"))):
                return changes, document_with(client.patch(path, changes, stored), "id", url)
        except ChangedMeanwhile:
            if not tries_left:
                raise


def _print_warnings(listener: dict[str, Any]) -> None:
    for sentence in listener.get("warnings", ()):
        echo(f"Warning: {sentence}", err=True)
