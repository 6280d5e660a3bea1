"""Publishers as tests of amqp listeners' publishing use them, and what such tests expect of time."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pulp_notifiers.broker import AmqpMessage, Broker, Publisher, broker_urls
from pulp_notifiers.errors import TemporaryFailure

KEY = "pulp.server.repo.sync.finish"
MESSAGE = AmqpMessage("amq.topic", KEY, b'{"event_type": "repo.sync.finish"}', message_id="8d7c0f0a")
IN_TIME_SECONDS = 30.0
"""Below the 60 s of publishers that wait, far above the limit of impatient ones: the machine may be busy."""

PATIENT_SECONDS = 4.0
"""A limit long enough for answers that come, and short enough to wait for one that does not."""

NO_ANSWER = re.compile(r"no answer within [\d.]+ s$")  # of the time that was left for it


@contextmanager
def publisher_of(
    *urls: str, cacert: str | None = None, clientcert: str | None = None, timeout_seconds: float = 60.0
) -> Iterator[Publisher]:
    """Publish to these servers for the duration of a block."""
    broker = Broker(broker_urls(";".join(urls)), cacert, clientcert, connect_seconds=60.0)
    publisher = Publisher(broker, timeout_seconds)
    try:
        yield publisher
    finally:
        publisher.close()


def failure(publisher: Publisher, message: AmqpMessage) -> tuple[float, str]:
    """Return how long a message took to fail temporarily, and the reason."""
    began = time.monotonic()
    with pytest.raises(TemporaryFailure) as raised:
        publisher.publish(message)
    return time.monotonic() - began, raised.value.reason
