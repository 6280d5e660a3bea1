"""Renders an event as the description of an HTTP request; nothing is sent here."""

from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from typing import ClassVar

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import SendContext
from pulp_notifiers.outbound import event_time

from .config import HttpConfig
from .destination import Destination, destination
from .from_template import message
from .trust import TlsFiles

TIMEOUT_SECONDS = 15.0
"""For the whole exchange, from name resolution to the end of the answer."""

_ALWAYS_SENT = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
    "User-Agent": f"pulp-notifiers/{version('pulp-notifiers')}",
}


@dataclass(frozen=True)
class HttpRequest:
    """A request, ready to be sent.

    :ivar url: without user and password, which are in ``authorization``.
    :ivar authorization: the header of that name, if the listener has credentials.
    :ivar verify: path of the CA certificates to verify the receiver with, or True for the system's.
    :ivar timeout: seconds for the whole exchange.
    :ivar event_time: when the event happened (RFC 3339, UTC).
    :ivar more: the headers that the listener adds.
    :ivar added: the headers that its template adds.
    :ivar query: the parameters that its template adds to the URL, encoded.
    :ivar tls: the files that the listener names, ``verify`` among them.
    """

    method: ClassVar[str] = "POST"

    url: str
    authorization: str | None = field(repr=False)
    event_id: str
    attempt: int
    body: bytes = field(repr=False)
    verify: bool | str
    timeout: float
    event_time: str = ""
    more: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    tls: TlsFiles = field(default=TlsFiles())
    content_type: str = "application/json"
    added: tuple[tuple[str, str], ...] = ()
    query: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """All headers that do not depend on the way to the receiver."""
        known = self.content_type, self.event_id, self.event_time, str(self.attempt)
        return {**headers(self.authorization, self.more, *known), **dict(self.added)}


def headers(
    authorization: str | None,
    more: tuple[tuple[str, str], ...],
    content_type: str,
    event_id: str,
    event_time: str,
    attempt: str,
) -> dict[str, str]:
    """Return the headers of a request, except those of a template, in the order in which they are sent."""
    own = {"Pulp-Event-Id": event_id, "Pulp-Event-Time": event_time, "Pulp-Delivery-Attempt": attempt}
    always = {"Content-Type": content_type, **_ALWAYS_SENT, **own, **dict(more)}
    return {**always, "Authorization": authorization} if authorization else always


def render(
    event: Event,
    config: HttpConfig,
    attempt: int,
    timeout: float = TIMEOUT_SECONDS,
    context: SendContext | None = None,
) -> HttpRequest:
    """Return the request that carries an event to a listener's URL.

    :param context: has the rendered parts of the listener's template, if it has one.
    """
    place = destination(config.url)
    more = config.more_headers()
    made = message(event, context or SendContext(), config.headers or {})
    tls = TlsFiles(config.ca_path or None, config.cert or None, config.key or None)
    return HttpRequest(
        place.url,
        _authorization(config, place, more),
        str(event.id),
        attempt,
        made.body,
        tls.ca_path or True,
        timeout,
        event_time(event),
        more,
        tls,
        made.content_type,
        made.headers,
        made.query,
    )


def _authorization(config: HttpConfig, place: Destination, more: tuple[tuple[str, str], ...]) -> str | None:
    if config.token is not None:
        return f"Bearer {config.token.get_secret_value()}"
    if any(name.lower() == "authorization" for name, _ in more):
        return None
    credentials = config.credentials() or place.credentials
    return basic(*credentials) if credentials else None


@lru_cache(maxsize=1024)
def basic(username: str, password: str) -> str:
    """Return the header value of HTTP basic authentication: in latin-1 as in Pulp 2, or in UTF-8 if that fails."""
    text = f"{username}:{password}"
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        octets = text.encode("utf-8")
    return "Basic " + b64encode(octets).decode("ascii")
