"""Where a source that runs in a process of its own hands over: a file that survives its sudden death."""

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulp_notifiers.encoding import dumps
from pulp_notifiers.event import Event
from pulp_notifiers.task import TaskReport

from .pulp3_comparison import TASK_EVENTS, Told

_TABLES = """
CREATE TABLE IF NOT EXISTS told (id TEXT PRIMARY KEY, task TEXT, event_type TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS remembered (key TEXT PRIMARY KEY, value TEXT);
"""


class FileIntake:
    """An intake that keeps everything in one SQLite file, each ``take`` in one transaction."""

    def __init__(self, path: Path, source: str) -> None:
        self.source = source
        self.installation = "test"
        self.stopping = threading.Event()
        self.facts: dict[str, Any] = {}
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=60)
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def remembered(self) -> dict[str, Any]:
        """Return what was to be remembered, also by an earlier process."""
        return {key: json.loads(value) for key, value in self._connection.execute("SELECT key, value FROM remembered")}

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Want everything."""
        return True

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        """Keep everything, or nothing; the same report and the same event id once."""
        states = set(TASK_EVENTS.values())
        facts = [(report.task_id, f"task.{report.state}") for report in reports]
        told = [(f"{task} {kind}", task, kind) for task, kind in facts if kind in states]
        told += [(str(event.id), event.task_id() or "", event.type) for event in events]
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            now = datetime.now(UTC).isoformat()
            connection.executemany("INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?)", [(*row, now) for row in told])
            for key, value in (remember or {}).items():
                if value is None:
                    connection.execute("DELETE FROM remembered WHERE key = ?", (key,))
                else:
                    connection.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?)", (key, dumps(value)))

    def tell(self, **facts: Any) -> None:
        """Keep what the status would show."""
        self.facts = facts


def read_told(path: Path) -> list[Told]:
    """Return what was handed over."""
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        rows = connection.execute("SELECT task, event_type, at FROM told").fetchall()
    return [Told(task, event_type, datetime.fromisoformat(at)) for task, event_type, at in rows]
