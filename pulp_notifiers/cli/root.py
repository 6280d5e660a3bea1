"""The command ``pulp-notifiers`` and what is below it.

Modules of this package import click and little else when they are loaded; what a command needs, it imports when it
runs. So ``--help`` is quick at every level, and nothing imports a plugin but the commands that use one.
"""

import click

from .. import __version__
from .connection import connection_options
from .database import db
from .delivery import delivery
from .event import event
from .listener import listener
from .notifier import notifier
from .service import serve, worker
from .source import source
from .status import status
from .tail import tail
from .user import user
from .wait import wait


@click.group(params=connection_options(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pulp-notifiers", message="%(prog)s %(version)s")
def root() -> None:
    """Durable notifications for Pulp.

    The commands delivery, event, listener, source and status ask the server at --url, tail and wait hear the messaging
    server of the task-status stream, and the others work on this machine.

    For completion in bash, add this to ~/.bashrc (zsh and fish have the like):

        eval "$(_PULP_NOTIFIERS_COMPLETE=bash_source pulp-notifiers)"
    """


for command in (serve, worker, db, user, listener, notifier, source, event, delivery, status, tail, wait):
    root.add_command(command)
