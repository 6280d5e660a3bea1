"""The options of an http listener."""

from typing import Any

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from pulp_notifiers.errors import InvalidConfig
from pulp_notifiers.notifier import NotifierConfig

from .destination import destination

_MISSING_URL = "HTTP notifier configured without a URL; cannot fire event"


class MissingURL(InvalidConfig):
    """A listener was registered without the one option that it needs; the text is Pulp 2's, and nothing else."""

    def __init__(self) -> None:
        super().__init__("http", {"url": _MISSING_URL})
        self.reason = _MISSING_URL
        self.args = (_MISSING_URL,)


class HttpConfig(NotifierConfig):
    """What a listener of the type ``http`` may say."""

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
        description="File, or hashed directory, of the CA certificates that the receiver's certificate is verified "
        "with; empty: those of the system.",
    )

    @model_validator(mode="before")
    @classmethod
    def _has_url(cls, options: Any) -> Any:
        if isinstance(options, dict) and not options.get("url"):
            raise MissingURL
        return options

    @field_validator("url")
    @classmethod
    def _leads_somewhere(cls, url: str) -> str:
        destination(url)
        return url

    @field_validator("username", "password", "ca_path")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
        # JSON can hold half a character, and neither a header nor a file system can.
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise ValueError("it holds half of a character (a lone surrogate)")
        return value

    @field_validator("ca_path")
    @classmethod
    def _is_path(cls, value: str | None) -> str | None:
        if value and "\0" in value:
            raise ValueError("it holds a NUL character, which no path does")
        return value

    def credentials(self) -> tuple[str, str] | None:
        """Return user and password where both are set, be they empty (CONTRACT 4.1)."""
        if self.username is None or self.password is None:
            return None
        return self.username, self.password.get_secret_value()
