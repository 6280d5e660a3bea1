"""Whatever happens in whatever order, no task's report follows a newer one, and the last one of each task arrives."""

import random
from collections import Counter, defaultdict

import pytest

from pulp_notifiers.broker.stream.confirms import Confirms
from pulp_notifiers.task_stream.batches import Batches
from pulp_notifiers.task_stream.document import message
from pulp_notifiers.task_stream.last_states import LastStates
from pulp_notifiers.task_stream.measuring import Measuring
from pulp_notifiers.task_stream.options import StreamOptions
from pulp_notifiers.task_stream.report_queue import ReportQueue
from tests.support.stream import number_of, numbered


class Clock:
    """Time that passes when it is read."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.01
        return self.now


class World:
    """A process that publishes, a server that may break at any message, and one consumer.

    :ivar put: number of reports by task.
    :ivar seen: what the consumer received of each task, by number.
    """

    def __init__(self, seed, tasks, room, most, most_bytes, ends_once):
        self.draw = random.Random(seed)
        self.tasks = [f"t{number}" for number in range(tasks)]
        self.ends_once = ends_once
        options = StreamOptions(most_reports=room, last_states=most, last_states_bytes=most_bytes)
        self.states = LastStates(most, most_bytes)
        self.queue = ReportQueue(lambda: True, room, self.states)
        self.batches = Batches(self.queue, options)
        self.measuring = Measuring(self.queue, self.batches, Clock())
        self.confirms = Confirms()
        self.sent = []
        self.arrived = 0
        self.put = Counter()
        self.seen = defaultdict(list)
        self.ended = {}
        self.published = self.lost = self.total = self.taken_back = 0

    def report(self):
        """Put a report of any task."""
        task = self.draw.choice(self.tasks)
        if self.ends_once and task in self.ended:
            return
        self.total += 1
        final = self.draw.random() < 0.1
        if final:
            self.ended[task] = self.total
        self.put[task] = self.total
        self.queue.put(numbered(self.total, task, "finished" if final else "running", self.draw.choice([0, 0, 500])))

    def send(self):
        """Send a batch; the server reads some of what it was sent."""
        messages, _ = self.batches.take(100)
        self.confirms.sent(messages)
        self.sent += messages
        self.read()

    def read(self):
        """Have the server read some messages, and answer some of those, in any order."""
        for one in self.sent[self.arrived : (now := self.draw.randint(self.arrived, len(self.sent)))]:
            self.seen[one.routing_key.removeprefix("tasks.")].append(number_of(one))
        self.arrived = now
        for number in self.draw.sample(range(1, now + 1), self.draw.randint(0, min(3, now))):
            self.confirms.taken(number, up_to=self.draw.random() < 0.3)
        self.count()

    def count(self):
        """Count what was confirmed."""
        self.published += len(self.confirms.take().taken)

    def breaks(self):
        """Lose the connection, and perhaps be away for a while."""
        if self.draw.random() < 0.6:
            self.queue.refuse()
        unanswered = self.confirms.unanswered()
        self.lost += len(self.confirms) - len(unanswered)
        self.taken_back += len(unanswered)
        self.queue.take_back(unanswered, [])
        self.confirms, self.sent, self.arrived = Confirms(), [], 0

    def drain(self):
        """Send everything to a server that works again."""
        self.queue.accept()
        while self.queue:
            self.send()
        self.arrived, before = len(self.sent), self.arrived
        for one in self.sent[before:]:
            self.seen[one.routing_key.removeprefix("tasks.")].append(number_of(one))
        self.confirms.taken(len(self.sent), up_to=True)
        self.count()

    def accounted(self):
        """Return how many reports are published, dropped, remembered, queued or on their way."""
        dropped, remembered = self.queue.dropped_and_remembered()
        queued = len(self.queue) - remembered
        return self.published + self.lost + dropped + remembered + queued + len(self.confirms)

    def happen(self, steps):
        """Do anything, many times."""
        for _ in range(steps):
            what = self.draw.random()
            if what < 0.6:
                self.report()
            elif what < 0.75:
                self.send()
            elif what < 0.85:
                self.read()
            elif what < 0.9:
                self.breaks()
            elif what < 0.95:
                self.queue.refuse() if self.draw.random() < 0.5 else self.queue.accept()
            else:
                self.measuring.go_on(1)
            if self.draw.random() < 0.1:  # reading the counts moves reports
                assert self.total == self.accounted()
            assert len(self.states) <= self.states.most
            assert self.states.unrendered == sum(entry.item not in self.rendered() for entry in self.states.entries())

    def rendered(self):
        """Return the messages among what is remembered."""
        return [entry.item for entry in self.states.entries() if hasattr(entry.item, "body")]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("ends_once", [True, False])
def test_no_report_follows_a_newer_one_and_each_last_one_arrives(seed, ends_once):
    """Messages that a broken connection left in doubt may arrive twice, but never after a newer one."""
    world = World(
        seed, tasks=12, room=random.Random(seed).choice([1, 5, 40]), most=100, most_bytes=10**9, ends_once=ends_once
    )

    world.happen(500)
    world.drain()

    for seen in world.seen.values():
        assert sorted(seen) == seen
    assert dict(world.put) == {task: seen[-1] for task, seen in world.seen.items()}
    if ends_once:
        assert all(world.seen[task][-1] == number for task, number in world.ended.items())
    assert world.total == world.accounted()
    assert 0 == world.states._bytes == world.states.unrendered


@pytest.mark.parametrize("seed", range(15))
def test_limits_cost_reports_but_never_their_order(seed):
    """Nor the sum of the counts."""
    limits = random.Random(seed)
    world = World(
        seed,
        tasks=40,
        room=limits.choice([1, 5, 40]),
        most=limits.choice([0, 1, 10]),
        most_bytes=limits.choice([500, 5000]),
        ends_once=False,
    )

    world.happen(500)
    world.drain()

    for seen in world.seen.values():
        assert sorted(seen) == seen
    assert world.total == world.accounted()


def test_the_number_of_a_report_can_be_read_from_its_message():
    """The tests above depend on it."""
    assert 7 == number_of(message(numbered(7, "t1", "running", 10)))
