"""Parses the credentials of a request, without verifying them (CONTRACT 1.7)."""

import re
from base64 import b64decode
from dataclasses import dataclass

from ..http.request_text import utf8_or_latin1

USER_CERTIFICATE_PREFIX = "admin:"
"""Prefix of the common name in a Pulp 2 user certificate, ``admin:<login>:<id>``. A consumer's is the consumer's id."""

_APACHE_SUFFIX = re.compile(r",\s*Basic\s*$", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s*([A-Za-z][A-Za-z0-9.-]*|[0-9.]+)\s*=\s*(.*)", re.DOTALL)
_PART = re.compile(r"""(?:\\.|"[^"]*"|[^\\",+;])+""", re.DOTALL)
_ESCAPED_BYTES = re.compile(r"(?:\\[0-9A-Fa-f]{2})+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The user or consumer that a client certificate names.

    :ivar login: the user; None for a consumer.
    :ivar name: the common name.
    """

    login: str | None
    name: str


def basic(authorization: str | None) -> tuple[str, str] | None:
    """Return login and password from an ``Authorization`` header, or None if it has no usable Basic credentials.

    The header has been decoded as Latin-1. A login must be UTF-8; a password may be anything, because some clients send
    Latin-1.
    """
    scheme, _, encoded = (authorization or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = b64decode(_APACHE_SUFFIX.sub("", encoded).strip(), validate=True)
        login, colon, password = decoded.partition(b":")
        return (login.decode("utf-8"), utf8_or_latin1(password)) if colon else None
    except ValueError:  # not base64, or a login that is not UTF-8
        return None


def certificate(subject: str) -> Certificate | None:
    """Return what the subject of a client certificate names, or None if it does not have exactly one common name.

    :param subject: as web servers write it: ``CN=x,O=y`` or ``/O=y/CN=x``.
    """
    names = _common_names(subject)
    if len(names) != 1 or not names[0]:
        return None
    name = names[0]
    if not name.startswith(USER_CERTIFICATE_PREFIX):
        return Certificate(None, name)
    login, colon, identity = name.removeprefix(USER_CERTIFICATE_PREFIX).partition(":")
    return Certificate(login, name) if login and colon and ":" not in identity else None


def _common_names(subject: str) -> list[str]:
    parts = subject[1:].split("/") if subject.startswith("/") else _PART.findall(subject)
    attributes = [found.groups() for part in parts if (found := _ATTRIBUTE.fullmatch(part))]
    return [_unescaped(value.strip()) for key, value in attributes if key.upper() in ("CN", "2.5.4.3")]


def _unescaped(value: str) -> str:
    # RFC 4514, section 2.4
    value = _ESCAPED_BYTES.sub(
        lambda found: bytes.fromhex(found.group().replace("\\", "")).decode("utf-8", "replace"), value
    )
    return _ESCAPED.sub(r"\1", value)
