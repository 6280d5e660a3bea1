"""Reports tasks from threads that run somebody's task, which no failure here may disturb."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..errors import StoreUnavailable
from ..outage import Outage
from ..task import TaskReport
from .calls import Call, Tags

_PAUSE_SECONDS = 10.0  # as long as an unavailable database can block its caller
_logger = logging.getLogger(__name__)


class Stream(Protocol):
    """The task-status stream (:class:`pulp_notifiers.task_stream.StatusPublisher`)."""

    def publish(self, report: TaskReport) -> None: ...
    def flush(self, timeout_seconds: float) -> bool: ...


class Receiver(Protocol):
    """The application that takes the reports (:class:`pulp_notifiers.app.App`)."""

    @property
    def stream(self) -> Stream: ...
    def task_changed(self, report: TaskReport) -> int: ...


class Reporter:
    """Hands reports to an application.

    While the database is away, each failure is followed by a pause, in which reports go to the stream only, so that
    the database does not hold up every task.

    :param tags: see :data:`pulp_notifiers.celery.Tags`.
    """

    def __init__(
        self,
        app: Receiver,
        tags: Tags,
        clock: Callable[[], float] = time.monotonic,
        pause_seconds: float = _PAUSE_SECONDS,
    ) -> None:
        self._app = app
        self._tags = tags
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._outage = Outage()
        self._paused_until = 0.0
        self._missed = 0
        self._tags_failed = False

    def report(self, report: TaskReport) -> None:
        """Publish a report to the stream and to listeners; an unavailable database raises nothing."""
        if self._outage.active and self._clock() < self._paused_until:
            self._missed += 1
            self._app.stream.publish(report)
            return
        try:
            self._app.task_changed(report)
        except StoreUnavailable as unavailable:
            self._pause(unavailable)
        else:
            self._resume()

    def tags(self, call: Call) -> Sequence[str]:
        """Return the tags of a call; none if the function that the user gave for them fails."""
        try:
            return [str(tag) for tag in self._tags(call.name, call.args, call.kwargs, call.headers)]
        except Exception:  # the function is not ours
            level = logging.DEBUG if self._tags_failed else logging.ERROR
            self._tags_failed = True
            _logger.log(
                level, "The function for the tags of Celery tasks failed; reports go out without tags.", exc_info=True
            )
            return ()

    def flush(self, timeout_seconds: float) -> None:
        """Wait until the reports of this process are published, at most this long."""
        self._app.stream.flush(timeout_seconds)

    def _pause(self, unavailable: StoreUnavailable) -> None:
        self._missed += 1
        self._paused_until = self._clock() + self._pause_seconds
        if self._outage.begin():
            _logger.error("Changes of Celery tasks do not reach listeners until this is fixed: %s", unavailable)

    def _resume(self) -> None:
        if self._outage.end():
            missed, self._missed = self._missed, 0
            _logger.info("Changes of Celery tasks reach listeners again; %d did not.", missed)


def guarded(receiver: Callable[..., None]) -> Callable[..., None]:
    """Return a receiver of signals that raises nothing; its first failure is logged as an error."""
    failed = False

    def safe(**named: Any) -> None:
        nonlocal failed
        try:
            receiver(**named)
        except Exception:  # the thread is not ours: it runs a task, or sends one
            level = logging.DEBUG if failed else logging.ERROR
            failed = True
            _logger.log(
                level, "Unexpected error in the Celery bridge; a change of a task was not reported.", exc_info=True
            )

    return safe
