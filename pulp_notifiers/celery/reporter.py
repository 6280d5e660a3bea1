"""Hands reports over from threads that run somebody's task: whatever happens here is nothing to them."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..errors import StoreUnavailable
from ..task import TaskReport
from .calls import Call, Tags

_PAUSE_SECONDS = 10.0  # as long as a database that is away may hold up its caller
_logger = logging.getLogger(__name__)


class Stream(Protocol):
    """The task-status stream (:class:`pulp_notifiers.task_stream.StatusPublisher`)."""

    def publish(self, report: TaskReport) -> None: ...
    def flush(self, timeout_seconds: float) -> bool: ...


class Receiver(Protocol):
    """Who takes reports (:class:`pulp_notifiers.app.App`)."""

    @property
    def stream(self) -> Stream: ...
    def task_changed(self, report: TaskReport) -> int: ...


class Teller:
    """Hands reports to an application.

    While the database is away, listeners are left out for a while after each failure, so that tasks are not held up
    by it again and again; the stream goes on.

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
        self._paused_until: float | None = None
        self._left_out = 0
        self._tags_failed = False

    def tell(self, report: TaskReport) -> None:
        """Publish a report and tell listeners; nothing is raised for want of a database."""
        if self._paused_until is not None and self._clock() < self._paused_until:
            self._left_out += 1
            self._app.stream.publish(report)
            return
        try:
            self._app.task_changed(report)
        except StoreUnavailable as unavailable:
            self._pause(unavailable)
        else:
            self._go_on()

    def tags(self, call: Call) -> Sequence[str]:
        """Return the tags of a call; none where the function that was given for them fails."""
        try:
            return [str(tag) for tag in self._tags(call.name, call.args, call.kwargs, call.headers)]
        except Exception:  # the function is not ours
            level = logging.DEBUG if self._tags_failed else logging.ERROR
            self._tags_failed = True
            _logger.log(level, "The tags of Celery tasks cannot be told, and are left out.", exc_info=True)
            return ()

    def flush(self, timeout_seconds: float) -> None:
        """Wait until the reports of this process are published, for so long."""
        self._app.stream.flush(timeout_seconds)

    def _pause(self, unavailable: StoreUnavailable) -> None:
        if self._paused_until is None:
            _logger.error("Changes of Celery tasks cannot be told to listeners: %s", unavailable)
        self._left_out += 1
        self._paused_until = self._clock() + self._pause_seconds

    def _go_on(self) -> None:
        if self._paused_until is not None:
            self._paused_until = None
            left_out, self._left_out = self._left_out, 0
            _logger.info("Changes of Celery tasks are told to listeners again; %d were not.", left_out)


def guarded(receiver: Callable[..., None]) -> Callable[..., None]:
    """Return a receiver of signals that raises nothing, and says so once."""
    failed = False

    def safe(**named: Any) -> None:
        nonlocal failed
        try:
            receiver(**named)
        except Exception:  # the thread is not ours: it runs a task, or sends one
            level = logging.DEBUG if failed else logging.ERROR
            failed = True
            _logger.log(level, "A change of a Celery task could not be reported.", exc_info=True)

    return safe
