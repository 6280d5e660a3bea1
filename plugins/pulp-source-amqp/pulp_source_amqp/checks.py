"""A look at what the source needs, before it runs."""

from collections.abc import Iterator

from pulp_notifiers.broker import Deadline, Inspection
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.source import Check

from .config import AmqpSourceConfig

_SECONDS = 10.0
_FAREWELL_SECONDS = 1.0
_SERVER, _EXCHANGE, _QUEUE, _OWN = "messaging server", "exchange", "queue", "own messages"


def look_at(config: AmqpSourceConfig) -> Iterator[Check]:
    """Yield what was found, in the order of the looking, up to the first thing that is not well."""
    deadline = Deadline(_SECONDS)
    try:
        inspection = Inspection(config.broker().connect(deadline), deadline)
    except (TemporaryFailure, PermanentFailure) as failure:
        yield Check(_SERVER, False, f"Correct url, cacert and clientcert, or start the server: {failure.reason}.")
        return
    yield Check(_SERVER, True, f"{config.shown()} lets us in.")
    try:
        yield from _look_around(config, inspection)
    finally:
        inspection.close(_FAREWELL_SECONDS)


def _look_around(config: AmqpSourceConfig, inspection: Inspection) -> Iterator[Check]:
    name = config.exchange
    subject = _EXCHANGE
    try:
        exists = inspection.exchange_exists(name)
        yield Check(_EXCHANGE, True, f"{name} is there." if exists else _MISSING.format(name))
        subject = _QUEUE
        inspection.try_queue("pulp-notifiers", name if exists else None)
        yield Check(_QUEUE, True, "A queue may be declared and bound.")
    except (TemporaryFailure, PermanentFailure) as failure:
        yield Check(subject, False, f"{failure.reason}.")
        return
    yield Check(_OWN, True, _KEPT_AWAY if inspection.marks_heeded else _NOT_KEPT_AWAY)


_MISSING = (
    "{} does not exist yet, and will be declared. If Pulp has published a task already, then to another exchange, "
    "vhost or server."
)
_KEPT_AWAY = "What this installation publishes is left out."
_NOT_KEPT_AWAY = (
    "This server is not RabbitMQ, so what this installation publishes to the same exchange cannot be left out: publish "
    "to another server."
)
