"""The options of a source of the type ``pulp3``."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from pulp_notifiers.encoding import utc
from pulp_notifiers.event import utc_now
from pulp_notifiers.source import Destination, SourceConfig

from .redact import redact

_EXAMPLE = "write one like https://pulp.example"
_DEFAULT_API_ROOT = "/pulp/"
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+")
_CLOCKS_DIFFER = timedelta(minutes=5)


def _listed(value: Any) -> Any:
    # Options on the command line are always text.
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


def _domains(value: Any) -> Any:
    return value if value == "all" else _listed(value)


def _given(value: Any) -> Any:
    return None if value == "" else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Pulp3Config(SourceConfig):
    """The options of a source of the type ``pulp3``."""

    url: Annotated[str, Destination()] = Field(
        description="URL of the Pulp 3 server; a path in it is Pulp's API_ROOT (default /pulp/)."
    )
    username: str | None = Field(None, description="User to log in as, once; later requests use the session cookie.")
    password: SecretStr | None = Field(None, description="Password of that user.")
    token: SecretStr | None = Field(None, description="Bearer token, instead of a user and password.")
    cert: str | None = Field(None, description="PEM file with a client certificate for the proxy in front of Pulp.")
    key: str | None = Field(None, description="PEM file with the key of the client certificate, if not in cert.")
    ca_path: str | None = Field(
        None,
        description="PEM file, or hashed directory, of the CA certificates to verify the server with; empty: the "
        "system's.",
    )
    server: str | None = Field(None, description="Name of the server in events; empty: host and port of the URL.")
    public_url: str | None = Field(
        None, description="URL by which people reach the server, for links in events; empty: that of url."
    )
    interval: float = Field(5.0, ge=0.1, le=3600, description="Seconds from one poll to the next.")
    timeout: float = Field(8.0, ge=0.1, le=600, description="Seconds for one request as a whole.")
    domains: Annotated[Literal["all"] | tuple[str, ...], BeforeValidator(_domains)] = Field(
        "all", description="Names of the domains to watch, or all; ignored if Pulp has no domains."
    )
    tasks: Patterns = Field(("*",), description="Patterns for the names of the tasks to watch; * matches any text.")
    sync_tasks: Patterns = Field(
        ("*.synchronize", "*.asynchronize", "*.sync"), description="Patterns for the names of sync tasks."
    )
    publish_tasks: Patterns = Field(
        ("*.publish", "*.apublish", "*.publish_*"), description="Patterns for the names of publish tasks."
    )
    include: Annotated[tuple[Literal["content"], ...], BeforeValidator(_listed)] = Field(
        (), description="content: events about new versions name the content that was added and removed."
    )
    content_limit: int = Field(1000, ge=1, le=100_000, description="Most content names in one event.")
    since: Annotated[datetime | None, BeforeValidator(_given)] = Field(
        None, description="On the first start, report tasks created from this time on; empty: from now on."
    )

    @field_validator("url")
    @classmethod
    def _is_server_url(cls, url: str) -> str:
        parts = _split(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("it contains a user or password; use the options username and password instead")
        if parts.query or parts.fragment:
            raise ValueError(f"it has a query or fragment; {_EXAMPLE}")
        if parts.path.rstrip("/").endswith("/api/v3"):
            raise ValueError(f"it ends in api/v3, which the source adds itself; {_EXAMPLE}")
        return url.strip()

    @field_validator("server")
    @classmethod
    def _holds_no_secret(cls, server: str | None) -> str | None:
        if server is not None and redact(server) != server:
            raise ValueError("it contains a user, password or query, and every event shows it; give a plain name")
        return server

    @field_validator("public_url")
    @classmethod
    def _is_where_people_look(cls, public_url: str | None) -> str | None:
        if not public_url:
            return None
        parts = _split(cls._is_server_url(public_url))
        if parts.path.strip("/"):
            raise ValueError(f"it has a path, but links end in the server's own paths; {_EXAMPLE}")
        return public_url.strip()

    @field_validator("domains", "tasks", "sync_tasks", "publish_tasks")
    @classmethod
    def _is_not_empty(cls, value: tuple[str, ...] | str) -> tuple[str, ...] | str:
        if not value:
            raise ValueError("it is empty; leave it out for the default")
        return value

    @field_validator("domains")
    @classmethod
    def _names_domains(cls, value: tuple[str, ...] | str) -> tuple[str, ...] | str:
        if value != "all" and not all(map(_DOMAIN.fullmatch, value)):
            raise ValueError("names of domains contain only letters, digits, _ and -; separate them by commas")
        return value

    @field_validator("since")
    @classmethod
    def _is_in_the_past(cls, value: datetime | None) -> datetime | None:
        moment = None if value is None else utc(value)
        if moment is not None and moment > utc_now() + _CLOCKS_DIFFER:
            raise ValueError("it is in the future; give a time in the past, in UTC unless it names another zone")
        return moment

    @model_validator(mode="after")
    def _has_one_way_to_log_in(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together; give both or neither")
        if self.username is not None and self.token is not None:
            raise ValueError("give either username and password, or token")
        if self.key is not None and self.cert is None:
            raise ValueError("key belongs to a client certificate; give cert too")
        return self

    @property
    def origin(self) -> str:
        """Return scheme, host and port of the server."""
        return _origin(self.url)

    @property
    def public_origin(self) -> str:
        """Return scheme, host and port by which people reach the server."""
        return _origin(self.public_url or self.url)

    @property
    def api_root(self) -> str:
        """Return the root path of Pulp's API, with a slash at both ends."""
        path = _split(self.url).path.strip("/")
        return f"/{path}/" if path else _DEFAULT_API_ROOT

    @property
    def server_name(self) -> str:
        """Return the name of the server in events."""
        return self.server or _split(self.url).netloc.lower()


def _origin(url: str) -> str:
    parts = _split(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme.lower() in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        usable = False
    if not usable or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url.strip()):
        raise ValueError(f"it is not the URL of a web server; {_EXAMPLE}")
    return parts
