"""``db``: the database and its schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..errors import StoreUnavailable
from .output import echo

if TYPE_CHECKING:
    from ..wiring import DatabaseSettings

_CHECK = "Check the database, and [notifiers] database_url in the settings."


def warn_of_exposed_files(settings: "DatabaseSettings") -> None:
    """Warn of files with secrets that others can read."""
    from ..server_conf import ServerConf
    from ..wiring import exposed_files

    for sentence in exposed_files(settings, ServerConf.load()):
        echo(f"Warning: {sentence}", err=True)


@contextmanager
def using_database(settings: "DatabaseSettings") -> Iterator[None]:
    """Say to whom the database and the key file belong, if the block creates them, and what to do if it fails.

    :raises StoreUnavailable: the database fails; the log does not say it as well.
    """
    import logging

    from ..wiring import created_files, missing_files

    missing = missing_files(settings)
    log, silence = logging.getLogger("pulp_notifiers.store"), logging.NullHandler()
    log.addHandler(silence)
    try:
        yield
    except StoreUnavailable as failure:
        raise StoreUnavailable(f"{failure}\n{_CHECK}") from None
    finally:
        log.removeHandler(silence)
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
    with using_database(settings):
        location = upgrade_database(settings)
    warn_of_exposed_files(settings)
    echo(f"The database {location} has the newest schema.")
