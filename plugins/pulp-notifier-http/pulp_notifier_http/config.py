"""The options of an http listener."""

from typing import Any

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from pulp_notifiers.errors import InvalidConfig
from pulp_notifiers.notifier import NotifierConfig

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

    url: str = Field(description="URL to post events to, http:// or https://.", min_length=1)
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

    @field_validator("username", "password", "ca_path")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
        # JSON can contain half a character; headers and file systems cannot.
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise ValueError("it contains half of a character (a lone surrogate)")
        return value

    @field_validator("ca_path")
    @classmethod
    def _is_path(cls, value: str | None) -> str | None:
        if value and "\0" in value:
            raise ValueError("it contains a NUL character, which no path can")
        return value

    def credentials(self) -> tuple[str, str] | None:
        """Return user and password if both are set, even to empty text (CONTRACT 4.1)."""
        if self.username is None or self.password is None:
            return None
        return self.username, self.password.get_secret_value()
