"""A task report as a message of the stream (CONTRACT 3.2, 3.3)."""

import logging

from ..broker import SHORT_STRING_BYTES, StreamForm, StreamMessage
from ..encoding import dumps
from ..task import TaskReport

FORM = StreamForm(
    exchange="pulp.api.v2",
    content_type="application/data",
    content_encoding="binary",
    delivery_mode=2,
    priority=0,
)
"""What Pulp 2's consumers expect, who received a Python 2 string through kombu."""

_logger = logging.getLogger(__name__)


def message(report: TaskReport) -> StreamMessage:
    """Return the message of a report.

    :raises TypeError: the report holds a value that has no JSON form.
    :raises ValueError: it holds a number that is not finite, or its task id is too long for a routing key.
    """
    key = f"tasks.{report.task_id}"
    if len(key.encode()) > SHORT_STRING_BYTES:
        raise ValueError(f"a routing key has at most {SHORT_STRING_BYTES} bytes")
    return StreamMessage(key, dumps(report.document()).encode("ascii"))


class Renderer:
    """Renders reports, and skips those that cannot be rendered.

    :ivar failed: how many were skipped.
    """

    def __init__(self) -> None:
        self.failed = 0

    def render(self, report: TaskReport) -> StreamMessage | None:
        """Return the message of a report, or None; then the log says what Pulp 2's log said."""
        try:
            return message(report)
        except Exception as problem:  # noqa: BLE001  a value's own repr() or items() may raise anything
            self.failed += 1
            _logger.warning("unable to convert document to JSON; event message not sent")
            _logger.debug("The report of task %s has no JSON form: %r", getattr(report, "task_id", None), problem)
            return None
