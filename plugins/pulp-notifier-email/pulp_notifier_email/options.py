"""The options of a listener, and the administrator's settings in the section ``[email]``."""

import re
import ssl
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pulp_notifiers.notifier import NotifierConfig

from .mailbox import parse_mailbox, require_header_text, split_addresses

_Format = Literal["legacy", "text", "html"]
_Thread = Literal["repository", "none"]
_CHOICES = {"format": get_args(_Format), "thread": get_args(_Thread)}

_HOST = re.compile(r"[\w.:%-]+")
"""A host name, or an IPv4 or IPv6 address, which may have a zone."""


class EmailConfig(NotifierConfig):
    """The options of a listener."""

    format: _Format = Field(
        "legacy",
        description="What the mails contain: html: text and HTML for people; text: the text only; "
        "legacy: the event as JSON, as in Pulp 2.",
        # What a new listener gets. Listeners of Pulp 2's API, and of earlier releases, have no such option.
        json_schema_extra={"default": "html"},
    )
    subject: str | None = Field(
        None,
        max_length=10_000,
        validate_default=True,
        description="Subject of all mails. Required if format is legacy; otherwise it replaces the template's.",
    )
    addresses: tuple[str, ...] = Field(
        min_length=1, description="Mail addresses; each gets its own mail. A single text is split at commas."
    )

    thread: _Thread = Field(
        "repository",
        description="Whether mail programs show the mails about one repository of one server as one conversation; "
        "ignored if format is legacy.",
    )

    _ignored: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _ignore_what_pulp_2_ignored(cls, options: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(options, dict) or options.get("subject") is None:
            return handler(options)
        # To Pulp 2 these were options like any other that it did not know, and its mails went out.
        texts = {name: options[name] for name in _CHOICES if isinstance(options.get(name), str)}
        ignored = tuple(name for name, text in texts.items() if text not in _CHOICES[name])
        config = handler({name: value for name, value in options.items() if name not in ignored})
        config._ignored = ignored
        return config

    def ignored(self) -> dict[str, str]:
        """Return which options have values that mean nothing, each with those that do."""
        return {name: f"Use one of: {', '.join(_CHOICES[name])}." for name in self._ignored}

    @field_validator("subject")
    @classmethod
    def _fits_a_header(cls, subject: str | None, info: ValidationInfo) -> str | None:
        if subject is None and info.data.get("format") == "legacy":
            raise ValueError("Field required")
        return None if subject is None else require_header_text(subject)

    @field_validator("addresses", mode="before")
    @classmethod
    def _split(cls, addresses: Any) -> Any:
        return split_addresses(addresses) if isinstance(addresses, str) else addresses

    @field_validator("addresses")
    @classmethod
    def _fit_a_header(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        # Each address is only parsed when its own mail is sent, so that an invalid one does not affect the others.
        for address in addresses:
            require_header_text(address)
        return tuple(dict.fromkeys(address.strip() for address in addresses))


class EmailSettings(BaseModel):
    """The section ``[email]``: Pulp 2's four settings, then additional ones."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, validate_by_alias=True)

    enabled: bool = Field(False, description="Whether mail is sent at all.")
    host: str = Field("localhost", min_length=1, description="Host name or address of the mail server.")
    port: int = Field(25, ge=1, le=65535, description="Port of the mail server.")
    sender: str = Field("pulp@localhost", alias="from", description="Sender of the mails.")
    tls: Literal["none", "starttls", "tls"] = Field(
        "none", description="Encryption of the connection: none, by STARTTLS, or TLS from the first byte."
    )
    username: str = Field("", description="User name for the mail server; empty: no login.")
    password: SecretStr = Field(SecretStr(""), description="Password for the mail server.")
    cacert: Path | None = Field(
        None, description="PEM file of the CA certificates to verify the server with; empty: the system's."
    )
    timeout_seconds: float = Field(15.0, gt=0, le=3600, description="Seconds for one attempt as a whole.")

    @field_validator("host")
    @classmethod
    def _can_be_looked_up(cls, host: str) -> str:
        require_header_text(host)
        try:
            host.encode("idna")
        except UnicodeError:
            raise ValueError("it is not a host name or address") from None
        if not _HOST.fullmatch(host):
            raise ValueError("it is not a host name or address")
        return host

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, sender: str) -> str:
        parse_mailbox(sender)
        return sender

    @field_validator("cacert")
    @classmethod
    def _holds_certificates(cls, cacert: Path | None) -> Path | None:
        if cacert is not None:
            try:
                ssl.create_default_context(cafile=cacert)
            except OSError as error:
                raise ValueError(f"it cannot be read as PEM certificates ({error.strerror or error})") from None
        return cacert

    @model_validator(mode="after")
    def _has_both_credentials(self) -> Self:
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("username and password belong together: set both, or neither")
        if "\0" in self.username + self.password.get_secret_value():
            raise ValueError("username and password cannot contain the character NUL")
        return self
