"""Hearing what goes over a topic exchange, through a queue that is ours alone and goes with the connection."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kombu.connection import Connection
from kombu.exceptions import OperationalError

from ...errors import PermanentFailure
from ..amqp_connection import AmqpConnection
from ..connection import Broker
from ..deadline import Deadline
from ..publish.publish_link import LinkLost
from .subscription import amqp_errors, exchange_exists

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
    :raises LinkLost: the connection broke.
    :raises PermanentFailure: the server does not permit it.
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
        self._exchange, self._binding = exchange, binding
        self._raw = connection.connection
        self._wire = self._raw if isinstance(self._raw, AmqpConnection) else None
        self._broken = (*connection.connection_errors, OperationalError)
        self._clock = clock
        self._heard: list[bytes | str] = []
        self._end: LinkLost | PermanentFailure | None = None
        self._spoke = clock()  # when the server said something for the last time
        try:
            with self._translated(deadline):
                self._prepare()
        except BaseException:
            self.discard()
            raise

    @classmethod
    def open(cls, broker: Broker, exchange: str, binding: str, seconds: float = 5.0) -> "Watch":
        """Connect to a messaging server and hear.

        :raises TemporaryFailure: it cannot be reached.
        :raises PermanentFailure: it does not permit it, or a library that the URL's transport needs is not installed.
        """
        deadline = Deadline(seconds)
        return cls(broker.connect(deadline), exchange, binding, deadline)

    def receive(self, seconds: float) -> list[bytes | str]:
        """Return the bodies that came, some hundreds at most; wait for the first one, but not longer than this.

        :raises LinkLost: the connection broke.
        """
        if self._end is not None:
            raise self._end
        deadline = Deadline(seconds)
        try:
            with self._translated(Deadline(seconds + _ANSWER_SECONDS)):
                if self._clock() - self._spoke > _SILENT_SECONDS:
                    self._require_answer()
                while not self._heard and self._hear(deadline.remaining()):
                    pass
                while 0 < len(self._heard) < _AT_ONCE and self._hear(0):
                    pass
        except (LinkLost, PermanentFailure) as end:
            # What came before is not lost with it, and is returned first.
            self._end = end
            if not self._heard:
                raise
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

    @contextmanager
    def _translated(self, deadline: Deadline) -> Iterator[None]:
        with amqp_errors(f"could not listen to {self._exchange}", self._broken, deadline):
            if self._wire is not None:
                self._wire.keep_to(deadline)
            yield

    def _prepare(self) -> None:
        # Not from kombu's connection, which would quietly connect anew; two, because a refusal closes the channel.
        self._asking: Any = self._connection.transport.create_channel(self._raw)
        self._channel: Any = self._connection.transport.create_channel(self._raw)
        self._channel.auto_decode = False
        declared = self._channel.queue_declare(
            queue="", exclusive=True, auto_delete=True, durable=False, arguments=_QUEUE_LIMIT
        )
        self._queue = declared.queue
        self._bind()
        self._channel.basic_consume(queue=self._queue, no_ack=True, callback=self._note, consumer_tag="pulp-notifiers")

    def _bind(self) -> None:
        # Looked for before it is declared, because to declare needs a permission that whoever only listens may lack.
        if not exchange_exists(self._asking, self._exchange):
            self._asking.exchange_declare(exchange=self._exchange, type="topic", durable=True, auto_delete=False)
        self._asking.queue_bind(queue=self._queue, exchange=self._exchange, routing_key=self._binding)

    def _note(self, message: Any) -> None:
        self._heard.append(message.body)

    def _hear(self, seconds: float) -> bool:
        try:
            if self._wire is None:
                self._connection.transport.drain_events(self._raw, timeout=seconds)
            else:
                self._wire.blocking_read(seconds)
        except TimeoutError:
            return False
        self._spoke = self._clock()
        return True

    def _require_answer(self) -> None:
        # Nothing ever goes from here to the server, so only a question shows that it froze or lost power, or that
        # somebody deleted the exchange, which takes the binding along.
        self._spoke = self._clock()
        if self._wire is not None:
            self._wire.keep_to(Deadline(_ANSWER_SECONDS))
            self._bind()
