"""What one poll of the Pulp 3 source costs a real server, with few and with many tasks in its database.

Starts a private Pulp 3 and prints a Markdown table: medians over alternating rounds.
"""

import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.pulp3 import Pulp3

from ..processes import cpu_seconds

ROUNDS = 5
POLLS = 100
SIZES = (1, 10_000)
INTERVAL_SECONDS = 0.1
ROLES = ("core.task_viewer", "file.filerepository_viewer", "file.fileremote_viewer")

# Copies the newest task, without triggers, which would give all copies the current time.
_FILL = """
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO core_task
SELECT (jsonb_populate_record(task, jsonb_build_object(
    'pulp_id', gen_random_uuid(), 'pulp_created', task.pulp_created - number * interval '1 minute',
    'logging_cid', 'copy'
))).* FROM core_task task, generate_series(1, {copies}) number
WHERE task.pulp_created = (SELECT max(pulp_created) FROM core_task);
COMMIT;
"""
_EMPTY = "DELETE FROM core_task WHERE logging_cid = 'copy'"


class Polls(RecordingIntake):
    """An intake that stops the source after some polls, and measures their cost.

    :ivar used: seconds of processor time of the API and of PostgreSQL.
    :ivar requests: how many requests the polls made.
    """

    def __init__(self, pulp: Pulp3) -> None:
        super().__init__()
        self.used: tuple[float, ...] = ()
        self.requests = 0
        self._pulp = pulp
        self._before: tuple[float, ...] = ()

    def update_status(self, **facts: Any) -> None:
        """Count a poll; the first two include the login and are not counted."""
        super().update_status(**facts)
        if len(self.status_updates) == 2:
            self._before = self._cpu()
            self.requests = -int(facts["requests"])
        if len(self.status_updates) == 2 + POLLS:
            self.used = tuple(after - before for after, before in zip(self._cpu(), self._before, strict=True))
            self.requests += int(facts["requests"])
            self.stopping.set()

    def _cpu(self) -> tuple[float, ...]:
        return tuple(cpu_seconds([process]) for process in self._pulp.server_process_ids())


def main() -> None:
    """Measure and print."""
    [entry_point] = entry_points(group="pulp_notifiers.sources", name="pulp3")
    source = entry_point.load()()
    figures: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    with Pulp3(workers=1) as pulp:
        config = source.Config(url=pulp.url, **_account(pulp), interval=INTERVAL_SECONDS)
        for number in range(ROUNDS):
            for size in SIZES if number % 2 else SIZES[::-1]:
                _resize(pulp, size)
                polls = Polls(pulp)
                source.run(config, polls)
                api, database = (seconds / POLLS * 1000 for seconds in polls.used)
                figures[size].append((polls.requests / POLLS, api, database, api + database))
                print(f"round {number + 1}, {size} tasks: {figures[size][-1]}", file=sys.stderr)
    _print(figures)


def _account(pulp: Pulp3) -> dict[str, str]:
    pulp.api.create_user("bench", "polls-1-bench", ROLES)
    pulp.api.wait(pulp.api.upload("bench", b"one task"))
    pulp.wait_until_idle()
    return {"username": "bench", "password": "polls-1-bench"}


def _resize(pulp: Pulp3, size: int) -> None:
    for statement in (_EMPTY, _FILL.format(copies=size - 1), "VACUUM ANALYZE core_task"):
        pulp.postgresql.query(pulp.database_url, statement)


def _print(figures: Mapping[int, Sequence[tuple[float, ...]]]) -> None:
    print("| tasks in the database | requests per poll | API, ms | PostgreSQL, ms | both, ms |")
    print("|--:|--:|--:|--:|--:|")
    both = {}
    for size, rounds in sorted(figures.items()):
        medians = [statistics.median(values) for values in zip(*rounds, strict=True)]
        both[size] = medians[-1]
        print(f"| {size:,} | {medians[0]:.2f} | " + " | ".join(f"{value:.1f}" for value in medians[1:]) + " |")
    few, many = both[min(both)], both[max(both)]
    print(f"\n{max(both):,} tasks cost {100 * (many / few - 1):+.0f} %; medians of {ROUNDS} rounds of {POLLS} polls.")


if __name__ == "__main__":
    main()
