"""Renders an event as a mail; nothing here uses a network or a clock."""

import hashlib
import textwrap
from collections.abc import Callable
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.quoprimime import body_encode
from email.utils import format_datetime
from typing import Any, Self, TypeVar

from pulp_notifiers import encoding
from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import Event
from pulp_notifiers.outbound import readable_body

from .mailbox import Mailbox, parse_mailbox, require_header_text
from .options import EmailConfig

LONGEST_LINE = 998
"""Octets without the line ending (RFC 5322, 2.1.1); servers refuse a mail with a longer line."""

_PREFERRED_LINE = 78
T = TypeVar("T")


def render(event: Event, config: EmailConfig, target: str, sender: str) -> EmailMessage:
    """Return the mail about an event for one address.

    It is the same for every attempt: its date is when the event occurred, and its Message-ID depends only on the event,
    the subject and the address.

    :param target: the address.
    :param sender: the sender's address, with or without a name.
    :raises PermanentFailure: an address or the subject is not valid in a mail.
    """
    from_box = _checked("sender", parse_mailbox, sender)
    to_box = _checked("address", parse_mailbox, target)
    subject = _checked("subject", require_header_text, config.subject)
    ascii_only = (from_box.address + to_box.address).isascii()
    message = EmailMessage(policy=policy.SMTP if ascii_only else policy.SMTPUTF8)
    _add(message, "Date", format_datetime(encoding.utc(event.occurred_at)))
    _add(message, "From", sender, from_box.header("From"))
    _add(message, "To", target, to_box.header("To"))
    _add(message, "Subject", subject, _subject(subject))
    _add(message, "Message-ID", _message_id(event, config, target, from_box))
    # RFC 3834: keeps vacation notices from answering.
    _add(message, "Auto-Submitted", "auto-generated")
    _add(message, "MIME-Version", "1.0")
    _add(message, "Content-Type", 'text/plain; charset="us-ascii"')
    _add_body(message, readable_body(event))
    return message


def _checked(what: str, check: Callable[[str], T], text: str) -> T:
    try:
        return check(text)
    except ValueError as error:
        raise PermanentFailure(f"The mail cannot be sent because of its {what}: {error}.") from None


def _message_id(event: Event, config: EmailConfig, target: str, sender: Mailbox) -> str:
    suffix = hashlib.sha256((config.subject + target).encode()).hexdigest()[:12]
    return f"<{event.id}.{suffix}@{sender.domain}>"


def _add_body(message: EmailMessage, text: str) -> None:
    fits = max(map(len, text.split("\n"))) <= LONGEST_LINE
    _add(message, "Content-Transfer-Encoding", "7bit" if fits else "quoted-printable")
    message.set_payload(f"{text}\n" if fits else body_encode(f"{text}\n"))


class _Header(str):
    """A header that is written exactly as given, folding included.

    The standard library's folding changes blanks, decodes text that looks encoded, differs between versions of Python,
    and takes nearly four times as long.
    """

    name: str
    wire: str

    def __new__(cls, name: str, text: str, wire: str) -> Self:
        header = super().__new__(cls, text)
        header.name = name
        header.wire = wire
        return header

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self.wire}{policy.linesep}"


def _add(message: EmailMessage, name: str, text: str, wire: str | None = None) -> None:
    message[name] = _Header(name, text, text if wire is None else wire)


def _subject(text: str) -> str:
    room = _PREFERRED_LINE - len("Subject: ")
    plain = text.isascii() and text.isprintable() and text == text.strip() and "=?" not in text
    if plain and len(text) <= room:
        return text
    if plain and "  " not in text and max(map(len, text.split())) <= room:
        return "\r\n ".join(textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False))
    return Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")
