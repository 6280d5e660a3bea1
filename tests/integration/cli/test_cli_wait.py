"""The command wait as a process, with a real messaging server and with terminals."""

import signal
from uuid import uuid4

import pytest

from tests.support.watching import CONTENT, publish_until_shown, watching

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.mark.parametrize(
    ("state", "expected", "notices"),
    [
        ("finished", 0, ""),
        ("skipped", 0, "Task {} ended as skipped."),
        ("error", 1, "Task {} ended as error: It is gone."),
        ("canceled", 2, "Task {} ended as canceled."),
    ],
)
def test_the_exit_code_of_wait_says_how_the_task_ended(pulp, watch_environment, state, expected, notices):
    """Earlier changes are printed as lines."""
    task = str(uuid4())
    with watching(watch_environment, "wait", task) as wait:
        publish_until_shown(wait, task, lambda: pulp.report(task, "running", progress_report=CONTENT))
        error = {"error": {"description": "It is gone."}} if state == "error" else {}
        pulp.report(task, state, **error)

        assert expected == wait.ended()
        assert notices.format(task) == wait.errors.strip()
        assert [f"{task}  running   sync zoo   75 % 30/40 content", state] == [
            wait.output.splitlines()[0].split("  ", 1)[1],
            wait.output.splitlines()[1].split()[2],
        ]


def test_wait_gives_up_after_its_timeout(watch_environment):
    """With the exit code of the program timeout."""
    task = str(uuid4())
    with watching(watch_environment, "wait", task, "--timeout", "0.2") as wait:
        assert 124 == wait.ended()
        assert f"Task {task} has not ended within 0.2 s.\n" == wait.errors


def test_wait_says_once_that_there_is_no_message_about_the_task(watch_environment):
    """A task that had ended before sends none."""
    task = str(uuid4())
    with watching(watch_environment, "wait", task, "--timeout", "6") as wait:
        assert 124 == wait.ended()
        assert [f"No message about task {task} yet", f"Task {task} has not ended within 6 s"] == [
            line.split(".")[0] for line in wait.errors.splitlines()
        ]


def test_wait_continues_when_its_reader_is_gone(pulp, watch_environment):
    """The caller may want its exit code."""
    task = str(uuid4())
    with watching(watch_environment, "wait", task) as wait:
        publish_until_shown(wait, task, lambda: pulp.report(task, "waiting"))
        wait.close_output()
        pulp.report(task, "running")
        pulp.report(task, "canceled")

        assert 2 == wait.ended()
        assert f"Task {task} ended as canceled." == wait.errors.splitlines()[-1]


def test_an_interrupted_wait_has_the_exit_code_of_an_interrupt(pulp, watch_environment):
    """The task has not ended, so no code for its end is right."""
    task = str(uuid4())
    with watching(watch_environment, "wait", task) as wait:
        publish_until_shown(wait, task, lambda: pulp.report(task, "running"))
        wait.process.send_signal(signal.SIGINT)

        assert 130 == wait.ended()


def test_wait_draws_one_line_on_a_terminal(pulp, watch_environment):
    """Its last state stays."""
    task = str(uuid4())
    with watching(watch_environment, "wait", task, on_terminal=True) as wait:
        publish_until_shown(wait, "75 %", lambda: pulp.report(task, "running", progress_report=CONTENT))
        pulp.report(task, "finished")
        exit_code = wait.ended()

    assert 0 == exit_code
    assert "━━━" in wait.output
    assert "finished" in wait.output.splitlines()[-2]
    assert SHOW_CURSOR in wait.output[wait.output.rindex(HIDE_CURSOR) :]
