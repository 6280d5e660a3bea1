"""What a client command says and returns when the server, or the way to it, fails (CONTRACT 5).

The sentences that clients of Pulp 2 may look for are kept as they were.
"""

import http.client
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import NotifierError
from .documents import printable

_NAME_MISMATCHES = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h."""


class RequestFailed(NotifierError):
    """A request brought no result.

    :param message: what to print.
    :param exit_code: of sysexits.h.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def refusal(method: str, url: str, status: int, document: Any) -> RequestFailed:
    """Return what an answer with a status of 300 or more means.

    :param document: the parsed body, or None where it is no JSON.
    """
    if status == 401:
        return _denied(document)
    if not isinstance(document, Mapping):
        return RequestFailed(
            "There was an internal server error while trying to access the Pulp application. "
            f"{method} {url} was answered with status {status} and no JSON document: look at the log of the server, "
            "and check that the URL is that of pulp-notifiers.",
            os.EX_SOFTWARE,
        )
    # Answers of Pulp 3's kind say "detail" and also use statuses that Pulp 2 never sent.
    if status == 403 and "detail" in document:
        return _denied(document)
    if status in (400, 409) or (status == 413 and "detail" in document):
        return RequestFailed("\n\n".join(_descriptions(document)), os.EX_DATAERR)
    if status == 404:
        return RequestFailed(_not_found(document), os.EX_DATAERR)
    return RequestFailed(
        f"An internal error occurred on the Pulp server:\n\n{method} {url} failed with status {status}: "
        f"{_message(document) or 'no reason was given'}",
        os.EX_SOFTWARE,
    )


def no_listener(listener_id: str) -> RequestFailed:
    """Return what the server would say of a listener whose id cannot be one segment of a path."""
    return RequestFailed(_not_found({"resources": {"event_listener": listener_id}}), os.EX_DATAERR)


def no_source(name: str) -> RequestFailed:
    """Return what the server would say of a source whose name cannot be one segment of a path."""
    return RequestFailed(f"There is no source {printable(name)!r}.", os.EX_DATAERR)


def unreachable(error: OSError | UnicodeError | http.client.HTTPException, host: str, url: str) -> RequestFailed:
    """Return what an error on the way to the server means."""
    check = "Check --url, or [client] url in the settings."
    if isinstance(error, socket.gaierror | UnicodeError):
        return RequestFailed(f"Unable to find host [{host}]. {check}", os.EX_CONFIG)
    if isinstance(error, ConnectionRefusedError):
        return RequestFailed(
            f"The connection was refused when attempting to contact the server [{host}]. Nothing listens at {url}. "
            f"{check}",
            os.EX_CONFIG,
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return _bad_certificate(error, host)
    return RequestFailed(
        f"An error occurred attempting to contact the server at {url}: {str(error) or type(error).__name__}",
        os.EX_IOERR,
    )


def unreadable_ca_path(ca_path: str, reason: str) -> RequestFailed:
    """Return what it means that the certificates of ``--ca-path`` cannot be used."""
    return RequestFailed(
        f"The CA certificates at {ca_path} cannot be used: {reason}. Name a readable PEM file, or a directory prepared "
        "with openssl rehash, with --ca-path or [client] ca_path.",
        os.EX_IOERR,
    )


def _denied(document: Any) -> RequestFailed:
    text = "The specified user does not have permission to execute the given command"
    reason = _message(document) if isinstance(document, Mapping) else None
    return RequestFailed(f"{text}\n\n{reason}" if reason else text, os.EX_NOPERM)


def _descriptions(document: Mapping[str, Any]) -> Iterator[str]:
    error = document.get("error")
    if isinstance(error, Mapping):
        yield from _error_and_below(error)
    elif document.get("property_names"):
        yield f"These properties have values that are not allowed: {', '.join(map(str, document['property_names']))}"
    elif _message(document):
        yield _message(document)
    else:
        yield from _fields(document)


def _message(document: Mapping[str, Any]) -> str:
    return str(document.get("error_message") or document.get("detail") or "")


def _fields(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with each field, from a document of Pulp 3's API."""
    for field, problems in document.items():
        yield f"{field}: {' '.join(map(str, problems)) if isinstance(problems, list) else problems}"


def _error_and_below(error: Mapping[str, Any]) -> Iterator[str]:
    yield str(error.get("description") or "The server refused the request without a description.")
    for below in error.get("sub_errors") or ():
        yield from _error_and_below(below)


def _not_found(document: Mapping[str, Any]) -> str:
    resources = document.get("resources")
    if not isinstance(resources, Mapping):
        return _message(document) or "There is no such resource."
    listed = "\n".join(f"  {printable(str(identity))} ({kind})" for kind, identity in resources.items())
    return f"The following resource(s) could not be found:\n\n{listed}"


def _bad_certificate(error: ssl.SSLCertVerificationError, host: str) -> RequestFailed:
    if error.verify_code in _NAME_MISMATCHES:
        return RequestFailed(
            f"The server's certificate is not for the host [{host}]: {error.verify_message} Use the name that the "
            "certificate holds in --url, or in [client] url of the settings.",
            os.EX_DATAERR,
        )
    return RequestFailed(
        f"The server's SSL certificate is untrusted: {error.verify_message}. Name the certificate of the authority "
        "that signed it with --ca-path, or with [client] ca_path in the settings.",
        os.EX_SOFTWARE,
    )
