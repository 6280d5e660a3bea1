from pathlib import Path

import pytest
from pulp_notifier_file import FileNotifier

from pulp_notifiers.testing.contract import NotifierContract


class TestFileNotifier(NotifierContract):
    """The file notifier keeps the contract."""

    notifier = FileNotifier
    failing_options = ({"path": "/no/such/folder/events"},)
    invalid_options = (({"path": "relative"}, {"path"}),)

    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        self.options = {"path": str(tmp_path / "events")}
