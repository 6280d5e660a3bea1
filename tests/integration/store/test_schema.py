"""The schema of the database: its migrations, and releases that do not match it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.store import Store, Vault, schema
from tests.support.stored import execute


def test_the_migrations_create_the_schema_that_the_code_works_with(store, database_url):
    """No migration is missing."""
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert [] == compare_metadata(context, schema.metadata)
    engine.dispose()


def test_a_database_without_the_newest_schema_is_refused_with_the_command_that_upgrades_it(database_url, tmp_path):
    """The upgraded database is then accepted."""
    bare = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))

    with pytest.raises(InvalidSetting, match="run pulp-notifiers db upgrade"):
        bare.require_schema()

    bare.upgrade()
    bare.require_schema()
    bare.close()


def test_several_processes_can_upgrade_at_the_same_time(database_url, tmp_path):
    """A deployment may start them all at once."""
    stores = [Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", True)) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Store.upgrade, stores))

    for store in stores:
        store.require_schema()
        store.close()


def test_a_schema_of_a_newer_release_is_refused(store, database_url):
    """The message asks for a newer release, not for an upgrade of the database."""
    execute(database_url, sa.text("UPDATE alembic_version SET version_num = '9999'"))

    for refused in (store.upgrade, store.require_schema):
        with pytest.raises(InvalidSetting, match="schema 9999, which this release does not know"):
            refused()
