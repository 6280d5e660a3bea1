"""Renders an event as the description of an HTTP request; nothing is sent here."""

from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from typing import ClassVar

from pulp_notifiers.event import Event
from pulp_notifiers.outbound import json_body

from .config import HttpConfig
from .destination import destination

TIMEOUT_SECONDS = 15.0
"""For the whole exchange, from name resolution to the end of the answer."""

_ALWAYS_SENT = {
    "Content-Type": "application/json",
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
    """

    method: ClassVar[str] = "POST"

    url: str
    authorization: str | None = field(repr=False)
    event_id: str
    attempt: int
    body: bytes = field(repr=False)
    verify: bool | str
    timeout: float

    @property
    def headers(self) -> dict[str, str]:
        """All headers that do not depend on the way to the receiver."""
        return headers(self.authorization, self.event_id, str(self.attempt))


def headers(authorization: str | None, event_id: str, attempt: str) -> dict[str, str]:
    """Return the headers of a request in the order in which they are sent."""
    always = {**_ALWAYS_SENT, "Pulp-Event-Id": event_id, "Pulp-Delivery-Attempt": attempt}
    return {**always, "Authorization": authorization} if authorization else always


def render(event: Event, config: HttpConfig, attempt: int, timeout: float = TIMEOUT_SECONDS) -> HttpRequest:
    """Return the request that carries an event to a listener's URL."""
    place = destination(config.url)
    credentials = config.credentials() or place.credentials
    authorization = basic(*credentials) if credentials else None
    verify = config.ca_path or True
    return HttpRequest(place.url, authorization, str(event.id), attempt, json_body(event), verify, timeout)


@lru_cache(maxsize=1024)
def basic(username: str, password: str) -> str:
    """Return the header value of HTTP basic authentication: in latin-1 as in Pulp 2, or in UTF-8 if that fails."""
    text = f"{username}:{password}"
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        octets = text.encode("utf-8")
    return "Basic " + b64encode(octets).decode("ascii")
