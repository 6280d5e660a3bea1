"""Turns answers, and missing ones, into failures that say what an administrator can do."""

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from urllib.parse import urlsplit

from requests.exceptions import RequestException
from urllib3.exceptions import ConnectTimeoutError, ProxyError

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import utc_now
from pulp_notifiers.outbound import retry_after_seconds

from .destination import shown
from .request import HttpRequest

_FAILED = "HTTP Notification Failed"
_LONGEST_TEXT = 200

_REDIRECTS = range(300, 400)
_FINAL_REDIRECTS = (300, 301, 304, 305, 308)
_REFUSALS = range(400, 500)
_REFUSED_LOGINS = (401, 403, 407)  # the event is not at fault: it goes once the credentials are fixed
_PASSING_REFUSALS = (*_REFUSED_LOGINS, 408, 425, 429)


_CERTIFICATE_ALERT = re.compile(
    "ALERT_(HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED|NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE"
    "|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED)$"
)
"""OpenSSL's names of what a receiver says about our certificate (RFC 8446, 6.2); they begin with a version of TLS."""


@dataclass(frozen=True)
class Answer:
    """An answer of a receiver."""

    status: int
    retry_after: str | None = None


def answer_failure(
    answer: Answer, request: HttpRequest, now: datetime | None = None
) -> TemporaryFailure | PermanentFailure | None:
    """Return the failure for an answer, or None if the receiver accepted the event."""
    if 200 <= answer.status < 300:
        return None
    reason = f"Received HTTP {answer.status} from HTTP notifier to {shown(request.url)}."
    if answer.status in _REDIRECTS:
        reason += " Redirects are not followed; give the listener the URL that it redirects to."
    if answer.status in _FINAL_REDIRECTS or (answer.status in _REFUSALS and answer.status not in _PASSING_REFUSALS):
        return PermanentFailure(reason)
    return TemporaryFailure(reason, retry_after_seconds(answer.retry_after, now or utc_now()))


def transport_failure(error: Exception, request: HttpRequest, proxy: str | None) -> TemporaryFailure:
    """Return the failure for an exchange that ended without an answer.

    :param proxy: URL of the proxy that it went through.
    """
    chain = list(causes(error))
    place = _authority(request.url)
    if proxy and any(isinstance(cause, ProxyError) for cause in chain):
        place = f"the proxy {_authority(proxy)}"
    # Only the type of an unknown error, because its text may contain the proxy's URL with the password.
    unknown = f"the request to {place}{' through a proxy' if proxy else ''} failed with {type(chain[-1]).__name__}"
    reason = f"{_FAILED}: {_error_text(chain, place, request) or unknown} ({shown(request.url)})."
    return TemporaryFailure(reason)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _error_text(chain: list[BaseException], place: str, request: HttpRequest) -> str | None:
    # The exact type: urllib3 derives refused connections and unknown names from it.
    if any(type(cause) is ConnectTimeoutError for cause in chain):
        return f"no connection to {place} within {request.timeout:g} s"
    for cause in reversed(chain):
        if isinstance(cause, RequestException):  # it derives from OSError, and is none of the causes below
            break
        text = _tls_error_text(cause, place, request.tls.cert is not None) or _network_error_text(cause, place, request)
        if text:
            return text
    return None


def _tls_error_text(cause: BaseException, place: str, has_certificate: bool) -> str | None:
    alert = _CERTIFICATE_ALERT.search(getattr(cause, "reason", None) or "") if isinstance(cause, ssl.SSLError) else None
    if alert and alert[1] == "HANDSHAKE_FAILURE":  # what most servers answer to a missing certificate before TLS 1.3
        remedy = "check cert and key" if has_certificate else "if it demands a client certificate, set cert and key"
        return f"{place} refused the TLS handshake; {remedy}"
    if alert and has_certificate:
        why = alert[1].lower().replace("_", " ")
        return f"{place} refused the listener's client certificate ({why}); check cert and key"
    if alert:
        return f"{place} demands a client certificate; set cert and key"
    match cause:
        case ssl.SSLCertVerificationError():
            return (
                f"the TLS certificate of {place} was refused: {_plain(cause.verify_message).rstrip('.')}; if a private "
                "authority signed it, set ca_path to the authority's certificate"
            )
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return f"{place} closed the TLS connection without an answer"
        case ssl.SSLError():
            return f"TLS with {place} failed: {_plain(cause.reason or cause.strerror)}"
    return None


def _network_error_text(cause: BaseException, place: str, request: HttpRequest) -> str | None:
    match cause:
        case socket.gaierror():
            return f"the host name of {place} could not be resolved: {_plain(cause.strerror)}"
        case ConnectionRefusedError():
            return f"{place} refused the connection; check that the receiver runs and listens there"
        case TimeoutError():
            return f"{place} did not answer within {request.timeout:g} s"
        case ConnectionError():
            return f"{place} closed the connection without an answer"
        case HTTPException():
            return f"the answer of {place} is not HTTP; check host and port of the URL"
        case OSError():
            return f"{place} could not be reached: {_plain(cause.strerror or cause)}"
    return None


def _authority(url: str) -> str:
    parts = urlsplit(url if "//" in url else f"//{url}")
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    host = parts.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _plain(text: object) -> str:
    # The text comes from outside: keep control characters and long texts out of the log.
    return "".join(letter if letter.isprintable() else " " for letter in str(text))[:_LONGEST_TEXT]
