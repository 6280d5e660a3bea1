"""A task report as a message of the stream (CONTRACT 3.2, 3.3)."""

import logging
from dataclasses import dataclass, field

from ..broker import SHORT_STRING_BYTES, StreamForm, StreamMessage
from ..encoding import dumps
from ..task import FINAL_TASK_STATES, TaskReport

FORM = StreamForm(
    exchange="pulp.api.v2",
    content_type="application/data",
    content_encoding="binary",
    delivery_mode=2,
    priority=0,
)
"""What Pulp 2's consumers expect, who received a Python 2 string through kombu."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class TaskMessage(StreamMessage):
    """A report as a message.

    :ivar final: the task has ended.
    :ivar place: its position among all reports of the process.
    :ivar late: it was remembered before it was sent.
    """

    final: bool = field(default=False, compare=False)
    place: int = field(default=0, compare=False)
    late: bool = field(default=False, compare=False)


def message(report: TaskReport) -> TaskMessage:
    """Return the message of a report.

    :raises TypeError: the report holds a value that has no JSON form.
    :raises ValueError: it holds a number that is not finite, or its task id is too long for a routing key.
    """
    key = f"tasks.{report.task_id}"
    if len(key.encode()) > SHORT_STRING_BYTES:
        raise ValueError(f"a routing key has at most {SHORT_STRING_BYTES} bytes")
    return TaskMessage(key, dumps(report.document()).encode("ascii"), final=report.state in FINAL_TASK_STATES)


def rendered(report: TaskReport) -> TaskMessage | None:
    """Return the message of a report, or None if it has no JSON form; then the log says what Pulp 2's log said."""
    try:
        return message(report)
    except BaseException as problem:  # noqa: BLE001  a value's items() may raise anything, SystemExit too
        _logger.warning("unable to convert document to JSON; event message not sent")
        _logger.debug("The report of task %s has no JSON form: %r", getattr(report, "task_id", None), problem)
        return None
