"""Opens a stream's connections, to one of several messaging servers."""

from dataclasses import replace
from typing import TYPE_CHECKING

from kombu.connection import Connection

from ...errors import PermanentFailure, TemporaryFailure
from ..deadline import Deadline
from ..server import Broker
from .form import StreamForm
from .stream_link import StreamLink

if TYPE_CHECKING:
    from .amqp10_stream_link import Amqp10StreamLink


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

    def __call__(self) -> "StreamLink | Amqp10StreamLink":
        """Return a connection to the next server that is ready, starting after the one that was tried last.

        :raises TemporaryFailure: none is.
        :raises PermanentFailure: none is, because libraries that the URLs need are not installed.
        """
        problems: list[TemporaryFailure | PermanentFailure] = []
        for _ in range(self.choices):
            broker = replace(self._broker, urls=[self._broker.urls[self._next]])
            self._next = (self._next + 1) % self.choices
            try:
                return self._open(broker, Deadline(self._seconds))
            except (TemporaryFailure, PermanentFailure) as problem:
                problems.append(problem)
        hopeless = all(isinstance(problem, PermanentFailure) for problem in problems)
        kind = PermanentFailure if hopeless else TemporaryFailure
        raise kind("; ".join(problem.reason for problem in problems))

    def _open(self, broker: Broker, deadline: Deadline) -> "StreamLink | Amqp10StreamLink":
        connection = broker.connect(deadline)
        if isinstance(connection, Connection):
            return StreamLink(connection, self._form, deadline)
        from .amqp10_stream_link import Amqp10StreamLink  # noqa: PLC0415  its library is an extra

        return Amqp10StreamLink(connection, self._form, broker.amqp10_address, deadline)
