"""Hearing what goes over a topic exchange, through a queue that is ours alone and goes with the connection."""

import time
from collections.abc import Callable
from typing import Any

from kombu.connection import Connection
from kombu.exceptions import ChannelError, OperationalError

from .connection import Broker
from .deadline import Deadline, told
from .link import Link, LinkLost
from .wire import AmqpConnection

_AT_ONCE = 500
_SILENT_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_QUEUE_LIMIT = {"x-max-length": 100_000}
"""A watcher that stands still, as by Ctrl-Z, must not fill the server's memory; the oldest messages go first."""


class Watch:
    """An open connection that hears messages, for one thread; what nobody was there to hear is gone.

    :param connection: from :meth:`Broker.connect`.
    :param exchange: created where it is missing, as topic and durable; one that exists is used as it is.
    :param binding: pattern of the routing keys to hear.
    :raises LinkLost: the server does not permit it, or the connection broke.
    """

    def __init__(
        self,
        connection: Connection,
        exchange: str,
        binding: str,
        deadline: Deadline,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._exchange = exchange
        self._raw = connection.connection
        self._wire = self._raw if isinstance(self._raw, AmqpConnection) else None
        self._broken = (*connection.connection_errors, OperationalError, ChannelError)
        self._clock = clock
        self._heard: list[bytes | str] = []
        self._spoke = clock()  # when the server said something for the last time
        try:
            self._prepare(binding, deadline)
        except self._broken as error:
            self.discard()
            raise LinkLost(f"exchange {exchange}: {told(error, deadline.seconds)}") from None

    @classmethod
    def open(cls, broker: Broker, exchange: str, binding: str, seconds: float = 5.0) -> "Watch":
        """Connect to a messaging server and hear.

        :raises TemporaryFailure: it cannot be reached, or permits no queue.
        :raises PermanentFailure: a library that the URL's transport needs is not installed.
        """
        deadline = Deadline(seconds)
        return cls(broker.connect(deadline), exchange, binding, deadline)

    def receive(self, seconds: float) -> list[bytes | str]:
        """Return the bodies that came, some hundreds at most; wait for the first one, but not longer than this.

        :raises LinkLost: the connection broke.
        """
        deadline = Deadline(seconds)
        try:
            if self._clock() - self._spoke > _SILENT_SECONDS:
                self._require_answer()
            while not self._heard and (remaining := deadline.remaining()):
                self._read(remaining)
            while 0 < len(self._heard) < _AT_ONCE:
                self._read(0)
        except self._broken as error:
            # Whatever broke will still be broken when the next call looks.
            if not _is_timeout(error) and not self._heard:
                raise LinkLost(told(error, seconds)) from None
        heard, self._heard = self._heard, []
        return heard

    def close(self, seconds: float) -> None:
        """Take leave of the server in good order, or without where it does not answer in time."""
        if self._wire is not None:
            self._wire.keep_to(Deadline(seconds))
        self._connection.release()

    def discard(self) -> None:
        """Drop the connection without a word to the server."""
        if self._wire is not None:
            self._wire.keep_to(Deadline(0))
        self._connection.collect()

    def _prepare(self, binding: str, deadline: Deadline) -> None:
        if self._wire is not None:
            self._wire.keep_to(deadline)
        # Looked for before it is declared, because to declare needs a permission that whoever only listens may lack.
        Link(self._connection).ensure_topic_exchange(self._exchange, durable=True)
        # Not from kombu's connection, which would quietly connect anew.
        self._channel: Any = self._connection.transport.create_channel(self._raw)
        queue = self._channel.queue_declare(
            queue="", exclusive=True, auto_delete=True, durable=False, arguments=_QUEUE_LIMIT
        ).queue
        self._channel.queue_bind(queue=queue, exchange=self._exchange, routing_key=binding)
        self._channel.basic_consume(queue=queue, no_ack=True, callback=self._note, consumer_tag="pulp-notifiers")

    def _note(self, message: Any) -> None:
        self._heard.append(message.body)

    def _read(self, seconds: float) -> None:
        if self._wire is None:
            self._connection.transport.drain_events(self._raw, timeout=seconds)
        else:
            self._wire.keep_to(Deadline(seconds + 1))
            self._wire.blocking_read(seconds)
        self._spoke = self._clock()

    def _require_answer(self) -> None:
        # Nothing ever goes from here to the server, so only a question shows that it froze or lost power.
        self._spoke = self._clock()
        if self._wire is None:
            return
        self._wire.keep_to(Deadline(_ANSWER_SECONDS))
        try:
            self._channel.exchange_declare(exchange=self._exchange, type="topic", passive=True)
        except TimeoutError:
            raise OSError(f"the server does not answer for {_ANSWER_SECONDS:g} s") from None


def _is_timeout(error: BaseException) -> bool:
    return isinstance(error, TimeoutError) and error.errno is None
