"""The group ``listener``."""

from typing import TYPE_CHECKING

import click

from ..connection import connection_options
from ..documents import printable
from .notifier_types import (
    VERBS,
    installed_here,
    not_a_type,
    notifier_types,
    notifier_types_for_help,
    wants_help,
    write_note,
)
from .registered import delete_listener, disable_listener, enable_listener, list_listeners, show_listener
from .section import Section

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class ListenerGroup(click.Group):
    """Commands, and a section for each notifier type that the server has."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help`` as an option that is handled after those of the connection, which help needs."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.is_eager = False
        return option

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Return a command, else the section of this name, whether or not the server has such a type."""
        return super().get_command(ctx, cmd_name) or Section(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of a command line, after a look at the server's notifier types."""
        name, *others = args
        if name not in self.commands:
            # A section without a command shows its help.
            quietly = not others or wants_help(ctx, others)
            types = notifier_types_for_help(ctx) if quietly else notifier_types(ctx)
            if types.failure is None and not ctx.resilient_parsing:
                types.get(name)
            elif name in VERBS and not ctx.resilient_parsing:
                raise click.UsageError(f"{not_a_type(name)}. {installed_here()}".rstrip())
        # Help shows the name as it was typed.
        return super().resolve_command(ctx, [printable(name), *others])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and the server's notifier types."""
        super().format_commands(ctx, formatter)
        types = notifier_types_for_help(ctx)
        rows = [
            (printable(name), printable((found.problem and f"cannot be used: {found.problem}") or found.offered_by))
            for name, found in sorted(types.by_name.items())
        ]
        if rows:
            with formatter.section("Notifier types (TYPE create, TYPE update)"):
                formatter.write_dl(rows)
        if types.reason:
            write_note(formatter, f"The server's notifier types are missing here: {types.reason} {installed_here()}")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Return the commands and the server's notifier types that start so."""
        from click.shell_completion import CompletionItem

        names = sorted(notifier_types_for_help(ctx).by_name)
        types = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return [*super().shell_complete(ctx, incomplete), *types]


@click.group("listener", cls=ListenerGroup, params=connection_options(is_eager=True))
def listener() -> None:
    """Manage the listeners of the server.

    listener TYPE create and listener TYPE update are for listeners of one notifier type. The server says which types
    there are and which options they have, so even their help asks it.
    """


for command in (list_listeners, show_listener, delete_listener, enable_listener, disable_listener):
    listener.add_command(command)
