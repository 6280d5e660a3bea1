"""Odd answers of a server do not break a watch."""

import pytest
from pulp3_direct import DirectClient, poll_of
from pulp3_intake import WatchIntake
from pulp3_world import NOON, World
from pulp_source_pulp3.cursor import Cursor
from pulp_source_pulp3.documents import NotATask, TaskDocument
from pulp_source_pulp3.failures import TooLarge

from pulp_notifiers.errors import TemporaryFailure


class Stingy(DirectClient):
    """Answers with at most two full tasks at a time, and never with one of them."""

    def __init__(self, world, large):
        super().__init__(world)
        self.large = large

    def get(self, path, parameters=None):
        ids = (parameters or {}).get("pulp_id__in", "").split(",")
        if "fields" not in (parameters or {}) and (len(ids) > 2 or self.large.id in ids):
            raise TooLarge("too large")
        return super().get(path, parameters)


def test_tasks_that_are_too_large_together_are_requested_in_smaller_batches():
    """A task that is too large by itself is reported with the fields of the list."""
    world, intake = World(), WatchIntake()
    zoo = world.add_repository("zoo")
    poll_of(world, intake).begin(None)
    world.clock.advance(2)
    tasks = [world.run("sync.completed", zoo) for _ in range(7)]
    poll_of(world, intake, Stingy(world, tasks[3])).poll()

    finished = [report for report in intake.reports if report.state == "finished"]
    assert [task.id for task in tasks] == [report.task_id for report in finished]
    assert [report.result is None for report in finished] == [task is tasks[3] for task in tasks]


class Cache(DirectClient):
    """Answers every request with the tasks of yesterday."""

    def get(self, path, parameters=None):
        wanted = {name: value for name, value in (parameters or {}).items() if name != "pulp_created__gte"}
        return super().get(path, wanted)


def test_a_list_that_ignores_the_query_is_not_read_for_ever():
    """Reading it page by page would never end."""
    world, intake = World(), WatchIntake()
    zoo = world.add_repository("zoo")
    for _ in range(9):
        world.run("sync.completed", zoo)
        world.clock.advance(60)
    poll_of(world, intake).begin(None)

    with pytest.raises(TemporaryFailure, match="tasks that were not requested"):
        poll_of(world, intake, Cache(world), page=3).poll()


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", 3, ""])
def test_an_entry_without_a_valid_time_of_creation_is_not_a_task(time):
    """Times that no calendar has are invalid too."""
    href = "/pulp/api/v3/tasks/01a207a4-4c51-7aef-a88e-3a8a0007fc22/"
    with pytest.raises(NotATask):
        TaskDocument.from_json({"pulp_href": href, "name": "x", "state": "waiting", "pulp_created": time})


def test_a_date_header_behind_the_newest_task_is_not_a_clock_step():
    """The header has whole seconds, and the newest task was created in the same second."""
    cursor = Cursor.starting(NOON)
    cursor.swept(0.0)
    cursor.advance(1.0, NOON.replace(microsecond=900_000), NOON)

    assert not cursor.sweeps(5.0, NOON)
    assert cursor.sweeps(5.0, NOON.replace(hour=11))
    assert cursor.sweeps(20.0, NOON)
