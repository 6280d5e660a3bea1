"""The command ``pulp-notifiers``: its options, and which module has each of its commands.

``--help`` is quick at every level: a command's module is imported when the command is used, it imports click and little
else, and the command imports what it needs when it runs. Only commands that use a plugin import one.
"""

from importlib import import_module

import click

from .. import __version__
from .connection import connection_options

COMMANDS = {
    "db": ("database", "Manage the database."),
    "delivery": ("delivery", "Show what happened to events."),
    "event": ("event", "Send an event to the server, and look at stored ones."),
    "event-type": ("event_type", "Show the event types of the server."),
    "explain": ("explain", "Explain why listeners got an event or did not."),
    "listener": ("listener", "Manage the listeners of the server."),
    "notifier": ("notifier", "Show the notifiers that are installed on this machine."),
    "serve": ("service", "Serve the REST API, make deliveries and run sources, until SIGTERM or Ctrl-C."),
    "source": ("source", "Manage the sources of events."),
    "status": ("status", "Show the state of the server, its backlog, and the lag of its sources."),
    "tail": ("watch", "Watch tasks as they change, until Ctrl-C."),
    "template": ("template", "Manage the templates of messages."),
    "user": ("user", "Manage who may use the REST API."),
    "wait": ("watch", "Wait until a task has ended; the exit code says how."),
    "worker": ("service", "Make deliveries, and serve nothing, until SIGTERM or Ctrl-C."),
}
"""The module of each command, and a copy of the first sentence of its help, which a test compares."""


class Program(click.Group):
    """Imports a command when it is used; until then, it knows its name and what it does."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing it."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f".{module}", __package__), cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        click.Group(commands=self.commands).format_commands(ctx, formatter)


@click.group(
    cls=Program,
    commands=[click.Command(name, help=summary) for name, (_, summary) in COMMANDS.items()],
    params=connection_options(),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="pulp-notifiers", message="%(prog)s %(version)s")
def root() -> None:
    """Durable notifications for Pulp.

    The commands delivery, event, event-type, explain, listener, source, status and template send requests to the server
    at --url, tail and wait read the task-status stream from the messaging server, and the others work on this machine.

    For completion in bash, add this to ~/.bashrc (zsh and fish work alike):

        eval "$(_PULP_NOTIFIERS_COMPLETE=bash_source pulp-notifiers)"
    """
