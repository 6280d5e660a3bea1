"""What is remembered while the server takes nothing, within which limits, and at what moment it is measured."""

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pulp_notifiers.task_stream.batches import Batches
from pulp_notifiers.task_stream.document import message
from pulp_notifiers.task_stream.last_states import LastStates
from pulp_notifiers.task_stream.measuring import Measuring
from pulp_notifiers.task_stream.options import StreamOptions
from pulp_notifiers.task_stream.report_queue import ReportQueue
from tests.support.stream import REPORT, number_of, numbered

FINAL = ("finished", "error", "canceled", "skipped")


def refusing_queue(most=100, most_bytes=10**9):
    """Return a queue during an outage."""
    queue = ReportQueue(lambda: True, 4096, LastStates(most, most_bytes))
    queue.refuse()
    return queue


def put(queue, *reports):
    """Put reports with the numbers 1, 2, ...: each a task, and a state or nothing for progress."""
    for number, (task, *state) in enumerate(reports, start=1):
        queue.put(numbered(number, task, *state))
    assert [] == queue.passed_markers()  # moves the reports


def drained(queue):
    """Return the numbers of the messages that are sent after the outage."""
    queue.accept()
    messages, _ = Batches(queue, StreamOptions()).take(100)
    assert all(one.late for one in messages)
    return [number_of(one) for one in messages]


@pytest.mark.parametrize(
    ("reports", "kept"),
    [
        ("a b a", [3, 2]),
        ("a! b a", [1, 2, 3]),
        ("a a!", [2]),
        ("a! a a!", [3]),
        ("a! a a", [1, 3]),
        ("a b! c d!", [2, 4, 1, 3]),
        ("a! a!", [2]),
        ("a b c b a", [5, 4, 3]),
    ],
)
@pytest.mark.parametrize("final", FINAL)
def test_the_newest_state_of_each_task_is_kept_and_no_progress_hides_an_end(reports, kept, final):
    """Ends are sent first; a report takes the place of the older one that it replaces."""
    queue = refusing_queue()

    put(queue, *([one[0], final] if one.endswith("!") else [one] for one in reports.split()))

    assert (len(reports.split()) - len(kept), len(kept)) == queue.dropped_and_remembered()
    assert kept == drained(queue)


def test_tasks_are_told_apart_by_their_whole_id():
    """And an id that is no text is the same as its text."""
    queue = refusing_queue()

    put(queue, ["a.b"], ["a"], ["A"], ["7"], [7])

    assert [1, 2, 3, 5] == drained(queue)


def test_what_is_no_report_is_dropped():
    """It could not be published later either."""
    queue = refusing_queue()

    for bad in (None, replace(REPORT, state=[]), REPORT):
        queue.put(bad)

    assert (2, 1) == queue.dropped_and_remembered()


@pytest.mark.parametrize(
    ("most", "kept"), [(0, []), (1, [4]), (2, [4, 5]), (3, [4, 5, 3]), (4, [4, 5, 2, 3]), (5, [4, 5, 1, 2, 3])]
)
def test_the_oldest_progress_makes_room_for_more_and_then_the_oldest_end(most, kept):
    """A remembered end is dropped only for another end."""
    queue = refusing_queue(most)

    put(queue, ["a"], ["b"], ["c"], ["d", "error"], ["e", "error"])

    # Of one place the newest end gets it, even if only progress was there.
    expected = [5] if most == 1 else kept
    assert (5 - len(expected), len(expected)) == queue.dropped_and_remembered()
    assert expected == drained(queue)


def test_the_size_of_what_is_remembered_is_bounded():
    """One report that is too large by itself costs no other."""
    queue = refusing_queue(most_bytes=12_000)
    measuring = Measuring(queue, Batches(queue, StreamOptions()), iter(range(1000)).__next__)
    put(queue, ["a"], ["b", "running", 20_000], ["c", "finished", 8000], ["d", "running", 1000], ["e"])
    assert 5 == queue.unrendered
    while queue.unrendered:
        measuring.go_on(1)
    first = queue.dropped_and_remembered()

    put(queue, ["f", "finished", 3000])
    while queue.unrendered:
        measuring.go_on(1)

    assert (1, 4) == first
    assert [3, 1, 5] == drained(queue)


def test_reports_that_are_not_rendered_count_with_the_mean_size():
    """Of those rendered, or else of those sent before."""
    queue = refusing_queue(most_bytes=10_000)
    queue.limit_bytes(10**9, 1000)

    put(queue, *([f"t{number}"] for number in range(100)))

    assert (90, 10) == queue.dropped_and_remembered()


def test_each_remembered_report_is_rendered_once_and_only_for_a_share_of_the_time(caplog):
    """Also while reports replace each other; those without a JSON form are found then."""
    now = [0.0]

    def clock():
        now[0] += 0.0004
        return now[0]

    queue = refusing_queue()
    batches = Batches(queue, StreamOptions())
    measuring = Measuring(queue, batches, clock)
    put(queue, *([f"t{number}"] for number in range(50)))
    queue.put(replace(REPORT, task_id="t7", result=object()))
    queue.passed_markers()
    rounds, began = 0, now[0]
    while queue.unrendered:
        wait = measuring.go_on(1.0)
        assert wait > 0
        left = queue.unrendered
        measuring.go_on(1.0)
        assert left == queue.unrendered
        now[0] += wait
        rounds += 1

    assert (1, 49) == queue.dropped_and_remembered()
    assert 1 == batches.unrenderable
    assert ["unable to convert document to JSON; event message not sent"] == caplog.messages
    assert 1.0 == measuring.go_on(1.0)
    assert 10 < rounds
    assert (now[0] - began) * 0.1 > rounds * 0.0012


class Interrupting(str):
    """A state at which a signal arrives while the report is being moved."""

    __slots__ = ()

    def __hash__(self):
        signal.raise_signal(signal.SIGUSR1)
        return super().__hash__()


def test_a_signal_handler_may_put_while_the_thread_that_it_interrupts_moves_reports():
    """Its report is moved afterwards, and is newer."""
    queue = refusing_queue()
    usual = signal.signal(signal.SIGUSR1, lambda *_: queue.put(numbered(2, "a", "finished")))
    try:
        queue.put(replace(numbered(1, "a"), state=Interrupting("running")))
        queue.passed_markers()
    finally:
        signal.signal(signal.SIGUSR1, usual)

    assert (1, 1) == queue.dropped_and_remembered()
    assert [2] == drained(queue)


def test_a_signal_handler_may_put_into_a_queue_that_is_full_while_reports_are_moved():
    """The thread that it interrupted moves its report, too."""
    queue = refusing_queue(most=1000)
    usual = signal.signal(signal.SIGUSR1, lambda *_: queue.put(numbered(2, "a", "finished")))
    try:
        queue.put(replace(numbered(1, "a"), state=Interrupting("running")))
        for number in range(256):
            queue.put(numbered(number, f"t{number}"))
    finally:
        signal.signal(signal.SIGUSR1, usual)

    assert 257 == len(queue)
    assert (1, 257) == queue.dropped_and_remembered()


def test_a_signal_handler_may_close_while_the_thread_that_it_interrupts_moves_reports():
    """And read the counts: the lock is reentrant."""
    queue = refusing_queue()

    def close(*_):
        queue.close()
        queue.dropped_and_remembered()
        queue.drop_all(True)

    usual = signal.signal(signal.SIGUSR1, close)
    try:
        queue.put(replace(REPORT, state=Interrupting("running")))
        queue.passed_markers()
        queue.put(REPORT)
    finally:
        signal.signal(signal.SIGUSR1, usual)

    assert (2, 0) == queue.dropped_and_remembered()


def test_a_marker_that_follows_a_report_put_after_closing_is_not_lost():
    """As another thread may put it before the report is dropped."""
    queue = ReportQueue(lambda: True, 10, LastStates(10, 10**9))
    markers = []

    def put_marker(frame, event, _):
        if event == "call" and frame.f_code.co_name == "_drop_newest":
            sys.setprofile(None)
            markers.append(queue.put_marker())

    queue.close()
    sys.setprofile(put_marker)
    try:
        queue.put(REPORT)
    finally:
        sys.setprofile(None)
    queue.drop_all(True)

    assert markers[0].wait(0)
    assert (1, 0) == queue.dropped_and_remembered()


def test_a_report_that_a_newer_one_replaced_while_it_was_rendered_is_not_kept():
    """Nor does it count as one without a JSON form."""
    queue = refusing_queue()
    put(queue, ["a"])
    [(entry, report)] = queue.to_render()
    put(queue, ["a", "finished"], ["a"])

    forgotten = [queue.rendered(entry, report, made) for made in (message(report), None)]

    assert [False, False] == forgotten
    assert (1, 2) == queue.dropped_and_remembered()
    assert [1, 2] == drained(queue)


def test_a_marker_is_passed_when_the_reports_before_it_are_gone():
    """Reports after it may be remembered still; one that replaces an older one keeps its place."""
    queue = refusing_queue()
    for task in "ab":
        queue.put(numbered(1, task))
    marker = queue.put_marker()
    for task in "ac":
        queue.put(numbered(2, task))
    waiting = queue.passed_markers()
    queue.accept()

    taken = [queue.take() for _ in range(4)]

    assert [] == waiting
    assert ["a", "b"] == [entry.item.task_id for entry in taken[:2]]
    assert marker is taken[2]
    assert "c" == taken[3].item.task_id


def test_a_marker_waits_for_messages_that_are_taken_back():
    """They are sent first again, before what was put after the marker."""
    queue = ReportQueue(lambda: True, 10, LastStates(10, 10**9))
    batches = Batches(queue, StreamOptions())
    for number, task in enumerate("ab", start=1):
        queue.put(numbered(number, task))
    marker = queue.put_marker()
    messages, taken = batches.take(100)
    queue.put(numbered(3, "c"))
    queue.refuse()

    queue.take_back(messages, [taken])
    waiting = queue.passed_markers()
    queue.accept()

    assert marker is taken
    assert [] == waiting
    assert messages == batches.take(100)[0]
    assert [3] == [number_of(one) for one in batches.take(100)[0]]


def test_markers_that_nobody_waits_for_are_forgotten():
    """Else each flush in a long outage would leave one."""
    queue = refusing_queue()
    put(queue, ["a"])
    for _ in range(100):
        assert not queue.put_marker().wait(0)
        assert [] == queue.passed_markers()

    assert 2 == len(queue)


def test_threads_that_put_in_an_outage_move_reports_themselves():
    """So that no more wait than a bound, even if the reader never gets a turn."""
    queue = refusing_queue(most=10)
    longest = []

    def work(thread):
        for number in range(5000):
            queue.put(numbered(number, f"t{thread}-{number}"))
            longest.append(len(queue))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    assert max(longest) < 4096
    assert (39_990, 10) == queue.dropped_and_remembered()
