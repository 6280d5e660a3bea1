"""Requests that a page of another web site makes a browser send (cross-site request forgery)."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import ForeignOrigin
from .proxies import TrustedProxies

_READING = ("GET", "HEAD", "OPTIONS")
# Of https://www.w3.org/TR/fetch-metadata/: "same-site" is another port or a sibling domain, so not trusted either.
# "none" is the user's own doing, and values that are not known are to be ignored.
_FOREIGN_SITES = ("cross-site", "same-site")
_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\],]+)(?::(\d{1,5}))?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}

RefusalAnswer = Callable[[Request, ForeignOrigin], Response]


class Origin(NamedTuple):
    """Scheme, host and port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Origin | None":
        """Return the origin that a text such as ``https://pulp.example.com`` names, None if it names none."""
        found = _ORIGIN.fullmatch(text)
        if found is None:
            return None
        scheme = found[1].lower()
        return cls(scheme, found[2].lower(), int(found[3] or _DEFAULT_PORTS[scheme]))


class SameOrigin:
    """Refuses changes that another web site sends with the password or cookie that the browser remembers.

    Browsers name the site in ``Origin`` and ``Sec-Fetch-Site``, which a page cannot set. Other clients send neither,
    and nothing changes for them.

    :param allowed: further origins, each as in the header.
    :param refusal_answer: makes the answer, in the form of the API.
    """

    def __init__(
        self, app: ASGIApp, proxies: TrustedProxies, allowed: Iterable[str], refusal_answer: RefusalAnswer
    ) -> None:
        self._app = app
        self._proxies = proxies
        self._allowed = {origin for text in allowed if (origin := Origin.parse(text)) is not None}
        self._refusal_answer = refusal_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] == "http" and scope["method"] not in _READING and self._is_foreign(Request(scope)):
            await self._refusal_answer(Request(scope, receive), ForeignOrigin())(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, request: Request) -> bool:
        origins = request.headers.getlist("origin")
        sent = [Origin.parse(text) for text in origins]
        if sent and self._allowed.issuperset(sent):
            return False
        sites = [site.strip().lower() for site in request.headers.getlist("sec-fetch-site")]
        if any(site in _FOREIGN_SITES for site in sites):
            return True
        return bool(sent) and not set(self._own(request)).issuperset(sent)

    def _own(self, request: Request) -> Iterator[Origin]:
        # A browser sends X-Forwarded-Host only with the consent of this service (CORS), which never gives it.
        forwarded = self._proxies.header(request, "X-Forwarded-Host") or ""
        for host in (*request.headers.getlist("host"), *forwarded.split(",")):
            origin = Origin.parse(f"{request.scope['scheme']}://{host.strip()}")
            if origin is not None:
                yield origin
