"""An App with its worker, in this process, with waits short enough for tests."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pulp_notifiers.app import App
from pulp_notifiers.records import Backlog, Delivery
from pulp_notifiers.settings import Settings
from tests.support.migrated import new_state

QUICK = {
    "max_attempts": "1000",
    "backoff_first_seconds": "0.02",
    "backoff_longest_seconds": "0.2",
    "poll_seconds": "0.05",
}


@contextmanager
def running_app(folder: Path, **sections: Mapping[str, str]) -> Iterator[App]:
    """Run an App with an embedded database in a folder, or with the database of its settings."""
    if not (folder / "state").exists():
        new_state(folder / "state")
    own = {"state_directory": str(folder / "state"), **QUICK, **sections.pop("notifiers", {})}
    with App.from_settings(Settings({"notifiers": own, **sections})) as app:
        app.worker.start()
        yield app


def wait_until_idle(app: App, seconds: float = 60.0) -> Backlog:
    """Return once nothing is pending."""
    deadline = time.monotonic() + seconds
    while (backlog := app.store.history.backlog()).pending:
        assert time.monotonic() < deadline, app.deliveries.list()
        time.sleep(0.01)
    return backlog


def wait_for_failure(app: App, seconds: float = 60.0) -> Delivery:
    """Return the first delivery whose attempt has failed."""
    deadline = time.monotonic() + seconds
    while True:
        for delivery in app.deliveries.list()[1]:
            if delivery.last_error is not None:
                return delivery
        assert time.monotonic() < deadline
        time.sleep(0.01)
