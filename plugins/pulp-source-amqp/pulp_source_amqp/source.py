"""The source: reads messages, hands them over, and acknowledges them once they are on disk."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pulp_notifiers.broker import Deadline, LinkLost, Subscription, SubscriptionForm, own_mark
from pulp_notifiers.source import Check, Intake, Source

from .batches import Batches
from .checks import findings
from .config import AmqpSourceConfig

BINDING = "tasks.#"

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
_HEARTBEAT_SECONDS = 60

_logger = logging.getLogger(__name__)


class AmqpSource(Source[AmqpSourceConfig]):
    """Reads the task-status stream of a messaging server.

    :param check_seconds: how often to check that the server responds, and that exchange and queue are as needed.
    :param wait_seconds: how long to wait for a message before checking whether the source has to stop.
    """

    Config = AmqpSourceConfig

    def __init__(
        self, check_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic, wait_seconds: float = 0.5
    ) -> None:
        self._check_seconds = check_seconds
        self._wait_seconds = wait_seconds
        self._clock = clock

    def check(self, config: AmqpSourceConfig) -> Sequence[Check]:
        """Check the server, the exchange, and the permission to declare a queue."""
        return list(findings(config))

    def run(self, config: AmqpSourceConfig, intake: Intake) -> None:
        """Read until it has to stop; messages that are not acknowledged by then are delivered again."""
        with _subscribed(config, intake) as subscription:
            _logger.info("Source %s reads %s of %s", intake.source, config.exchange, config.shown())
            self._read(subscription, intake)

    def _read(self, subscription: Subscription, intake: Intake) -> None:
        batches = Batches(intake)
        waiting, checked = subscription.look(Deadline(_ANSWER_SECONDS)), self._clock()
        while not intake.stopping.is_set():
            messages = subscription.receive(self._wait_seconds)
            if messages:
                batches.hand_over(messages)
                subscription.acknowledge(messages[-1], Deadline(_ANSWER_SECONDS))
            # Only now, because it means that the source works, which is not so while nothing can be written.
            intake.update_status(received=batches.received, refused=batches.refused, waiting=waiting)
            if self._clock() - checked >= self._check_seconds:
                waiting, checked = subscription.look(Deadline(_ANSWER_SECONDS)), self._clock()


@contextmanager
def _subscribed(config: AmqpSourceConfig, intake: Intake) -> Iterator[Subscription]:
    form = SubscriptionForm(
        exchange=config.exchange,
        binding=BINDING,
        queue=f"pulp-notifiers.{intake.installation}.{intake.source}",
        prefetch=config.prefetch,
        without=own_mark(intake.installation),
    )
    deadline = Deadline(_CONNECT_SECONDS)
    subscription = Subscription(config.broker().connect_by_kombu(deadline, _HEARTBEAT_SECONDS), form, deadline)
    try:
        yield subscription
    except LinkLost:
        subscription.discard()
        raise
    except BaseException:
        subscription.close(_CLOSE_SECONDS)
        raise
    subscription.close(_CLOSE_SECONDS)
