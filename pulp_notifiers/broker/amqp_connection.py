"""py-amqp's connection with limits: every step keeps to a deadline, and other protocols are not taken for AMQP."""

import os
import socket
import struct
from typing import Any

from kombu.transport import pyamqp

from .deadline import Deadline
from .greetings import not_amqp091
from .repair import handle_frame

_FRAME_TYPES = (1, 2, 3, 8)  # method, header, body, heartbeat (AMQP 0-9-1, section 4.2.3)
_PARSE_ERRORS = (struct.error, LookupError, ValueError, TypeError)


class AmqpConnection(pyamqp.Connection):
    """A connection whose waits end at a deadline.

    py-amqp's own time-outs restart with each frame, and most of its waits take none.

    :param deadline: for connecting; afterwards there is none until the next :meth:`keep_to`.
    """

    def __init__(self, *arguments: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: Deadline | None = deadline

    def keep_to(self, deadline: Deadline) -> None:
        """End every wait from now on at this deadline."""
        self._deadline = deadline
        # On a connection that is down, reading py-amqp's attribute would reconnect.
        if self.connected:
            self.sock.settimeout(deadline.remaining())

    def connect(self, callback: Any = None) -> None:
        """Connect, or leave nothing open."""
        try:
            super().connect(callback)
        except BaseException:
            self.collect()
            raise
        self._deadline = None

    def disable_send_timeout(self) -> None:
        """Keep the connection open even if the server stops reading."""
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, option, 0)

    def blocking_read(self, timeout: float | None = None) -> Any:
        """Read and handle one frame."""
        with self.transport.having_timeout(self._shortened(timeout)):
            frame = self.transport.read_frame(unpack=self._frame_header)
        try:
            return handle_frame(frame, self.on_inbound_frame)
        except _PARSE_ERRORS as error:
            raise OSError(f"the server sent AMQP that cannot be parsed: {error!r}") from error

    def abandon(self) -> None:
        """In a forked child: close the copied descriptor without sending anything on the parent's connection."""
        if self.connected:
            os.close(self.sock.detach())

    def _frame_header(self, form: str, header: bytes) -> tuple[Any, ...]:
        # py-amqp would read four letters of another protocol's greeting as a size and allocate gigabytes.
        kind, channel, size = struct.unpack(form, header)
        if kind not in _FRAME_TYPES or size > self.frame_max:
            raise OSError(not_amqp091(header))
        return kind, channel, size

    def _shortened(self, timeout: float | None) -> float | None:
        if self._deadline is None:
            return timeout
        remaining = self._deadline.remaining()
        if not remaining:
            raise TimeoutError
        return remaining if timeout is None else min(timeout, remaining)


class AmqpTransport(pyamqp.Transport):
    """kombu's AMQP 0-9-1 transport with such connections."""

    Connection = AmqpConnection
