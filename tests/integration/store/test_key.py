"""The key, as it is checked at start against what is stored."""

import pytest

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.records import Listener
from pulp_notifiers.store import Store, Vault

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
