"""One connection: what its client may send, and how long it may take."""

import asyncio
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import Any, Protocol

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from ..http.security import SECURITY_HEADERS
from ..settings import RestSettings
from .body import Body, ChunkedBody, PlainBody
from .head import Head, HeadReader
from .pace import Pace
from .refused import Refused, bad_request

_LINGER_SECONDS = 2.0
_MAX_LINGER_BYTES = 4 * 1024 * 1024
_MAX_UNREAD_BODY_BYTES = 64 * 1024 * 1024


class Owner(Protocol):
    """Whoever accepted the connection."""

    def forget(self, connection: "Connection") -> None:
        """Note that a connection was closed."""

    def closes(self, connection: "Connection", reason: str) -> None:
        """Note why a connection is closed."""


class Phase(Enum):
    """What happens next on a connection."""

    HEAD = "the client sends a head"
    BODY = "the client sends the rest of a body"
    ANSWER = "the service answers"
    LINGER = "the client reads the last answer and closes"


class Connection(HttpToolsProtocol):
    """Uvicorn's protocol for HTTP/1, which sees only requests that were checked, one after the other.

    A request waits unread until the one before it is answered, so a client that does not wait for answers is held up
    by TCP and costs no memory.

    :param clock: seconds of any clock.
    :ivar address: the client's IP address.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        owner: Owner,
        limits: RestSettings,
        clock: Callable[[], float],
        address: str,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.address = address
        self._owner = owner
        self._limits = limits
        self._clock = clock
        self._opened_at = self._since = clock()
        self._phase = Phase.HEAD
        self._head_reader = HeadReader(limits)
        self._head: Head | None = None
        self._body: Body = PlainBody(0)
        self._body_pace: Pace | None = None
        self._read_pace: Pace | None = None
        self._unread_bytes = 0
        self._dropped_bytes = 0
        self._held = b""
        self._half_closed = False

    @property
    def waits_since(self) -> float | None:
        """When the client's turn began; None if it is the service's turn. Closing such a connection does less harm."""
        if self._phase is Phase.ANSWER and self._read_pace is None:
            return None
        return self._since

    # Of the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to read; with TLS, after the handshake."""
        super().connection_made(transport)
        self._since = self._clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request in progress, and the owner."""
        super().connection_lost(exc)
        self._held = b""
        self._owner.forget(self)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Return whether the connection stays open: a client may stop sending before it reads the answer."""
        self._half_closed = self._phase is Phase.ANSWER and self.scheme == "http"
        return self._half_closed

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._phase is Phase.LINGER:
            self._drop(data, _MAX_LINGER_BYTES)
        elif self._phase is Phase.ANSWER or self._held:
            self._hold(data)
        else:
            self._take(data)

    # Requests

    def _take(self, data: bytes) -> None:
        try:
            while data and self._phase in (Phase.HEAD, Phase.BODY):
                data = self._take_head(data) if self._phase is Phase.HEAD else self._take_body(data)
        except Refused as refusal:
            self._refuse(refusal)
        except httptools.HttpParserError:
            self._refuse(bad_request("This is not a valid HTTP request."))
        else:
            if data:
                self._hold(data)

    def _take_head(self, data: bytes) -> bytes:
        had_begun = self._head_reader.begun
        found = self._head_reader.feed(data)
        if found is None:
            if not had_begun and self._head_reader.begun and self.cycle is not None:
                self._since = self._clock()
            return b""
        self._head, rest = found
        self._head_reader = HeadReader(self._limits)
        self._begin_request(self._head)
        return rest

    def _begin_request(self, head: Head) -> None:
        chunked = head.body_bytes is None
        self._body = ChunkedBody(self._limits.max_head_bytes) if chunked else PlainBody(head.body_bytes or 0)
        self._since = self._clock()
        self._dropped_bytes = 0
        self._phase = Phase.ANSWER if self._body.complete else Phase.BODY
        if self._phase is Phase.BODY:
            self._body_pace = self._new_pace()
        self.parser.feed_data(head.text)

    def on_headers_complete(self) -> None:
        """Start the request."""
        super().on_headers_complete()
        assert self._head is not None
        self.scope["method"] = self._head.method
        if self._clock() - self._opened_at > self._limits.connection_seconds:
            self.cycle.keep_alive = False

    def _take_body(self, data: bytes) -> bytes:
        content, rest = self._body.feed(data)
        if self._body_pace is not None:
            self._body_pace.moved(len(content))
        if self.cycle.response_complete:
            # The answer did not need the body.
            self._drop(content, _MAX_UNREAD_BODY_BYTES)
        self._feed(content)
        if self._body.complete and self._phase is Phase.BODY:
            self._body_pace = None
            if self.cycle.response_complete:
                self._await_head()
            else:
                self._phase = Phase.ANSWER
        return rest

    def _feed(self, content: bytes) -> None:
        if isinstance(self._body, PlainBody):
            self.parser.feed_data(content)
            return
        if content:
            self.parser.feed_data(b"%x\r\n%b\r\n" % (len(content), content))
        if self._body.complete:
            self.parser.feed_data(b"0\r\n\r\n")

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self._phase is Phase.ANSWER:
            self._await_head()
        elif self._head is not None and self._head.expects_continue:
            # Whether the body follows or the next request, only the client knows.
            self._linger()

    def _await_head(self) -> None:
        self._phase = Phase.HEAD
        self._since = self._clock()
        if self._held:
            self.loop.call_soon(self._take_held)
        elif self._half_closed:
            self.transport.close()

    def _hold(self, data: bytes) -> None:
        self._held += data
        self.flow.pause_reading()

    def _take_held(self) -> None:
        held, self._held = self._held, b""
        if not self.transport.is_closing():
            self.data_received(held)
            if not self._held:
                self.flow.resume_reading()

    # Limits

    def check(self, now: float, elapsed: float) -> None:
        """Close the connection if its client is too slow.

        :param elapsed: seconds since the last check.
        """
        if self.transport is None:  # the TLS handshake has a deadline of its own
            return
        self._check_reading(now)
        match self._phase:
            case Phase.HEAD:
                self._check_head(now)
            case Phase.BODY:
                self._check_body(now, elapsed)
            case Phase.LINGER if now - self._since > _LINGER_SECONDS:
                self.transport.abort()

    def _check_head(self, now: float) -> None:
        waited = now - self._since
        if self._head_reader.begun:
            if waited > self._limits.head_seconds:
                self._refuse(Refused(HTTPStatus.REQUEST_TIMEOUT, "The head of the request took too long."))
        elif waited > (self._limits.head_seconds if self.cycle is None else self._limits.keep_alive_seconds):
            self.transport.close()

    def _check_body(self, now: float, elapsed: float) -> None:
        if self._body_pace is None:
            return
        if not self.cycle.response_complete and (self.flow.read_paused or self.cycle.waiting_for_100_continue):
            self._body_pace.held(elapsed)
        elif self._body_pace.is_overdue(now):
            self._refuse(Refused(HTTPStatus.REQUEST_TIMEOUT, "The body of the request took too long."))

    def _check_reading(self, now: float) -> None:
        unread = self.transport.get_write_buffer_size()
        if not unread:
            self._read_pace = None
        elif self._read_pace is None:
            self._since = now
            self._read_pace = self._new_pace()
        else:
            self._read_pace.moved(max(0, self._unread_bytes - unread))
            if self._read_pace.is_overdue(now):
                self._owner.closes(self, "the answer was not read in time")
                self.transport.abort()
        self._unread_bytes = unread

    def _new_pace(self) -> Pace:
        return Pace(self._clock(), self._limits.transfer_seconds, self._limits.min_bytes_per_second)

    # The end

    def shutdown(self) -> None:
        """Finish the request in progress, then close."""
        if self._phase is Phase.LINGER:
            self.transport.close()
        else:
            super().shutdown()

    def _refuse(self, refusal: Refused) -> None:
        self._owner.closes(self, refusal.sentence)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        self.transport.write(refusal_text(refusal, self.server_state.default_headers))
        self._linger()

    def _linger(self) -> None:
        # A socket that is closed with unread bytes resets the connection, and the answer may be lost.
        self._phase = Phase.LINGER
        self._since = self._clock()
        self._held = b""
        self._dropped_bytes = 0
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.flow.resume_reading()
        else:
            self.transport.close()

    def _drop(self, data: bytes, limit: int) -> None:
        self._dropped_bytes += len(data)
        if self._dropped_bytes > limit:
            self._owner.closes(self, "more was sent than needed after the answer")
            self.transport.abort()


def refusal_text(refusal: Refused, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the answer to what is refused before any route sees it."""
    body = refusal.sentence.encode("ascii")
    fields = [
        *headers,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        *SECURITY_HEADERS,
    ]
    lines = [name + b": " + value + b"\r\n" for name, value in fields]
    return b"".join([STATUS_LINE[refusal.status], *lines, b"\r\n", body])
