"""The key file and what it seals."""

import stat
import threading
from pathlib import Path

import pytest

from pulp_notifiers.errors import InvalidSetting, StoreUnavailable
from pulp_notifiers.store import Vault


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    """First start."""
    path = tmp_path / "state" / "key"

    first = Vault.from_file(path, may_create=True)
    second = Vault.from_file(path, may_create=True)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert "text é" == second.open(first.seal("text é"))
    assert [path] == list(path.parent.iterdir())


def test_the_sealed_text_does_not_show_the_text(tmp_path):
    """Nor does it look the same twice."""
    vault = Vault.from_file(tmp_path / "key", may_create=True)

    assert "hunter2" not in vault.seal("hunter2")
    assert vault.seal("hunter2") != vault.seal("hunter2")


def test_a_missing_key_is_never_replaced_where_something_is_sealed_with_it(tmp_path):
    """A new key would make every stored secret unreadable for good."""
    with pytest.raises(InvalidSetting, match="is missing, but the database holds listeners"):
        Vault.from_file(tmp_path / "key", may_create=False)

    assert not (tmp_path / "key").exists()


def test_a_file_that_holds_no_key_is_told(tmp_path):
    """With its name."""
    (tmp_path / "key").write_text("not a key")

    with pytest.raises(InvalidSetting, match="does not hold a key"):
        Vault.from_file(tmp_path / "key", may_create=True)


def test_an_unreadable_place_is_told(tmp_path):
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidSetting, match="cannot be read or created"):
        Vault.from_file(tmp_path / "file" / "key", may_create=True)


def test_a_key_that_cannot_be_created_is_not_called_missing():
    """Nothing is sealed with it yet; in /proc no folder can be made, and the system says that there is none."""
    with pytest.raises(InvalidSetting, match="cannot be created: No such file or directory") as caught:
        Vault.from_file(Path("/proc/self/no/key"), may_create=True)

    assert "encrypted with it" not in str(caught.value)


def test_what_another_key_sealed_is_told(tmp_path):
    """The wrong key was restored."""
    sealed = Vault.from_file(tmp_path / "one", may_create=True).seal("x")

    with pytest.raises(StoreUnavailable, match="not the one they were encrypted with"):
        Vault.from_file(tmp_path / "two", may_create=True).open(sealed)


def test_processes_that_start_together_share_one_key(tmp_path):
    """Here as threads; the file system does not know the difference."""
    vaults: list[Vault] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        vaults.append(Vault.from_file(tmp_path / "key", may_create=True))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sealed = vaults[0].seal("x")
    assert ["x"] * 8 == [vault.open(sealed) for vault in vaults]
