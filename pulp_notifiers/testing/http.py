"""A real HTTP or HTTPS server on a loopback port that keeps requests and answers as a test demands."""

import json
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it was received.

    :ivar path: with the query, byte for byte.
    :ivar headers: names are case-insensitive.
    :ivar connection: number of its connection, from 1; requests on the same connection have the same number.
    """

    method: str
    path: str
    headers: Message
    body: bytes
    connection: int

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the server does with one request.

    :ivar headers: sent beside ``Content-Length``, which is computed unless it is given.
    :ivar until: the answer is held back until this event is set.
    :ivar drop: close the connection without any answer.
    :ivar close: close the connection after the answer without announcing it.
    :ivar trickle_seconds: pause after every byte of head and body.
    :ivar raw: send these bytes instead of status, headers and body.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    until: threading.Event | None = None
    drop: bool = False
    close: bool = False
    trickle_seconds: float = 0.0
    raw: bytes | None = None

    def wire(self) -> bytes:
        """Return the bytes of the answer."""
        if self.raw is not None:
            return self.raw
        bodiless = self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        headers = {**({} if bodiless else {"Content-Length": len(self.body)}), **self.headers}
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


Answers = Iterable[Answer | int] | Callable[[ReceivedRequest], Answer | int]


class HttpReceiver:
    """A server that runs between ``with HttpReceiver() as receiver:`` and the end of the block.

    :param answers: the answers in order (a number means a plain answer with that status), then 200; or a function from
        request to answer, called in the thread of the request's connection.
    :param certificate: PEM file with the certificate chain; turns HTTPS on.
    :param key: PEM file with the key, unless the first file holds it too.
    :param context: a TLS context of your own instead, such as one that demands client certificates.
    :ivar errors: what the function of answers raised.
    :raises Exception: at the end of the block, the first thing that the function of answers raised.
    """

    def __init__(
        self,
        answers: Answers = (),
        *,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._choose = answers if callable(answers) else _in_order(answers)
        self._tls = _tls_context(certificate, key) if certificate else context
        self._requests: list[ReceivedRequest] = []
        self._arrived = threading.Condition()
        self.errors: list[BaseException] = []
        self.closing = threading.Event()

    def __enter__(self) -> Self:
        self._server = _Server(self, self._tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), name="http-receiver")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is None and self.errors:
            raise self.errors[0]

    def close(self) -> None:
        """Stop listening and cut every connection, like a receiver that goes down."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._server.cut_connections()
            self._server.server_close()
            self._thread.join()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The URL of the server's root, with a trailing slash."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The requests received so far, in order."""
        with self._arrived:
            return tuple(self._requests)

    @property
    def connections(self) -> int:
        """How many connections were opened so far."""
        return self._server.connections

    def wait_for(self, count: int, timeout_seconds: float = 60.0) -> tuple[ReceivedRequest, ...]:
        """Return the requests as soon as there are at least ``count``.

        :raises TimeoutError: there were fewer when the time was up.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._requests) >= count, timeout_seconds):
                raise TimeoutError(f"{len(self._requests)} of {count} requests arrived within {timeout_seconds:g} s")
            return tuple(self._requests)

    def wait_until_closed(self, timeout_seconds: float = 60.0) -> None:
        """Return as soon as every connection opened so far is closed.

        :raises TimeoutError: some are still open.
        """
        left = self._server.wait_until_closed(timeout_seconds)
        if left:
            raise TimeoutError(f"{left} connections are still open after {timeout_seconds:g} s")

    def take(self, request: ReceivedRequest) -> Answer:
        """Keep a request and return what to answer; called by the server."""
        with self._arrived:
            self._requests.append(request)
            self._arrived.notify_all()
        answer = self._choose(request)
        return Answer(status=answer) if isinstance(answer, int) else answer


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close() waits for them
    request_queue_size = 128

    def __init__(self, receiver: HttpReceiver, tls: ssl.SSLContext | None) -> None:
        self.receiver = receiver
        self._tls = tls
        self._open: dict[socket.socket, int] = {}
        self._changed = threading.Condition()
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls:
            # The connection's own thread does the handshake, so that a silent client does not block others.
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._changed:
            self.connections += 1
            self._open[connection] = self.connections
        return connection, address

    def number(self, connection: socket.socket) -> int:
        with self._changed:
            return self._open[connection]

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.pop(request, None)
            self._changed.notify_all()

    def wait_until_closed(self, timeout_seconds: float) -> int:
        with self._changed:
            self._changed.wait_for(lambda: not self._open, timeout_seconds)
            return len(self._open)

    def cut_connections(self) -> None:
        with self._changed:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # the client has closed it already
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        # Tests let clients disconnect or refuse the certificate on purpose.
        if error is not None and not isinstance(error, OSError):
            self.receiver.errors.append(error)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        self._number = self.server.number(self.request)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def _answer(self) -> None:
        body = self._body()
        if body is None:  # the connection broke, and no receiver would act on half a body
            self.close_connection = True
            return
        answer = self.server.receiver.take(ReceivedRequest(self.command, self.path, self.headers, body, self._number))
        cut = answer.drop or self._closes_before(answer.until)
        if cut or answer.close or answer.raw is not None:
            self.close_connection = True
        if not cut:
            self._write(answer)

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _answer  # noqa: N815

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _chunks(self) -> bytes | None:
        body = b""
        while line := self.rfile.readline().strip():
            size = int(line, 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return body
        return None

    def _closes_before(self, until: threading.Event | None) -> bool:
        closing = self.server.receiver.closing
        while until is not None and not until.wait(_POLL_SECONDS):
            if closing.is_set():
                return True
        return False

    def _write(self, answer: Answer) -> None:
        if not answer.trickle_seconds:
            self.wfile.write(answer.wire())
            return
        for byte in answer.wire():
            self.wfile.write(bytes([byte]))
            if self.server.receiver.closing.wait(answer.trickle_seconds):
                break


def _in_order(answers: Iterable[Answer | int]) -> Callable[[ReceivedRequest], Answer | int]:
    left = deque(answers)
    lock = threading.Lock()

    def choose(request: ReceivedRequest) -> Answer | int:
        with lock:
            return left.popleft() if left else Answer()

    return choose


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Unknown"


def _tls_context(certificate: str | Path, key: str | Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
