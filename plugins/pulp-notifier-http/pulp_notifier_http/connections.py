"""Sends requests over connections that are kept open."""

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
"""Kept connected by each thread; with 16 threads that is well below the usual limit of 1024 open files."""

_READ_BYTES = 64 * 1024
"""Of an answer's body, which is only read so that the connection can be reused."""

_BOUNDED: Mapping[Any, Any] = {HTTPConnection: BoundedHTTPConnection, HTTPSConnection: BoundedHTTPSConnection}
_HUNG_UP = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True)
class Environment:
    """The settings of the environment for a URL: proxies, and credentials in ``.netrc``."""

    proxies: dict[str, str]
    authorization: str | None


class Connections(HTTPAdapter):
    """The connections of one thread, kept open between requests.

    There is no session of requests: it reads the environment and ``.netrc`` for each request and prepares the request
    again, which halves the rate.
    """

    def __init__(self, trust: TrustStores) -> None:
        self._trust = trust
        self._environment = lru_cache(maxsize=256)(_read_environment)
        super().__init__(pool_connections=_RECEIVERS, pool_maxsize=1)

    def post(self, request: HttpRequest) -> Answer:
        """Send a request and return the answer.

        :raises TemporaryFailure: there was no answer.
        """
        environment = self._environment(request.url.partition("?")[0])
        prepared = _prepare(request, environment)
        try:
            with exchange.within(request.timeout):
                response = self._send(prepared, request, environment.proxies)
                _read_to_end(response)
        except (RequestException, HTTPError) as error:
            proxy = select_proxy(request.url, environment.proxies)
            raise transport_failure(error, request, proxy) from None
        return Answer(response.status_code, response.headers.get("Retry-After"))

    def _send(self, prepared: PreparedRequest, request: HttpRequest, proxies: dict[str, str]) -> Response:
        options: dict[str, Any] = {"verify": request.verify, "proxies": proxies, "timeout": request.timeout}
        try:
            return self.send(prepared, stream=True, **options)
        except Unconnected as error:
            if exchange.connected or not any(isinstance(cause, _HUNG_UP) for cause in causes(error)):
                raise
        # The receiver just closed the kept connection. A repeat does no harm: the event id is the same.
        return self.send(prepared, stream=True, **options)

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return where to connect and, for TLS, the context that verifies; both are the key of a pool."""
        url = urlsplit(request.url or "")
        tls = {"ssl_context": self._trust.context(verify)} if url.scheme == "https" else {}
        return {"scheme": url.scheme, "host": url.hostname, "port": url.port}, tls

    def request_url(self, request: Any, proxies: Any) -> str:
        """Return the target without the query, which urllib3 would log and rewrite; it may contain a token."""
        exchange.target = super().request_url(request, proxies)
        return exchange.target.partition("?")[0]

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing: the pool's context verifies, and requests would add its own authorities to it."""

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """Return a pool that opens bounded connections; for SOCKS proxies, urllib3's own."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        pool.ConnectionCls = _BOUNDED.get(pool.ConnectionCls, pool.ConnectionCls)
        return pool


def _read_environment(url: str) -> Environment:
    login = get_netrc_auth(url)
    return Environment(get_environ_proxies(url), basic(*login) if login else None)


def _prepare(request: HttpRequest, environment: Environment) -> PreparedRequest:
    prepared = PreparedRequest()
    prepared.method, prepared.url, prepared.body = request.method, request.url, request.body
    prepared.headers = CaseInsensitiveDict(request.headers)
    prepared.headers["Content-Length"] = str(len(request.body))
    if environment.authorization:
        prepared.headers.setdefault("Authorization", environment.authorization)
    return prepared


def _read_to_end(response: Response) -> None:
    with response:
        try:
            response.raw.read(_READ_BYTES, decode_content=False)
        except (HTTPError, OSError):
            # Only the status counts, which has arrived; leaving the block closes the connection.
            return
