"""The file notifier passes the contract kit."""

import json

import pytest
from pulp_notifier_file import FileNotifier

from pulp_notifiers.testing.contract import NotifierContract


class TestFileNotifier(NotifierContract):
    """It appends to a file in an empty folder."""

    notifier = FileNotifier
    failing_options = ({"path": "/dev/full"}, {"path": "/no/such/folder/events"})
    invalid_options = (({"path": "events"}, ["path"]),)

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path):
        self.file = tmp_path / "events"
        self.options = {"path": str(self.file)}

    def received(self, _count):
        """Return the ids in the file."""
        return [json.loads(line)["id"] for line in self.file.read_text().splitlines()]
