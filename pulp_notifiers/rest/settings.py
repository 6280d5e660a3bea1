"""The settings ``[rest]``."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..settings import CommaSeparated
from .http.origins import Origin


class RestSettings(BaseModel):
    """The section ``[rest]``: the limits of connections and requests, and who may send them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_connections: int = Field(
        512,
        ge=1,
        le=1_000_000,
        description="Connections at a time. For a further one, the connection whose client has been idle, or has kept "
        "a request incomplete, longest is closed; if every connection has a request in progress for 2 seconds, the new "
        "one is answered 503.",
    )
    max_connections_per_address: int = Field(
        64,
        ge=1,
        le=1_000_000,
        description="The same limit for one IP address, or one IPv6 network of 64 bits. It does not apply to "
        "trusted_proxies of [notifiers], which connect for many clients; with their default, that includes every "
        "program on the same machine.",
    )
    reserved_descriptors: int = Field(
        256,
        ge=16,
        le=1_000_000,
        description="Open files that connections leave to deliveries, sources and the database. If the process may "
        "not open max_connections more, fewer connections are accepted.",
    )
    head_seconds: float = Field(
        10.0,
        gt=0,
        le=3600,
        description="Time for a request's line and headers, from the connection or the first byte, and for a TLS "
        "handshake. After it, the answer is 408.",
    )
    max_request_line_bytes: int = Field(
        8192, ge=256, le=1024**2, description="Requests with a longer line (method, path and query) are answered 414."
    )
    max_head_bytes: int = Field(
        65536, ge=1024, le=16 * 1024**2, description="Requests with a longer head (line and headers) are answered 431."
    )
    max_head_fields: int = Field(100, ge=10, le=10_000, description="Requests with more header lines are answered 431.")
    transfer_seconds: float = Field(
        20.0,
        gt=0,
        le=3600,
        description="Time that a client has to send a body, answered 408 after it, and to read an answer. It is "
        "extended by a second for each min_bytes_per_second that arrived.",
    )
    min_bytes_per_second: int = Field(
        1000, ge=1, le=1024**3, description="How fast a transfer must be to take longer than transfer_seconds."
    )
    keep_alive_seconds: float = Field(
        5.0,
        gt=0,
        le=3600,
        description="How long a connection may be idle between two requests. A proxy in front must reuse connections "
        "for a shorter time.",
    )
    connection_seconds: float = Field(
        3600.0, gt=0, le=604800, description="Age at which a connection is closed after its next answer."
    )
    allowed_origins: CommaSeparated = Field(
        (),
        description="Further web sites whose pages may make changes with the password that a browser remembers, each "
        "as https://pulp.example.com. The service's own is always allowed.",
    )

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if Origin.parse(origin) is None:
                raise ValueError(f"{origin!r} is not an origin; write SCHEME://HOST or SCHEME://HOST:PORT")
        return origins
