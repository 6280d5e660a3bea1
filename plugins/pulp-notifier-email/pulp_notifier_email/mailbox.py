"""Mail addresses and other text in the headers of a mail."""

import re
import unicodedata
from dataclasses import dataclass
from email.header import Header
from email.utils import quote, unquote

from .domain import ascii_domain, is_possible

LONGEST_ADDRESS = 254
"""Octets: a path of 256 (RFC 5321, 4.5.3.1.3) without its angle brackets."""

LONGEST_LOCAL_PART = 64
"""Octets before the at sign (RFC 5321, 4.5.3.1.1)."""

_WORD = r"""[^\s"<>()\[\]:;,@\\]+"""
_QUOTED = r'"(?:[^"\\]|\\.)+"'
_LITERAL = r"\[[0-9A-Za-z:.]+\]"
# More lenient than RFC 5321 about dots and a missing domain: the mail server decides whether `root` or
# `a..b@example.com` has a mailbox. Strict about everything that could end the address.
_ADDRESS = re.compile(rf"(?:{_WORD}|{_QUOTED})(?:@(?:{_WORD}|{_LITERAL}))?")
_SPLIT = re.compile(r'(?:"[^"]*"|[^,"])+')
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{0,60}")
_NEVER_IN_HEADERS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LONGEST_LINE = 78


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address and the name of its owner, which may be empty.

    The address is ASCII if only its domain was not: ``info@bücher.example`` is ``info@xn--bcher-kva.example``.
    """

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What follows the at sign, or ``localhost``."""
        return self.address.rpartition("@")[2] if "@" in self.address else "localhost"

    def header(self, header_name: str) -> str:
        """Return the mailbox as the value of a header, folded if necessary."""
        if not self.name:
            return self.address
        phrase = self.name if _PLAIN_NAME.fullmatch(self.name) and "=?" not in self.name else _phrase(self, header_name)
        last_line = f"{header_name}: {phrase}".rpartition("\n")[2]
        separator = " " if len(last_line) + len(self.address) + 3 <= _LONGEST_LINE else "\r\n "
        return f"{phrase}{separator}<{self.address}>"


def parse_mailbox(text: str) -> Mailbox:
    """Parse ``address`` or ``Name <address>``.

    :raises ValueError: the text is not a single address.
    """
    require_header_text(text)
    stripped = text.strip()
    name, address = "", stripped
    if stripped.endswith(">") and "<" in stripped:
        name, _, address = stripped[:-1].rpartition("<")
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{shown(text)} is not an e-mail address")
    # The ASCII form of a domain has no fewer characters, and that of a long one takes seconds.
    address = _with_ascii_domain(address) if len(address) <= LONGEST_ADDRESS else address
    if len(address.encode()) > LONGEST_ADDRESS:
        raise ValueError(f"{shown(text)} is longer than the {LONGEST_ADDRESS} octets that mail servers accept")
    return Mailbox(unquote(name.strip()), address)


def strict_problem(text: str) -> str | None:
    """Return why a text cannot be the address of a mailbox anywhere; None if it can.

    Stricter than :func:`parse_mailbox`, which leaves to the mail server what it may accept.
    """
    try:
        address = parse_mailbox(text).address
    except ValueError as error:
        return str(error)
    local, at, domain = address.rpartition("@")
    if not at:
        return f"{shown(text)} has no domain; write NAME@DOMAIN, such as root@localhost"
    if not is_possible(domain):
        return f"{shown(text)} is not an e-mail address: no mail server can have the domain {shown(domain)}"
    if not address.isprintable():
        return f"{shown(text)} is not an e-mail address: it contains a character that cannot be seen"
    if len(local.encode()) > LONGEST_LOCAL_PART:
        return (
            f"{shown(text)} has more than {LONGEST_LOCAL_PART} octets before the @, the most that mail servers accept"
        )
    return None


def split_addresses(text: str) -> tuple[str, ...]:
    """Return the parts between commas, except commas inside quotation marks."""
    return tuple(part.strip() for part in _SPLIT.findall(text) if part.strip())


def require_header_text(text: str) -> str:
    """Return the text if it is valid in a header.

    :raises ValueError: it could end the header and start another one, or cannot be encoded at all.
    """
    for character in text:
        if unicodedata.category(character) in _NEVER_IN_HEADERS and character != "\t":
            raise ValueError(
                f"{shown(text)} contains a line break or another character that a mail header cannot carry "
                f"(U+{ord(character):04X})"
            )
    return text


def _with_ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}" if at and local.isascii() else address


def shown(text: str) -> str:
    """Return text in quotes for a message, shortened and with unprintable characters escaped."""
    return repr(text) if len(text) <= _LONGEST_LINE else repr(text[:_LONGEST_LINE]) + "..."


def _phrase(mailbox: Mailbox, header_name: str) -> str:
    if mailbox.name.isascii() and mailbox.name.isprintable() and len(mailbox.name) < _LONGEST_LINE // 2:
        return f'"{quote(mailbox.name)}"'
    return Header(mailbox.name, "utf-8", header_name=header_name).encode(linesep="\r\n")
