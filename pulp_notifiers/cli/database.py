"""``db``: the database and its schema."""

import click


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
def upgrade() -> None:
    """Upgrade the schema of the database to the newest revision.

    Does nothing if it is up to date. An embedded SQLite database is also upgraded whenever it is opened.
    """
    from ..settings import Settings
    from ..wiring import upgrade_database

    location = upgrade_database(Settings.load().own())
    click.echo(f"The database {location} has the newest schema.")
