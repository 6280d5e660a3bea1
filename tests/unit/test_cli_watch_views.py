"""What the commands tail and wait make of tasks: lines, tables, and which tasks have a place in them."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from pulp_notifiers.cli.watch.board import Board
from pulp_notifiers.cli.watch.lines import ChangedLines
from pulp_notifiers.cli.watch.messages import TaskMessages
from pulp_notifiers.cli.watch.table import STYLES, Surroundings, board_view, final_view, task_line
from pulp_notifiers.cli.watch.task import SeenTask, Wanted, seen
from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.task import TASK_STATES

NOW = datetime(2016, 4, 29, 16, 20, 0, tzinfo=UTC)
EVERYTHING = Wanted()
CONTENT = {"importer": {"content": {"state": "IN_PROGRESS", "items_total": 40, "items_left": 10}}}


def document(task_id="3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b", state="running", repo="zoo", **fields):
    """Return a document of the stream."""
    return {"task_id": task_id, "state": state, "tags": [f"pulp:repository:{repo}", "pulp:action:sync"], **fields}


def task(task_id="3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b", state="running", repo="zoo", **fields):
    """Return what a person sees of it."""
    return seen(document(task_id, state, repo, **fields))


def after(seconds):
    """Return a later time."""
    return NOW + timedelta(seconds=seconds)


def drawn(view, width=80, height=24):
    """Return the lines of something drawn, without trailing blanks."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, height=height, color_system=None, force_terminal=True, legacy_windows=False
    )
    console.print(view(console), end="")
    return [line.rstrip() for line in file.getvalue().splitlines()]


def screen(board, now=NOW, around=None, **size):
    """Return the whole screen of a board."""
    around = around or Surroundings("amqp://broker:5672")
    return drawn(lambda console: board_view(board, around, console, now), **size)


def ids(board, now=NOW):
    """Return the tasks of a board in their order."""
    return [row.task.task_id for row in board.rows(now)]


def test_a_document_says_what_is_done_to_what():
    """By its tags."""
    expected = ("sync zoo", ("zoo",), "running")

    found = task()

    assert expected == (found.work, found.repositories, found.state)


def test_without_tags_the_type_of_the_task_is_its_work():
    """Its last word."""
    assert "orphans" == seen({"task_id": "t", "task_type": "pulp.server.tasks.orphans"}).work


def test_other_tags_say_what_it_is_about():
    """Their last part."""
    assert "update web-1" == seen({"task_id": "t", "tags": ["pulp:consumer:web-1", "pulp:action:update"]}).work


def test_a_record_without_a_state_waits():
    """Pulp always wrote one, others may not."""
    assert "waiting" == seen({"task_id": "t"}).state


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"error": {"code": "PLP0001", "description": "It is gone."}}, "It is gone."),
        ({"error": {"code": "PLP0001"}}, "PLP0001"),
        ({"error": {"description": "first\nsecond"}}, "first second"),
        ({"error": "It is gone."}, "It is gone."),
        ({"error": {}, "traceback": "Traceback\n  File x\nValueError: no\n"}, "ValueError: no"),
        ({"traceback": ["ValueError: no"]}, None),
        ({"error": 7, "exception": "ValueError: no"}, "ValueError: no"),
        ({}, None),
    ],
)
def test_the_failure_is_the_best_sentence_there_is(fields, expected):
    """In one line."""
    assert expected == task(state="error", **fields).failure


@pytest.mark.parametrize(
    "fields",
    [
        {"state": 7, "tags": "pulp:repository:zoo"},
        {"state": None, "tags": [None, 7, {}]},
        {"state": [], "tags": {}, "progress_report": 7},
        {"start_time": 7, "finish_time": "yesterday"},
        {"start_time": "0001-01-01T00:00:00+23:59", "finish_time": "9999-12-31T23:59:59-23:59"},
    ],
)
def test_a_document_may_hold_anything(fields):
    """What is not understood is left out."""
    board = Board(EVERYTHING)

    board.note(seen({"task_id": "t", **fields}), NOW)

    assert ["t"] == ids(board)
    assert any("waiting" in line for line in screen(board))


def test_no_text_of_a_task_can_steer_the_terminal():
    """Escape sequences are shown as what they are."""
    evil = "\x1b[2J\x07"
    found = seen(
        {
            "task_id": evil,
            "state": evil,
            "tags": [f"pulp:repository:{evil}", f"pulp:action:{evil}", evil],
            "task_type": evil,
            "progress_report": {evil: {"state": "running", "total": 3, "done": 1}},
            "error": {"description": evil},
        }
    )
    board = Board(EVERYTHING)

    board.note(found, NOW)

    shown = "".join(screen(board)) + str(ChangedLines().line(found, NOW)) + "".join(found.repositories)
    assert [] == [letter for letter in shown if ord(letter) < 32]
    assert found.failure == "\\x1b[2J\\x07"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), True),
        (Wanted(states=["running", "error"]), True),
        (Wanted(states=["error"]), False),
        (Wanted(repositories=["zoo"]), True),
        (Wanted(repositories=["zo"]), False),
        (Wanted(["running"], ["bear", "zoo"]), True),
        (Wanted(["error"], ["zoo"]), False),
    ],
)
def test_states_and_repositories_choose_tasks(wanted, expected):
    """Any of each, and one of both."""
    assert expected == wanted.takes(task())


def test_a_change_is_a_line():
    """Time, task, state, work and progress."""
    line = ChangedLines().line(task(progress_report=CONTENT), NOW)

    assert "16:20:00  3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b  running   sync zoo   75 % 30/40 content" == line


def test_the_line_of_a_failure_says_why():
    """In the place of progress."""
    line = ChangedLines().line(task(state="error", error={"description": "It is gone."}), NOW)

    assert "16:20:00  3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b  error     sync zoo  It is gone." == line


def test_what_looks_like_before_is_no_line():
    """Per task."""
    changed = ChangedLines()
    lines = [changed.line(one, NOW) for one in (task(), task(), task("other"), task(), task(state="finished"), task())]

    assert [True, False, True, False, True, True] == [line is not None for line in lines]


def test_tasks_that_go_on_stand_above_those_that_ended():
    """And those whose state changed last above others; steps of progress move nothing."""
    board = Board(EVERYTHING)
    for position, (task_id, state) in enumerate(
        [("a", "waiting"), ("b", "running"), ("c", "running"), ("c", "finished"), ("a", "running")]
    ):
        board.note(task(task_id, state), after(position))
    board.note(task("b", "running", progress_report=CONTENT), after(9))

    assert ["a", "b", "c"] == ids(board, after(9))


def test_a_task_that_ended_leaves_after_a_while():
    """And one that nobody speaks of any more after a long while."""
    board = Board(EVERYTHING, keep_ended=timedelta(seconds=60), keep_silent=timedelta(seconds=3600))
    board.note(task("ended", "finished"), NOW)
    board.note(task("silent", "running"), NOW)

    assert ["silent", "ended"] == ids(board, after(59))
    assert ["silent"] == ids(board, after(60))
    assert [] == ids(board, after(3600))


def test_a_task_that_is_no_longer_wanted_leaves_at_once():
    """As one that ended, where only those at work are shown."""
    board = Board(Wanted(states=["running"]))
    board.note(task("a"), NOW)
    board.note(task("b"), NOW)
    board.note(task("a", "finished"), NOW)

    assert ["b"] == ids(board)
    assert 3 == board.messages


def test_a_board_remembers_so_many_tasks():
    """And forgets those that ended before others."""
    board = Board(EVERYTHING, most=2)
    for position, (task_id, state) in enumerate([("a", "running"), ("b", "finished"), ("c", "running")]):
        board.note(task(task_id, state), after(position))

    assert ["c", "a"] == ids(board, after(3))


def test_the_rate_is_that_of_the_last_seconds():
    """The one that is not over does not count."""
    board = Board(EVERYTHING)
    for second in range(3):
        for _ in range(10):
            board.note(task(), after(second))

    assert 4.0 == board.rate(after(2))
    assert 6.0 == board.rate(after(3))
    assert 0.0 == board.rate(after(60))


def test_the_screen_in_80_columns():
    """A heading, a line per task, blank lines down to the status at the bottom."""
    board = Board(EVERYTHING)
    start = "2016-04-29T16:19:00Z"
    board.note(task("11111111-1", "running", start_time=start, progress_report=CONTENT), NOW)
    gone = {"description": "The mirror is gone, and so is everything that was on it."}
    board.note(
        task("22222222-2", "error", "bear", start_time=start, finish_time="2016-04-29T16:19:05Z", error=gone), NOW
    )
    board.note(task("33333333-3", "finished", start_time=start, finish_time="2016-04-29T17:19:59Z"), NOW)

    expected = [
        "State    Task     Work                    Progress                          Time",
        "running  11111111 sync zoo                ━━━━━━━───  75 % 30/40 content    1:00",
        "error    22222222 sync bear               The mirror is gone, and so is…    0:05",
        "finished 33333333 sync zoo                ━━━━━━━━━━                     1:00:59",
        "",
        "",
        "1 running, 1 finished, 1 error · 3 messages, 0/s",
        "Connected to amqp://broker:5672 · Ctrl-C ends",
    ]
    assert expected == screen(board, height=8)


def test_a_wide_screen_has_whole_ids():
    """Long enough to copy one."""
    board = Board(EVERYTHING)
    board.note(task(), NOW)

    assert "3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b" in screen(board, width=120)[1]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 10), (20, 5), (5, 3), (1, 1)])
def test_the_screen_fits_the_terminal(width, height):
    """However many tasks there are; what has no place is counted."""
    board = Board(EVERYTHING)
    for number in range(60):
        board.note(task(f"task-{number}", repo="a-repository-with-a-long-name" * 2, progress_report=CONTENT), NOW)

    lines = screen(board, width=width, height=height)

    assert all(len(line) <= width for line in lines)
    assert max(height, 5) >= len(lines)
    if width >= 80:
        assert f"{60 - (height - 4)} below the edge" in lines[-2]


def test_the_status_says_what_is_left_out():
    """And what was told last."""
    around = Surroundings("amqp://broker:5672", "only error", notice="Connected again after 3 s.")

    first, second = screen(Board(EVERYTHING), around=around)[-2:]

    assert "no tasks · 0 messages, 0/s · only error" == first
    assert "Connected to amqp://broker:5672 · Connected again after 3 s." == second


def test_the_status_says_that_nothing_can_be_heard():
    """For how long, and why."""
    around = Surroundings("amqp://broker:5672", trouble="it is away", trouble_seconds=7.2)

    assert (
        "Not connected to amqp://broker:5672 for 7 s, trying again · it is away"
        == screen(Board(EVERYTHING), around=around)[-1]
    )


def test_every_state_has_a_colour():
    """Of those that Pulp has; another is shown without."""
    assert set(TASK_STATES) == set(STYLES)


def test_without_unicode_bars_are_plain():
    """A terminal in another encoding shows no question marks."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="backslashreplace")
    console = Console(file=file, width=80, height=8, color_system=None, force_terminal=True, legacy_windows=False)
    board = Board(EVERYTHING)
    board.note(task(progress_report=CONTENT, repo="b\u00e4r" + "-long" * 20), NOW)

    console.print(board_view(board, Surroundings("amqp://broker"), console, NOW))
    file.flush()

    shown = file.buffer.getvalue()
    assert b"#######---  75 %" in shown
    assert rb"sync b\xe4r-long" in shown
    assert rb"\u" not in shown


def test_at_the_end_the_table_stays():
    """Or a sentence where there is none."""
    board = Board(EVERYTHING)
    empty = drawn(lambda console: final_view(board, console, NOW))
    board.note(task(), NOW)

    assert ["No task was heard of."] == empty
    assert "sync zoo" in drawn(lambda console: final_view(board, console, NOW))[1]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (task(progress_report=CONTENT), "running   sync zoo  ━━━━━━━━━───  75 % 30/40 content"),
        (task(state="finished"), "finished  sync zoo  ━━━━━━━━━━━━"),
        (task(state="error", error="It is gone."), "error     sync zoo"),
        (task(state="waiting"), "waiting   sync zoo"),
    ],
)
def test_one_task_is_one_line(shown, expected):
    """As wait draws it."""
    assert [expected] == drawn(lambda console: task_line(shown, 12, ascii_only=False))


class ScriptedWatch:
    """A connection that hears what a list says; an exception in it is the end."""

    def __init__(self, heard):
        self.heard = list(heard)
        self.closed = False

    def receive(self, seconds):
        item = self.heard.pop(0) if self.heard else []
        if isinstance(item, Exception):
            raise item
        return item

    def close(self, seconds):
        self.closed = True

    def discard(self):
        self.closed = True


class Connections:
    """Opens the watches of a list one after the other."""

    def __init__(self, *openings):
        self.openings = list(openings)
        self.told = []
        self.now = 0.0

    def open(self):
        opening = self.openings.pop(0)
        if isinstance(opening, Exception):
            raise opening
        return opening

    def sleep(self, seconds):
        self.now += seconds

    def messages(self):
        return TaskMessages(self.open, self.told.append, clock=lambda: self.now, sleep=self.sleep)


def test_an_outage_is_told_once_and_its_end_once():
    """However many attempts it takes."""
    first, second = ScriptedWatch([TemporaryFailure("it broke")]), ScriptedWatch([[b'{"task_id": "t"}']])
    connections = Connections(first, *[TemporaryFailure("it is away")] * 5, second)
    messages = connections.messages()

    heard, outages = [], set()
    while not heard:
        heard = list(messages.receive(0.1))
        outages.add(messages.outage)

    assert [{"task_id": "t"}] == heard
    assert first.closed
    assert {"it broke", "it is away", None} == outages
    assert 2 == len(connections.told)
    assert connections.told[0].endswith("is tried again: it broke")
    assert connections.told[1].startswith("Connected again after ")


def test_the_first_connection_must_succeed():
    """Because nobody waits for a server whose name was mistyped."""
    with pytest.raises(TemporaryFailure, match="it is away"):
        Connections(TemporaryFailure("it is away")).messages()


def test_messages_that_hold_no_task_are_told_once():
    """And counted."""
    connections = Connections(ScriptedWatch([[b"nonsense", b"{}", b'{"task_id": "t"}', b"\xff"]]))
    messages = connections.messages()

    assert [{"task_id": "t"}] == list(messages.receive(0.1))
    assert 3 == messages.unreadable
    assert 1 == len(connections.told)


def test_closing_closes_the_connection():
    """And may be done twice."""
    watch = ScriptedWatch([])
    messages = Connections(watch).messages()

    messages.close()
    messages.close()

    assert watch.closed


def test_a_task_is_what_the_document_says():
    """Nothing more is made up."""
    assert SeenTask("t", "waiting") == seen({"task_id": "t", "state": "waiting"})
