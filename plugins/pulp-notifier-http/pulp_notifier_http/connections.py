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
from requests.utils import get_environ_proxies, get_netrc_auth, prepend_scheme_if_needed, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ProxyError
from urllib3.util import parse_url

from .answer import read_answer
from .bounded import BoundedHTTPConnection, BoundedHTTPSConnection, exchange
from .destination import shown
from .failures import Answer, transport_failure
from .request import HttpRequest, Receiver, basic
from .trust import TrustStores

_log = logging.getLogger(__name__)

_RECEIVERS = 10
"""Kept connected by each thread; with 16 threads that is well below the usual limit of 1024 open files."""

_RECEIVED_BYTES = 16 * 1024
"""At once; what a TLS record holds."""

_BOUNDED: Mapping[Any, Any] = {HTTPConnection: BoundedHTTPConnection, HTTPSConnection: BoundedHTTPSConnection}
_USUAL_PORTS = {"http": 80, "https": 443}
_HUNG_UP = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True)
class Route:
    """The way to a receiver in this environment, and what is the same in all requests that go there.

    :ivar proxy: its URL, if there is one.
    :ivar connection: routes with the same text share a connection.
    :ivar target: of a request.
    :ivar head: of a request, with places for the event's id, the number of the attempt and the length of the body.
    """

    origin: SplitResult
    proxy: str | None
    connection: str
    target: str
    head: bytes


class Connections:
    """The connections of one thread, kept open between requests.

    requests and urllib3 open them, because they know proxies. They do not carry the exchange: they prepare a request,
    and what they need to repeat it, each time anew, which takes five times as long.
    """

    def __init__(self, trust: TrustStores) -> None:
        self._trust = trust
        self._adapter = HTTPAdapter(pool_connections=_RECEIVERS)
        self._proxy = lru_cache(maxsize=256)(_proxy)
        self._route = lru_cache(maxsize=256)(partial(_route, self._adapter))
        # The one that was used last is at the end.
        self._kept: dict[tuple[str, ssl.SSLContext | None], HTTPConnection] = {}
        self._room = _RECEIVERS

    def close(self) -> None:
        """Close the connections; one that carries a request now is closed afterwards."""
        self._room = 0
        self._close_oldest()

    def post(self, request: HttpRequest) -> Answer:
        """Send a request and return the answer.

        :raises TemporaryFailure: there was no answer.
        """
        proxy = self._proxy(request.url)
        exchange.start(request.timeout)
        try:
            route = self._route(request.receiver, proxy)
            head = route.head % (request.event_id.encode("ascii"), request.attempt, len(request.body))
            answer = self._exchange(route, request.verify, head + request.body)
        except (HTTPException, HTTPError, OSError) as error:
            raise transport_failure(error, request, proxy) from None
        if _log.isEnabledFor(logging.DEBUG):
            target = shown(route.target)  # the query may contain a token
            _log.debug('%s: "%s %s HTTP/1.1" %d', route.origin.netloc, request.method, target, answer.status)
        return answer

    def _exchange(self, route: Route, verify: bool | str, octets: bytes) -> Answer:
        context = self._trust.context(verify) if route.origin.scheme == "https" else None
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
        sock = connection.sock
        is_reusable = False
        try:
            sock.settimeout(exchange.remaining())
            # A receiver may answer and close before it has read everything; without an answer, reading fails too.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.send(octets)
            answer, is_reusable = read_answer(partial(_receive, sock))
        finally:
            if not is_reusable:
                connection.close()
        if is_reusable:
            self._kept[key] = connection
            self._close_oldest()
        return answer

    def _opened(self, route: Route, context: ssl.SSLContext | None) -> HTTPConnection:
        pool = self._pool(route, context)
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

    def _pool(self, route: Route, context: ssl.SSLContext | None) -> Any:
        manager: Any = self._adapter.proxy_manager_for(route.proxy) if route.proxy else self._adapter.poolmanager
        tls = {"ssl_context": context} if context else None
        return manager.connection_from_host(route.origin.hostname, route.origin.port, route.origin.scheme, tls)

    def _close_oldest(self) -> None:
        excess = len(self._kept) - self._room
        if excess > 0:
            for key in list(self._kept)[:excess]:
                self._kept.pop(key).close()


def _receive(sock: Any) -> bytes:
    sock.settimeout(exchange.remaining())
    received: bytes = sock.recv(_RECEIVED_BYTES)
    return received


def _proxy(url: str) -> str | None:
    return select_proxy(url, get_environ_proxies(url))


def _route(adapter: HTTPAdapter, receiver: Receiver, proxy: str | None) -> Route:
    """Return the route to a receiver.

    :raises HTTPError: the proxy's URL is not valid.
    :raises InvalidProxyURL: it has no host.
    """
    origin = urlsplit(receiver.url)
    login = None if receiver.authorization else get_netrc_auth(receiver.url)
    last = {"Authorization": basic(*login)} if login else {}
    proxy = _valid(proxy) if proxy else None
    is_http_proxy = proxy is not None and not proxy.lower().startswith("socks")
    if proxy and is_http_proxy and origin.scheme == "http":
        # The proxy reads the whole request, and passes it on.
        connection, target, host = proxy, origin.geturl(), origin.netloc
        last.update(adapter.proxy_headers(proxy))
    else:
        target = (origin.path or "/") + (origin.query and f"?{origin.query}")
        host = _host(origin, is_tunnelled=is_http_proxy)
        connection = f"{origin.scheme}://{host} {proxy}"
    headers = {"Host": host, **receiver.headers("%b", "%d"), "Content-Length": "%d", **last}
    start = f"{HttpRequest.method} {target} HTTP/1.1".replace("%", "%%")
    head = "\r\n".join([start, *map(": ".join, headers.items()), "", ""])
    return Route(origin, proxy, connection, target, head.encode("ascii"))


def _valid(proxy: str) -> str:
    url: str = prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]
    if not parse_url(url).host:
        raise InvalidProxyURL("it has no host")
    return url


def _host(origin: SplitResult, is_tunnelled: bool) -> str:
    # As http.client writes it for urllib3, which drops the last dot of a name, except in a tunnel.
    host = origin.hostname or ""
    host = f"[{host}]" if ":" in host else host if is_tunnelled else host.rstrip(".")
    return host if origin.port in (None, _USUAL_PORTS[origin.scheme]) else f"{host}:{origin.port}"
