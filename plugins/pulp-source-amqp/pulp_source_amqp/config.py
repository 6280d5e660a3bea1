"""The options of an amqp source."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from pulp_notifiers.broker import Broker, asks_for_tls, broker_urls, display_url, exchange_name, speaks_amqp
from pulp_notifiers.outbound import UnusableFile, require_authorities, require_certificate
from pulp_notifiers.source import SourceConfig

_logger = logging.getLogger(__name__)

DEFAULT_EXCHANGE = "pulp.api.v2"


def _named(name: str) -> str:
    if not name:
        raise ValueError("name the exchange; Pulp 2 published to pulp.api.v2")
    return name


def _authorities(path: str | None) -> str | None:
    return _usable(path, require_authorities)


def _certificate_with_key(path: str | None) -> str | None:
    return _usable(path, partial(require_certificate, with_key=True))


def _usable(path: str | None, require: Callable[[str], None]) -> str | None:
    if not path:
        return None
    try:
        require(path)
    except UnusableFile as unusable:
        # One sentence for every reason, or whoever may add a source could find out which files exist.
        _logger.warning("A certificate file of an amqp source cannot be used: %s", unusable)
        raise ValueError("the file cannot be used; name a readable PEM file. The service's log says why") from None
    return path


class AmqpSourceConfig(SourceConfig):
    """The options of a source of the type ``amqp``."""

    url: SecretStr = Field(
        description="Messaging server: amqp:// or amqps://[USER:PASSWORD@]HOST[:PORT][/VHOST]; several, joined by "
        "semicolons, are tried in turn.",
    )
    exchange: Annotated[str, AfterValidator(exchange_name), AfterValidator(_named)] = Field(
        default=DEFAULT_EXCHANGE,
        description="Topic exchange to read. A missing one is declared as in Pulp 2: durable, not auto-delete.",
    )
    cacert: Annotated[str | None, AfterValidator(_authorities)] = Field(
        default=None,
        description="PEM file of the CA certificate to verify a server with over TLS; empty: the system's authorities.",
    )
    clientcert: Annotated[str | None, AfterValidator(_certificate_with_key)] = Field(
        default=None, description="PEM file with client certificate and key for a server that requires one over TLS."
    )
    prefetch: int = Field(
        default=500,
        ge=1,
        le=10_000,
        description="Most messages that the server sends ahead, and most messages in one batch.",
    )

    @field_validator("url")
    @classmethod
    def _names_amqp_servers(cls, value: SecretStr) -> SecretStr:
        urls = broker_urls(value.get_secret_value())
        if not urls:
            raise ValueError("name a messaging server: amqp://[USER:PASSWORD@]HOST[:PORT][/VHOST]")
        if not all(map(speaks_amqp, urls)):
            raise ValueError("the source reads from AMQP 0-9-1 servers only: amqp:// or amqps://")
        return value

    @model_validator(mode="after")
    def _uses_tls_if_it_has_certificates(self) -> "AmqpSourceConfig":
        if (self.cacert or self.clientcert) and not any(map(asks_for_tls, self.broker().urls)):
            raise ValueError("cacert and clientcert need TLS; write amqps:// in url")
        return self

    def broker(self) -> Broker:
        """Return the messaging server."""
        return Broker(broker_urls(self.url.get_secret_value()), self.cacert, self.clientcert)

    def shown(self) -> str:
        """Return the server's URLs without secrets."""
        return display_url(self.url.get_secret_value())
