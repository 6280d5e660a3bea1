"""``db``: the database and its schema."""

from typing import TYPE_CHECKING

import click

from .output import echo

if TYPE_CHECKING:
    from ..wiring import DatabaseSettings


def warn_of_exposed_files(settings: "DatabaseSettings") -> None:
    """Warn of files with secrets that others can read."""
    from ..server_conf import ServerConf
    from ..wiring import exposed_files

    for sentence in exposed_files(settings, ServerConf.load()):
        echo(f"Warning: {sentence}", err=True)


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
def upgrade() -> None:
    """Upgrade the schema of the database to the newest revision.

    Does nothing if it is up to date. An embedded SQLite database is also upgraded when it is opened, except
    by user list.
    """
    from ..wiring import database_settings, upgrade_database

    settings = database_settings()
    location = upgrade_database(settings)
    warn_of_exposed_files(settings)
    echo(f"The database {location} has the newest schema.")
