"""Plugins whose distributions have broken metadata, as interrupted upgrades leave it."""

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from pulp_notifiers.distributions import Installed, scan
from pulp_notifiers.errors import NotifierUnavailable
from pulp_notifiers.plugin_host import NotifierRegistry
from pulp_notifiers.settings import Settings
from tests.support.distributions import installed

GROUP = "pulp_notifiers.test_notifiers"
GOOD = "def handle_event(notifier_config, event): pass\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A directory on the import path, before that of the sound distribution."""
    found = tmp_path / "early"
    found.mkdir()
    monkeypatch.syspath_prepend(str(found))
    return found


@pytest.fixture
def sound(tmp_path):
    """A sound distribution with one notifier."""
    with installed(tmp_path, "acme-chat", {"chat": "chat_module"}, {"chat_module": GOOD}, group=GROUP) as site:
        yield site


def metadata(folder, directory, text="Metadata-Version: 2.1\nName: acme-chat\nVersion: 1.0\n", entry_points=None):
    """Write the metadata of a distribution; nothing for None."""
    place = folder / directory
    place.mkdir()
    if text is not None:
        (place / "METADATA").write_bytes(text if isinstance(text, bytes) else text.encode())
    if entry_points is not None:
        (place / "entry_points.txt").write_bytes(entry_points)
    return place


def registry():
    """Return a registry of the group of these tests."""
    return NotifierRegistry(Settings().section, GROUP)


@pytest.mark.parametrize("where", ["another directory", "the same directory"])
@pytest.mark.parametrize(
    ("directory", "text", "entry_points"),
    [
        ("acme_chat-0.9.dist-info", None, None),
        ("Acme.Chat-2.0.dist-info", "", None),
        ("acme_chat-0.9.dist-info", None, f"[{GROUP}]\nchat = chat_module\n".encode()),
        ("acme_chat-0.9.dist-info", "Metadata-Version: 2.1\nName: acme-chat\n", f"[{GROUP}]\nno value\n".encode()),
        ("acme_chat-0.9.dist-info", "Metadata-Version: 2.1\nName: acme-chat\n", b"\xff\xfe[\x00"),
        ("acme_chat-0.9.egg-info", None, None),
    ],
)
def test_broken_metadata_does_not_hide_the_sound_one(tmp_path, where, directory, text, entry_points):
    """The notifier is loaded, and the warning names the directory to delete."""
    with ExitStack() as stack:
        site = stack.enter_context(
            installed(tmp_path, "acme-chat", {"chat": "chat_module"}, {"chat_module": GOOD}, group=GROUP)
        )
        early = tmp_path / "early"
        early.mkdir()
        stack.callback(sys.path.remove, str(early))
        sys.path.insert(0, str(early))
        broken = metadata(site if where == "the same directory" else early, directory, text, entry_points)
        plugins = registry()

        (found,) = plugins.installed()

        assert ("chat", "acme-chat", "1.0", None) == (found.type, found.distribution, found.version, found.problem)
        assert str(broken) in found.warning
        assert "Delete" in found.warning
        assert "chat" == plugins.get("chat").type
        assert plugins.knows("chat")


def test_a_plugin_whose_only_metadata_is_broken_is_listed_with_the_reason(folder):
    """It is not loaded, and an attempt says why."""
    place = metadata(folder, "acme_chat-2.0.dist-info", None, f"[{GROUP}]\nchat = chat_module\n".encode())
    plugins = registry()

    (found,) = plugins.installed()

    assert ("chat", "acme_chat", "2.0") == (found.type, found.distribution, found.version)
    assert f"{place} has no METADATA" in found.problem
    assert not plugins.knows("chat")
    with pytest.raises(NotifierUnavailable, match="has no METADATA"):
        plugins.get("chat")


def test_an_empty_directory_of_metadata_is_a_fault(folder):
    """Nobody knows what it offered."""
    place = metadata(folder, "acme_chat-2.0.dist-info", None)
    assert [] == registry().installed()

    (fault,) = [one for one in registry().faults() if str(place) in one]
    assert "install acme_chat again" in fault


def test_entry_points_that_cannot_be_read_hide_no_other_plugin(folder, sound):
    """Of whatever distribution; the standard library fails for all of them."""
    place = metadata(folder, "other-1.0.dist-info", "Name: other\nVersion: 1.0\n", f"[{GROUP}]\nno value\n".encode())

    plugins = registry()

    assert ["chat"] == [found.type for found in plugins.installed()]
    assert any(f"{place / 'entry_points.txt'} cannot be read" in fault for fault in plugins.faults())


def test_what_pip_was_about_to_remove_is_no_plugin(folder, sound):
    """It would be a second distribution with the same type."""
    place = metadata(folder, "~cme_chat-0.9.dist-info", entry_points=f"[{GROUP}]\nchat = chat_module\n".encode())

    plugins = registry()

    assert ["1.0"] == [found.version for found in plugins.installed()]
    assert plugins.knows("chat")
    assert any(str(place) in fault for fault in plugins.faults())


def test_a_distribution_that_is_installed_twice_is_used_once_with_a_warning(sound, folder):
    """The first on the import path, as for imports."""
    entry_points = f"[{GROUP}]\nchat = chat_module\n".encode()
    place = metadata(folder, "acme_chat-0.9.dist-info", "Name: acme-chat\nVersion: 0.9\n", entry_points)

    (found,) = registry().installed()

    assert ("0.9", None) == (found.version, found.problem)
    assert f"{place} is used, and {sound / 'acme_chat-1.0.dist-info'} is not" in found.warning


def test_the_newest_of_two_versions_in_one_directory_is_used(sound):
    """The one that was installed last."""
    entry_points = f"[{GROUP}]\nchat = chat_module\n".encode()
    for version, seconds in (("0.8", 1000), ("2.0", 4_000_000_000)):
        metadata(sound, f"acme_chat-{version}.dist-info", f"Name: acme-chat\nVersion: {version}\n", entry_points)
        os.utime(sound / f"acme_chat-{version}.dist-info", (seconds, seconds))

    (found,) = registry().installed()

    assert "2.0" == found.version
    assert "acme_chat-1.0.dist-info" in found.warning
    assert "acme_chat-0.8.dist-info" in found.warning


def test_one_directory_under_two_names_is_one_installation(sound, tmp_path, monkeypatch):
    """Such as lib64, which is a link to lib."""
    (tmp_path / "link").symlink_to(sound)
    monkeypatch.syspath_prepend(str(tmp_path / "link"))

    (found,) = registry().installed()

    assert found.warning is None


def test_metadata_that_is_no_text_is_described_by_the_name_of_its_directory(folder):
    """The plugin can be used."""
    metadata(folder, "acme_chat-3.1.dist-info", b"\xff\xfe", f"[{GROUP}]\nchat = chat_module\n".encode())

    (found,) = registry().installed()

    assert ("acme_chat", "3.1") == (found.distribution, found.version)


def test_a_look_without_a_change_does_not_scan_again(sound):
    """A scan reads the metadata of every distribution."""
    later = 4 * 10**18
    plugins = Installed(GROUP, clock=lambda: later)

    assert plugins.scan() is plugins.scan()


def test_a_change_within_the_resolution_of_time_stamps_is_noticed(sound):
    """A directory that has just changed is not trusted."""
    plugins = Installed(GROUP, clock=lambda: sound.stat().st_mtime_ns)
    stamp = sound.stat().st_mtime_ns
    assert {"chat"} == set(plugins.scan().offers)

    (sound / "acme_chat-1.0.dist-info" / "entry_points.txt").unlink()
    os.utime(sound, ns=(stamp, stamp))

    assert {} == plugins.scan().offers


def test_metadata_that_is_emptied_is_noticed(sound):
    """The directory above it does not change."""
    later = 4 * 10**18
    plugins = Installed(GROUP, clock=lambda: later)
    assert {"chat"} == set(plugins.scan().offers)

    for file in (sound / "acme_chat-1.0.dist-info").iterdir():
        file.unlink()

    assert {} == plugins.scan().offers


def test_a_command_that_fails_because_of_a_broken_distribution_says_which(tmp_path):
    """Alembic, among others, reads the entry points of all distributions."""
    place = metadata(tmp_path, "other-1.0.dist-info", "Name: other\nVersion: 1.0\n", b"[console_scripts]\nno value\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pulp_notifiers", "db", "upgrade"],
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "PULP_NOTIFIERS_STATE_DIRECTORY": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert 70 == ended.returncode
    assert f"{place / 'entry_points.txt'} cannot be read: line 2 is not NAME = MODULE:OBJECT." in ended.stderr
    assert "please report" not in ended.stderr


def test_a_scan_without_plugins_is_empty():
    """Of a group that nobody uses."""
    assert {} == scan("pulp_notifiers.nothing").offers
