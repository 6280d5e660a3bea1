"""An open AMQP 1.0 connection: proton's engine on a socket of our own, every step under a deadline."""

import math
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from proton import Connection, Endpoint, ProtonException, Session, Transport

from ..deadline import Deadline
from ..errors import LinkLost, connection_error_text
from ..greetings import HEADER_BYTES, not_amqp10
from .conditions import NOT_DECODED, condition_of, connection_text, text_of
from .login import Login, OfferedMechanisms
from .wire import Wire, tls_text

_SASL_HEADER = b"AMQP\x03\x01\x00\x00"
_IDLE_SECONDS = 30.0
"""After which a connection counts as broken if the server sent nothing, not even the empty frames that it owes."""

_FRAME_BYTES = 32 * 1024
"""Proton's own default since 0.38. Without one, a server may send without limit: a window counts frames."""

_WRITE_BYTES = 256 * 1024
_EXPECTED_OVER_TLS = "demand a client certificate that it trusts ([messaging] clientcert), or expect another protocol"


@dataclass(frozen=True, slots=True)
class Peer:
    """Where to connect, and as whom.

    :ivar vhost: the virtual host, empty for the one that belongs to the host's name.
    :ivar tls: None for clear text.
    """

    host: str
    port: int
    vhost: str
    login: Login
    password: str = field(repr=False)
    tls: ssl.SSLContext | None


class Amqp10Connection:
    """An open connection, for one thread at a time; it is never reopened.

    :raises LinkLost: it could not be opened.
    :ivar properties: what the server says about itself.
    """

    def __init__(
        self,
        peer: Peer,
        deadline: Deadline,
        idle_seconds: float = _IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._login = peer.login
        self._expected = _EXPECTED_OVER_TLS if peer.tls else "expect TLS, or another protocol"
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._unsent = memoryview(b"")
        self._greeting = b""
        self._offered = OfferedMechanisms()
        self._end: LinkLost | None = None
        try:
            self._wire = Wire.connect(peer.host, peer.port, peer.tls, deadline)
        except OSError as error:
            raise LinkLost(tls_text(error) or connection_error_text(error, deadline.seconds)) from None
        try:
            self._start_engine(peer, idle_seconds)
            self.wait_until(lambda: bool(self._engine.state & Endpoint.REMOTE_ACTIVE), deadline)
        except BaseException:
            self.discard()
            raise
        self.properties = self._remote_properties()

    @property
    def product(self) -> str:
        """The server's name for its software; empty if it does not say."""
        return str(self.properties.get("product", ""))

    @property
    def keep_alive_seconds(self) -> float:
        """Return how often :meth:`work` must be called, so that the server does not end an idle connection.

        It demands a frame within a time; Proton sends an empty one as soon as half of it has passed.
        """
        return self._transport.remote_idle_timeout / 4 or math.inf

    @property
    def unsent(self) -> bool:
        """Return whether the server has not read so much that the system takes no more."""
        return bool(self._unsent)

    def session(self) -> Session:
        """Return a new session; links belong to one."""
        session = self._engine.session()
        session.open()
        return session

    def work(self, seconds: float) -> bool:
        """Send what is to be sent, and handle what arrives; wait at most this long for something to arrive.

        :returns: whether something arrived.
        :raises LinkLost: the connection broke, or the server closed it.
        """
        if self._end is not None:
            raise self._end
        try:
            return self._work(Deadline(seconds, self._clock))
        except LinkLost as end:
            self._end = end
            raise
        except (OSError, ProtonException) as error:
            self._end = LinkLost(self._error_text(error, seconds))
            raise self._end from None

    def wait_until(self, claim: Callable[[], bool], deadline: Deadline) -> None:
        """Work until a claim is true.

        :raises LinkLost: it is not in time, or the connection broke.
        """
        while not claim():
            remaining = deadline.remaining()
            if not remaining:
                raise LinkLost(connection_error_text(TimeoutError(), deadline.seconds))
            self.work(remaining)

    def disable_send_timeout(self) -> None:
        """Keep the connection open even if the server stops reading."""
        self._wire.disable_send_timeout()

    def close(self, seconds: float) -> None:
        """Disconnect cleanly, or drop the connection if the server does not answer within this time."""
        try:
            if self._end is None:
                self._engine.close()
                self.wait_until(lambda: bool(self._engine.state & Endpoint.REMOTE_CLOSED), Deadline(seconds))
        except LinkLost:
            pass
        finally:
            self.discard()

    def discard(self) -> None:
        """Drop the connection without notifying the server."""
        self._end = self._end or LinkLost("the connection is closed")
        self._wire.close()

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        self._end = self._end or LinkLost("the connection belongs to the parent process")
        self._wire.abandon()

    def _remote_properties(self) -> dict[str, Any]:
        try:
            found = self._engine.remote_properties
        except NOT_DECODED:
            return {}
        return {str(name): value for name, value in found.items()} if isinstance(found, dict) else {}

    def _start_engine(self, peer: Peer, idle_seconds: float) -> None:
        self._transport, self._engine = Transport(), Connection()
        self._transport.idle_timeout = idle_seconds
        self._transport.max_frame_size = _FRAME_BYTES
        sasl = self._transport.sasl()
        sasl.allow_insecure_mechs = True  # PLAIN in clear text, as over AMQP 0-9-1: the URL asks for it
        sasl.allowed_mechs(peer.login.mechanisms)
        self._sasl = sasl
        self._engine.container = f"pulp-notifiers-{uuid4()}"
        self._engine.hostname = peer.vhost or peer.host
        self._engine.properties = {"product": "pulp-notifiers"}
        if peer.login.user:
            self._engine.user, self._engine.password = peer.login.user, peer.password
        self._transport.bind(self._engine)
        self._engine.open()

    def _work(self, deadline: Deadline) -> bool:
        self._write()
        while not self._read():
            next_tick = self._transport.tick(self._clock())
            self._require_open()
            self._write()
            remaining = deadline.remaining()
            if not remaining:
                return False
            until_tick = max(0.0, next_tick - self._clock()) if next_tick else remaining
            self._wire.wait(min(remaining, until_tick), to_write=bool(self._unsent))
            self._write()
        self._transport.tick(self._clock())
        self._require_open()
        self._write()
        return True

    def _write(self) -> None:
        while True:
            if not self._unsent:
                self._unsent = memoryview(self._encoded())
                if not self._unsent:
                    return
            try:
                sent = self._wire.write(self._unsent)
            except OSError as error:
                # What the server sent before says why, if it can still be read.
                if not self._read():
                    raise
                self._require_open()
                raise LinkLost(self._error_text(error, 0.0)) from None
            if not sent:
                return
            self._unsent = self._unsent[sent:]

    def _encoded(self) -> bytes:
        pieces, size, transport = [], 0, self._transport
        while size < _WRITE_BYTES and (pending := transport.pending()) > 0:
            piece = transport.peek(pending)
            transport.pop(pending)
            if piece:
                pieces.append(piece)
            size += pending
        return b"".join(pieces)

    def _read(self) -> bool:
        """Handle what arrived, and return whether something did."""
        data = self._wire.read()
        if data is None:
            return False
        if not data:
            raise LinkLost(self._end_text())
        if len(self._greeting) < HEADER_BYTES:
            data = self._checked_greeting(data)
        self._offered.feed(data)
        start = 0
        while start < len(data):
            capacity = self._transport.capacity()
            if capacity < 0:
                break  # the engine expects nothing after an error or a close
            if not capacity:
                raise LinkLost("the server broke the protocol: it sent a frame that is too large")
            self._transport.push(data[start : start + capacity])
            start += capacity
        return True

    def _checked_greeting(self, data: bytes) -> bytes:
        """Return what the engine may read: nothing until all of the header is there."""
        self._greeting += data
        if len(self._greeting) < HEADER_BYTES:
            return b""
        if not self._greeting.startswith(_SASL_HEADER):
            raise LinkLost(not_amqp10(self._greeting))
        return self._greeting

    def _require_open(self) -> None:
        if self._engine.state & Endpoint.REMOTE_CLOSED and not self._engine.state & Endpoint.LOCAL_CLOSED:
            raise LinkLost(connection_text(condition_of(self._engine)))
        if condition_of(self._transport) is not None:
            raise LinkLost(self._end_text())

    def _error_text(self, error: OSError | ProtonException, seconds: float) -> str:
        if isinstance(error, ConnectionError | ssl.SSLEOFError) and self._engine.state & Endpoint.REMOTE_UNINIT:
            return self._end_text()
        return tls_text(error) or connection_error_text(error, seconds)

    def _end_text(self) -> str:
        condition = condition_of(self._transport)
        if self._engine.state & Endpoint.REMOTE_UNINIT:
            if len(self._greeting) < HEADER_BYTES:
                if self._greeting:
                    return not_amqp10(self._greeting)
                return f"the server closed the connection without an answer; it may {self._expected}"
            if self._sasl.outcome != self._sasl.OK:
                return self._login.failure(self._sasl.outcome, self._offered.names)
        if condition is None:
            return "the server closed the connection"
        if condition.name == "amqp:resource-limit-exceeded" and "idle" in str(condition.description):
            return f"the server sent nothing for {self._idle_seconds:g} s, not even the empty frames that it owes"
        return f"the server broke the protocol: {text_of(condition)}"
