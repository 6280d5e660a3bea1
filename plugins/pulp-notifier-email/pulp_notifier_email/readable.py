"""Builds the mail that people read from the parts of a template; nothing here uses a network."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.quoprimime import body_encode
from email.utils import format_datetime
from html import escape
from typing import Literal

from pulp_notifiers import encoding
from pulp_notifiers.outbound import readable_body

from .cleaning import LONGEST_SUBJECT, clean_line, clean_text, shortened
from .headers import add, add_tokens, subject_wire
from .identity import Identity
from .message import checked
from .options import EmailConfig

OLDEST_DATE = timedelta(hours=2)
"""Filters distrust a Date that is more than about 3 hours old, or in the future."""

LARGEST_HTML = 80_000
"""Bytes. Gmail shows about 102 kB of HTML and cuts off the rest, with the end of the mail."""

TOO_LARGE = "The HTML of this mail was left out: it has more than 80 kB, of which mail programs would cut off the end."

_LONGEST_QP_LINE = 76
_MOST_READ = 10_000
_SIGNATURE = "\n-- \n"
_END_OF_HTML = re.compile(r"</body\s*>\s*(?:</html\s*>\s*)?\Z", re.IGNORECASE)


def render_readable(
    parts: Mapping[str, str],
    identity: Identity,
    config: EmailConfig,
    target: str,
    sender: str,
    *,
    now: datetime,
    problem: str | None = None,
) -> EmailMessage:
    """Return the mail for one address: text, and HTML beside it unless ``format`` is ``text``.

    Two attempts make the same bytes, unless the event occurred more than :data:`OLDEST_DATE` ago: then the date is
    that of the attempt.

    :param parts: the rendered ``subject``, ``text`` and ``html``; what is missing or blank is replaced.
    :param target: the address.
    :param sender: the sender's address, with or without a name.
    :param problem: what went wrong in rendering; shown at the end.
    :raises PermanentFailure: an address is not valid in a mail.
    """
    from_box, to_box = checked(sender, target)
    domain = from_box.domain
    ascii_only = (from_box.address + to_box.address).isascii()
    message = EmailMessage(policy=SMTP if ascii_only else SMTPUTF8)
    subject = _subject(parts, identity, config)
    add(message, "Date", format_datetime(_date(encoding.utc(identity.event.occurred_at), now)))
    add(message, "From", sender, from_box.header("From"))
    add(message, "To", target, to_box.header("To"))
    add(message, "Subject", subject, subject_wire(subject))
    add_tokens(message, "Message-ID", identity.message_id(domain))
    if config.thread == "repository":
        # Equal, and one id each: Gmail splits the thread if they differ.
        add_tokens(message, "In-Reply-To", identity.thread_root(domain))
        add_tokens(message, "References", identity.thread_root(domain))
    # RFC 3834, and what Exchange knows instead: keeps vacation notices from answering.
    add(message, "Auto-Submitted", "auto-generated")
    add(message, "X-Auto-Response-Suppress", "OOF, AutoReply")
    add_tokens(message, "List-Id", *identity.list_id(domain).rsplit(" ", 1))
    for name, value in identity.headers():
        add(message, name, value)
    add(message, "MIME-Version", "1.0")
    _add_bodies(message, parts, identity, config.format != "text", problem)
    return message


def _subject(parts: Mapping[str, str], identity: Identity, config: EmailConfig) -> str:
    given = clean_line((config.subject or parts.get("subject", ""))[:_MOST_READ])
    return shortened(given or identity.event.type, LONGEST_SUBJECT)


def _date(occurred: datetime, now: datetime) -> datetime:
    return occurred if timedelta(0) <= now - occurred <= OLDEST_DATE else encoding.utc(now)


def _add_bodies(
    message: EmailMessage, parts: Mapping[str, str], identity: Identity, with_html: bool, problem: str | None
) -> None:
    text = clean_text(parts.get("text", "")).strip("\n") or readable_body(identity.event)
    html = clean_text(parts.get("html", "")).strip() if with_html else ""
    if problem:
        text, html = _text_with(text, clean_line(problem)), _html_with(html, clean_line(problem))
    if len(html.encode()) > LARGEST_HTML:
        text, html = _text_with(text, TOO_LARGE), ""
    if not html:
        _add_body(message, "plain", text)
        return
    add_tokens(message, "Content-Type", "multipart/alternative;", f'boundary="{identity.boundary()}"')
    # The last one is the best one (RFC 2046, 5.1.4).
    message.set_payload([_part("plain", text), _part("html", html)])


def _part(subtype: Literal["plain", "html"], text: str) -> EmailMessage:
    part = EmailMessage(policy=SMTP)
    _add_body(part, subtype, text)
    return part


def _add_body(message: EmailMessage, subtype: Literal["plain", "html"], text: str) -> None:
    add(message, "Content-Type", f'text/{subtype}; charset="utf-8"')
    # Always, so that the mail is ASCII, can be searched, and has no line that a server refuses.
    add(message, "Content-Transfer-Encoding", "quoted-printable")
    octets = f"{text}\n".encode().decode("latin-1")
    message.set_payload(body_encode(octets, maxlinelen=_LONGEST_QP_LINE))


def _text_with(text: str, problem: str) -> str:
    before, signature, after = text.rpartition(_SIGNATURE)
    return f"{before.rstrip()}\n\n{problem}\n{signature}{after}" if signature else f"{text}\n\n{problem}"


def _html_with(html: str, problem: str) -> str:
    if not html:
        return ""
    note = f'<p style="font:14px sans-serif;color:#1f2328;background:#ffffff;padding:12px">{escape(problem)}</p>'
    end = _END_OF_HTML.search(html)
    return html[: end.start()] + note + html[end.start() :] if end else html + note
