"""The deprecation warnings of Pulp 2.7's names, and the App that they share."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

from pulp_notifiers import legacy
from pulp_notifiers.legacy import EventFireManager, EventListenerManager, TopicPublishManager
from pulp_notifiers.legacy.deprecation import deprecated


def test_a_deprecated_function_warns_only_at_its_first_call():
    """The warning points to the caller's line."""

    @deprecated("something else")
    def old_name(value):
        return value

    with warnings.catch_warnings(record=True) as issued:
        warnings.simplefilter("always")
        values = [old_name(1), old_name(2)]

    assert [1, 2] == values
    [warning] = issued
    assert DeprecationWarning is warning.category
    assert __file__ == warning.filename
    assert str(warning.message).endswith("old_name is deprecated since Pulp 2.7; use something else instead.")
    assert "old_name" == old_name.__name__


SCRIPT = """
import warnings
from pulp_notifiers import legacy
from pulp_notifiers.event import Event
with warnings.catch_warnings(record=True) as issued:
    warnings.simplefilter("always")
    for _ in range(2):
        fire, listeners = legacy.EventFireManager(), legacy.EventListenerManager()
        listener = listeners.create("http", {}, ["*"])
        fire.fire_repo_sync_started("zoo")
        fire.fire_repo_sync_finished({"repo_id": "zoo"})
        fire.fire_repo_publish_started("zoo", "yum")
        fire.fire_repo_publish_finished({"repo_id": "zoo"})
        listeners.update(listeners.get(listener["id"])["id"], None, ["*"])
        legacy.TopicPublishManager.publish(Event("repo.sync.start", {}))
        legacy.close()
        print(len(listeners.list()))
        listeners.delete(listener["id"])
print(*[f"{warning.category.__name__} {warning.lineno} {warning.message}" for warning in issued], sep="\\n")
"""


def test_without_app_all_names_share_one_app_of_the_process(tmp_path):
    """It is created from the settings, and each name warns once where it is called."""
    environ = {
        **os.environ,
        "PULP_NOTIFIERS_STATE_DIRECTORY": str(tmp_path),
        "PULP_NOTIFIERS_CONF": str(tmp_path / "c"),
    }
    (tmp_path / "c").write_text("")

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )

    first, second, *warned = done.stdout.splitlines()
    assert ("2", "2") == (first, second), "one listener of ours, and one of TopicPublishManager"
    lines = {text.split()[2]: int(text.split()[1]) for text in warned}
    calls = SCRIPT.splitlines()
    assert 10 == len(warned) == len(lines)
    assert {"DeprecationWarning"} == {text.split()[0] for text in warned}
    assert [] == [name for name, line in lines.items() if f".{name.split('.')[1]}(" not in calls[line - 1]]
    assert all(" use App." in text for text in warned)
    assert (tmp_path / "notifiers.db").exists()


def test_the_script_calls_every_public_method():
    """The three classes have ten."""
    classes = (EventFireManager, EventListenerManager, TopicPublishManager)
    names = [name for each in classes for name in vars(each) if not name.startswith("_")]

    assert 10 == len(names)
    assert [] == [name for name in names if f".{name}(" not in SCRIPT]
    assert Path(legacy.__file__).exists()
