"""py-amqp's connection with limits: every step keeps to a deadline, and only AMQP is taken for AMQP."""

import os
import socket
import struct
from typing import Any

from kombu.transport import pyamqp

from .deadline import Deadline
from .repair import taken_in

_FRAME_TYPES = (1, 2, 3, 8)  # method, header, body, heartbeat (AMQP 0-9-1, section 4.2.3)
_GARBAGE = (struct.error, LookupError, ValueError, TypeError)


class AmqpConnection(pyamqp.Connection):
    """A connection whose waits end with a deadline.

    py-amqp's own time-outs begin anew with each frame, and most of its waits take none.

    :param deadline: for being connected; afterwards there is none until the next :meth:`keep_to`.
    """

    def __init__(self, *arguments: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: Deadline | None = deadline

    def keep_to(self, deadline: Deadline) -> None:
        """End whatever is waited for from now on at this deadline."""
        self._deadline = deadline
        # Of a connection that is down, py-amqp's attribute would connect anew.
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

    def bear_silence(self) -> None:
        """Let the kernel keep the connection while the server reads nothing, however full the buffers are."""
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, option, 0)

    def blocking_read(self, timeout: float | None = None) -> Any:
        """Read and handle one frame."""
        with self.transport.having_timeout(self._shortened(timeout)):
            frame = self.transport.read_frame(unpack=self._frame_header)
        try:
            return taken_in(frame, self.on_inbound_frame)
        except _GARBAGE as error:
            raise OSError(f"the server's AMQP cannot be understood: {error!r}") from error

    def abandon(self) -> None:
        """In a forked child: close the copied descriptor, and let no word of it reach the parent's connection."""
        if self.connected:
            os.close(self.sock.detach())

    def _frame_header(self, form: str, header: bytes) -> tuple[Any, ...]:
        # Of another protocol's greeting, py-amqp would take four letters for a size and make room for gigabytes.
        kind, channel, size = struct.unpack(form, header)
        if kind not in _FRAME_TYPES or size > self.frame_max:
            raise OSError("the server does not speak AMQP 0-9-1")
        return kind, channel, size

    def _shortened(self, timeout: float | None) -> float | None:
        if self._deadline is None:
            return timeout
        remaining = self._deadline.remaining()
        if not remaining:
            raise TimeoutError
        return remaining if timeout is None else min(timeout, remaining)


class AmqpTransport(pyamqp.Transport):
    """kombu's AMQP 0-9-1 transport on such connections."""

    Connection = AmqpConnection
