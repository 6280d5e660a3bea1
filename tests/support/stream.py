"""A messaging server in memory, for the task-status stream."""

import threading

from pulp_notifiers.errors import TemporaryFailure


class StreamServer:
    """What the links below write to.

    :ivar away: connecting fails, and open connections break when they are used.
    :ivar silent: nothing is confirmed, though it will be when this ends.
    :ivar refusing: all is refused.
    """

    def __init__(self):
        self.away = self.silent = self.blocked = self.refusing = False
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
        """Change what the server is, and let those know who wait for it."""
        with self.changed:
            for name, value in states.items():
                setattr(self, name, value)
            self.changed.notify_all()


class StreamLink:
    """An open connection."""

    def __init__(self, server):
        self.server = server
        self.unconfirmed = 0
        self.abandoned = self.closed = self.broken = False
        self._confirms = (0, 0)

    @property
    def blocked(self):
        return self.server.blocked

    def send(self, messages, deadline):
        self.unconfirmed += len(messages)
        self._require()
        self.server.received.extend(messages)

    def read_confirms(self, seconds):
        self._require()
        with self.server.changed:
            if seconds:
                self.server.changed.wait_for(lambda: self.server.away or not self._speechless(), seconds)
        self._require()
        if not self._speechless():
            answered, self.unconfirmed = self.unconfirmed, 0
            self._confirms = (0, answered) if self.server.refusing else (answered, 0)
        return self.take_confirms()

    def take_confirms(self):
        confirms, self._confirms = self._confirms, (0, 0)
        return confirms

    def close(self, seconds):
        self.closed = True

    def discard(self):
        self.closed = True

    def abandon(self):
        self.abandoned = True

    def _speechless(self):
        return self.server.silent or self.server.blocked

    def _require(self):
        if self.server.away or self.broken:
            raise TemporaryFailure("the connection broke")
