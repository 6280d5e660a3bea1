"""Requests to the server, as Pulp's Python bindings made them (CONTRACT 5).

Uses the standard library for them: a command makes one or two, and a larger HTTP library takes longer to import.
"""

import http.client
import json
import os
import ssl
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from .connection_failures import speaks_tls, unreachable, unreadable_ca_path
from .failures import foreign_answer, redirected, refusal
from .output import echo

# A copy of the server's constant, because importing the server takes longer than a request; a test compares them.
DROPPED_SECRETS_HEADER = "Pulp-Dropped-Secrets"

NOTIFICATIONS = "/pulp/api/v3/notifications/"

_URL_FORM = "write http://HOST:PORT or https://HOST:PORT"
TIMEOUT_SECONDS = 120.0


def split_url(url: str) -> tuple[str, str, int | None, str]:
    """Return scheme, host, port and path prefix of the server's address.

    :raises ValueError: it is not the URL of an HTTP server.
    """
    if "@" in url:
        raise ValueError("give the user with --username or [client] username, not within the URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(_URL_FORM) from None  # the library's sentence repeats parts of the URL
    if parts.scheme not in ("http", "https") or not host or not host.isprintable() or " " in host:
        raise ValueError(_URL_FORM)
    return parts.scheme, host, port, quote(parts.path.rstrip("/"), safe="/%")


class Client:
    """Sends requests to one server as one user.

    :param url: its address.
    :param username: sent with ``password`` as basic authentication if both are given.
    :param ca_path: authorities to trust instead of the system's; empty for the system's.
    :param environ: where to find the language of the user.
    :param timeout_seconds: for the connection, and for each read and write on it.
    :ivar url: its address, without a slash at the end.
    """

    def __init__(
        self,
        url: str,
        username: str = "",
        password: str = "",
        ca_path: str = "",
        environ: Mapping[str, str] = os.environ,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._scheme, self._host, self._port, self._prefix = split_url(url)
        self.url = url.rstrip("/")
        self._ca_path = ca_path
        self._headers = {
            "Accept": "application/json",
            "Accept-Language": accept_language(environ),
            "Content-Type": "application/json",
        }
        if username and password:
            credentials = f"{username}:{password}".encode(errors="surrogateescape")
            self._headers["Authorization"] = f"Basic {b64encode(credentials).decode('ascii')}"

    def get(self, path: str, query: Mapping[str, object] | None = None, answer_key: str = "") -> Any:
        """Return the document at ``path``; query parameters that are None are left out.

        :param answer_key: a document with this key is a valid answer, whatever its status.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        asked = f"{path}?{urlencode(given, errors='surrogateescape')}" if given else path
        return self._request("GET", asked, answer_key=answer_key)

    def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Send a new document and return the answer's document."""
        return self._request("POST", path, document)

    def put(self, path: str, document: Mapping[str, Any]) -> Any:
        """Send changes and return the answer's document."""
        return self._request("PUT", path, document)

    def patch(self, path: str, document: Mapping[str, Any], seen: Mapping[str, Any] | None = None) -> Any:
        """Send changes to the product's own API and return the answer's document.

        :param seen: what the changes depend on, as :meth:`get` returned it.
        :raises ChangedMeanwhile: it is not like that any more.
        """
        etag = seen.etag if isinstance(seen, Document) else None
        return self._request("PATCH", path, document, headers={} if etag is None else {"If-Match": etag})

    def delete(self, path: str) -> None:
        """Delete what is at ``path``."""
        self._request("DELETE", path, may_be_empty=True)

    def _request(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        answer_key: str = "",
        may_be_empty: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the parsed answer.

        :raises RequestFailed: with what to print and the exit code.
        """
        url = self.url + path
        connection = self._connection()
        body = None if document is None else json.dumps(document).encode("ascii")
        try:
            connection.request(method, self._prefix + path, body, {**self._headers, **(headers or {})})
            response = connection.getresponse()
            status, text, location = response.status, response.read(), response.getheader("Location", "")
            etag = response.getheader("ETag")
            _report_dropped_secrets(response.getheader(DROPPED_SECRETS_HEADER))
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()
        is_json, answer = _parsed(text, url)
        if location and 300 <= status < 400:
            raise redirected(method, url, status, location)
        if status >= 300 and not (answer_key and isinstance(answer, dict) and answer_key in answer):
            if not is_json and self._is_plain_to_tls():
                raise self._unreachable(ConnectionResetError())
            raise refusal(method, url, status, answer)
        if not (isinstance(answer, dict | list) or (may_be_empty and (is_json or not text))):
            raise foreign_answer(url)
        if isinstance(answer, Document):
            answer.etag = etag
        return answer

    def _unreachable(self, error: OSError | UnicodeError | http.client.HTTPException) -> Exception:
        is_refused = isinstance(error, ConnectionRefusedError | UnicodeError)
        return unreachable(error, self._host, self.url, not is_refused and self._is_plain_to_tls())

    def _is_plain_to_tls(self) -> bool:
        """Return whether the URL begins with http:// although the server expects TLS."""
        return self._scheme == "http" and speaks_tls(self._host, self._port or http.client.HTTP_PORT)

    def _connection(self) -> http.client.HTTPConnection:
        if self._scheme == "http":
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_seconds)
        context = _tls_context(self._ca_path)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_seconds, context=context)


def segment(identity: str) -> str:
    """Return an id as one segment of a path, whatever the user typed."""
    return quote(identity, safe="", errors="surrogateescape")


def accept_language(environ: Mapping[str, str]) -> str:
    """Return the user's locale as the bindings sent it: lower case, ``-`` for ``_``."""
    named = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    language = named.partition(".")[0].partition("@")[0]
    return "en-us" if language in ("", "C", "POSIX") else language.lower().replace("_", "-")


def _tls_context(ca_path: str) -> ssl.SSLContext:
    if not ca_path:
        return ssl.create_default_context()
    path = Path(ca_path)
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=ca_path)
        return ssl.create_default_context(cafile=ca_path)
    except ssl.SSLError:
        raise unreadable_ca_path(ca_path, "the file holds no PEM certificate") from None
    except OSError as error:
        raise unreadable_ca_path(ca_path, error.strerror or str(error)) from None


def _report_dropped_secrets(names: str | None) -> None:
    if names:
        listed = unquote(names)
        echo(
            f"Warning: the stored secret of {listed} was removed, because the change sends it elsewhere (scheme, host "
            f"or port). Enter it again with another update if the new destination needs it.",
            err=True,
        )


class Document(dict[str, Any]):
    """A JSON object of an answer; a key that pulp-notifiers always sends must be there.

    :param url: where it came from.
    :ivar etag: by which the server recognises it, if it is a whole answer and the server says so.
    """

    etag: str | None = None

    def __init__(self, pairs: list[tuple[str, Any]], url: str) -> None:
        super().__init__(pairs)
        self._url = url

    def __missing__(self, key: str) -> Any:
        """Refuse an answer that lacks a key."""
        raise foreign_answer(self._url)


def _parsed(text: bytes, url: str) -> tuple[bool, Any]:
    """Return whether an answer is JSON, and its value."""
    try:
        return True, json.loads(text, object_pairs_hook=lambda pairs: Document(pairs, url))
    except (ValueError, RecursionError):
        return False, None
