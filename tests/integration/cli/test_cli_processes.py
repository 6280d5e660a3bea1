"""The command line tool as a process: signals, pipes and terminals."""

import json
import os
import re
import signal
import subprocess
import threading

import pytest

from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.terminal import COMMAND, at_terminal

TIMEOUT_SECONDS = 60


@pytest.fixture
def environment(tmp_path):
    """An environment with settings of this test alone."""
    file = tmp_path / "server.conf"
    file.write_text(f"[notifiers]\nstate_directory = {tmp_path / 'state'}\n")
    return {**os.environ, "PULP_NOTIFIERS_CONF": str(file), "COLUMNS": "100", "TERM": "xterm"}


def ended(process):
    """Wait for the end of a process, and return its output, errors and exit code."""
    try:
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    finally:
        process.kill()
        process.wait()
    return output, errors, process.returncode


def test_an_interrupt_ends_a_command_quietly(environment):
    """With the exit code of an interrupted command, and no traceback."""
    with HttpReceiver(lambda request: Answer(until=threading.Event())) as server:
        process = subprocess.Popen(
            [*COMMAND, "--url", server.url, "event", "listener", "list"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        output, errors, exit_code = ended(process)

    assert 130 == exit_code
    assert "" == (output + errors).strip()


def test_a_closed_pipe_ends_a_command_quietly(environment):
    """As when head has seen enough."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*COMMAND, "notifier", "list"], env=environment, stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)

    _, errors, exit_code = ended(process)

    assert "" == errors
    assert 1 == exit_code


def test_an_unexpected_error_is_printed_with_its_traceback(environment, tmp_path):
    """Here a notifier of pulp-admin's commands has options without a JSON Schema."""
    (tmp_path / "odd-1.0.dist-info").mkdir()
    (tmp_path / "odd-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (tmp_path / "odd-1.0.dist-info" / "entry_points.txt").write_text("[pulp_notifiers.notifiers]\nodd = odd:Odd\n")
    (tmp_path / "odd.py").write_text(
        "from collections.abc import Callable\n"
        "from pydantic import BaseModel\n"
        "class Odd:\n"
        "    class Config(BaseModel):\n"
        "        function: Callable[[], int]\n"
        "    def send(self, event, config, target): ...\n"
    )
    process = subprocess.Popen(
        [*COMMAND, "event", "listener", "odd", "create"],
        env={**environment, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    _, errors, exit_code = ended(process)

    assert 70 == exit_code
    assert "Traceback" in errors
    assert errors.endswith("please report it with the traceback above.\n")


def test_a_password_is_asked_for_at_a_terminal(environment):
    """Twice for a new user, and not shown."""
    exit_code, shown = at_terminal(environment, "user", "create", "kate", typed=[b"pass-word-1"] * 2)

    assert 0 == exit_code
    assert b"User kate created." in shown
    assert b"pass-word-1" not in shown


def test_the_password_of_a_user_is_asked_for_at_a_terminal(environment):
    """If neither the command line nor the settings have it."""
    with HttpReceiver([Answer(body=b"[]")]) as server:
        exit_code, shown = at_terminal(
            environment, "--url", server.url, "-u", "kate", "event", "listener", "list", typed=[b"pass-word-1"]
        )

    assert 0 == exit_code
    assert ["Basic a2F0ZTpwYXNzLXdvcmQtMQ=="] == [request.headers["Authorization"] for request in server.requests]
    assert b"pass-word-1" not in shown


def test_a_table_is_drawn_at_a_terminal(environment):
    """Brackets in a value are not markup."""
    assert (
        0
        == subprocess.run(
            [*COMMAND, "user", "create", "[red]kate", "--password", "x"], env=environment, check=True
        ).returncode
    )

    exit_code, shown = at_terminal(environment, "user", "list")

    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    assert 0 == exit_code
    assert "─" in text
    assert "[red]kate" in text


def test_a_name_is_not_folded_at_a_narrow_terminal(environment):
    """It could not be copied; the id, which commands take as well, is left out for lack of room."""
    listener = {
        "name": "http-sync-finish-publish-finish",
        "id": "6923c1e02f0b4a579c1e6b7e",
        "notifier_type": "http",
        "event_types": ["repo.sync.finish"],
        "task_id": None,
        "source_options": {"include": []},
        "config": {"url": "https://receiver.example.com/a/rather/long/path/of/a/hook"},
    }
    page = json.dumps({"next": None, "results": [listener]}).encode()
    with HttpReceiver([Answer(body=page)]) as server:
        exit_code, shown = at_terminal({**environment, "COLUMNS": "80"}, "--url", server.url, "listener", "list")

    assert 0 == exit_code
    assert b"http-sync-finish-publish-finish" in shown


@pytest.mark.parametrize("arguments", [["--help"], ["db", "upgrade"], ["notifier", "list", "--no-check"]])
def test_output_to_a_full_disk_is_an_input_output_error(environment, arguments):
    """With a sentence, and nothing else."""
    subprocess.run([*COMMAND, "db", "upgrade"], env=environment, check=True, capture_output=True)
    with open("/dev/full", "w", encoding="ascii") as full:  # noqa: PTH123
        ended = subprocess.run(
            [*COMMAND, *arguments], env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert 74 == ended.returncode
    assert "The output cannot be written: No space left on device. Free space, or write it elsewhere.\n" == ended.stderr
