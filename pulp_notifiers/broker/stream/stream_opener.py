"""Opens a stream's connections, to one of several messaging servers."""

from dataclasses import replace

from ...errors import TemporaryFailure
from ..deadline import Deadline
from ..server import Broker
from .form import StreamForm
from .stream_link import StreamLink


class StreamOpener:
    """Opens connections to the servers in turn.

    :param seconds: for one server to be ready.
    :ivar choices: the number of servers.
    """

    def __init__(self, broker: Broker, form: StreamForm, seconds: float = 5.0) -> None:
        self._broker = broker
        self._form = form
        self._seconds = seconds
        self._next = 0
        self.choices = len(broker.urls)

    def __call__(self) -> StreamLink:
        """Return a connection to the next server that is ready, starting after the one that was tried last.

        :raises TemporaryFailure: none is.
        :raises PermanentFailure: a library that a URL's transport needs is not installed.
        """
        problems = []
        for _ in range(self.choices):
            broker = replace(self._broker, urls=[self._broker.urls[self._next]])
            self._next = (self._next + 1) % self.choices
            deadline = Deadline(self._seconds)
            try:
                return StreamLink(broker.connect_by_kombu(deadline), self._form, deadline)
            except TemporaryFailure as problem:
                problems.append(problem.reason)
        raise TemporaryFailure("; ".join(problems))
