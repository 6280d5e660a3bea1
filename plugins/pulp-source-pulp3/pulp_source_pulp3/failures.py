"""What an answer of the server, or the lack of one, means, in words that an administrator can act on."""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from requests.exceptions import ConnectTimeout, InvalidHeader
from urllib3.exceptions import SSLError

from pulp_notifiers.encoding import utc
from pulp_notifiers.errors import NotifierError, PermanentFailure, TemporaryFailure

from .redact import redact

_LONGEST_TEXT = 200
_TITLE = re.compile(rb"<title>([^<]+)</title>", re.IGNORECASE)
_OLDEST_VERSION = "3.71"


_UNKNOWN_AUTHORITY = "if a private authority signed it, name the authority's certificate in ca_path"
_OTHER_NAME = "give the source a url with a name that stands in the certificate"
_PEM_FILES = "check ca_path, cert and key, which are PEM files that fit together and need no passphrase"
_CERTIFICATE_REMEDIES = {
    9: "set the clocks of both machines",
    10: "have the server's certificate renewed",
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
"""By the codes of OpenSSL: not valid yet, expired, another name, another address."""


class NotThere(PermanentFailure):
    """The server has nothing at this path, or does not show it."""


class TooLarge(TemporaryFailure):
    """The answer is larger than any that is read; it is of use to ask for less."""


class NotAuthenticated(PermanentFailure):
    """The server does not know who asks, so nothing follows about what was asked for."""


class Hidden(PermanentFailure):
    """The server shows no task where it has shown some."""


def answer_failure(status: int, place: str, body: bytes, retry_after: str | None, now: datetime) -> NotifierError:
    """Return the failure that an answer other than 2xx and 401 stands for.

    :param place: server and path, without a query.
    :param body: what it answered, shown where it is Pulp's own explanation.
    """
    if 300 <= status < 400:
        return PermanentFailure(
            f"{place} answers HTTP {status}, which leads elsewhere, and redirects are not followed; "
            "give the source the URL that it leads to."
        )
    if status in (400, 403) and not _is_json(body):
        return PermanentFailure(
            f"{place} answers HTTP {status}{_titled(body)}, and not in Pulp's own words; check the source's url, cert "
            "and key, and the proxy before the server."
        )
    if status == 400:
        return PermanentFailure(
            f"{place} refuses the question with HTTP 400{_explained(body)}. Watching needs pulpcore "
            f"{_OLDEST_VERSION} or newer; update the server if it is older."
        )
    if status == 403:
        return PermanentFailure(
            f"{place} answers HTTP 403{_explained(body)}; grant the account the roles that the documentation of the "
            "source names."
        )
    if status in (404, 410):
        return NotThere(
            f"{place} does not exist (HTTP {status}); check the source's url, its path (Pulp's API_ROOT), and domains."
        )
    if status in (408, 425, 429) or status >= 500:
        return TemporaryFailure(
            f"{place} answers HTTP {status}; look at the log of the server, or of the proxy before it.",
            retry_after_seconds(retry_after, now),
        )
    return PermanentFailure(f"{place} answers HTTP {status}{_explained(body)}; check the source's url.")


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks for as a number or a date; None for anything else."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, (utc(parsedate_to_datetime(value)) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def transport_failure(error: Exception, place: str, timeout: float) -> NotifierError:
    """Return the failure for an exchange that ended without a whole answer."""
    if isinstance(error, InvalidHeader):
        return PermanentFailure(f"What the source sends to {place} as a header is not valid; check its credentials.")
    if isinstance(error, ConnectTimeout):
        return TemporaryFailure(f"{place} could not be connected within {timeout:g} s.")
    for cause in reversed(list(_causes(error))):
        told = _told(cause, place, timeout)
        if told is not None:
            return told
    return TemporaryFailure(
        f"The exchange with {place} ended with {type(error).__name__}; "
        "if this stays so, check that the source's url leads to a Pulp 3 server."
    )


def _told(cause: BaseException, place: str, timeout: float) -> NotifierError | None:
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
            return TemporaryFailure(f"The name of {place} could not be resolved: {_plain(cause.strerror)}.")
        case ConnectionRefusedError():
            return TemporaryFailure(f"{place} refused the connection; check that the server runs and listens there.")
        case TimeoutError():
            return TemporaryFailure(f"{place} did not answer within {timeout:g} s.")
        case ConnectionError():
            return TemporaryFailure(f"{place} closed the connection before its answer was complete.")
    return None


def unreadable(place: str) -> TemporaryFailure:
    """Return the failure for an answer that is not what Pulp answers."""
    return TemporaryFailure(
        f"What {place} answers is not a whole document of Pulp's API; "
        "if this stays so, check that the source's url leads to a Pulp 3 server."
    )


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
    told = answer.get("detail") or answer.get("errors") or answer
    return f" ({_plain(redact(told if isinstance(told, str) else json.dumps(told)))})"


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
    # Others wrote it: keep control characters and essays out of the log.
    return "".join(letter if letter.isprintable() else " " for letter in str(text))[:_LONGEST_TEXT]
