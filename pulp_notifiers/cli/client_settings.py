"""The section ``[client]`` of the settings, and its check."""

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

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        if url:
            split_url(url)
        return url


def check_client_settings(settings: Settings) -> None:
    """Check the section ``[client]``, and ``[notifiers]`` if that has the address of the server.

    :raises InvalidSetting: a value is not allowed, or a key does not exist.
    """
    if not settings.section("client", ClientSettings).url:
        settings.own()
