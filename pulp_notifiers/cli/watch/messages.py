"""The messages of the task-status stream, over outages of the messaging server."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import click

from ...backoff import Backoff
from ...errors import InvalidSetting, PermanentFailure, TemporaryFailure
from ..failures import RequestFailed

if TYPE_CHECKING:
    from ...broker import Broker

EXCHANGE = "pulp.api.v2"
_FAREWELL_SECONDS = 1.0
_RETRIES = Backoff(first_seconds=0.5, longest_seconds=5.0)
_CHECK = "Check --broker, or [messaging] event_notification_url in the settings."


class Watch(Protocol):
    """An open connection (:class:`pulp_notifiers.broker.Watch`)."""

    def receive(self, seconds: float) -> list[bytes | str]: ...
    def close(self, seconds: float) -> None: ...
    def discard(self) -> None: ...


class TaskMessages:
    """Hears of tasks, and connects anew when the connection breaks.

    :param open_watch: connects; raises TemporaryFailure or PermanentFailure.
    :param tell: is told once when the connection breaks, and once when it is back.
    :ivar outage: why nothing is heard now, or None.
    :ivar unreadable: how many messages held no task.
    """

    def __init__(
        self,
        open_watch: Callable[[], Watch],
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._open_watch = open_watch
        self._tell = tell
        self._clock = clock
        self._sleep = sleep
        self._watch: Watch | None = open_watch()
        self._lost_at = self._due = 0.0
        self._failures = 0
        self.outage: str | None = None
        self.unreadable = 0

    def receive(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the documents that came, waiting for the first one, but not much longer than this."""
        from ...broker import task_document

        for body in self._bodies(seconds):
            try:
                yield task_document(body)
            except ValueError as problem:
                if not self.unreadable:
                    self._tell(f"A message that holds no task was passed over, as others will be: {problem}")
                self.unreadable += 1

    @property
    def outage_seconds(self) -> float:
        """Return for how long nothing is heard; 0 while all is well."""
        return 0.0 if self.outage is None else self._clock() - self._lost_at

    def close(self) -> None:
        """Disconnect."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close(_FAREWELL_SECONDS)

    def _bodies(self, seconds: float) -> list[bytes | str]:
        watch = self._watch or self._connected_when_due(seconds)
        if watch is None:
            return []
        try:
            return watch.receive(seconds)
        except (TemporaryFailure, PermanentFailure) as failure:
            self._lose(failure.reason)
            return []

    def _lose(self, reason: str) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.discard()
        self.outage = reason
        self._failures = 0
        self._lost_at = self._due = self._clock()
        self._tell(f"The connection to the messaging server broke, and is tried again: {reason}")

    def _connected_when_due(self, seconds: float) -> Watch | None:
        remaining = self._due - self._clock()
        if remaining > 0:
            self._sleep(min(remaining, seconds))
            return None
        try:
            self._watch = self._open_watch()
        except (TemporaryFailure, PermanentFailure) as failure:
            self.outage = failure.reason
            self._failures += 1
            self._due = self._clock() + _RETRIES.delay_seconds(self._failures)
            return None
        self.outage = None
        self._tell(f"Connected again after {self._clock() - self._lost_at:.0f} s; changes in between were missed.")
        return self._watch


def open_messages(broker_url: str | None, task_id: str | None, tell: Callable[[str], None]) -> TaskMessages:
    """Connect to the messaging server of the settings, or to another.

    :param task_id: the only task to hear of, or None for all.
    :raises RequestFailed: the server cannot be reached, or does not let us in.
    :raises InvalidSetting: no server is named that could be.
    """
    from ...broker import Watch as BrokerWatch

    broker = _broker(broker_url, os.environ)
    binding = f"tasks.{task_id or '#'}"
    try:
        return TaskMessages(lambda: BrokerWatch.open(broker, EXCHANGE, binding), tell)
    except (TemporaryFailure, PermanentFailure) as failure:
        reason = failure.reason[:1].upper() + failure.reason[1:].rstrip(".")
        raise RequestFailed(f"{reason}. {_CHECK}", os.EX_IOERR) from None


def broker_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--broker``."""
    return click.option(
        "--broker",
        "broker_url",
        metavar="URL",
        callback=_is_broker,
        help="Messaging server, such as amqp://user:password@host/vhost; [messaging] event_notification_url in the "
        "settings.",
    )(command)


def address(broker_url: str | None) -> str:
    """Return the messaging server's address without user and password."""
    from ...broker import display_url

    return display_url(_broker(broker_url, os.environ).urls[0]).rstrip("/")


def _is_broker(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from ...broker import broker_urls

    try:
        if broker_urls(value):
            return value
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None
    raise click.BadParameter("name a messaging server", context, parameter)


def _broker(broker_url: str | None, environ: Mapping[str, str]) -> "Broker":
    from pydantic import SecretStr

    from ...broker import MessagingSettings
    from ...settings import Settings

    settings = Settings.load(environ).section("messaging", MessagingSettings)
    if broker_url is not None:
        settings = settings.model_copy(update={"event_notification_url": SecretStr(broker_url)})
    try:
        broker = settings.status_broker()
    except ValueError as error:
        raise InvalidSetting(f"[messaging] event_notification_url cannot be used: {error}. {_OR_OPTION}") from None
    if not broker.urls:
        raise InvalidSetting(f"[messaging] event_notification_url names no messaging server. {_OR_OPTION}")
    return broker


_OR_OPTION = "Set it to the server that Pulp publishes to, or give --broker URL."
