"""What a listener chooses, and what the administrator sets in the section ``[email]``."""

import re
import ssl
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from pulp_notifiers.notifier import NotifierConfig

from .mailbox import parse_mailbox, require_header_text, split_addresses

_HOST = re.compile(r"[\w.:%-]+")
"""A name, or an address of IPv4 or IPv6, which may have a zone."""


class EmailConfig(NotifierConfig):
    """The options of a listener."""

    subject: str = Field(max_length=10_000, description="Subject of the mails.")
    addresses: tuple[str, ...] = Field(
        min_length=1, description="Mail addresses; each gets a mail of its own. A single text is split at its commas."
    )

    @field_validator("subject")
    @classmethod
    def _fits_a_header(cls, subject: str) -> str:
        return require_header_text(subject)

    @field_validator("addresses", mode="before")
    @classmethod
    def _split(cls, addresses: Any) -> Any:
        return split_addresses(addresses) if isinstance(addresses, str) else addresses

    @field_validator("addresses")
    @classmethod
    def _fit_a_header(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        # Whether each is an address is found out when its own mail is sent, so that a wrong one silences no other.
        for address in addresses:
            require_header_text(address)
        return tuple(dict.fromkeys(address.strip() for address in addresses))


class EmailSettings(BaseModel):
    """The section ``[email]``: Pulp 2's four settings, then those that it had not."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, validate_by_alias=True)

    enabled: bool = Field(False, description="Whether mail is sent at all.")
    host: str = Field("localhost", min_length=1, description="Host name or address of the mail server.")
    port: int = Field(25, ge=1, le=65535, description="Port of the mail server.")
    sender: str = Field("pulp@localhost", alias="from", description="Whom the mails are from.")
    tls: Literal["none", "starttls", "tls"] = Field(
        "none", description="How the connection is encrypted: not at all, by STARTTLS, or from its first byte."
    )
    username: str = Field("", description="User name for the mail server; empty: no login.")
    password: SecretStr = Field(SecretStr(""), description="Password for the mail server.")
    cacert: Path | None = Field(
        None, description="PEM file of the authorities to trust for TLS; empty: those of the system."
    )
    timeout_seconds: float = Field(15.0, gt=0, le=3600, description="How long one attempt may take altogether.")

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
    def _log_in_with_both(self) -> Self:
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("username and password belong together: set both, or neither")
        if "\0" in self.username + self.password.get_secret_value():
            raise ValueError("username and password cannot hold the character NUL")
        return self
