"""The commands tail and wait as processes, and a publisher of tasks for them to watch."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika

COMMAND = [sys.executable, "-m", "pulp_notifiers"]
DEADLINE_SECONDS = 60
CONTENT = {"yum_importer": {"content": {"state": "IN_PROGRESS", "items_total": 40, "items_left": 10}}}


class Pulp:
    """Publishes changes of tasks as Pulp does, with another client library than the product's."""

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url.removesuffix("//") + "/%2F"))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        self._channel.exchange_declare("pulp.api.v2", "topic", durable=True)

    def publish(self, task_id: str, body: bytes, content_type: str = "application/data") -> None:
        """Publish a body."""
        properties = pika.BasicProperties(content_type=content_type)
        self._channel.basic_publish("pulp.api.v2", f"tasks.{task_id}", body, properties)

    def report(self, task_id: str, state: str, repo: str = "zoo", **fields: Any) -> None:
        """Publish a document."""
        tags = [f"pulp:repository:{repo}", "pulp:action:sync"]
        self.publish(task_id, json.dumps({"task_id": task_id, "tags": tags, "state": state, **fields}).encode())

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


class Watcher:
    """A running command, whose output is read as it arrives."""

    def __init__(self, environment: Mapping[str, str], arguments: Sequence[str], on_terminal: bool = False) -> None:
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

    def wait_for(self, condition: Callable[["Watcher"], bool]) -> None:
        """Read until a condition is true for this watcher."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition(self):
            assert time.monotonic() < deadline, (self.output, self.errors)
            assert self.read(1) or self.process.poll() is None or condition(self), (self.output, self.errors)

    def read(self, seconds: float) -> bool:
        """Read what has been written; return whether there was something."""
        ready, _, _ = select.select(list(self._sources), [], [], seconds)
        read = [self._read(source) for source in ready]
        return any(read)

    def _read(self, source: int) -> str:
        try:
            text = os.read(source, 65536).decode(errors="replace")
        except OSError:  # a terminal whose other side is closed
            text = ""
        name = self._sources[source]
        setattr(self, name, getattr(self, name) + text)
        return text

    def ended(self) -> int:
        """Wait for the end of the process, and return its exit code."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, (self.output, self.errors)
            self.read(0.1)
        while self.read(0):
            pass
        return self.process.returncode

    def close_output(self) -> None:
        """Close the reading end of standard output."""
        del self._sources[self.process.stdout.fileno()]
        self.process.stdout.close()

    def close(self) -> None:
        """Kill the process and close what it wrote to."""
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        if self.master is None:
            self.process.stdout.close()
        else:
            os.close(self.master)


def environment_for(url: str, folder: Path) -> dict[str, str]:
    """Return an environment whose settings name a messaging server."""
    file = folder / "server.conf"
    file.write_text(f"[messaging]\nevent_notification_url = {url}\n")
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    return {**kept, "PULP_NOTIFIERS_CONF": str(file), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}


@contextmanager
def watching(environment: Mapping[str, str], *arguments: str, on_terminal: bool = False) -> Iterator[Watcher]:
    """Run a command."""
    watcher = Watcher(environment, arguments, on_terminal)
    try:
        yield watcher
    finally:
        watcher.close()


def publish_until_shown(watcher: Watcher, text: str, publish: Callable[[], None]) -> None:
    """Publish until the command shows a text, because nobody else knows when its queue is bound."""

    def is_shown(_: Watcher) -> bool:
        publish()
        watcher.read(0.1)
        return text in watcher.output

    watcher.wait_for(is_shown)
