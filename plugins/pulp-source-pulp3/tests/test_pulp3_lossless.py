"""Each event is fired once and in order, whatever happens and whenever the watch is killed."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pulp3_direct import DirectClient, poll_of
from pulp3_intake import WatchIntake
from pulp3_world import FakeTask, World

KINDS = ("sync.completed", "sync.completed.autopublish", "sync.failed.404", "publish.completed", "upload.completed")
FINAL = {"completed": "finished", "failed": "error", "canceled": "canceled"}


class Killed(Exception):
    """The process was killed."""


class Life:
    """A world, its clock, and a watch that is killed and restarted."""

    def __init__(self, page: int) -> None:
        self.world = World()
        self.page = page
        self.elapsed = 0.0
        self.intake = WatchIntake()
        self.repositories = [self.world.add_repository(name) for name in ("zoo", "aviary")]
        self.due: list[tuple[str, int]] = []
        self.client = DirectClient(self.world)
        self.client.before = self.move
        self.first = self.world.run("sync.completed", self.repositories[0])
        self.expected = Counter[tuple[str, str]]()
        self.watch = self.new_watch()

    def new_watch(self) -> Any:
        poll = poll_of(self.world, self.intake, self.client, lambda: self.elapsed, self.page)
        poll.begin(None)
        return poll

    def tasks(self, *states: str) -> list[FakeTask]:
        return [task for task in self.world.tasks.values() if task.state in states and task is not self.first]

    def tasks_of(self, event_type: str) -> list[str | None]:
        return [event.task_id() for event in self.intake.events if event.type == event_type]

    def step(self, what: str, number: int) -> None:
        """Let one thing happen on the server."""
        if what == "wait":
            self.pass_time(number)
        elif what == "dispatch":
            self.world.dispatch(KINDS[number % len(KINDS)], self.repositories[number % 2])
            self.pass_time(0.25)
        elif what == "late":
            late = self.world.clock() - timedelta(seconds=number % 30, microseconds=7)
            created = max(late, self.first.created + timedelta(microseconds=len(self.world.tasks)))
            self.world.dispatch(KINDS[number % len(KINDS)], self.repositories[number % 2], created=created)
        elif what == "start" and (waiting := self.tasks("waiting")):
            self.world.start(waiting[number % len(waiting)])
        elif what == "cancel" and (open_tasks := self.tasks("waiting", "running")):
            self.world.cancel(open_tasks[number % len(open_tasks)])
        elif what == "finish" and (ending := self.tasks("running", "canceling")):
            self.world.finish(ending[number % len(ending)])
            self.pass_time(0.25)

    def pass_time(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.elapsed += seconds

    def move(self) -> None:
        """Let the next thing happen between two requests of one poll."""
        if self.due:
            self.step(*self.due.pop(0))

    def poll(self, killed_at: int | None) -> None:
        calls = 0

        def before_take() -> None:
            nonlocal calls
            if calls == killed_at:
                raise Killed
            calls += 1

        self.intake.before_take = before_take
        try:
            self.watch.poll()
        except Killed:
            self.intake.before_take = lambda: None
            self.watch = self.new_watch()
        self.intake.before_take = lambda: None

    def come_to_rest(self) -> None:
        """Let all tasks end and be reported."""
        self.due.clear()
        for number in range(4):  # unfinished tasks are now older than every overlap
            self.step("dispatch", number)
            self.pass_time(40)
            self.watch.poll()
        for task in self.tasks("waiting"):
            self.world.start(task)
        for task in self.tasks("running", "canceling"):
            self.world.finish(task)
        for _ in range(3):
            self.pass_time(25)
            self.watch.poll()


STEPS = st.tuples(
    st.sampled_from(["dispatch", "dispatch", "late", "start", "start", "finish", "cancel", "wait"]), st.integers(0, 60)
)
POLLS = st.tuples(st.just("poll"), st.one_of(st.none(), st.integers(0, 4)))


@settings(max_examples=150)
@given(st.lists(st.one_of(STEPS, STEPS, POLLS), max_size=60), st.integers(2, 5), st.integers(0, 3))
def test_every_change_is_reported_once_and_in_order(steps, page, moving):
    """Pages move while they are read, tasks appear late, and the watch is killed at any moment."""
    life = Life(page)
    for position, (what, value) in enumerate(steps):
        if what == "poll":
            life.due = [step for step in steps[position + 1 : position + 1 + moving] if step[0] != "poll"]
            life.poll(value)
        else:
            life.step(what, value)

    life.come_to_rest()

    reported: dict[str, list[str]] = {}
    for task, state in life.intake.states():
        reported.setdefault(task, []).append(state)
    expected = {
        task.id: ["waiting", *(["running"] if task.started else []), FINAL[task.state]]
        for task in life.world.tasks.values()
        if task is not life.first
    }
    assert expected == reported
    assert [] == [event for event, times in Counter(event.id for event in life.intake.events).items() if times > 1]
    for kind in ("sync", "publish"):
        started, finished = (life.tasks_of(f"repo.{kind}.{end}") for end in ("start", "finish"))
        assert sorted(started) == sorted(finished)


@settings(max_examples=60)
@given(st.lists(st.one_of(STEPS, POLLS), min_size=10, max_size=60))
def test_memory_stays_small(steps):
    """Finished tasks are forgotten once no request can return them again."""
    life = Life(page=500)
    for what, value in steps:
        if what == "poll":
            life.poll(value)
        else:
            life.step(what, value)

    life.come_to_rest()
    life.pass_time(90)
    life.world.run("sync.completed", life.repositories[0])
    for _ in range(4):
        life.pass_time(40)
        life.watch.poll()

    assert 2 >= len(life.intake.remembered()), life.intake.remembered()
