"""The command ``pulp-notifiers`` and its groups.

Modules of this package import click and little else when they are loaded; a command imports what it needs when it runs.
So ``--help`` is quick at every level, and only commands that use a plugin import one.
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
from .user import user
from .watch import tail, wait


@click.group(params=connection_options(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pulp-notifiers", message="%(prog)s %(version)s")
def root() -> None:
    """Durable notifications for Pulp.

    The commands delivery, event, listener, source and status send requests to the server at --url, tail and wait read
    the task-status stream from the messaging server, and the others work on this machine.

    For completion in bash, add this to ~/.bashrc (zsh and fish work alike):

        eval "$(_PULP_NOTIFIERS_COMPLETE=bash_source pulp-notifiers)"
    """


for command in (serve, worker, db, user, listener, notifier, source, event, delivery, status, tail, wait):
    root.add_command(command)
