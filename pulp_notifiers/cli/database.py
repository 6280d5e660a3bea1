"""``db``: the database and its schema."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def reporting_new_files(settings: "DatabaseSettings") -> Iterator[None]:
    """Say to whom the database and the key file belong, if they are created inside the block."""
    from ..wiring import created_files, missing_files

    missing = missing_files(settings)
    try:
        yield
    finally:
        sentence = created_files(missing)
        if sentence is not None:
            echo(sentence, err=True)


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
    with reporting_new_files(settings):
        location = upgrade_database(settings)
    warn_of_exposed_files(settings)
    echo(f"The database {location} has the newest schema.")
