"""Turns answers of the server, and missing ones, into failures that say what an administrator can do."""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime

from requests.exceptions import ConnectTimeout, InvalidHeader
from urllib3.exceptions import SSLError

from pulp_notifiers.errors import PermanentFailure, PulpNotifiersError, TemporaryFailure
from pulp_notifiers.outbound import retry_after_seconds

from .redact import redact

OLDEST_VERSION = (3, 71)
"""The first version that can list tasks by time of creation."""

VERSION_NEEDED = f"the source needs pulpcore {'.'.join(map(str, OLDEST_VERSION))} or newer"

_LONGEST_TEXT = 200
_TITLE = re.compile(rb"<title>([^<]+)</title>", re.IGNORECASE)
_IF_IT_PERSISTS = "if it persists, check that the source's url is that of a Pulp 3 server"

_UNKNOWN_AUTHORITY = "if a private authority signed it, set ca_path to the authority's certificate"
_OTHER_NAME = "give the source a url with a host name that is in the certificate"
_PEM_FILES = "check ca_path, cert and key: PEM files that belong together and have no passphrase"
_CERTIFICATE_REMEDIES = {
    9: "synchronize the clocks of both machines",
    10: "renew the server's certificate",
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
"""By OpenSSL's error codes: not valid yet, expired, wrong host name, wrong IP address."""


class NotFound(PermanentFailure):
    """Nothing exists at this path, or the account may not see it."""


class TooLarge(TemporaryFailure):
    """The answer exceeds the limit; a smaller request may succeed."""


class NotAuthenticated(PermanentFailure):
    """The server did not accept the credentials, which says nothing about the resource requested."""


class Hidden(PermanentFailure):
    """The server showed tasks before, and shows none any more."""


def answer_failure(status: int, place: str, body: bytes, retry_after: str | None, now: datetime) -> PulpNotifiersError:
    """Return the failure for an answer other than 2xx and 401.

    :param place: server and path, without a query.
    :param body: the body of the answer; an explanation by Pulp is quoted in the failure.
    """
    if 300 <= status < 400:
        return PermanentFailure(
            f"{place} answers HTTP {status}, and redirects are not followed; "
            "give the source the URL that it redirects to."
        )
    if status in (400, 403) and not _is_json(body):
        return PermanentFailure(
            f"{place} answers HTTP {status}{_titled(body)}, which does not come from Pulp itself; check url, cert and "
            "key of the source, and the proxy in front of the server."
        )
    if status == 400:
        return PermanentFailure(
            f"{place} rejects the request with HTTP 400{_explained(body)}; {VERSION_NEEDED}, so update the server if "
            "it is older."
        )
    if status == 403:
        return PermanentFailure(
            f"{place} answers HTTP 403{_explained(body)}; grant the account the roles listed in the documentation of "
            "the source."
        )
    if status in (404, 410):
        return NotFound(
            f"{place} does not exist (HTTP {status}); check the source's url, its path (Pulp's API_ROOT), and domains."
        )
    if status in (408, 425, 429) or status >= 500:
        return TemporaryFailure(
            f"{place} answers HTTP {status}; check the log of the server, or of the proxy in front of it.",
            retry_after_seconds(retry_after, now),
        )
    return PermanentFailure(f"{place} answers HTTP {status}{_explained(body)}; check the source's url.")


def transport_failure(error: Exception, place: str, timeout: float) -> PulpNotifiersError:
    """Return the failure for a request without a complete answer."""
    if isinstance(error, InvalidHeader):
        return PermanentFailure(
            f"The request to {place} has an invalid header; check username, password and token of the source."
        )
    if isinstance(error, ConnectTimeout):
        return TemporaryFailure(f"No connection to {place} within {timeout:g} s.")
    for cause in reversed(list(_causes(error))):
        failure = _failure_of(cause, place, timeout)
        if failure is not None:
            return failure
    return TemporaryFailure(f"The request to {place} failed with {type(error).__name__}; {_IF_IT_PERSISTS}.")


def _failure_of(cause: BaseException, place: str, timeout: float) -> PulpNotifiersError | None:
    match cause:
        case ssl.SSLCertVerificationError():
            remedy = _CERTIFICATE_REMEDIES.get(cause.verify_code, _UNKNOWN_AUTHORITY)
            return PermanentFailure(
                f"The TLS certificate of {place} was refused: {_plain(cause.verify_message).rstrip('.')}; {remedy}."
            )
        case ssl.SSLError():
            return TemporaryFailure(f"TLS with {place} failed: {_plain(cause.reason or cause.strerror)}; {_PEM_FILES}.")
        case SSLError():
            return TemporaryFailure(f"TLS with {place} failed: {_plain(cause)}; {_PEM_FILES}.")
        case IsADirectoryError() | PermissionError():
            return PermanentFailure(f"TLS with {place} failed: {_plain(cause.strerror)}; {_PEM_FILES}.")
        case socket.gaierror():
            return TemporaryFailure(f"The host name of {place} could not be resolved: {_plain(cause.strerror)}.")
        case ConnectionRefusedError():
            return TemporaryFailure(f"{place} refused the connection; check that the server runs and listens there.")
        case TimeoutError():
            return TemporaryFailure(f"{place} did not answer within {timeout:g} s.")
        case ConnectionError():
            return TemporaryFailure(f"{place} closed the connection before its answer was complete.")
    return None


def unreadable(place: str) -> TemporaryFailure:
    """Return the failure for an answer that does not have the form of Pulp's API."""
    return TemporaryFailure(f"{place} did not answer with a complete document of Pulp's API; {_IF_IT_PERSISTS}.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        reason = getattr(current, "reason", None)
        current = current.__cause__ or current.__context__ or (reason if isinstance(reason, BaseException) else None)


def _explained(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(answer, dict) or not answer:
        return ""
    reason = answer.get("detail") or answer.get("errors") or answer
    return f" ({_plain(redact(reason if isinstance(reason, str) else json.dumps(reason)))})"


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _titled(body: bytes) -> str:
    title = _TITLE.search(body)
    return f" ({_plain(title[1].decode(errors='replace').strip())})" if title else ""


def _plain(text: object) -> str:
    # The text comes from outside: keep control characters and long texts out of the log.
    return "".join(letter if letter.isprintable() else " " for letter in str(text))[:_LONGEST_TEXT]
