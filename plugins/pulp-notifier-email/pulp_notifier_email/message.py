"""Renders an event as a mail; nothing here uses a network or a clock."""

import hashlib
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.quoprimime import body_encode
from email.utils import format_datetime
from typing import TypeVar

from pulp_notifiers import encoding
from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import Event
from pulp_notifiers.outbound import readable_body

from .headers import LONGEST_LINE, add, subject_wire
from .mailbox import Mailbox, parse_mailbox, require_header_text
from .options import EmailConfig

T = TypeVar("T")


def render(event: Event, config: EmailConfig, target: str, sender: str) -> EmailMessage:
    """Return the mail about an event for one address.

    It is the same for every attempt: its date is when the event occurred, and its Message-ID depends only on the event,
    the subject and the address.

    :param target: the address.
    :param sender: the sender's address, with or without a name.
    :raises PermanentFailure: an address or the subject is not valid in a mail.
    """
    from_box, to_box = checked(sender, target)
    subject = _checked("subject", require_header_text, config.subject or "")
    ascii_only = (from_box.address + to_box.address).isascii()
    message = EmailMessage(policy=policy.SMTP if ascii_only else policy.SMTPUTF8)
    add(message, "Date", format_datetime(encoding.utc(event.occurred_at)))
    add(message, "From", sender, from_box.header("From"))
    add(message, "To", target, to_box.header("To"))
    add(message, "Subject", subject, subject_wire(subject))
    add(message, "Message-ID", _message_id(event, config, target, from_box))
    # RFC 3834: keeps vacation notices from answering.
    add(message, "Auto-Submitted", "auto-generated")
    add(message, "MIME-Version", "1.0")
    add(message, "Content-Type", 'text/plain; charset="us-ascii"')
    _add_body(message, readable_body(event))
    return message


def checked(sender: str, target: str) -> tuple[Mailbox, Mailbox]:
    """Return the two addresses of a mail.

    :raises PermanentFailure: one of them is not valid in a mail.
    """
    return _checked("sender", parse_mailbox, sender), _checked("address", parse_mailbox, target)


def _checked(what: str, check: Callable[[str], T], text: str) -> T:
    try:
        return check(text)
    except ValueError as error:
        raise PermanentFailure(f"The mail cannot be sent because of its {what}: {error}.") from None


def _message_id(event: Event, config: EmailConfig, target: str, sender: Mailbox) -> str:
    suffix = hashlib.sha256(((config.subject or "") + target).encode()).hexdigest()[:12]
    return f"<{event.id}.{suffix}@{sender.domain}>"


def _add_body(message: EmailMessage, text: str) -> None:
    fits = max(map(len, text.split("\n"))) <= LONGEST_LINE
    add(message, "Content-Transfer-Encoding", "7bit" if fits else "quoted-printable")
    message.set_payload(f"{text}\n" if fits else body_encode(f"{text}\n"))
