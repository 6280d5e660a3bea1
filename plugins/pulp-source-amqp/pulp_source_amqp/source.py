"""The source: reads messages, hands them over, and acknowledges them when they are on disk."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pulp_notifiers.broker import Deadline, LinkLost, Subscription, SubscriptionForm, own_mark
from pulp_notifiers.source import Check, Intake, Source

from .batches import Batches
from .checks import look_at
from .config import AmqpSourceConfig

BINDING = "tasks.#"

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_FAREWELL_SECONDS = 1.0
_HEARTBEAT_SECONDS = 60

_logger = logging.getLogger(__name__)


class AmqpSource(Source[AmqpSourceConfig]):
    """Reads the task-status stream of a messaging server.

    :param look_seconds: how often to see whether the server is alive, and exchange and queue are as they must be.
    :param wait_seconds: for a message, before what was asked of the source meanwhile is looked at.
    """

    Config = AmqpSourceConfig

    def __init__(
        self, look_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic, wait_seconds: float = 0.5
    ) -> None:
        self._look_seconds = look_seconds
        self._wait_seconds = wait_seconds
        self._clock = clock

    def check(self, config: AmqpSourceConfig) -> Sequence[Check]:
        """Look at the server, the exchange, and whether a queue may be declared."""
        return list(look_at(config))

    def run(self, config: AmqpSourceConfig, intake: Intake) -> None:
        """Read until it is to stop; what was not acknowledged by then comes again."""
        with _subscribed(config, intake) as subscription:
            _logger.info("Source %s reads %s of %s", intake.source, config.exchange, config.shown())
            self._read(subscription, intake)

    def _read(self, subscription: Subscription, intake: Intake) -> None:
        batches = Batches(intake)
        waiting, looked = subscription.look(Deadline(_ANSWER_SECONDS)), self._clock()
        while not intake.stopping.is_set():
            messages = subscription.receive(self._wait_seconds)
            if messages:
                batches.hand_over(messages)
                subscription.acknowledge(messages[-1], Deadline(_ANSWER_SECONDS))
            # Not before, because it says that the source works, and it does not while nothing can be written.
            intake.update_status(received=batches.received, refused=batches.refused, waiting=waiting)
            if self._clock() - looked >= self._look_seconds:
                waiting, looked = subscription.look(Deadline(_ANSWER_SECONDS)), self._clock()


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
    subscription = Subscription(config.broker().connect(deadline, _HEARTBEAT_SECONDS), form, deadline)
    try:
        yield subscription
    except LinkLost:
        subscription.discard()
        raise
    except BaseException:
        subscription.close(_FAREWELL_SECONDS)
        raise
    subscription.close(_FAREWELL_SECONDS)
