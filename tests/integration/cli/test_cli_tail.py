"""The command tail as a process, with a real messaging server and with terminals."""

import json
import signal
from uuid import uuid4

import pytest

from tests.support.watching import CONTENT, publish_until_shown, watching

ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def test_tail_prints_a_line_for_each_change(pulp, watch_environment):
    """If its output is not a terminal; repeated records are not changes."""
    task = str(uuid4())
    with watching(watch_environment, "tail", "--task", task) as tail:
        publish_until_shown(tail, task, lambda: pulp.report(task, "waiting"))
        pulp.report(str(uuid4()), "running")
        pulp.report(task, "running", progress_report=CONTENT)
        pulp.report(task, "running", progress_report=CONTENT)
        pulp.report(task, "error", error={"description": "It is gone."})
        tail.wait_for(lambda tail: "It is gone." in tail.output)

    lines = [line.split("  ", 1)[1] for line in tail.output.splitlines()]
    expected = ["waiting   sync zoo", "running   sync zoo   75 % 30/40 content", "error     sync zoo  It is gone."]
    assert [f"{task}  {text}" for text in expected] == lines
    assert "" == tail.errors


def test_tail_prints_json_as_it_was_published(pulp, watch_environment):
    """One line per message, fields in their order, whatever form the body had; repeated ones too."""
    task = str(uuid4())
    document = {"zebra": 1.5, "task_id": task, "state": "running", "tags": [], "b": {"z": None, "a": "\u00e4\n"}}
    body = json.dumps(document, indent=4)
    with watching(watch_environment, "tail", "--task", task, "--json") as tail:
        publish_until_shown(tail, task, lambda: pulp.publish(task, f'{{"task_id": "{task}"}}'.encode()))
        pulp.publish(task, body.encode())
        pulp.publish(task, b"nonsense")
        pulp.publish(task, body.encode(), content_type="text/plain")
        tail.wait_for(lambda tail: tail.output.count("zebra") == 2)

    assert [json.dumps(document, separators=(",", ":"))] * 2 == tail.output.splitlines()[-2:]
    assert 1 == len(tail.errors.splitlines())


def test_tail_shows_only_the_chosen_states_and_repositories(pulp, watch_environment):
    """Each option may be given several times."""
    marker, repo = str(uuid4()), str(uuid4())
    chosen = ["--state", "error", "--state", "finished", "--repo", repo, "--repo", "other"]
    with watching(watch_environment, "tail", *chosen) as tail:
        publish_until_shown(tail, marker, lambda: pulp.report(marker, "error", repo=repo))
        for state, on in [("running", repo), ("error", "zoo"), ("finished", repo)]:
            pulp.report(f"{state}-{on}", state, repo=on)
        tail.wait_for(lambda tail: f"finished-{repo}" in tail.output)

    assert ["error", "finished"] == [line.split()[2] for line in tail.output.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_signal_ends_tail_with_the_exit_code_0(pulp, watch_environment, number, form):
    """Without an error message."""
    task = str(uuid4())
    with watching(watch_environment, "tail", *form) as tail:
        publish_until_shown(tail, task, lambda: pulp.report(task, "running"))
        tail.process.send_signal(number)

        assert 0 == tail.ended()
        assert "" == tail.errors


def test_tail_ends_when_its_reader_is_gone(pulp, watch_environment):
    """Even if it has nothing more to write, as after head has seen enough."""
    task = str(uuid4())
    with watching(watch_environment, "tail", "--task", task) as tail:
        publish_until_shown(tail, task, lambda: pulp.report(task, "running"))
        tail.close_output()

        assert 0 == tail.ended()
        assert "" == tail.errors


def test_tail_draws_a_table_on_a_terminal(pulp, watch_environment):
    """On the alternate screen; at the end the terminal is restored, and the last table is on it."""
    task = str(uuid4())
    with watching(watch_environment, "tail", "--task", task, on_terminal=True) as tail:
        publish_until_shown(tail, task[:8], lambda: pulp.report(task, "running", progress_report=CONTENT))
        pulp.report(task, "finished")
        tail.wait_for(lambda tail: "1 finished" in tail.output)
        tail.process.send_signal(signal.SIGINT)
        exit_code = tail.ended()

    screen, _, left = tail.output.partition(LEAVE_SCREEN)
    assert 0 == exit_code
    assert screen.startswith(ENTER_SCREEN)
    assert "Ctrl-C ends" in screen
    assert "sync zoo" in left
    assert SHOW_CURSOR in tail.output[tail.output.rindex(HIDE_CURSOR) :]
    assert "" == tail.errors


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(pulp, watch_environment):
    """Such as those of editors."""
    task = str(uuid4())
    with watching({**watch_environment, "TERM": "dumb"}, "tail", "--task", task, on_terminal=True) as tail:
        publish_until_shown(tail, task, lambda: pulp.report(task, "running"))

    assert "\x1b" not in tail.output
