"""Sends requests over connections that are kept open."""

import logging
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, urlsplit

from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidProxyURL
from requests.utils import get_netrc_auth, prepend_scheme_if_needed
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ProxyError
from urllib3.util import parse_url

from pulp_notifiers.outbound import environment_proxy

from .answer import read_answer
from .bounded import BoundedHTTPConnection, BoundedHTTPSConnection, exchange
from .failures import Answer, transport_failure
from .request import HttpRequest, basic, headers
from .trust import TlsFiles, TrustStores

_log = logging.getLogger(__name__)

_RECEIVERS = 10
"""Kept connected by each thread; with 16 threads that is well below the usual limit of 1024 open files."""

_RECEIVED_BYTES = 16 * 1024
"""At once; what a TLS record holds."""

_BOUNDED: Mapping[Any, Any] = {HTTPConnection: BoundedHTTPConnection, HTTPSConnection: BoundedHTTPSConnection}
_QUERY, _TYPE, _ID, _TIME, _ATTEMPT, _LENGTH = "\0query", "\0type", "\0id", "\0time", "\0attempt", "\0length"
"""Marks in the head of a request, in this order; no header can contain a NUL character."""

_USUAL_PORTS = {"http": 80, "https": 443}
_HUNG_UP = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True)
class Route:
    """The way to a receiver in this environment.

    :ivar connection: routes with the same text share connections.
    :ivar head: of a request, with places for further parameters of the query, the content type, the event's id and
        time, the number of the attempt and the length of the body.
    """

    url: SplitResult
    proxy: str | None
    connection: str
    head: bytes


class Connections:
    """The connections of one thread, kept open between requests.

    requests and urllib3 only open them. Sending through them too would take nine times as long, because they prepare
    each request, and what is needed to repeat or redirect it, from the start.
    """

    def __init__(self, trust: TrustStores) -> None:
        self._trust = trust
        self._adapter = HTTPAdapter(pool_connections=_RECEIVERS)
        self._route = lru_cache(maxsize=256)(partial(_route, self._adapter))
        self._kept: dict[tuple[str, ssl.SSLContext | None], HTTPConnection] = {}  # the last used is the last
        self._room = _RECEIVERS

    def close(self) -> None:
        """Close the connections; one that is in use is closed after its exchange."""
        self._room = 0
        while self._kept:
            self._kept.popitem()[1].close()

    def post(self, request: HttpRequest) -> Answer:
        """Send a request and return the answer.

        :raises TemporaryFailure: there was no answer.
        """
        exchange.start(request.timeout)
        try:
            route = self._route(request.url, request.authorization, request.more)
            head = route.head % _filled(request, route)
            if request.added:
                lines = "".join(f"{name}: {value}\r\n" for name, value in request.added)
                head = head.removesuffix(b"\r\n") + lines.encode("ascii") + b"\r\n"
            answer = self._exchange(route, request.tls, head + request.body)
        except (HTTPException, HTTPError, OSError) as error:
            raise transport_failure(error, request, environment_proxy(request.url)) from None
        # Without the query, which may contain a token.
        _log.debug('%s: "%s %s HTTP/1.1" %d', route.url.netloc, request.method, route.url.path, answer.status)
        return answer

    def _exchange(self, route: Route, tls: TlsFiles, octets: bytes) -> Answer:
        context = self._trust.context(tls) if route.url.scheme == "https" else None
        key = (route.connection, context)
        kept = self._kept.pop(key, None)
        if kept is not None and kept.is_connected:
            # The receiver may just be closing it. A repeat does no harm: the event id is the same.
            with suppress(*_HUNG_UP):
                return self._exchange_on(kept, key, octets)
        elif kept is not None:
            kept.close()  # the receiver has closed it, or sent what nobody asked for
        return self._exchange_on(self._opened(route, context), key, octets)

    def _exchange_on(self, connection: HTTPConnection, key: tuple[str, ssl.SSLContext | None], octets: bytes) -> Answer:
        is_reusable = False
        try:
            connection.sock.settimeout(exchange.remaining())
            # A receiver may answer and close before it has read everything; without an answer, reading fails too.
            with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                connection.send(octets)
            answer, is_reusable = read_answer(partial(_receive, connection.sock))
        finally:
            if not is_reusable:
                connection.close()
        if is_reusable:
            self._kept[key] = connection
            if len(self._kept) > self._room:
                self._kept.pop(next(iter(self._kept))).close()
        return answer

    def _opened(self, route: Route, context: ssl.SSLContext | None) -> HTTPConnection:
        manager: Any = self._adapter.proxy_manager_for(route.proxy) if route.proxy else self._adapter.poolmanager
        tls = {"ssl_context": context} if context else None
        pool = manager.connection_from_host(route.url.hostname, route.url.port, route.url.scheme, tls)
        pool.ConnectionCls = _BOUNDED.get(pool.ConnectionCls, pool.ConnectionCls)
        connection: HTTPConnection = pool._new_conn()
        connection.timeout = exchange.remaining()  # for SOCKS proxies, whose connections are urllib3's own
        try:
            if context and pool.proxy:
                pool._prepare_proxy(connection)
            else:
                connection.connect()
        except (HTTPException, HTTPError, OSError) as error:
            is_at_proxy = connection.proxy and not connection.has_connected_to_proxy
            connection.close()
            if is_at_proxy:
                raise ProxyError("no connection to the proxy", error) from error
            raise
        return connection


def _filled(request: HttpRequest, route: Route) -> tuple[bytes | int, ...]:
    """Return what comes into the places of a route's head."""
    query = f"{'&' if route.url.query else '?'}{request.query}" if request.query else ""
    texts = query, request.content_type, request.event_id, request.event_time
    return *(text.encode("ascii") for text in texts), request.attempt, len(request.body)


def _receive(sock: Any) -> bytes:
    sock.settimeout(exchange.remaining())
    received: bytes = sock.recv(_RECEIVED_BYTES)
    return received


def _route(adapter: HTTPAdapter, url: str, authorization: str | None, more: tuple[tuple[str, str], ...]) -> Route:
    """Return the route to a receiver.

    :raises HTTPError: the proxy's URL is not valid.
    :raises InvalidProxyURL: it has no host.
    """
    parts = urlsplit(url)
    has_own = authorization or any(name.lower() == "authorization" for name, _ in more)
    login = None if has_own else get_netrc_auth(url)
    last = {"Authorization": basic(*login)} if login else {}
    proxy = environment_proxy(url)
    if proxy:
        proxy = str(prepend_scheme_if_needed(proxy, "http"))  # type: ignore[no-untyped-call]
        if not parse_url(proxy).host:
            raise InvalidProxyURL("it has no host")
    is_http_proxy = proxy is not None and not proxy.lower().startswith("socks")
    if proxy and is_http_proxy and parts.scheme == "http":
        # The proxy reads the whole request and passes it on.
        connection, target, host = proxy, parts.geturl(), parts.netloc
        last.update(adapter.proxy_headers(proxy))
    else:
        connection = f"{parts.scheme}://{parts.netloc} {proxy}"
        target = (parts.path or "/") + (parts.query and f"?{parts.query}")
        # Like urllib3, which drops the last dot of a name, except in a tunnel.
        host = (parts.hostname or "") if is_http_proxy else (parts.hostname or "").rstrip(".")
        host = f"[{host}]" if ":" in host else host
        host = host if parts.port in (None, _USUAL_PORTS[parts.scheme]) else f"{host}:{parts.port}"
    lines = {
        "Host": host,
        **headers(authorization, more, _TYPE, _ID, _TIME, _ATTEMPT),
        "Content-Length": _LENGTH,
        **last,
    }
    start = f"{HttpRequest.method} {target}{_QUERY} HTTP/1.1"
    head = "\r\n".join([start, *map(": ".join, lines.items()), "", ""]).replace("%", "%%")
    for mark in (_QUERY, _TYPE, _ID, _TIME):
        head = head.replace(mark, "%b")
    head = head.replace(_ATTEMPT, "%d").replace(_LENGTH, "%d")
    return Route(parts, proxy, connection, head.encode("ascii"))
