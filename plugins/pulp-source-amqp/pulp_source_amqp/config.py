"""The options of an amqp source."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from pulp_notifiers.broker import Broker, asks_for_tls, broker_urls, display_url, exchange_name, speaks_amqp
from pulp_notifiers.source import SourceConfig

DEFAULT_EXCHANGE = "pulp.api.v2"


def _named(name: str) -> str:
    if not name:
        raise ValueError("name the exchange; Pulp 2 published to pulp.api.v2")
    return name


def _readable(path: str | None) -> str | None:
    if not path:
        return None
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror}); name a PEM file") from None
    return path


class AmqpSourceConfig(SourceConfig):
    """Where the stream is, and how to get in."""

    url: SecretStr = Field(
        description="Messaging server: amqp:// or amqps://[USER:PASSWORD@]HOST[:PORT][/VHOST]; several, joined by "
        "semicolons, are tried in turn.",
    )
    exchange: Annotated[str, AfterValidator(exchange_name), AfterValidator(_named)] = Field(
        default=DEFAULT_EXCHANGE,
        description="Topic exchange to read. A missing one is declared as Pulp 2 did: durable, not auto-delete.",
    )
    cacert: Annotated[str | None, AfterValidator(_readable)] = Field(
        default=None,
        description="PEM file of the certificate authority that a server reached over TLS must be certified by; the "
        "system's authorities without it.",
    )
    clientcert: Annotated[str | None, AfterValidator(_readable)] = Field(
        default=None, description="PEM file with key and certificate to show to a server reached over TLS."
    )
    prefetch: int = Field(
        default=500,
        ge=1,
        le=10_000,
        description="Messages that the server sends ahead, and that make one batch at most.",
    )

    @field_validator("url")
    @classmethod
    def _understood(cls, value: SecretStr) -> SecretStr:
        urls = broker_urls(value.get_secret_value())
        if not urls:
            raise ValueError("name a messaging server: amqp://[USER:PASSWORD@]HOST[:PORT][/VHOST]")
        if not all(map(speaks_amqp, urls)):
            raise ValueError("the source reads AMQP 0-9-1 servers only: amqp:// or amqps://")
        return value

    @model_validator(mode="after")
    def _files_have_a_use(self) -> "AmqpSourceConfig":
        if (self.cacert or self.clientcert) and not any(map(asks_for_tls, self.broker().urls)):
            raise ValueError("cacert and clientcert are for TLS, so write amqps://")
        return self

    def broker(self) -> Broker:
        """Return the messaging server."""
        return Broker(broker_urls(self.url.get_secret_value()), self.cacert, self.clientcert)

    def shown(self) -> str:
        """Return the server's URLs without anything secret."""
        return display_url(self.url.get_secret_value())
