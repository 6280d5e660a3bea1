"""Serves over sockets (owner of uvicorn)."""

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
_SHUTDOWN_SECONDS = 10
_START_SECONDS = 30.0

_logger = logging.getLogger(__name__)

# Pulp 2's clients were written against `201 CREATED` (CONTRACT 1.2), and ASGI cannot set a reason phrase, so this line
# of uvicorn's table is replaced. Nothing else in this product answers 201.
httptools_impl.STATUS_LINE[201] = b"HTTP/1.1 201 CREATED\r\n"


class RestServer:
    """The REST service on the address of the setting ``bind``.

    ::

        with RestServer(app) as server:      # in a thread
            requests.get(f"{server.url}/pulp/api/v3/notifications/status/")

        RestServer(app).run()                # in this thread, until SIGTERM or SIGINT

    Listens as soon as it is created; connections wait until it is started.

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
        """Serve until SIGTERM or SIGINT; return when the requests in progress are answered."""
        with _stopped_by_signals(self._server):
            _logger.info("Serving on %s", self.url)
            self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Start a thread that serves; return when it does."""
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="pulp-notifiers-rest")
        self._thread.start()
        if not self._server.serving.wait(_START_SECONDS):
            raise TimeoutError(f"The REST service did not start within {_START_SECONDS:g} seconds.")

    def stop(self) -> None:
        """Finish the requests in progress, then close. Stopping twice is harmless."""
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
    """Uvicorn without its own signal handlers, which end the process before the App can be closed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _stopped_by_signals(server: _Server) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # The second signal stops at once, without waiting for requests in progress.
        server.force_exit = server.should_exit
        server.should_exit = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
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
        access_log=False,  # would log queries
        proxy_headers=False,  # ForwardedScheme does this, for trusted proxies only
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        ssl_certfile=own.tls_certificate,
        ssl_keyfile=own.tls_key,
    )


def _require_tls_files(own: NotifiersSettings) -> None:
    if own.tls_certificate is None:
        if own.tls_key is not None:
            raise InvalidSetting("[notifiers] tls_key is set without tls_certificate: set both or neither.")
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(own.tls_certificate, own.tls_key)
    except OSError as error:  # includes ssl.SSLError
        raise InvalidSetting(
            f"[notifiers] tls_certificate {own.tls_certificate} and tls_key {own.tls_key} cannot be used: {error}."
        ) from None


def _listening_socket(bind: str) -> socket.socket:
    host, _, port = bind.rpartition(":")
    try:
        if int(port) > _HIGHEST_PORT:
            raise OSError(f"the highest port is {_HIGHEST_PORT}")
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
        # IPv4 first, if a name such as localhost has several addresses.
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        every_address = address[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            (str(address[0]), int(port)), family=family, backlog=_BACKLOG, dualstack_ipv6=every_address
        )
    except UnicodeError:  # from the encoding of names, IDNA; its text does not help
        raise InvalidSetting(f"[notifiers] bind = {bind!r} cannot be used: it has no host name or address.") from None
    except OSError as error:
        raise InvalidSetting(f"[notifiers] bind = {bind!r} cannot be used: {error}.") from None
