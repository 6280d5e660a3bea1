"""The key file and what is encrypted with it."""

import stat
import threading
from pathlib import Path

import pytest

from pulp_notifiers.errors import InvalidSetting, StoreUnavailable
from pulp_notifiers.store import Vault


def test_the_key_file_is_created_once_and_only_its_owner_can_read_it(tmp_path):
    """The second start uses the key of the first one."""
    path = tmp_path / "state" / "key"

    first = Vault.from_file(path, may_create=True)
    second = Vault.from_file(path, may_create=True)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert "text é" == second.open(first.seal("text é"))
    assert [path] == list(path.parent.iterdir())


def test_sealed_text_does_not_contain_the_text(tmp_path):
    """Nor does the same text look the same twice."""
    vault = Vault.from_file(tmp_path / "key", may_create=True)

    assert "hunter2" not in vault.seal("hunter2")
    assert vault.seal("hunter2") != vault.seal("hunter2")


def test_a_missing_key_is_never_replaced_if_something_is_sealed_with_it(tmp_path):
    """A new key would make every stored secret unreadable for good."""
    with pytest.raises(InvalidSetting, match="is missing, but the database holds listeners"):
        Vault.from_file(tmp_path / "key", may_create=False)

    assert not (tmp_path / "key").exists()


def test_a_file_without_a_key_is_refused(tmp_path):
    """The message says how to fix it."""
    (tmp_path / "key").write_text("not a key")

    with pytest.raises(InvalidSetting, match="does not contain a key"):
        Vault.from_file(tmp_path / "key", may_create=True)


def test_a_key_file_that_cannot_be_read_is_refused(tmp_path):
    """Here a file is in the place of its folder."""
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidSetting, match="cannot be read or created"):
        Vault.from_file(tmp_path / "file" / "key", may_create=True)


def test_a_key_file_that_cannot_be_created_is_not_reported_as_missing():
    """Nothing is sealed with it yet. In /proc no folder can be created, and the system reports that there is none."""
    with pytest.raises(InvalidSetting, match="cannot be created: No such file or directory") as caught:
        Vault.from_file(Path("/proc/self/no/key"), may_create=True)

    assert "encrypted with it" not in str(caught.value)


def test_text_that_another_key_sealed_cannot_be_opened(tmp_path):
    """The message says that the wrong key was restored."""
    sealed = Vault.from_file(tmp_path / "one", may_create=True).seal("x")

    with pytest.raises(StoreUnavailable, match="not the one they were encrypted with"):
        Vault.from_file(tmp_path / "two", may_create=True).open(sealed)


def test_processes_that_start_at_once_share_one_key(tmp_path):
    """Threads stand for them here; the file system makes no difference."""
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
