"""OAuth 1 without tokens, as Katello signed its requests to Pulp 2 (RFC 5849).

The client has one key and secret; its header ``pulp-user`` names the user.
"""

import hmac
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qsl, quote, unquote

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import Request

from ..http.request_text import raw_path

USER_HEADER = "pulp-user"

_DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
_PARAMETER = re.compile(r'\s*([A-Za-z0-9_.~%-]+)="([^"]*)"\s*(?:,|$)')
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_MAX_CLOCK_DIFFERENCE_SECONDS = 300


class OAuthSettings(BaseModel):
    """The section ``[oauth]``, as in Pulp 2; without key and secret no signature is accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    enabled: bool = Field(True, description="Whether signed requests are accepted at all.")
    oauth_key: str = Field("", description="Key with which clients sign; empty: no signature is accepted.")
    oauth_secret: SecretStr = Field(SecretStr(""), description="Secret of that key; empty: no signature is accepted.")


class OAuth:
    """Verifies signatures.

    :param clock: seconds since 1970.
    """

    def __init__(self, settings: OAuthSettings, clock: Callable[[], float] = time.time) -> None:
        self.enabled = settings.enabled
        self._key = settings.oauth_key
        self._secret = settings.oauth_secret.get_secret_value()
        self._clock = clock

    def verify(self, request: Request) -> bool:
        """Return whether a request is signed with the configured key and secret, and its timestamp is current."""
        sent = _parameters(request)
        digest = _DIGESTS.get(sent.get("oauth_signature_method", ""))
        if digest is None or not self._key or not self._secret or not self._recent(sent):
            return False
        key_fits = _same(sent.get("oauth_consumer_key", ""), self._key)
        signed = [(key, value) for key, value in sent.items() if key not in ("realm", "oauth_signature")]
        query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        # A web server that terminates TLS in front of this service hides the scheme that the client signed.
        possible = (
            signature(request.method, _base_url(request, scheme), [*query, *signed], self._secret, digest)
            for scheme in _DEFAULT_PORTS
        )
        return key_fits and any(_same(sent.get("oauth_signature", ""), expected) for expected in possible)

    def _recent(self, sent: Mapping[str, str]) -> bool:
        timestamp = sent.get("oauth_timestamp", "")
        return timestamp.isdecimal() and abs(int(timestamp[:20]) - self._clock()) <= _MAX_CLOCK_DIFFERENCE_SECONDS


def is_oauth(request: Request) -> bool:
    """Return whether a request has an OAuth ``Authorization`` header."""
    return request.headers.get("authorization", "").strip().lower().startswith("oauth ")


def signature(
    method: str, base_url: str, parameters: Iterable[tuple[str, str]], secret: str, digest: str = "sha1"
) -> str:
    """Return the signature of a request (RFC 5849, section 3.4).

    :param base_url: without query and default port.
    :param parameters: those of the query, and those of the header except ``realm`` and ``oauth_signature``.
    """
    pairs = sorted((_encoded(key), _encoded(value)) for key, value in parameters)
    normalised = "&".join(f"{key}={value}" for key, value in pairs)
    base = "&".join(_encoded(part) for part in (method.upper(), base_url, normalised))
    return b64encode(hmac.digest(f"{_encoded(secret)}&".encode(), base.encode(), digest)).decode("ascii")


def _parameters(request: Request) -> dict[str, str]:
    _, _, parameters = request.headers.get("authorization", "").strip().partition(" ")
    return {unquote(key): unquote(value) for key, value in _PARAMETER.findall(parameters)}


def _base_url(request: Request, scheme: str) -> str:
    host = request.headers.get("host", "").lower().removesuffix(_DEFAULT_PORTS[scheme])
    return f"{scheme}://{host}{raw_path(request.scope)}"


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
