"""Serves over sockets (owner of uvicorn)."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self, cast

import uvicorn
from uvicorn.protocols.http import httptools_impl

from ..app import App
from .application import create_app
from .connections.connection import Connection
from .connections.descriptors import raise_limit, room_for_connections
from .connections.door import Door
from .http.proxies import TrustedProxies
from .listening import listen
from .settings import RestSettings

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

    :param listening: the socket of :func:`.listen`, which is called if it is None.
    :raises InvalidSetting: the address cannot be used, or the certificate cannot be read.
    """

    def __init__(self, app: App, listening: socket.socket | None = None) -> None:
        own = app.own
        self._socket = listening or listen(app)
        self._server = _Server(app)
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
    """Uvicorn behind a door that limits connections.

    It lacks uvicorn's own signal handlers, which end the process before the App can be closed.
    """

    def __init__(self, app: App) -> None:
        super().__init__(_config(app))
        self.serving = threading.Event()
        self._limits = app.settings.section("rest", RestSettings)
        self._proxies = TrustedProxies(app.own.trusted_proxies)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await self.lifespan.startup()
        doors = [self._door(listening) for listening in sockets or ()]
        # Uvicorn only closes them.
        self.servers = cast(list[asyncio.base_events.Server], doors)
        for door in doors:
            door.open()
        self.started = True
        self.serving.set()

    def _door(self, listening: socket.socket) -> Door:
        limits = self._limits
        wanted = limits.max_connections + limits.reserved_descriptors
        limit = raise_limit(wanted)
        room = room_for_connections(limit, limits.max_connections, limits.reserved_descriptors)
        if room < limits.max_connections:
            _logger.warning(
                "Only %d connections are accepted at a time, because this process may open only %d files; raise that "
                "limit to %d (ulimit -n, LimitNOFILE=) or lower [rest] max_connections",
                room,
                limit,
                wanted,
            )
        return Door(
            listening,
            limits,
            room,
            highest_descriptor=max(room, limit - limits.reserved_descriptors // 2),
            proxies=self._proxies,
            tls=self.config.ssl,
            new_connection=self._new_connection,
        )

    def _new_connection(self, door: Door, address: str) -> Connection:
        clock = asyncio.get_running_loop().time
        state = self.lifespan.state
        return Connection(self.config, self.server_state, state, door, self._limits, clock, address)

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
    return uvicorn.Config(
        create_app(app),
        http="httptools",
        loop="asyncio",
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
