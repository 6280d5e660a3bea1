"""Middleware around every request: unexpected errors, forwarded scheme, deprecation headers, access log."""

import logging
import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..paths import LEGACY_PAGE, V2
from .proxies import TrustedProxies
from .request_text import raw_path

DEPRECATION_HEADERS = {
    # RFC 9745. Deprecated since the documentation of Pulp 2.7, released at the end of 2015.
    "Deprecation": "@1451520000",
    "Link": f'<{LEGACY_PAGE}>; rel="deprecation"; type="text/html"',
}

_logger = logging.getLogger(__name__)
_access_logger = logging.getLogger("pulp_notifiers.rest.access")

FaultAnswer = Callable[[Request, Exception], Response]


class FaultBoundary:
    """Logs unexpected errors and answers them."""

    def __init__(self, app: ASGIApp, answer: FaultAnswer) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # the one broad except of the REST service
            if started or scope["type"] != "http":
                raise
            _logger.exception("%s %s failed", scope["method"], raw_path(scope))
            await self._answer(Request(scope, receive), error)(scope, receive, send)


class ForwardedScheme:
    """Uses the scheme that a trusted proxy forwards, so that URLs in answers are right if it terminates TLS."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] == "http":
            scheme = self._proxies.header(Request(scope), "X-Forwarded-Proto")
            if scheme in ("http", "https"):
                scope["scheme"] = scheme
        await self._app(scope, receive, send)


class Deprecated:
    """Adds the deprecation headers to every answer of Pulp 2's API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or not scope["path"].startswith(V2):
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(DEPRECATION_HEADERS)
            await send(message)

        await self._app(scope, receive, marked)


class AccessLog:
    """Logs each answer in one line, without the query, which may hold secrets."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or not _access_logger.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        started_at = self._clock()

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                milliseconds = (self._clock() - started_at) * 1000
                client = scope["client"][0] if scope.get("client") else "-"
                _access_logger.info(
                    "%s %s %s %d %.1f ms", client, scope["method"], raw_path(scope), message["status"], milliseconds
                )
            await send(message)

        await self._app(scope, receive, logged)
