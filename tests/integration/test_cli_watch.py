"""The commands tail and wait as processes, with a real messaging server and with terminals."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import closing, contextmanager
from uuid import uuid4

import pika
import pytest

from tests.harness.rabbitmq import RabbitMQ

COMMAND = [sys.executable, "-m", "pulp_notifiers"]
DEADLINE_SECONDS = 60
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
CONTENT = {"yum_importer": {"content": {"state": "IN_PROGRESS", "items_total": 40, "items_left": 10}}}


class Pulp:
    """Publishes changes of tasks with a client that is not ours."""

    def __init__(self, url):
        self._connection = pika.BlockingConnection(pika.URLParameters(url.removesuffix("//") + "/%2F"))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        self._channel.exchange_declare("pulp.api.v2", "topic", durable=True)

    def publish(self, task_id, body, content_type="application/data"):
        """Publish a body."""
        properties = pika.BasicProperties(content_type=content_type)
        self._channel.basic_publish("pulp.api.v2", f"tasks.{task_id}", body, properties)

    def report(self, task_id, state, repo="zoo", **fields):
        """Publish a document."""
        tags = [f"pulp:repository:{repo}", "pulp:action:sync"]
        self.publish(task_id, json.dumps({"task_id": task_id, "tags": tags, "state": state, **fields}).encode())

    def close(self):
        """Disconnect."""
        self._connection.close()


class Watcher:
    """A command that watches; what it writes is read as it comes."""

    def __init__(self, environment, arguments, on_terminal=False):
        self.master = None
        output = subprocess.PIPE
        if on_terminal:
            self.master, output = pty.openpty()
            fcntl.ioctl(output, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE
        )
        if on_terminal:
            os.close(output)
        reading = self.process.stdout.fileno() if self.master is None else self.master
        self._sources = {reading: "output", self.process.stderr.fileno(): "errors"}
        self.output = self.errors = ""

    def wait_for(self, condition):
        """Read until something is true of this watcher."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition(self):
            assert time.monotonic() < deadline, (self.output, self.errors)
            assert self.read(1) or self.process.poll() is None or condition(self), (self.output, self.errors)

    def read(self, seconds):
        """Take what is there; tell whether there was something."""
        ready, _, _ = select.select(list(self._sources), [], [], seconds)
        read = [self._read(source) for source in ready]
        return any(read)

    def _read(self, source):
        try:
            text = os.read(source, 65536).decode(errors="replace")
        except OSError:  # a terminal whose other side is closed
            text = ""
        name = self._sources[source]
        setattr(self, name, getattr(self, name) + text)
        return text

    def ended(self):
        """Return the exit code, when the process has ended by itself or by a signal."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, (self.output, self.errors)
            self.read(0.1)
        while self.read(0):
            pass
        return self.process.returncode

    def leave_output(self):
        """Close the reading end of standard output."""
        del self._sources[self.process.stdout.fileno()]
        self.process.stdout.close()

    def close(self):
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        if self.master is None:
            self.process.stdout.close()
        else:
            os.close(self.master)


@pytest.fixture
def pulp(rabbitmq):
    """Return a publisher of tasks."""
    publisher = Pulp(rabbitmq.url)
    yield publisher
    publisher.close()


@pytest.fixture
def environment(rabbitmq, tmp_path):
    """Return an environment whose settings name the server."""
    return environment_for(rabbitmq.url, tmp_path)


@pytest.fixture
def environment_of_own_server(tmp_path):
    """Return a server that may be restarted, and an environment whose settings name it."""
    if reason := RabbitMQ.available():
        pytest.skip(reason)
    with RabbitMQ() as server:
        yield server, environment_for(server.url, tmp_path)


def environment_for(url, folder):
    """Return an environment of this test alone."""
    file = folder / "server.conf"
    file.write_text(f"[messaging]\nevent_notification_url = {url}\n")
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    return {**kept, "PULP_NOTIFIERS_CONF": str(file), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}


@contextmanager
def watching(environment, *arguments, on_terminal=False):
    """Run a command."""
    watcher = Watcher(environment, arguments, on_terminal)
    try:
        yield watcher
    finally:
        watcher.close()


def until_heard(watcher, text, publish):
    """Publish until the command shows a text: nobody else knows when its queue is bound."""

    def is_heard(_):
        publish()
        watcher.read(0.1)
        return text in watcher.output

    watcher.wait_for(is_heard)


def test_tail_prints_a_line_for_each_change(pulp, environment):
    """Where its output is no terminal; repeated records are no changes."""
    task = str(uuid4())
    with watching(environment, "tail", "--task", task) as tail:
        until_heard(tail, task, lambda: pulp.report(task, "waiting"))
        pulp.report(str(uuid4()), "running")
        pulp.report(task, "running", progress_report=CONTENT)
        pulp.report(task, "running", progress_report=CONTENT)
        pulp.report(task, "error", error={"description": "It is gone."})
        tail.wait_for(lambda tail: "It is gone." in tail.output)

    lines = [line.split("  ", 1)[1] for line in tail.output.splitlines()]
    expected = ["waiting   sync zoo", "running   sync zoo   75 % 30/40 content", "error     sync zoo  It is gone."]
    assert [f"{task}  {text}" for text in expected] == lines
    assert "" == tail.errors


def test_tail_prints_json_as_it_was_published(pulp, environment):
    """One line per message, fields in their order, whatever form the body had; repeated ones too."""
    task = str(uuid4())
    document = {"zebra": 1.5, "task_id": task, "state": "running", "tags": [], "b": {"z": None, "a": "\u00e4\n"}}
    body = json.dumps(document, indent=4)
    with watching(environment, "tail", "--task", task, "--json") as tail:
        until_heard(tail, task, lambda: pulp.publish(task, f'{{"task_id": "{task}"}}'.encode()))
        pulp.publish(task, body.encode())
        pulp.publish(task, b"nonsense")
        pulp.publish(task, body.encode(), content_type="text/plain")
        tail.wait_for(lambda tail: tail.output.count("zebra") == 2)

    assert [json.dumps(document, separators=(",", ":"))] * 2 == tail.output.splitlines()[-2:]
    assert 1 == len(tail.errors.splitlines())


def test_tail_shows_only_what_is_wanted(pulp, environment):
    """States and repositories, each of them as often as one likes."""
    marker, repo = str(uuid4()), str(uuid4())
    wanted = ["--state", "error", "--state", "finished", "--repo", repo, "--repo", "other"]
    with watching(environment, "tail", *wanted) as tail:
        until_heard(tail, marker, lambda: pulp.report(marker, "error", repo=repo))
        for state, on in [("running", repo), ("error", "zoo"), ("finished", repo)]:
            pulp.report(f"{state}-{on}", state, repo=on)
        tail.wait_for(lambda tail: f"finished-{repo}" in tail.output)

    assert ["error", "finished"] == [line.split()[2] for line in tail.output.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_tail_ends_well_by_a_signal(pulp, environment, number, form):
    """Without a word."""
    task = str(uuid4())
    with watching(environment, "tail", *form) as tail:
        until_heard(tail, task, lambda: pulp.report(task, "running"))
        tail.process.send_signal(number)

        assert 0 == tail.ended()
        assert "" == tail.errors


def test_tail_ends_well_when_its_reader_is_gone(pulp, environment):
    """Though nothing is written any more, as after head has seen enough."""
    task = str(uuid4())
    with watching(environment, "tail", "--task", task) as tail:
        until_heard(tail, task, lambda: pulp.report(task, "running"))
        tail.leave_output()

        assert 0 == tail.ended()
        assert "" == tail.errors


def test_a_restart_of_the_server_is_survived(environment_of_own_server):
    """Both commands say so once, and once when it is back; the end of a task is heard then."""
    server, environment = environment_of_own_server
    task = str(uuid4())
    with watching(environment, "tail") as tail, watching(environment, "wait", task) as wait:
        with closing(Pulp(server.url)) as pulp:
            for watcher in (tail, wait):
                until_heard(watcher, task, lambda: pulp.report(task, "running"))
        server.restart()
        for watcher in (tail, wait):
            watcher.wait_for(lambda watcher: "Connected again after" in watcher.errors)
        with closing(Pulp(server.url)) as pulp:
            pulp.report(task, "finished")
        exit_code = wait.ended()
        tail.wait_for(lambda tail: "finished" in tail.output)

    assert 0 == exit_code
    for watcher in (tail, wait):
        told = [" ".join(line.split()[:3]) for line in watcher.errors.splitlines()]
        assert ["The connection to", "Connected again after"] == told


@pytest.mark.parametrize("command", [["tail"], ["tail", "--json"], ["wait", str(uuid4())]])
def test_a_server_that_does_not_exist_is_a_sentence(tmp_path, command):
    """At the beginning, because the address may be wrong."""
    environment = environment_for("amqp://127.0.0.1:1//", tmp_path)
    with watching(environment, *command) as watcher:
        exit_code = watcher.ended()

    assert 74 == exit_code
    assert watcher.errors.startswith("Could not connect to messaging server amqp://127.0.0.1:1//: ")
    assert "Check --broker, or [messaging] event_notification_url" in watcher.errors


def test_a_server_that_refuses_access_is_a_sentence(rabbitmq, environment):
    """Without the password."""
    url = f"amqp://guest:wrong-password@127.0.0.1:{rabbitmq.port}//"
    with watching(environment, "tail", "--broker", url) as tail:
        exit_code = tail.ended()

    assert 74 == exit_code
    assert "ACCESS_REFUSED" in tail.errors
    assert "wrong-password" not in tail.errors


@pytest.mark.parametrize("url", ["", "qpid://localhost:5672/", "; ;"])
def test_a_setting_that_names_no_server_is_a_sentence(tmp_path, url):
    """As Pulp's own default."""
    with watching(environment_for(url, tmp_path), "tail") as tail:
        exit_code = tail.ended()

    assert 78 == exit_code
    assert tail.errors.startswith("[messaging] event_notification_url ")
    assert "--broker" in tail.errors


@pytest.mark.parametrize(
    "arguments",
    [
        ["tail", "--state", "done"],
        ["tail", "--task", "tasks.#"],
        ["tail", "--broker", "qpid://localhost"],
        ["tail", "--broker", ""],
        ["wait"],
        ["wait", "*"],
        ["wait", str(uuid4()), "--timeout", "-1"],
        ["wait", str(uuid4()), "--timeout", "soon"],
        ["wait", str(uuid4()), "--timeout", "nan"],
    ],
)
def test_a_wrong_command_line_is_not_taken_for_the_end_of_a_task(environment, arguments):
    """Its exit code is none of those of wait."""
    with watching(environment, *arguments) as watcher:
        assert 64 == watcher.ended()
        assert "Usage: " in watcher.errors


@pytest.mark.parametrize(
    ("state", "expected", "told"),
    [
        ("finished", 0, ""),
        ("skipped", 0, "Task {} ended as skipped."),
        ("error", 1, "Task {} ended as error: It is gone."),
        ("canceled", 2, "Task {} ended as canceled."),
    ],
)
def test_wait_tells_by_its_exit_code_how_a_task_ended(pulp, environment, state, expected, told):
    """What it hears before are lines."""
    task = str(uuid4())
    with watching(environment, "wait", task) as wait:
        until_heard(wait, task, lambda: pulp.report(task, "running", progress_report=CONTENT))
        error = {"error": {"description": "It is gone."}} if state == "error" else {}
        pulp.report(task, state, **error)

        assert expected == wait.ended()
        assert told.format(task) == wait.errors.strip()
        assert [f"{task}  running   sync zoo   75 % 30/40 content", state] == [
            wait.output.splitlines()[0].split("  ", 1)[1],
            wait.output.splitlines()[1].split()[2],
        ]


def test_wait_gives_up_after_its_time(environment):
    """With the exit code of the program timeout."""
    task = str(uuid4())
    with watching(environment, "wait", task, "--timeout", "0.2") as wait:
        assert 124 == wait.ended()
        assert f"Task {task} has not ended within 0.2 s.\n" == wait.errors


def test_wait_says_once_that_it_hears_nothing(environment):
    """A task that had ended before is never heard of again."""
    task = str(uuid4())
    with watching(environment, "wait", task, "--timeout", "6") as wait:
        assert 124 == wait.ended()
        assert [f"Nothing was heard of task {task} yet", f"Task {task} has not ended within 6 s"] == [
            line.split(".")[0] for line in wait.errors.splitlines()
        ]


def test_wait_goes_on_when_nobody_reads_its_lines(pulp, environment):
    """Because its exit code is what is waited for."""
    task = str(uuid4())
    with watching(environment, "wait", task) as wait:
        until_heard(wait, task, lambda: pulp.report(task, "waiting"))
        wait.leave_output()
        pulp.report(task, "running")
        pulp.report(task, "canceled")

        assert 2 == wait.ended()
        assert f"Task {task} ended as canceled.\n" == wait.errors


def test_an_interrupt_of_wait_is_an_interrupt(pulp, environment):
    """The task has not ended, so no code of one is right."""
    task = str(uuid4())
    with watching(environment, "wait", task) as wait:
        until_heard(wait, task, lambda: pulp.report(task, "running"))
        wait.process.send_signal(signal.SIGINT)

        assert 130 == wait.ended()


def test_tail_draws_a_table_on_a_terminal(pulp, environment):
    """On a screen of its own; at the end the terminal is as before, with the last table on it."""
    task = str(uuid4())
    with watching(environment, "tail", "--task", task, on_terminal=True) as tail:
        until_heard(tail, task[:8], lambda: pulp.report(task, "running", progress_report=CONTENT))
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


def test_wait_draws_a_bar_on_a_terminal(pulp, environment):
    """In one line, whose last state stays."""
    task = str(uuid4())
    with watching(environment, "wait", task, on_terminal=True) as wait:
        until_heard(wait, "75 %", lambda: pulp.report(task, "running", progress_report=CONTENT))
        pulp.report(task, "finished")
        exit_code = wait.ended()

    assert 0 == exit_code
    assert "━━━" in wait.output
    assert "finished" in wait.output.splitlines()[-2]
    assert SHOW_CURSOR in wait.output[wait.output.rindex(HIDE_CURSOR) :]


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(pulp, environment):
    """As those of editors."""
    task = str(uuid4())
    with watching({**environment, "TERM": "dumb"}, "tail", "--task", task, on_terminal=True) as tail:
        until_heard(tail, task, lambda: pulp.report(task, "running"))

    assert "\x1b" not in tail.output
