"""Puts requests on the wire."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Unconnected
from requests.exceptions import RequestException
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies, get_netrc_auth, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from .bounded import BoundedHTTPConnection, BoundedHTTPSConnection, exchange
from .failures import Answer, causes, transport_failure
from .request import HttpRequest, basic
from .trust import TrustStores

_RECEIVERS = 10
"""Of each thread, kept connected; with 16 threads that is well below the usual limit of 1024 open files."""

_READ_BYTES = 64 * 1024
"""Of an answer's body, which says nothing, only so that the connection can be used again."""

_BOUNDED: Mapping[Any, Any] = {HTTPConnection: BoundedHTTPConnection, HTTPSConnection: BoundedHTTPSConnection}
_HUNG_UP = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True)
class Surroundings:
    """What the environment says about an origin: proxies, and credentials in ``.netrc``."""

    proxies: dict[str, str]
    authorization: str | None


class Wire(HTTPAdapter):
    """One thread's connections, kept open between requests.

    requests' session is left out: it looks up environment and ``.netrc`` with each request and prepares what is
    prepared already, which halves the rate.
    """

    def __init__(self, trust: TrustStores) -> None:
        self._trust = trust
        self._surroundings = lru_cache(maxsize=256)(_look_around)
        super().__init__(pool_connections=_RECEIVERS, pool_maxsize=1)

    def post(self, request: HttpRequest) -> Answer:
        """Send a request and return what was answered.

        :raises TemporaryFailure: there was no answer.
        """
        around = self._surroundings(request.url.partition("?")[0])
        prepared = _prepare(request, around)
        try:
            with exchange.within(request.timeout):
                response = self._send(prepared, request, around.proxies)
                _read_to_end(response)
        except (RequestException, HTTPError) as error:
            proxy = select_proxy(request.url, around.proxies)
            raise transport_failure(error, request, proxy) from None
        return Answer(response.status_code, response.headers.get("Retry-After"))

    def _send(self, prepared: PreparedRequest, request: HttpRequest, proxies: dict[str, str]) -> Response:
        options: dict[str, Any] = {"verify": request.verify, "proxies": proxies, "timeout": request.timeout}
        try:
            return self.send(prepared, stream=True, **options)
        except Unconnected as error:
            if exchange.connected or not any(isinstance(cause, _HUNG_UP) for cause in causes(error)):
                raise
        # The receiver closed the kept connection just now. A repeat does no harm: the event id is the same.
        return self.send(prepared, stream=True, **options)

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return where to connect and, for TLS, the context that verifies; pools are kept by both."""
        url = urlsplit(request.url or "")
        tls = {"ssl_context": self._trust.context(verify)} if url.scheme == "https" else {}
        return {"scheme": url.scheme, "host": url.hostname, "port": url.port}, tls

    def request_url(self, request: Any, proxies: Any) -> str:
        """Return what urllib3 may know of the target: it logs the query, which may hold a token, and rewrites it."""
        exchange.target = super().request_url(request, proxies)
        return exchange.target.partition("?")[0]

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool alone: its context verifies, and requests would add its own authorities to those of it."""

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """Return the pool, made to open bounded connections (SOCKS proxies keep urllib3's own)."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        pool.ConnectionCls = _BOUNDED.get(pool.ConnectionCls, pool.ConnectionCls)
        return pool


def _look_around(url: str) -> Surroundings:
    login = get_netrc_auth(url)
    return Surroundings(get_environ_proxies(url), basic(*login) if login else None)


def _prepare(request: HttpRequest, around: Surroundings) -> PreparedRequest:
    prepared = PreparedRequest()
    prepared.method, prepared.url, prepared.body = request.method, request.url, request.body
    prepared.headers = CaseInsensitiveDict(request.headers)
    prepared.headers["Content-Length"] = str(len(request.body))
    if around.authorization:
        prepared.headers.setdefault("Authorization", around.authorization)
    return prepared


def _read_to_end(response: Response) -> None:
    with response:
        try:
            response.raw.read(_READ_BYTES, decode_content=False)
        except (HTTPError, OSError):
            # The status has come, and it decides; leaving the block closes the connection.
            return
