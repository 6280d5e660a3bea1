"""One attempt of a delivery: calls the notifier and turns anything it raises into an outcome."""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from ..backoff import Backoff, usable_seconds
from ..errors import (
    InvalidConfig,
    NotifierMisconfigured,
    NotifierUnavailable,
    PermanentFailure,
    PulpNotifiersError,
    StoreUnavailable,
    SwitchedOff,
    TemporaryFailure,
)
from ..event import utc_now
from ..notifier import ONE_TARGET
from ..options import scrub
from ..plugin_host import LoadedNotifier, described_error, error_text, one_line, secret_options, stack_of
from ..records import LISTENER_DELETED, Attempt, DeliveryState, Listener, Outcome, OwedDelivery
from .attempt_log import AttemptLog
from .contexts import Messages, Unrendered
from .recipients import ListenerRows, Recipient, Recipients
from .trial import Trial, TrialDied

_CRASHED = (
    "The process ended {} times in a row while it attempted this delivery{}: repair or uninstall the notifier [{}], "
    "and fire the event again under a new id."
)

_SHORTEST_POSTPONEMENT_SECONDS = 2.0
_LONGEST_POSTPONEMENT_SECONDS = 60.0
"""How long a delivery waits whose notifier or listener has to be corrected: as long as its event is old, because no
attempts are counted from which to compute a backoff. The longest wait is short, so that a process with the right
settings, such as the next one, soon delivers it."""

ResultT = TypeVar("ResultT")

_logger = logging.getLogger(__name__)


class Postponed(TemporaryFailure):
    """No attempt was made: settings of the notifier or stored options of the listener have to be corrected first."""


class _NotRead(Exception):
    """The listener's template could not be read; apart from what notifiers raise, which may be anything."""

    def __init__(self, unavailable: StoreUnavailable) -> None:
        super().__init__(str(unavailable))
        self.unavailable = unavailable


class Notifiers(Protocol):
    """The installed notifiers (:class:`pulp_notifiers.plugin_host.NotifierRegistry`)."""

    def get(self, plugin_type: str, /) -> LoadedNotifier: ...


class AttemptRunner:
    """Calls notifiers and turns anything they raise into an outcome.

    :param max_crashes: a delivery that so many processes in a row did not survive is attempted by the trial only.
    :param trial: makes an attempt in a process of its own; if that ends too, the delivery is given up. None to give it
        up at once.
    :param draw: returns the randomness of the backoff, from 0 up to 1.
    :param messages: renders messages from templates; by default nothing is rendered.
    """

    def __init__(
        self,
        listeners: ListenerRows,
        notifiers: Notifiers,
        backoff: Backoff,
        clock: Callable[[], datetime] = utc_now,
        draw: Callable[[], float] = random.random,
        max_crashes: int = 5,
        trial: Trial | None = None,
        messages: Messages | None = None,
    ) -> None:
        self._recipients = Recipients(listeners)
        self._notifiers = notifiers
        self._backoff = backoff
        self._clock = clock
        self._draw = draw
        self._max_crashes = max_crashes
        self._trial = trial
        self._messages = messages or Unrendered()
        self._log = AttemptLog()

    def run(self, listener_id: str, delivery: OwedDelivery, listeners_revision: int) -> Outcome:
        """Make the next attempt of a delivery. Nothing that a notifier raises escapes.

        :param listeners_revision: the listener is used as it is at this revision or a later one.
        :raises StoreUnavailable: the listener or its template could not be read; no attempt was made.
        """
        started_at = self._clock()
        if delivery.suspected:
            self._log.suspected(listener_id, delivery)
        failure = self.failure_of(listener_id, delivery, listeners_revision)
        if failure is None:
            self._log.delivered(listener_id, delivery)
            return self._outcome(DeliveryState.DELIVERED, delivery, started_at, None)
        return self._failed(listener_id, delivery, started_at, failure)

    def overdue(self, listener_id: str, delivery: OwedDelivery, limit: timedelta) -> Outcome:
        """Return the outcome of an attempt that did not return within the limit and is given up."""
        failure = TemporaryFailure(
            f"The notifier did not return within {limit.total_seconds():g} seconds; this attempt is given up."
        )
        return self._failed(listener_id, delivery, self._clock() - limit, failure)

    def _failed(
        self, listener_id: str, delivery: OwedDelivery, started_at: datetime, failure: PulpNotifiersError
    ) -> Outcome:
        reason = one_line(str(failure))
        if isinstance(failure, Postponed):
            return self._postponed(listener_id, delivery, started_at, reason)
        if isinstance(failure, TemporaryFailure) and not self._backoff.exhausted(delivery.attempts + 1):
            wait = self._wait_seconds(delivery, failure)
            self._log.failed(listener_id, delivery, reason, wait)
            due_at = self._clock() + timedelta(seconds=wait)
            return self._outcome(DeliveryState.PENDING, delivery, started_at, reason, due_at)
        self._log_given_up(listener_id, delivery, failure, reason)
        return self._outcome(DeliveryState.DEAD, delivery, started_at, reason)

    def _postponed(self, listener_id: str, delivery: OwedDelivery, started_at: datetime, reason: str) -> Outcome:
        now = self._clock()
        age = (now - delivery.event.occurred_at).total_seconds()
        wait = min(max(age, _SHORTEST_POSTPONEMENT_SECONDS), _LONGEST_POSTPONEMENT_SECONDS)
        wait *= 0.5 + self._draw() / 2
        self._log.postponed(listener_id, delivery, reason, wait)
        attempt = Attempt(delivery.attempts, started_at, now, reason)
        return Outcome(DeliveryState.PENDING, attempt, now + timedelta(seconds=wait), counts=False)

    def failure_of(
        self, listener_id: str, delivery: OwedDelivery, listeners_revision: int
    ) -> TemporaryFailure | PermanentFailure | None:
        """Make an attempt; return why it failed, or None if it did not."""
        recipient = self._recipients.get(listener_id, listeners_revision)
        if recipient is None:
            return PermanentFailure(LISTENER_DELETED)
        listener = recipient.listener
        if listener.unreadable is not None:
            return Postponed(listener.unreadable)
        try:
            notifier = self._notifiers.get(listener.notifier_type)
            if delivery.crashes >= self._max_crashes and notifier.problem is None:
                return self._tried_apart(recipient, notifier, delivery)
            self._send(notifier, recipient, delivery)
        except _NotRead as unread:
            raise unread.unavailable from None
        except NotifierMisconfigured as misconfigured:
            return self._scrubbed(listener, Postponed(misconfigured.reason))
        except NotifierUnavailable as unavailable:
            # The plugin may come back: an upgrade uninstalls it for a moment.
            return self._scrubbed(listener, TemporaryFailure(unavailable.reason))
        except (TemporaryFailure, PermanentFailure) as failure:
            return self._scrubbed(listener, failure)
        except BaseException as failure:  # noqa: BLE001  a plugin may raise anything, sys.exit() included
            _logger.debug("Listener %s, delivery %d:\n%s", listener_id, delivery.id, stack_of(failure))
            raised = f"Exception from notifier of type [{listener.notifier_type}]: {described_error(failure)}"
            return self._scrubbed(listener, TemporaryFailure(raised))
        return None

    def _tried_apart(
        self, recipient: Recipient, notifier: LoadedNotifier, delivery: OwedDelivery
    ) -> TemporaryFailure | PermanentFailure | None:
        how, listener = "", recipient.listener
        if self._trial is not None:
            templates = self._read(lambda: self._messages.templates_of(listener, notifier, recipient.revision))
            try:
                return self._trial.attempt(
                    listener, delivery, templates, lambda problem: self._messages.failed(listener, delivery, problem)
                )
            except TrialDied as died:
                how = f", and so did one that did nothing else ({died})"
        return PermanentFailure(_CRASHED.format(delivery.crashes, how, listener.notifier_type))

    def _send(self, notifier: LoadedNotifier, recipient: Recipient, delivery: OwedDelivery) -> None:
        config = recipient.config(notifier)
        contexts = self._read(lambda: self._messages.prepare(recipient.listener, notifier, config, recipient.revision))
        failures: list[TemporaryFailure | PermanentFailure] = []
        # A delivery that was written while its listener's targets were unknown is for all of them.
        targets = notifier.targets(config) if delivery.target == ONE_TARGET else (delivery.target,)
        for target in targets:
            try:
                context = contexts.context(delivery, target)
                notifier.send(delivery.event, config, target, context.attempt, context)
            except (TemporaryFailure, PermanentFailure) as failure:
                failures.append(failure)
        failures.sort(key=lambda failure: isinstance(failure, PermanentFailure))
        if failures:
            raise failures[0]

    def _read(self, work: Callable[[], ResultT]) -> ResultT:
        try:
            return work()
        except StoreUnavailable as unavailable:
            raise _NotRead(unavailable) from None

    def _scrubbed(
        self, listener: Listener, failure: TemporaryFailure | PermanentFailure
    ) -> TemporaryFailure | PermanentFailure:
        secrets = secret_options(self._notifiers, listener.notifier_type, listener.config)
        failure.args = (scrub(error_text(failure), listener.config, secrets),)
        return failure

    def _wait_seconds(self, delivery: OwedDelivery, failure: TemporaryFailure) -> float:
        wait = self._backoff.delay_seconds(delivery.attempts + 1, self._draw)
        return min(max(wait, usable_seconds(failure.retry_after)), self._backoff.longest_seconds)

    def _log_given_up(self, listener_id: str, delivery: OwedDelivery, failure: PulpNotifiersError, reason: str) -> None:
        if isinstance(failure, SwitchedOff):
            self._log.unfit(listener_id, delivery, reason, logging.WARNING)
        elif isinstance(failure, InvalidConfig):
            self._log.unfit(listener_id, delivery, reason, logging.ERROR)
        else:
            self._log.dead(listener_id, delivery, reason)

    def _outcome(
        self,
        state: DeliveryState,
        delivery: OwedDelivery,
        started_at: datetime,
        error: str | None,
        due_at: datetime | None = None,
    ) -> Outcome:
        return Outcome(state, Attempt(delivery.attempts + 1, started_at, self._clock(), error), due_at)
