"""The ids of a mail: which delivery it is, which thread it belongs to, and from which listener it comes."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulp_notifiers.event import Event

from .cleaning import clean_line

_ID = re.compile(r"[A-Za-z0-9._:-]{1,60}")
_LABEL = re.compile(r"[A-Za-z0-9-]{1,63}")
_LONGEST_PHRASE = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """Which mail it is.

    :ivar delivery_id: the same for every attempt.
    :ivar listener_id: never changes, unlike the name.
    :ivar about: what a person wants to know about the event; names its repository, server and state.
    """

    event: Event
    delivery_id: str
    listener_id: str
    listener_name: str
    about: Mapping[str, Any] = field(default_factory=dict)

    def message_id(self, domain: str) -> str:
        """Return the Message-ID: that of an attempt whose answer was lost, so that mailboxes can drop the repeat."""
        return f"<d.{self._delivery('mail')[:32]}@{domain}>"

    def thread_root(self, domain: str) -> str:
        """Return the id that all mails of a listener about one repository of one server refer to.

        No mail has it: mail programs join mails that refer to the same missing one, and the first mail may be lost, or
        have gone to other addresses.
        """
        subject = (str(self.about.get(key) or "") for key in ("server", "domain", "repository", "name"))
        return f"<t.{_digest(self.listener_id, *subject)[:16]}@{domain}>"

    def boundary(self) -> str:
        """Return what separates the parts: the same for every attempt, and impossible in quoted-printable text."""
        return f"=_{self._delivery('boundary')[:32]}"

    def list_id(self, domain: str) -> str:
        """Return the List-Id (RFC 2919): the listener's name, if it is ASCII, and a token that never changes."""
        label = self.listener_id if _LABEL.fullmatch(self.listener_id) else _digest(self.listener_id)[:16]
        token = f"<{label}.pulp-notifiers.{domain if '[' not in domain else 'localhost'}>"
        # An encoded word in this header is more than mail programs can parse.
        name = self.listener_name if self.listener_name.isascii() else ""
        phrase = re.sub(r"[^\w .:*-]", "", clean_line(name))[:_LONGEST_PHRASE].strip()
        return f'"{phrase}" {token}' if phrase else token

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yield headers for filters; a value that is not a short ASCII id is left out, never changed or encoded."""
        about = self.about
        values = {
            "X-Pulp-Event": str(self.event.id),
            "X-Pulp-Event-Type": self.event.type,
            "X-Pulp-Result": str(about.get("state") or "").lower().replace(" ", "-"),
            "X-Pulp-Repo": about.get("repository"),
            "X-Pulp-Server": about.get("server"),
            "X-Pulp-Listener": self.listener_id,
        }
        for name, value in values.items():
            if isinstance(value, str) and _ID.fullmatch(value):
                yield name, value

    def _delivery(self, purpose: str) -> str:
        # Numbers of deliveries begin with 1 in every database; ids of events and listeners are unique everywhere.
        return _digest(purpose, str(self.event.id), self.listener_id, self.delivery_id)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
