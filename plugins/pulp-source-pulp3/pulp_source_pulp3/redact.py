"""Removes credentials from texts and documents, such as those in URLs."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "*****"

_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/?#'\"<>]*@")
_URL_QUERY = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://[^\s?#'\"<>]*)\?([^\s#'\"<>]+)")
_HEADER = re.compile(
    r"(?i)\b(authorization\b\\*['\"]?\s*[:=]\s*\\*['\"]?(?:basic|bearer|token|digest)?\s*)[^\s'\",;}]+"
)
_NAMED = re.compile(
    r"(?i)\b([a-z0-9_-]*(?:passw(?:or)?d|secret|token|api_?key|credentials?)\\*['\"]?\s*[:=]\s*\\*['\"]?)[^\s'\",;&}]+"
)
_SECRET_KEY = re.compile(
    r"(?i)passw|passphrase|secret|token|credential|authorization|cookie|(?:api|private|client|access|account)_?key|^key$"
    r"|^headers$|^header_value$"
)
_HARMLESS_PARAMETERS = frozenset(
    {
        *("arch", "base_version", "checksum", "country", "fields", "format", "infra", "limit", "offset", "page"),
        *("release", "repo", "repo_versions", "repository_version", "repository_version_added"),
        *("repository_version_removed", "sort", "type", "version"),
    }
)


def redact(text: str) -> str:
    """Return a text without users and passwords in URLs, query values that may be secret, and other credentials."""
    text = _USERINFO.sub(rf"\1{MASK}@", text)
    text = _URL_QUERY.sub(lambda found: f"{found[1]}?{_parameters(found[2])}", text)
    return _NAMED.sub(rf"\1{MASK}", _HEADER.sub(rf"\1{MASK}", text))


def redacted(value: Any) -> Any:
    """Return a JSON value with every text in it redacted, and masked below keys that name a secret; keys are kept."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        # The result of a task on a remote is that remote, which includes the headers that it sends.
        return {key: (_masked if _SECRET_KEY.search(str(key)) else redacted)(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return MASK if isinstance(value, str) and value else value


def _parameters(query: str) -> str:
    return "&".join(map(_parameter, query.split("&")))


def _parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return parameter if equals and name.lower() in _HARMLESS_PARAMETERS else f"{name}={MASK}" if equals else MASK
