"""An open connection to read from, whose errors are the product's."""

from collections.abc import Iterator
from contextlib import contextmanager

from amqp.exceptions import ConsumerCancelled
from kombu.exceptions import ChannelError

from ...errors import PermanentFailure
from ..amqp_connection import AmqpConnection
from ..deadline import Deadline
from ..errors import ACCESS_REFUSED, PRECONDITION_FAILED, LinkLost, connection_error_text, reply_code
from ..open_connection import OpenConnection

_REMEDIES = {
    ACCESS_REFUSED: "; permit this user to configure, write and read what is named",
    PRECONDITION_FAILED: "; delete what is named, and it is declared again",
}
"""For refusals that are repeated until somebody changes something on the server."""


class ReadingConnection(OpenConnection):
    """An open connection to read from, for one thread at a time."""

    def _require_amqp(self) -> AmqpConnection:
        """Return the AMQP 0-9-1 connection.

        :raises PermanentFailure: it speaks another protocol, and is closed.
        """
        if self._amqp is None:
            self.close(0)
            raise PermanentFailure("could not subscribe: the messaging server must speak AMQP 0-9-1")
        return self._amqp

    @contextmanager
    def _failing_as(self, what: str, deadline: Deadline) -> Iterator[None]:
        """End the steps within at a deadline, and raise the product's errors for those of kombu and py-amqp.

        :param what: what failed, for people.
        :raises LinkLost: the connection broke, or the server did not answer in time.
        :raises PermanentFailure: the server refuses until somebody changes something on it.
        """
        try:
            self._keep_to(deadline)
            yield
        except ConsumerCancelled:
            raise LinkLost(f"{what}: the queue was deleted, or the server that held it is gone") from None
        except self._fatal_errors as error:
            raise LinkLost(f"{what}: {connection_error_text(error, deadline.seconds)}") from None
        except ChannelError as error:
            remedy = _REMEDIES.get(reply_code(error))
            if remedy is None:
                raise LinkLost(f"{what}: {error}") from None
            raise PermanentFailure(f"{what}: {error}{remedy}") from None
