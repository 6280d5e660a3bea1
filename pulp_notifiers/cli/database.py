"""``db``: the database and its schema."""

import click


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
def upgrade() -> None:
    """Bring the schema of the database to the newest revision.

    Harmless when it is there already. An embedded SQLite database is also upgraded by itself.
    """
    from ..settings import Settings
    from ..store import Store
    from ..vault import Vault

    own = Settings.load().own()
    store = Store(
        own.resolved_database_url(),
        lambda sealed: Vault.from_file(own.resolved_key_file(), may_create=not sealed),
    )
    try:
        store.upgrade()
    finally:
        store.close()
    click.echo("The database has the newest schema.")
