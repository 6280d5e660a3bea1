"""Messages and exit codes of commands whose request to the server fails (CONTRACT 5).

Sentences of Pulp 2 that scripts may look for are unchanged.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import PulpNotifiersError
from .documents import printable

_LOG_IN = (
    "Log in with --username and --password, or with PULP_NOTIFIERS_CLIENT_USERNAME and "
    "PULP_NOTIFIERS_CLIENT_PASSWORD, or with [client] username and password in the settings."
)


class RequestFailed(PulpNotifiersError):
    """A request failed.

    :param message: what to print.
    :param exit_code: of sysexits.h.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class NotFound(RequestFailed):
    """The server has nothing at this path."""

    def __init__(self, message: str) -> None:
        super().__init__(message, os.EX_DATAERR)


class Denied(RequestFailed):
    """The server does not know the user, or the user may not do that.

    :param reason: the server's sentence; empty if it gave none.
    :param hint: what to do.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        text = "The specified user does not have permission to execute the given command"
        super().__init__("\n\n".join(filter(None, (text, f"{reason} {hint}".strip()))), os.EX_NOPERM)
        self.reason = reason


class ChangedMeanwhile(RequestFailed):
    """Somebody else changed what was to be changed."""

    def __init__(self) -> None:
        super().__init__("Somebody else is changing this at the same time: run the command again.", os.EX_TEMPFAIL)


class FieldsRefused(RequestFailed):
    """The server refused fields of a document.

    :param problems: names and sentences, one after the other.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = list(problems)
        lines = [printable(f"{name}: {sentence}") for name, sentence in self.problems]
        super().__init__("\n".join(lines) or "The server refused the request without a description.", os.EX_DATAERR)


def refusal(method: str, url: str, status: int, document: Any) -> RequestFailed:
    """Return the failure for an answer with a status of 300 or more.

    :param document: the parsed body, or None if it is not JSON.
    """
    if status == 401:
        # Not for Pulp 2's API, whose clients compare what is printed.
        return _denied(document, _LOG_IN if isinstance(document, Mapping) and "detail" in document else "")
    if not isinstance(document, Mapping):
        return RequestFailed(
            "There was an internal server error while trying to access the Pulp application. "
            f"{method} {url} was answered with status {status} and no JSON document: look at the log of the server, "
            "and check that the URL is that of pulp-notifiers.",
            os.EX_SOFTWARE,
        )
    # Answers in the style of Pulp 3 have "detail", and statuses that Pulp 2 never sent.
    if status == 403 and "detail" in document:
        return _denied(document)
    if status == 412:
        return ChangedMeanwhile()
    if status == 429:
        return RequestFailed(_message(document), os.EX_TEMPFAIL)
    if status in (400, 409) or (status == 413 and "detail" in document):
        return _not_accepted(document)
    if status == 404:
        return NotFound(_not_found(document))
    return RequestFailed(
        f"An internal error occurred on the Pulp server:\n\n{method} {url} failed with status {status}: "
        f"{_message(document) or 'no reason was given'}",
        os.EX_SOFTWARE,
    )


def redirected(method: str, url: str, status: int, location: str) -> RequestFailed:
    """Return the failure for a redirect, which is not followed: the password is for this server.

    :param location: where it leads; its query, which may hold a session, is left out.
    """
    return RequestFailed(
        f"{method} {url} was answered with status {status}, a redirect to {location.partition('?')[0]}. Redirects are "
        "not followed. If that is the address of pulp-notifiers, write it in --url or [client] url; if it is a page to "
        "log in at, a proxy stands before the service: use an address that leads past it.",
        os.EX_SOFTWARE,
    )


def foreign_answer(url: str) -> RequestFailed:
    """Return the failure for an answer that pulp-notifiers never sends."""
    return RequestFailed(
        f"The answer from {url} is not one of pulp-notifiers. Check --url, or [client] url in the settings.",
        os.EX_SOFTWARE,
    )


def missing_resource(kind: str, identity: str) -> RequestFailed:
    """Return the failure that Pulp 2's API reports for an id that it does not have."""
    return NotFound(_not_found({"resources": {kind: identity}}))


def nothing_named(noun: str, name: str) -> RequestFailed:
    """Return the failure for a name or an id that the server does not have.

    :param noun: what it should be, such as ``source``.
    """
    return NotFound(f"There is no {noun} '{printable(name)}'. Look it up with {noun} list.")


@contextmanager
def naming(noun: str, name: str) -> Iterator[None]:
    """Report what is missing by its name, if the server answers inside the block that it does not have it."""
    try:
        yield
    except NotFound:
        raise nothing_named(noun, name) from None


def _denied(document: Any, hint: str = "") -> RequestFailed:
    return Denied(_message(document) if isinstance(document, Mapping) else "", hint)


def _not_accepted(document: Mapping[str, Any]) -> RequestFailed:
    error = document.get("error")
    if isinstance(error, Mapping):
        return RequestFailed("\n\n".join(_error_and_below(error)), os.EX_DATAERR)
    if document.get("property_names"):
        names = ", ".join(map(str, document["property_names"]))
        return RequestFailed(f"These properties have values that are not allowed: {names}", os.EX_DATAERR)
    if message := _message(document):
        return RequestFailed(message, os.EX_DATAERR)
    return FieldsRefused(_problems(document))


def _message(document: Mapping[str, Any]) -> str:
    return str(document.get("error_message") or document.get("detail") or "")


def _problems(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with each field, from a document in the style of Pulp 3."""
    for field, problems in document.items():
        for problem in problems if isinstance(problems, list) else [problems]:
            yield field, str(problem)


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
