"""``db``: the database and its schema."""

import click

from .output import echo


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

    location = upgrade_database(database_settings())
    echo(f"The database {location} has the newest schema.")
