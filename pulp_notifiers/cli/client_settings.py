"""The section ``[client]`` of the settings, and its check."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ..settings import Settings
from .client import split_url


class ClientSettings(BaseModel):
    """The section ``[client]``: what the command line tool needs to reach the server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field("", description="Address of the server; empty: the one in [notifiers] bind.")
    username: str = Field("", description="User to log in as.")
    password: SecretStr = Field(SecretStr(""), description="Password of that user.")
    ca_path: str = Field("", description="Authorities to trust, a PEM file or directory; empty: the system's.")
    format: Literal["table", "json", "yaml"] = Field(
        "table", description="What commands print if neither --format nor --json is given."
    )

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        if url:
            split_url(url)
        return url

    @field_validator("format", mode="before")
    @classmethod
    def _is_table_if_empty(cls, text: object) -> object:
        return text or "table"


def check_client_settings(settings: Settings) -> None:
    """Check the section ``[client]``, and ``[notifiers]`` if that has the address of the server.

    :raises InvalidSetting: a value is not allowed, or a key does not exist.
    """
    if not settings.section("client", ClientSettings).url:
        settings.own()
