"""A messaging server in memory, for the task-status stream."""

import json
import threading
from dataclasses import replace
from math import inf

from pulp_notifiers.broker import MessageUnacceptable, StreamMessage
from pulp_notifiers.broker.stream.confirms import Confirms
from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.task import TaskReport

SECONDS = 120.0
"""A deadline that only a hang exceeds."""

REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="3f2a9c1e", state="running")


def report(number: int, task_id: str = "3f2a9c1e") -> TaskReport:
    """Return a report that differs from those of other numbers."""
    return replace(REPORT, task_id=task_id, progress_report={"done": number})


def numbered(number: int, task_id: str, state: str = "running", extra_bytes: int = 0) -> TaskReport:
    """Return a report with a number: the larger it is, the newer the report."""
    return replace(REPORT, task_id=task_id, state=state, progress_report={"number": number, "extra": "x" * extra_bytes})


def number_of(message: StreamMessage) -> int:
    """Return the number of the report that became this message."""
    number: int = json.loads(message.body)["progress_report"]["number"]
    return number


class StreamServer:
    """The server that the links below publish to.

    :ivar away: connecting fails, and open connections break when they are used.
    :ivar silent: nothing is confirmed until this ends.
    :ivar blocked: nor is it while the server announces that it is short of memory.
    :ivar refusing: every message is refused.
    :ivar most_bytes: larger messages make it close the connection.
    """

    def __init__(self):
        self.away = self.silent = self.blocked = self.refusing = False
        self.most_bytes = 1_000_000_000
        self.received = []
        self.links = []
        self.attempts = 0
        self.changed = threading.Condition()

    def open(self):
        """Return a connection."""
        self.attempts += 1
        if self.away:
            raise TemporaryFailure("it is away")
        self.links.append(StreamLink(self))
        return self.links[-1]

    def becomes(self, **states):
        """Change the server's state, and wake whoever waits for that."""
        with self.changed:
            for name, value in states.items():
                setattr(self, name, value)
            self.changed.notify_all()


class StreamLink:
    """An open connection."""

    keep_alive_seconds = inf

    def __init__(self, server):
        self.server = server
        self.abandoned = self.closed = self.broken = False
        self._confirms = Confirms()
        self._answered = 0

    @property
    def blocked(self):
        return self.server.blocked

    @property
    def unconfirmed(self):
        return len(self._confirms)

    def send(self, messages, deadline):
        self._confirms.sent(messages)
        self._require()
        self.server.received.extend(messages)

    def read_confirms(self, seconds):
        self._require()
        with self.server.changed:
            if seconds:
                self.server.changed.wait_for(lambda: self.server.away or not self._confirms_nothing(), seconds)
        self._require()
        if any(len(message.body) > self.server.most_bytes for message in self._confirms.unanswered()):
            raise MessageUnacceptable("too large")
        if not self._confirms_nothing():
            self._answered += self.unconfirmed
            answer = self._confirms.refused if self.server.refusing else self._confirms.taken
            answer(self._answered, up_to=True)
        return self.take_confirms()

    def take_confirms(self):
        return self._confirms.take()

    def unanswered(self):
        return self._confirms.unanswered()

    def close(self, seconds):
        self.closed = True

    def discard(self):
        self.closed = True

    def abandon(self):
        self.abandoned = True

    def _confirms_nothing(self):
        return self.server.silent or self.server.blocked

    def _require(self):
        if self.server.away or self.broken:
            raise TemporaryFailure("the connection broke")
