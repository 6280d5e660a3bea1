"""Renders an event as the description of an HTTP request; nothing is sent here."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

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

    :ivar url: without user and password, which are in the header ``Authorization``.
    :ivar verify: path of the CA certificates to verify the receiver with, or True for the system's.
    :ivar timeout: seconds for the whole exchange.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    verify: bool | str
    timeout: float


def render(event: Event, config: HttpConfig, attempt: int, timeout: float = TIMEOUT_SECONDS) -> HttpRequest:
    """Return the request that carries an event to a listener's URL."""
    place = destination(config.url)
    headers = {**_ALWAYS_SENT, "Pulp-Event-Id": str(event.id), "Pulp-Delivery-Attempt": str(attempt)}
    credentials = config.credentials() or place.credentials
    if credentials:
        headers["Authorization"] = basic(*credentials)
    body = json_body(event)
    return HttpRequest("POST", place.url, headers, body, config.ca_path or True, timeout)


def basic(username: str, password: str) -> str:
    """Return the header value of HTTP basic authentication: in latin-1 as in Pulp 2, or in UTF-8 if that fails."""
    text = f"{username}:{password}"
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        octets = text.encode("utf-8")
    return "Basic " + b64encode(octets).decode("ascii")
