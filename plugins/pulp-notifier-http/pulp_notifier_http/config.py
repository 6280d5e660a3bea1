"""The options of an http listener, and the settings in the section ``[http]``."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pulp_notifiers.errors import InvalidConfig
from pulp_notifiers.notifier import Destination, NotifierConfig

from .custom_headers import checked_headers, checked_token
from .destination import destination

_MISSING_URL = "HTTP notifier configured without a URL; cannot fire event"


class MissingURL(InvalidConfig):
    """The only required option is missing. The message is exactly Pulp 2's."""

    def __init__(self) -> None:
        super().__init__("http", {"url": _MISSING_URL})
        self.reason = _MISSING_URL
        self.args = (_MISSING_URL,)


class HttpConfig(NotifierConfig):
    """The options of a listener of the type ``http``."""

    # Pulp 2 sent numbers as their digits.
    model_config = ConfigDict(coerce_numbers_to_str=True)

    url: Annotated[str, Destination()] = Field(description="URL to post events to, http:// or https://.", min_length=1)
    username: str | None = Field(
        None, description="User for HTTP basic authentication; used only together with a password."
    )
    password: SecretStr | None = Field(
        None, description="Password for HTTP basic authentication; used only together with a username."
    )
    ca_path: str | None = Field(
        None,
        description="PEM file, or hashed directory, of the CA certificates to verify the receiver with; empty: the "
        "system's.",
    )
    cert: str | None = Field(
        None, description="PEM file with the client certificate to present to the receiver, and those that signed it."
    )
    key: str | None = Field(
        None, description="PEM file with the key of the client certificate, without a passphrase; empty: it is in cert."
    )
    token: SecretStr | None = Field(
        None, description="Bearer token, sent in the header Authorization instead of username and password."
    )
    headers: dict[str, SecretStr] | None = Field(
        None, description='Further headers, such as {"X-Api-Key": "..."}; their values are secret.'
    )

    @model_validator(mode="before")
    @classmethod
    def _has_url(cls, options: Any) -> Any:
        if isinstance(options, dict) and not options.get("url"):
            raise MissingURL
        return options

    @field_validator("url")
    @classmethod
    def _is_valid_url(cls, url: str) -> str:
        destination(url)
        return url

    @field_validator("username", "password", "ca_path", "cert", "key")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
        # JSON can contain half a character; headers and file systems cannot.
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise ValueError("it contains half of a character (a lone surrogate)")
        return value

    @field_validator("ca_path", "cert", "key")
    @classmethod
    def _is_path(cls, value: str | None) -> str | None:
        if value and "\0" in value:
            raise ValueError("it contains a NUL character, which no path can")
        return value

    @field_validator("token")
    @classmethod
    def _is_token(cls, token: SecretStr | None) -> SecretStr | None:
        return checked_token(token) if token else None

    @field_validator("headers")
    @classmethod
    def _can_be_added(cls, headers: dict[str, SecretStr] | None) -> dict[str, SecretStr] | None:
        return headers and checked_headers(headers)

    @field_validator("key")
    @classmethod
    def _belongs_to_a_certificate(cls, key: str | None, info: ValidationInfo) -> str | None:
        if key and "cert" in info.data and not info.data["cert"]:
            raise ValueError("it is the key of a client certificate, but cert is not set; set both")
        return key

    @model_validator(mode="after")
    def _authorizes_once(self) -> Self:
        if self.token is not None and "authorization" in map(str.lower, self.headers or ()):
            raise ValueError("headers contains Authorization, and token is sent in that header; remove one of them")
        return self

    def credentials(self) -> tuple[str, str] | None:
        """Return user and password if both are set, even to empty text (CONTRACT 4.1)."""
        if self.username is None or self.password is None:
            return None
        return self.username, self.password.get_secret_value()

    def more_headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers that the listener adds."""
        return tuple((name, value.get_secret_value()) for name, value in (self.headers or {}).items())


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class HttpSettings(BaseModel):
    """The section ``[http]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certificate_dirs: Annotated[tuple[Path, ...], BeforeValidator(_split)] = Field(
        (),
        description="Directories in which the files of listeners' ca_path, cert and key must be; empty: anywhere that "
        "the service can read.",
    )

    @field_validator("certificate_dirs")
    @classmethod
    def _are_absolute(cls, directories: tuple[Path, ...]) -> tuple[Path, ...]:
        for directory in directories:
            if not directory.is_absolute():
                raise ValueError(f"{directory} is not an absolute path")
        return directories
