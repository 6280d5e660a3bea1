"""Apps for tests of Pulp 2.7's names."""

from pathlib import Path
from typing import Any

from pulp_notifiers.app import App
from pulp_notifiers.settings import Settings
from tests.support.migrated import new_state


def app_in(folder: Path, **sections: Any) -> App:
    """Return an App with its state in a folder."""
    if not (folder / "notifiers.db").exists():
        new_state(folder)
    return App.from_settings(Settings({"notifiers": {"state_directory": str(folder)}, **sections}))
