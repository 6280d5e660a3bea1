"""Domains of mail addresses: their ASCII form, and which of them can exist."""

import ipaddress
import re

import idna

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_LONGEST = 253


def ascii_domain(domain: str) -> str:
    """Return the ASCII form of an internationalised domain, which every mail server accepts; others unchanged.

    IDNA 2008, as browsers and registries use it: the standard library's older form maps ``ß`` to another domain. It is
    used only for what IDNA 2008 does not allow, such as emoji.
    """
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        pass
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def is_possible(domain: str) -> bool:
    """Return whether a domain, or an address in brackets, can exist (RFC 5321, 4.1.2 and 4.1.3)."""
    if domain.startswith("["):
        return _is_address(domain.strip("[]"))
    labels = ascii_domain(domain).split(".")
    fits = sum(map(len, labels)) + len(labels) - 1 <= _LONGEST
    return fits and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _is_address(literal: str) -> bool:
    try:
        if literal.lower().startswith("ipv6:"):
            return bool(ipaddress.IPv6Address(literal[5:]))
        return bool(ipaddress.IPv4Address(literal))
    except ValueError:
        return False
