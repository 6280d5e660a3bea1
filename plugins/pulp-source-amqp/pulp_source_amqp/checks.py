"""The checks before the source runs."""

from collections.abc import Iterator

from pulp_notifiers.broker import Deadline, Inspection
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.source import Check

from .config import AmqpSourceConfig

_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_SERVER, _EXCHANGE, _QUEUE, _OWN = "messaging server", "exchange", "queue", "own messages"


def findings(config: AmqpSourceConfig) -> Iterator[Check]:
    """Yield the findings, in the order of the checks, up to the first failure."""
    deadline = Deadline(_SECONDS)
    try:
        inspection = Inspection(config.broker().connect_by_kombu(deadline), deadline)
    except (TemporaryFailure, PermanentFailure) as failure:
        yield Check(_SERVER, False, f"{failure.reason}; check url, cacert and clientcert, and that the server runs.")
        return
    yield Check(_SERVER, True, f"Connected to {config.shown()}.")
    try:
        yield from _check_server(config, inspection)
    finally:
        inspection.close(_CLOSE_SECONDS)


def _check_server(config: AmqpSourceConfig, inspection: Inspection) -> Iterator[Check]:
    name = config.exchange
    subject = _EXCHANGE
    try:
        exists = inspection.exchange_exists(name)
        yield Check(_EXCHANGE, True, f"{name} exists." if exists else _MISSING.format(name))
        subject = _QUEUE
        inspection.try_queue("pulp-notifiers", name if exists else None)
        yield Check(_QUEUE, True, "A queue may be declared and bound.")
    except (TemporaryFailure, PermanentFailure) as failure:
        yield Check(subject, False, f"{failure.reason}.")
        return
    yield Check(_OWN, True, _SKIPPED if inspection.marks_heeded else _NOT_SKIPPED)


_MISSING = (
    "{} does not exist yet, and will be declared. If Pulp has already published tasks, check exchange and url: it uses "
    "another exchange, vhost or server."
)
_SKIPPED = "Messages that this installation publishes are skipped."
_NOT_SKIPPED = (
    "This server is not RabbitMQ, so messages that this installation publishes to the same exchange cannot be skipped; "
    "publish to another server."
)
