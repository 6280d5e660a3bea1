"""The API of one server: a session that logs in once, and one bounded request at a time."""

import logging
import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import requests
from requests.auth import HTTPBasicAuth
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from pulp_notifiers.encoding import utc
from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import utc_now
from pulp_notifiers.outbound import (
    UnusableFile,
    environment_proxy,
    quiet_library,
    require_authorities,
    require_certificate,
    require_key,
)

from .config import Pulp3Config
from .failures import NotAuthenticated, TooLarge, answer_failure, transport_failure, unreadable
from .reading import read_json

_LARGEST_ANSWER = 64 * 1024 * 1024
_PIECE = 64 * 1024
_UNAUTHORIZED = 401
_NOT_PULP = "Pulp itself shows its status to anybody, so check the source's url and the proxy in front of the server."
_NO_LOGIN = (404, 405)  # versions of Pulp without sessions

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server.

    :ivar document: the JSON of its body.
    :ivar date: the server's clock, to a second; None without the header.
    """

    document: Any
    date: datetime | None


@dataclass(frozen=True, slots=True)
class _Raw:
    status: int
    body: bytes
    headers: Mapping[str, str]


class Stopped(Exception):
    """The source is stopping; no further request is made."""


class Client:
    """Sends requests to one server; for one thread.

    :param stopping: returns whether the source is stopping; called before each request.
    :ivar login_path: where a session starts; it differs on a Pulp with domains.
    :ivar requests: how many were made.
    """

    def __init__(self, config: Pulp3Config, stopping: Callable[[], bool] = lambda: False) -> None:
        self.login_path = f"{config.api_root}api/v3/login/"
        self.requests = 0
        self._config = config
        self._stopping = stopping
        self._logged_in = False
        self._files_checked = False
        self._session = requests.Session()
        # Read the environment once: doing so costs a quarter of each request, and .netrc would replace the token.
        self._session.trust_env = False
        proxy = environment_proxy(config.origin)
        self._session.proxies.update({} if proxy is None else {"http": proxy, "https": proxy})
        self._session.verify = config.ca_path or _authorities()
        if config.cert is not None:
            self._session.cert = config.cert if config.key is None else (config.cert, config.key)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "pulp-notifiers"})
        if config.token is not None:
            self._session.headers["Authorization"] = f"Bearer {config.token.get_secret_value()}"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, path: str, parameters: Mapping[str, str] | None = None, anonymous: bool = False) -> Answer:
        """Return the document at a path.

        :raises TemporaryFailure: the server cannot answer now.
        :raises PermanentFailure: it refuses.
        :raises Stopped: the source is stopping.
        """
        # Pulp and proxies limit the request line to about 4 kB, which %2C for each comma would exceed.
        query = f"?{urlencode(parameters, safe=',:')}" if parameters else ""
        if not anonymous:
            self._log_in_once()
        raw = self._exchange("GET", path, query)
        if raw.status == _UNAUTHORIZED and self._config.username is not None and not anonymous:
            self._logged_in = False
            self._session.cookies.clear()
            self._log_in_once()
            raw = self._exchange("GET", path, query)
        return self._accepted(raw, path, anonymous)

    def _log_in_once(self) -> None:
        config = self._config
        if self._logged_in or config.username is None or config.password is None:
            return
        credentials = HTTPBasicAuth(config.username.encode(), config.password.get_secret_value().encode())
        self._session.auth = None
        raw = self._exchange("POST", self.login_path, "", credentials)
        if raw.status in (_UNAUTHORIZED, 403):
            raise NotAuthenticated(
                f"{self._place(self.login_path)} refuses the login of {config.username} (HTTP {raw.status}); "
                "check username and password of the source."
            )
        if raw.status in _NO_LOGIN:
            _logger.info("%s has no sessions; sending the password with each request", config.origin)
            self._session.auth = credentials
        elif not 200 <= raw.status < 300:
            raise self._failure(raw, self.login_path)
        self._logged_in = True

    def _exchange(self, method: str, path: str, query: str, auth: HTTPBasicAuth | None = None) -> _Raw:
        if self._stopping():
            raise Stopped
        self.requests += 1
        timeout = self._config.timeout
        ends = time.monotonic() + timeout
        place = self._place(path)
        self._require_files_once(place)
        try:
            with (
                quiet_library("urllib3"),
                self._session.request(
                    method,
                    f"{self._config.origin}{path}{query}",
                    auth=auth,
                    timeout=timeout,
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                return _Raw(response.status_code, _body(response, ends, place), response.headers)
        except (RequestException, HTTPError, ssl.SSLError, TimeoutError, UnicodeError) as error:
            raise transport_failure(error, place, timeout) from None
        except OSError as error:
            raise self._unusable(place, str(error)) from None  # requests' own error for a file that it cannot read

    def _require_files_once(self, place: str) -> None:
        """Check the files before OpenSSL opens them: a FIFO would block it for ever."""
        config = self._config
        if self._files_checked or not config.origin.startswith("https:"):
            return
        try:
            if config.ca_path:
                require_authorities(config.ca_path)
            if config.cert:
                require_certificate(config.cert, with_key=not config.key)
            if config.key:
                require_key(config.key)
        except UnusableFile as unusable:
            raise self._unusable(place, str(unusable)) from None
        self._files_checked = True

    def _unusable(self, place: str, detail: str) -> PermanentFailure:
        # The failure is the same for a missing file and an unsuitable one, because it is shown over REST.
        _logger.warning("The certificate files of a source cannot be used: %s", detail)
        return PermanentFailure(
            f"The certificate files for {place} cannot be used; check ca_path, cert and key. The service's log says "
            "why."
        )

    def _accepted(self, raw: _Raw, path: str, anonymous: bool) -> Answer:
        if raw.status == _UNAUTHORIZED:
            remedy = _NOT_PULP if anonymous and self._config.token is None else _remedy(self._config)
            raise NotAuthenticated(f"{self._place(path)} asks for credentials (HTTP 401); {remedy}")
        if not 200 <= raw.status < 300:
            raise self._failure(raw, path)
        try:
            document = read_json(raw.body)
        except (ValueError, RecursionError):
            raise unreadable(self._place(path)) from None
        return Answer(document, _date(raw.headers.get("Date")))

    def _failure(self, raw: _Raw, path: str) -> Exception:
        return answer_failure(raw.status, self._place(path), raw.body, raw.headers.get("Retry-After"), utc_now())

    def _place(self, path: str) -> str:
        return f"{self._config.origin}{path}"


def _remedy(config: Pulp3Config) -> str:
    if config.token is not None:
        return "it does not accept the source's token."
    if config.username is not None:
        return "check username and password of the source."
    return "give the source a username and password, or a token."


def _authorities() -> str | bool:
    # The system's, because requests would use a list of its own. OpenSSL respects SSL_CERT_FILE and SSL_CERT_DIR.
    given = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    paths = ssl.get_default_verify_paths()
    return given or paths.cafile or paths.capath or True


def _body(response: requests.Response, ends: float, place: str) -> bytes:
    # Read whatever has arrived, so that a server that sends a byte now and then gets no more time than others.
    pieces = bytearray()
    while piece := response.raw.read1(_PIECE, decode_content=True):
        pieces += piece
        if len(pieces) > _LARGEST_ANSWER:
            raise TooLarge(f"{place} answers with more than {_LARGEST_ANSWER >> 20} MB, the most that is read.")
        if time.monotonic() > ends:
            raise TimeoutError
    return bytes(pieces)


def _date(value: str | None) -> datetime | None:
    try:
        return utc(parsedate_to_datetime(value)) if value else None
    except (ValueError, OverflowError):
        return None
