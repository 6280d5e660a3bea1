"""What surrounds every answer: the last resort for faults, proxies, the marks of deprecation, the access log."""

import logging
import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..paths import LEGACY_PAGE, V2
from .proxies import TrustedProxies

DEPRECATION_HEADERS = {
    # RFC 9745. The documentation of Pulp 2.7, of the end of 2015, was the first to say so.
    "Deprecation": "@1451520000",
    "Link": f'<{LEGACY_PAGE}>; rel="deprecation"; type="text/html"',
}

_logger = logging.getLogger(__name__)
_access_logger = logging.getLogger("pulp_notifiers.rest.access")

FaultAnswer = Callable[[Request, Exception], Response]


class FaultBoundary:
    """Turns what nobody foresaw into an answer, and logs it."""

    def __init__(self, app: ASGIApp, answer: FaultAnswer) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, as an ASGI application."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # the one place of the REST service that decides about everything unforeseen
            if started or scope["type"] != "http":
                raise
            _logger.exception("%s %s failed", scope["method"], _path(scope))
            await self._answer(Request(scope, receive), error)(scope, receive, send)


class ForwardedScheme:
    """Takes over from a trusted proxy that ends TLS that the client speaks HTTPS, so that URLs in answers say so."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, as an ASGI application."""
        if scope["type"] == "http":
            told = self._proxies.header(Request(scope), "X-Forwarded-Proto")
            if told in ("http", "https"):
                scope["scheme"] = told
        await self._app(scope, receive, send)


class Deprecated:
    """Marks every answer of Pulp 2's API as deprecated."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, as an ASGI application."""
        if scope["type"] != "http" or not scope["path"].startswith(V2):
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(DEPRECATION_HEADERS)
            await send(message)

        await self._app(scope, receive, marked)


class AccessLog:
    """Logs every answer in one line, without the query, which may hold secrets."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, as an ASGI application."""
        if scope["type"] != "http" or not _access_logger.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        begun = self._clock()

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                milliseconds = (self._clock() - begun) * 1000
                client = scope["client"][0] if scope.get("client") else "-"
                _access_logger.info(
                    "%s %s %s %d %.1f ms", client, scope["method"], _path(scope), message["status"], milliseconds
                )
            await send(message)

        await self._app(scope, receive, logged)


def _path(scope: Scope) -> str:
    # As it was sent: decoded, it may hold line breaks.
    path: str = scope["raw_path"].decode("latin-1")
    return path
