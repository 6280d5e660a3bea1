"""Serving over sockets (owner of uvicorn)."""

import logging
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

import uvicorn
from uvicorn.protocols.http import httptools_impl

from ..app import App
from ..errors import InvalidSetting
from ..settings import NotifiersSettings
from .application import create_app

_BACKLOG = 1024
_HIGHEST_PORT = 65535
_LAST_ANSWERS_SECONDS = 10
_START_SECONDS = 30.0

_logger = logging.getLogger(__name__)

# ASGI has no place for a reason phrase, and Pulp 2's clients were written against `201 CREATED` (CONTRACT 1.2), so
# the one line of uvicorn's table is replaced. Nothing else of this product answers 201.
httptools_impl.STATUS_LINE[201] = b"HTTP/1.1 201 CREATED\r\n"


class RestServer:
    """The REST service on the address of the setting ``bind``.

    ::

        with RestServer(app) as server:      # in a thread of its own
            requests.get(f"{server.url}/pulp/api/v3/notifications/status/")

        RestServer(app).run()                # here, until SIGTERM or SIGINT

    Listens from the moment it is made; connections wait until it is started.

    :raises InvalidSetting: the address cannot be used, or the certificate cannot be read.
    """

    def __init__(self, app: App) -> None:
        own = app.own
        self._server = _Server(_config(app))
        self._socket = _listening_socket(own.bind)
        self._thread: threading.Thread | None = None
        host, self.port = self._socket.getsockname()[:2]
        self.url = f"{'https' if own.tls_certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, finish the requests that are being answered, then return."""
        with _stopped_by_signals(self._server):
            _logger.info("Serving on %s", self.url)
            self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Serve in a thread of its own; return when requests are answered."""
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="pulp-notifiers-rest")
        self._thread.start()
        if not self._server.answers.wait(_START_SECONDS):
            raise TimeoutError("The REST service did not start.")

    def stop(self) -> None:
        """Finish the requests that are being answered, then close. Stopping twice is harmless."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers, which end the process before anything else can be closed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _stopped_by_signals(server: _Server) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # Asked twice, it no longer waits for anybody.
        server.force_exit = server.should_exit
        server.should_exit = True

    kept = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _config(app: App) -> uvicorn.Config:
    own = app.own
    _require_tls_files(own)
    return uvicorn.Config(
        create_app(app),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # it would log queries
        proxy_headers=False,  # trusted_proxies says whom to believe
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        ssl_certfile=own.tls_certificate,
        ssl_keyfile=own.tls_key,
    )


def _require_tls_files(own: NotifiersSettings) -> None:
    if own.tls_certificate is None:
        if own.tls_key is not None:
            raise InvalidSetting("[notifiers] tls_key is given without tls_certificate: give both or neither.")
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(own.tls_certificate, own.tls_key)
    except OSError as error:  # ssl.SSLError is one too
        raise InvalidSetting(
            f"[notifiers] tls_certificate {own.tls_certificate} and tls_key {own.tls_key} cannot be used: {error}."
        ) from None


def _listening_socket(bind: str) -> socket.socket:
    host, _, port = bind.rpartition(":")
    try:
        if int(port) > _HIGHEST_PORT:
            raise OSError(f"there are ports up to {_HIGHEST_PORT}")
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
        # Of a name with several addresses, such as localhost, the one of IPv4.
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        every_address = address[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            (str(address[0]), int(port)), family=family, backlog=_BACKLOG, dualstack_ipv6=every_address
        )
    except UnicodeError:  # of the encoding of names, IDNA, whose text tells nobody anything
        raise InvalidSetting(f"[notifiers] bind = {bind!r} cannot be used: it has no host name or address.") from None
    except OSError as error:
        raise InvalidSetting(f"[notifiers] bind = {bind!r} cannot be used: {error}.") from None
