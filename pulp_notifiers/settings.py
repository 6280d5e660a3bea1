"""Settings: the configuration file, overridden by environment variables.

The file is the one that ``PULP_NOTIFIERS_CONF`` names, or the first of the default ones that exists
(:mod:`pulp_notifiers.server_conf`). Each section has one owner that defines its keys: ``[notifiers]`` is defined here,
``[messaging]`` in :mod:`pulp_notifiers.broker`, ``[client]`` in the CLI, ``[email]`` in the e-mail notifier.
``PULP_NOTIFIERS_<SECTION>_<KEY>`` overrides a key of any section,
``PULP_NOTIFIERS_<KEY>`` one of ``[notifiers]``.
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from .errors import InvalidSetting
from .options import SECRET_NAME, holds_secret
from .server_conf import (
    DEFAULT_BIND,
    DEFAULT_DATABASE_TIMEOUT_SECONDS,
    DEFAULT_FILE,
    OWN_SECTION,
    PREFIX,
    ServerConf,
    default_state_directory,
    embedded_database_url,
    key_file_in,
)

__all__ = ["DEFAULT_FILE", "OWN_SECTION", "PREFIX", "CommaSeparated", "NotifiersSettings", "Settings"]

ModelT = TypeVar("ModelT", bound=BaseModel)


def _split_commas(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]


class NotifiersSettings(BaseModel):
    """The section ``[notifiers]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state_directory: Path = Field(
        default_factory=default_state_directory,
        description="Folder of the embedded database and of the key file, unless those are set separately.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="SQLAlchemy URL, sqlite:///PATH or postgresql+psycopg://...; empty: an SQLite file in "
        "state_directory.",
    )
    database_timeout_seconds: float = Field(
        DEFAULT_DATABASE_TIMEOUT_SECONDS,
        ge=1,
        le=600,
        description="How long the database may take to accept a connection, to answer a statement, or to grant a lock.",
    )
    key_file: Path | None = Field(
        None, description="Key that encrypts listener configs; created on first start; empty: in state_directory."
    )
    template_dir: Path | None = Field(
        None,
        description="Folder of templates in files, each in a folder of its name; empty: none. A stored template comes "
        "before one in files, and that before a notifier's own.",
    )
    bind: str = Field(DEFAULT_BIND, pattern=r"^.+:\d{1,5}$", description="Address and port of the REST service.")
    tls_certificate: Path | None = Field(None, description="PEM certificate chain; turns HTTPS on.")
    tls_key: Path | None = Field(None, description="PEM key of tls_certificate.")
    worker_threads: int = Field(16, ge=1, le=256, description="Number of attempts that one process makes at a time.")
    poll_seconds: float = Field(
        1.0, gt=0, le=60, description="How often a worker looks for deliveries that another process fired."
    )
    lease_seconds: float = Field(
        30.0, ge=1, le=3600, description="Time after which other workers take over the deliveries of one that died."
    )
    source_lease_seconds: float = Field(
        20.0,
        ge=2,
        le=600,
        description="Time after which another machine takes over the sources of a process that died.",
    )
    attempt_limit_seconds: float = Field(
        300.0, ge=1, le=86400, description="How long a notifier may take for one attempt before it is given up."
    )
    max_attempts: int = Field(24, ge=1, le=1000, description="Failed attempts after which a delivery is dead.")
    max_crashes: int = Field(
        5,
        ge=2,
        le=1000,
        description="How often in a row the process may end during the attempts of a delivery before it is dead.",
    )
    backoff_first_seconds: float = Field(2.0, gt=0, le=3600, description="Wait after the first failed attempt.")
    backoff_longest_seconds: float = Field(3600.0, gt=0, le=604800, description="Longest wait between two attempts.")
    keep_delivered_days: float = Field(
        7.0, gt=0, le=36500, description="Time after which delivered deliveries are deleted."
    )
    keep_dead_days: float = Field(90.0, gt=0, le=36500, description="Time after which dead letters are deleted.")
    keep_events_days: float = Field(
        14.0,
        ge=0,
        le=36500,
        description="Time for which repository events are kept, also those that no listener matches; 0: only as long "
        "as they have deliveries, like other events.",
    )
    reveal_secrets: bool = Field(
        False, description="Show listeners' secrets in answers, as Pulp 2 did, instead of *****."
    )
    allow_local_receivers: bool | None = Field(
        None,
        description="Whether listeners may name the service's own machine as their receiver: loopback, link-local and "
        "its own addresses; empty: only if bind is a loopback address.",
    )
    max_targets: int = Field(
        1000, ge=1, le=100_000, description="Largest number of targets, such as mail addresses, of one listener."
    )
    max_body_bytes: int = Field(
        8 * 1024 * 1024, ge=1024, le=1024**3, description="Requests with a larger body are answered 413."
    )
    credential_cache_seconds: float = Field(
        60.0, ge=0, le=3600, description="How long a verified password is accepted without being hashed again."
    )
    password_hashes_at_once: int = Field(
        2,
        ge=1,
        le=64,
        description="How many passwords are hashed at a time; others wait. Each takes a core and 32 MiB.",
    )
    failed_logins: int = Field(
        20,
        ge=1,
        le=100_000,
        description="Wrong passwords for one login from one address before further ones have to wait, twice as long "
        "each time; one is forgotten every minute.",
    )
    failed_logins_of_address: int = Field(
        200,
        ge=1,
        le=1_000_000,
        description="Wrong passwords for any logins from one address (IPv6: network of 64 bits) before further ones "
        "have to wait; one is forgotten every five seconds.",
    )
    failed_login_longest_wait_seconds: float = Field(
        300.0, ge=1, le=86400, description="Longest wait after wrong passwords."
    )
    trusted_proxies: CommaSeparated = Field(
        ("127.0.0.1", "::1"),
        description="Addresses whose remote_user_header, client_subject_header and X-Forwarded-For are trusted.",
    )
    remote_user_header: str = Field(
        "", description="Header in which a trusted proxy names the user that it authenticated; empty: none."
    )
    client_subject_header: str = Field(
        "", description="Header in which a trusted proxy gives the subject of the client certificate; empty: none."
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe level logged.")

    def resolved_allow_local_receivers(self) -> bool:
        """Return whether listeners may name the service's own machine, with the default filled in."""
        if self.allow_local_receivers is not None:
            return self.allow_local_receivers
        host = self.bind.rpartition(":")[0].strip("[]")
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host.lower() == "localhost"

    def resolved_database_url(self) -> str:
        """Return the database's URL with the default filled in."""
        return self.database_url.get_secret_value() or embedded_database_url(self.state_directory)

    def resolved_key_file(self) -> Path:
        """Return the key file's path with the default filled in."""
        return self.key_file or key_file_in(self.state_directory)


class Settings(ServerConf):
    """All settings of one process, each section checked by the model of its owner."""

    def own(self) -> NotifiersSettings:
        """Return the section ``[notifiers]``.

        :raises InvalidSetting: a value is not allowed, or a key does not exist.
        """
        return self.section(OWN_SECTION, NotifiersSettings)

    def section(self, name: str, model: type[ModelT]) -> ModelT:
        """Return one section as its owner's model.

        :raises InvalidSetting: a value is not allowed; the sentence names file, section, key and what is allowed.
        """
        fields = _fields(model)
        values = self.texts(name, fields)
        try:
            return model.model_validate({key: text for key, text in values.items() if not _unset(model, key, text)})
        except ValidationError as error:
            sentence = _sentence(error, model, values, lambda key: self._origin(name, key, fields))
            raise InvalidSetting(sentence) from None


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _unset(model: type[BaseModel], key: str, text: Any) -> bool:
    # "key =" with nothing after it means "not set"; only for text is the empty value a value.
    field = _fields(model).get(key)
    return text == "" and field is not None and field.annotation not in (str, SecretStr)


def _may_be_shown(model: type[BaseModel], key: str) -> bool:
    # A URL may contain a password too.
    field = _fields(model).get(key)
    return not (field is None or SECRET_NAME.search(key) or "url" in key or holds_secret(field.annotation))


def _sentence(
    error: ValidationError, model: type[BaseModel], values: Mapping[str, str], origin_of: Callable[[str], str]
) -> str:
    sentences = []
    for problem in error.errors(include_url=False, include_input=False):
        key = str(problem["loc"][0]) if problem["loc"] else ""
        origin = origin_of(key)
        if problem["type"] == "extra_forbidden":
            sentences.append(f"{origin} is not a setting; use one of: {', '.join(sorted(_fields(model)))}.")
            continue
        shown = f" = {values[key]!r}" if key in values and _may_be_shown(model, key) else ""
        raised = problem.get("ctx", {}).get("error")
        sentences.append(f"{origin}{shown} is not allowed: {raised if raised is not None else problem['msg']}.")
    return " ".join(sentences)
