"""A task of a repository is told to have ended before it is told that the next one began."""

import pytest
from pulp3_direct import DirectClient, poll_of
from pulp3_intake import WatchIntake
from pulp3_world import World


class Queue:
    """A repository whose tasks run one after the other, and the watch over it, which is told two tasks at a time."""

    def __init__(self, page: int = 2) -> None:
        self.world = World()
        self.intake = WatchIntake()
        self.zoo = self.world.add_repository("zoo")
        self.world.run("sync.completed", self.zoo)
        self.client = DirectClient(self.world)
        self.watch = poll_of(self.world, self.intake, self.client, page=page)
        self.watch.begin(None)
        self.tasks = []

    def dispatch(self, count: int) -> None:
        """Let tasks wait, one of them a second."""
        for _ in range(count):
            self.world.clock.advance(1)
            self.tasks.append(self.world.dispatch("sync.completed", self.zoo))

    def start(self, number: int) -> None:
        """Let a task begin."""
        self.world.clock.advance(1)
        self.world.start(self.tasks[number])

    def next(self, ended: int, begun: int) -> None:
        """Let one task end and another one begin."""
        self.world.finish(self.tasks[ended])
        self.start(begun)

    def next_before(self, question: int, ended: int, begun: int) -> None:
        """Let one task end and another one begin before so many questions from now on were answered."""
        left = [question]

        def count() -> None:
            left[0] -= 1
            if left[0] == 0:
                self.next(ended, begun)

        self.client.before = count

    def told(self, ended: int, begun: int) -> tuple[bool, bool]:
        """Return whether an end and a beginning were told, the end first."""
        states = self.intake.states()
        end, beginning = (self.tasks[ended].id, "finished"), (self.tasks[begun].id, "running")
        both = end in states and beginning in states
        return both, both and states.index(end) < states.index(beginning)


@pytest.fixture
def queue():
    """Return a repository without tasks."""
    return Queue()


def test_what_ran_before_an_outage_ends_before_what_came_after_it(queue):
    """Although what is new takes several pages, and it stands on none of them."""
    queue.dispatch(1)
    queue.start(0)
    queue.watch.poll()
    queue.dispatch(6)
    for number in range(6):
        queue.next(number, number + 1)
    queue.watch.poll()

    assert [(True, True)] * 6 == [queue.told(number, number + 1) for number in range(6)]


@pytest.mark.parametrize("question", range(1, 16))
def test_a_task_that_ends_between_two_pages_ends_before_the_next_begins(queue, question):
    """Its own page shows that it runs, and the next page that another one does."""
    queue.dispatch(6)
    queue.start(0)
    queue.next_before(question, 0, 4)
    for _ in range(2):
        queue.watch.poll()

    assert queue.told(0, 4) in {(True, True), (False, False)}


@pytest.mark.parametrize("waiting", [110, 300])
@pytest.mark.parametrize("question", range(1, 9))
def test_a_task_that_ends_between_two_questions_ends_before_the_next_begins(waiting, question):
    """More tasks are unfinished than one question may be about."""
    queue = Queue(page=500)
    queue.dispatch(waiting)
    queue.start(0)
    queue.watch.poll()
    queue.world.clock.advance(90)
    queue.watch.poll()
    queue.next_before(question, 0, waiting - 2)
    for _ in range(3):
        queue.watch.poll()

    assert queue.told(0, waiting - 2) in {(True, True), (False, False)}


def test_what_runs_is_told_after_all_that_is_older_was_seen():
    """Of a deep backlog those that run are listed, also such as were created after the list of what is new."""
    queue = Queue(page=500)
    queue.dispatch(200)
    queue.watch.poll()

    def run_two() -> None:
        queue.client.before = lambda: None
        queue.dispatch(2)
        queue.start(200)
        queue.next(200, 201)

    asked = []
    queue.client.before = lambda: asked.append(1) or (run_two() if len(asked) == 2 else None)
    for _ in range(2):
        queue.watch.poll()

    assert (True, True) == queue.told(200, 201)
