"""The token and the headers that a listener adds to its requests; their values are secret."""

import re
from collections.abc import Mapping

from pydantic import SecretStr

MOST_HEADERS = 32
LONGEST_VALUE = 4096
"""Characters; receivers accept 8 kB of headers or more."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_TOKEN = re.compile(r"[\x21-\x7e]+")

_RESERVED = frozenset(
    {
        *("host", "content-length", "content-type", "content-encoding", "transfer-encoding"),
        *("accept", "accept-encoding", "user-agent"),
        *("connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"),  # codespell:ignore
        *("proxy-authorization", "proxy-authenticate"),
    }
)
_RESERVED_PREFIX = "pulp-"


def checked_headers(headers: Mapping[str, SecretStr]) -> dict[str, SecretStr]:
    """Return the headers that a listener adds, without blanks around the values.

    :raises ValueError: one of them cannot be sent, or is set by the notifier; the text does not repeat values.
    """
    if len(headers) > MOST_HEADERS:
        raise ValueError(f"there are {len(headers)} headers, and at most {MOST_HEADERS} are sent")
    if len(set(map(str.lower, headers))) < len(headers):
        raise ValueError("two headers have the same name; upper and lower case do not differ")
    return {name: _checked(name, value.get_secret_value().strip(" \t")) for name, value in headers.items()}


def checked_token(token: SecretStr) -> SecretStr:
    """Return a bearer token.

    :raises ValueError: it cannot be sent; the text does not repeat it.
    """
    text = token.get_secret_value().strip(" \t")
    if not _TOKEN.fullmatch(text):
        raise ValueError('write only the token: ASCII characters without blanks, and without the word "Bearer"')
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"it is longer than {LONGEST_VALUE} characters")
    return SecretStr(text)


def name_problem(name: str) -> str | None:
    """Return why a header of this name cannot be added; None if it can."""
    if not _NAME.fullmatch(name):
        return f"{name[:40]!a} is not the name of a header: write 1 to 100 ASCII letters, digits and hyphens"
    if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_PREFIX):
        return f"{name} is set by the notifier and cannot be replaced; remove it"
    return None


def value_problem(name: str, value: str) -> str | None:
    """Return why a header cannot have this value; None if it can. The text does not repeat the value."""
    if not _VALUE.fullmatch(value):
        return f"the value of {name} contains a line break or another character that is not printable ASCII"
    if len(value) > LONGEST_VALUE:
        return f"the value of {name} is longer than {LONGEST_VALUE} characters"
    return None


def _checked(name: str, value: str) -> SecretStr:
    problem = name_problem(name) or value_problem(name, value)
    if problem:
        raise ValueError(problem)
    return SecretStr(value)
