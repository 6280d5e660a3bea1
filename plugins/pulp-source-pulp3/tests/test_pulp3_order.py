"""The end of a task is reported before the start of the next task of the same repository."""

import pytest
from pulp3_direct import DirectClient, poll_of
from pulp3_intake import WatchIntake
from pulp3_world import World


class Queue:
    """A repository whose tasks run one after the other, and its watch, which reads pages of two tasks."""

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
        """Create waiting tasks, one each second."""
        for _ in range(count):
            self.world.clock.advance(1)
            self.tasks.append(self.world.dispatch("sync.completed", self.zoo))

    def start(self, number: int) -> None:
        """Let a task start."""
        self.world.clock.advance(1)
        self.world.start(self.tasks[number])

    def next(self, ended: int, started: int) -> None:
        """Let one task end and another one start."""
        self.world.finish(self.tasks[ended])
        self.start(started)

    def next_before(self, request: int, ended: int, started: int) -> None:
        """Let one task end and another one start right before a request is answered, counted from now on."""
        left = [request]

        def count() -> None:
            left[0] -= 1
            if left[0] == 0:
                self.next(ended, started)

        self.client.before = count

    def reported(self, ended: int, started: int) -> tuple[bool, bool]:
        """Return whether the end of a task and the start of another were reported, and whether in this order."""
        states = self.intake.states()
        end, start = (self.tasks[ended].id, "finished"), (self.tasks[started].id, "running")
        both = end in states and start in states
        return both, both and states.index(end) < states.index(start)


@pytest.fixture
def queue():
    """Return a repository without tasks."""
    return Queue()


def test_a_task_from_before_an_outage_ends_before_later_ones_start(queue):
    """The new tasks take several pages, and the old one is on none of them."""
    queue.dispatch(1)
    queue.start(0)
    queue.watch.poll()
    queue.dispatch(6)
    for number in range(6):
        queue.next(number, number + 1)
    queue.watch.poll()

    assert [(True, True)] * 6 == [queue.reported(number, number + 1) for number in range(6)]


@pytest.mark.parametrize("request_number", range(1, 16))
def test_a_task_that_ends_between_two_pages_ends_before_the_next_starts(queue, request_number):
    """Its own page shows it running, and the next page shows that another one runs."""
    queue.dispatch(6)
    queue.start(0)
    queue.next_before(request_number, 0, 4)
    for _ in range(2):
        queue.watch.poll()

    assert queue.reported(0, 4) in {(True, True), (False, False)}


@pytest.mark.parametrize("waiting", [110, 300])
@pytest.mark.parametrize("request_number", range(1, 9))
def test_a_task_that_ends_between_two_requests_ends_before_the_next_starts(waiting, request_number):
    """More tasks are unfinished than one request can name."""
    queue = Queue(page=500)
    queue.dispatch(waiting)
    queue.start(0)
    queue.watch.poll()
    queue.world.clock.advance(90)
    queue.watch.poll()
    queue.next_before(request_number, 0, waiting - 2)
    for _ in range(3):
        queue.watch.poll()

    assert queue.reported(0, waiting - 2) in {(True, True), (False, False)}


def test_a_running_task_is_reported_after_all_older_ones_were_seen():
    """In a deep backlog, the list of running tasks includes tasks created after the list of new ones."""
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

    assert (True, True) == queue.reported(200, 201)
