"""The section ``[messaging]`` of the settings, with Pulp 2's names and defaults."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .libraries import require_libraries
from .server import Broker
from .short_string import SHORT_STRING_BYTES
from .urls import asks_for_tls, broker_urls, speaks_amqp10

DEFAULT_EXCHANGE = "amq.topic"

_UNUSED = ("transport", "auth_enabled")
_OF_LISTENERS = ("url", "topic_exchange")
_ENABLED = "event_notifications_enabled"
_OF_STREAM = "event_notification"
"""How the names of the task-status stream's own settings begin."""


def exchange_name(text: str) -> str:
    """Return the name of an exchange in a setting, without one matching pair of quotes around it.

    Pulp's own sample file has them, and Pulp 2 accepted them (CONTRACT 7, Q23).

    :raises ValueError: AMQP cannot carry it.
    """
    name = text.strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1]
    if len(name.encode()) > SHORT_STRING_BYTES:
        raise ValueError(f"the name of an exchange has at most {SHORT_STRING_BYTES} bytes")
    return name


def _or_default(name: str) -> str:
    return name or DEFAULT_EXCHANGE


class MessagingSettings(BaseModel):
    """The section ``[messaging]``: the messaging servers of amqp listeners and of the task-status stream."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: SecretStr = Field(
        default=SecretStr("tcp://localhost:5672"),
        description="Server of amqp listeners: tcp:// or ssl://[USER:PASSWORD@]HOST[:PORT][/VHOST], or any URL of "
        "kombu; several, joined by semicolons, are tried in turn; empty: amqp listeners send nothing.",
    )
    transport: str = Field(default="qpid", description="Not used; the URL's scheme decides.")
    auth_enabled: bool = Field(default=True, description="Not used.")
    event_notifications_enabled: bool = Field(
        default=False, description="Publish every change of a task to the exchange pulp.api.v2."
    )
    event_notification_url: SecretStr = Field(
        default=SecretStr("qpid://localhost:5672/"),
        validate_default=True,
        description="Server of the exchange pulp.api.v2, in the same forms as url.",
    )
    event_notifications_last_states: int = Field(
        default=10_000,
        ge=0,
        description="Tasks whose last state is remembered while the server of the stream takes no messages, and "
        "published afterwards; 0 for none, as in Pulp 2.7.",
    )
    cacert: str = Field(
        default="/etc/pki/qpid/ca/ca.crt",
        description="PEM file of the authority that must have signed the certificate of a server reached over TLS; "
        "the system's authorities if it is empty, or not set and the default does not exist.",
    )
    clientcert: str = Field(
        default="/etc/pki/qpid/client/client.pem",
        description="PEM file with key and certificate to present to a server reached over TLS; none if it is empty, "
        "or not set and the default does not exist.",
    )
    amqp10_address: str = Field(
        default="",
        description="Form of an exchange's address over AMQP 1.0, such as topic://{exchange}. Empty: "
        "/exchange/{exchange} on RabbitMQ, and the exchange's name on every other server.",
    )
    topic_exchange: Annotated[str, AfterValidator(exchange_name), AfterValidator(_or_default)] = Field(
        default=DEFAULT_EXCHANGE, description="Exchange of amqp listeners that name none."
    )

    @field_validator("amqp10_address")
    @classmethod
    def _names_the_exchange(cls, value: str, info: ValidationInfo) -> str:
        if value and "{exchange}" not in value:
            raise ValueError("write {exchange} where the name of the exchange belongs, as in topic://{exchange}")
        return value

    @field_validator("url")
    @classmethod
    def _understood(cls, value: SecretStr) -> SecretStr:
        broker_urls(value.get_secret_value())
        return value

    @field_validator("event_notification_url")
    @classmethod
    def _usable(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        # Whatever is there does not matter while the stream is off.
        if info.data.get("event_notifications_enabled") and not broker_urls(value.get_secret_value()):
            raise ValueError("name a messaging server, or set event_notifications_enabled to false")
        return value

    @field_validator("cacert", "clientcert")
    @classmethod
    def _readable(cls, value: str, info: ValidationInfo) -> str:
        # Only for a value that is set: Pulp's defaults name files that few machines have.
        if value and any(map(asks_for_tls, _urls_in_use(info.data))):
            _require_readable(value)
        return value

    def broker(self) -> Broker:
        """Return the messaging server of amqp listeners."""
        return self._broker(self.url)

    def status_broker(self) -> Broker:
        """Return the messaging server of the task-status stream."""
        return self._broker(self.event_notification_url)

    def _broker(self, urls: SecretStr) -> Broker:
        return Broker(
            broker_urls(urls.get_secret_value()),
            self._file("cacert"),
            self._file("clientcert"),
            amqp10_address=self.amqp10_address,
        )

    def _file(self, key: str) -> str | None:
        path: str = getattr(self, key)
        return path if path and (key in self.model_fields_set or Path(path).exists()) else None


class _OneUse(MessagingSettings):
    """What one of the two uses of the section needs."""

    @field_validator("amqp10_address")
    @classmethod
    def _names_the_exchange(cls, value: str, info: ValidationInfo) -> str:
        if not any(map(speaks_amqp10, _urls_in_use(info.data))):
            return ""
        return super()._names_the_exchange(value, info)

    @field_validator("cacert", "clientcert")
    @classmethod
    def _readable(cls, value: str, info: ValidationInfo) -> str:
        path = super()._readable(value, info)
        if path and any(map(asks_for_tls, _urls_in_use(info.data))):
            _require_pem(path, with_key=info.field_name == "clientcert")
        return path


class ListenerMessagingSettings(_OneUse):
    """The section ``[messaging]`` without the settings of the task-status stream, whose mistakes do not matter here.

    Unlike those of the whole section, its servers can be reached with the libraries that are installed.
    """

    @model_validator(mode="before")
    @classmethod
    def _of_listeners(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: value for key, value in values.items() if key not in _UNUSED and not key.startswith(_OF_STREAM)}

    @field_validator("url")
    @classmethod
    def _can_be_tried(cls, value: SecretStr) -> SecretStr:
        require_libraries(broker_urls(value.get_secret_value()))
        return value


class StreamMessagingSettings(_OneUse):
    """The section ``[messaging]`` without the settings of amqp listeners, whose mistakes do not matter here."""

    @model_validator(mode="before")
    @classmethod
    def _of_stream(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: value for key, value in values.items() if key not in (*_UNUSED, *_OF_LISTENERS)}


class StreamPublisherSettings(StreamMessagingSettings):
    """The same for a process that publishes the stream: while that is off, no mistake matters.

    Its servers can be reached with the libraries that are installed. A reader finds that out when it connects, because
    it may have been given another server.
    """

    @model_validator(mode="before")
    @classmethod
    def _of_publisher(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        on = _is_enabled(values.get(_ENABLED, False))
        return values if on else {key: value for key, value in values.items() if key == _ENABLED}

    @field_validator("event_notification_url")
    @classmethod
    def _can_be_tried(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("event_notifications_enabled"):
            require_libraries(broker_urls(value.get_secret_value()))
        return value


def _is_enabled(value: Any) -> bool:
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError:
        return True  # so that the mistake is reported


def _urls_in_use(values: Mapping[str, Any]) -> list[str]:
    # Only of values that are valid so far.
    names = ["url", *(["event_notification_url"] if values.get("event_notifications_enabled") else [])]
    return [url for name in names if name in values for url in broker_urls(values[name].get_secret_value())]


def _require_pem(path: str, with_key: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if with_key:
            context.load_cert_chain(path, password=str)  # an encrypted key is refused, and nobody is asked
        else:
            context.load_verify_locations(path)
    except (OSError, ValueError) as error:  # ValueError: of a file that holds anything else
        content = "an unencrypted key and its certificate" if with_key else "certificates"
        raise ValueError(
            f"the file does not hold {content} in PEM form ({error}); name one that does, or leave the value empty to "
            "use none"
        ) from None


def _require_readable(path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise ValueError(
            f"the file cannot be read ({error.strerror}); name a PEM file, or leave the value empty to use none"
        ) from None
