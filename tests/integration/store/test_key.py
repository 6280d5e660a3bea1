"""The key, as it is checked at start against what is stored."""

import pytest
import sqlalchemy as sa

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.records import Listener, RegisteredSource
from pulp_notifiers.store import Store, Vault, schema
from tests.support.memory import START
from tests.support.stored import execute

LISTENER = Listener("http", {}, ("*",), id="5f0c1e2d3a4b5c6d7e8f9012")


def test_a_missing_key_is_refused_if_a_listener_is_stored(store, database_url, tmp_path):
    """No new key is created then, because it could not decrypt the old configs."""
    store.listeners.add(LISTENER)
    (tmp_path / "key").unlink()
    again = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))

    with pytest.raises(InvalidSetting, match="restore the file from a backup"):
        again.check_key()
    again.close()


def test_a_wrong_key_is_refused_at_start(store, database_url, tmp_path):
    """It is noticed before the first event is fired."""
    store.listeners.add(LISTENER)
    again = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "another", may_create=True))

    with pytest.raises(InvalidSetting, match="not the one they were encrypted with"):
        again.check_key()
    again.close()


@pytest.mark.parametrize("damage", ["", "no token at all", "gAAAAA==", "\u00e9"])
def test_a_damaged_config_says_nothing_about_the_key(store, database_url, tmp_path, damage):
    """Even if nothing else is stored; whoever needs the config says that it cannot be read."""
    store.sources.add(RegisteredSource("one", "trial", {}, START, id="5f0c1e2d3a4b5c6d7e8f9013"))
    execute(database_url, schema.sources.update().values(sealed_config=damage))

    store.check_key()


def test_a_config_of_another_key_says_nothing_about_the_key_if_others_can_be_decrypted(store, database_url, tmp_path):
    """A part of the database may come from another installation."""
    another = Vault.from_file(tmp_path / "another", may_create=True)
    for number in range(2):
        store.sources.add(RegisteredSource(f"{number}", "trial", {}, START, id=f"5f0c1e2d3a4b5c6d7e8f901{number}"))
    first = sa.select(sa.func.min(schema.sources.c.name)).scalar_subquery()
    change = schema.sources.update().where(schema.sources.c.name == first)
    execute(database_url, change.values(sealed_config=another.seal("{}")))

    store.check_key()

    assert [True, False] == [source.unreadable is not None for source in store.sources.list()]
