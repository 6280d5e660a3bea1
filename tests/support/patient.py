"""A publisher of the task-status stream that waits for a slow machine, so that what it drops is lost for a reason."""

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pulp_notifiers.broker import MessagingSettings, StreamOpener
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher, StreamOptions
from pulp_notifiers.task_stream.document import FORM

SECONDS = 60.0
OPTIONS = StreamOptions(
    send_seconds=SECONDS, slow_seconds=SECONDS, silent_seconds=SECONDS, look_seconds=5.0, farewell_seconds=SECONDS
)
REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="3f2a9c1e", state="running")


def patient_publisher(*urls: str, options: StreamOptions = OPTIONS, **settings: Any) -> StatusPublisher:
    """Return a publisher to these servers.

    :param settings: more of the section ``[messaging]``.
    """
    messaging = MessagingSettings(
        event_notifications_enabled=True, event_notification_url=";".join(urls), **settings
    ).status_broker()
    return StatusPublisher(StreamOpener(replace(messaging, connect_seconds=SECONDS), FORM, SECONDS), options)


def report(number: int) -> TaskReport:
    """Return a report that can be told from others."""
    return replace(REPORT, progress_report={"number": number})


def publish(publisher: StatusPublisher, numbers: Iterable[int], flush: bool = True) -> None:
    """Publish reports, and wait until all is decided."""
    for number in numbers:
        publisher.publish(report(number))
    if flush:
        assert publisher.flush(SECONDS), "it is still not decided what becomes of the reports"


def reach(publisher: StatusPublisher, number: int) -> int:
    """Publish a report again and again until one is taken; return how many it took."""
    before = publisher.counts.published
    deadline = time.monotonic() + SECONDS
    sent = 0
    while publisher.counts.published == before:
        assert time.monotonic() < deadline, "the server takes nothing"
        publish(publisher, [number])
        sent += 1
        threading.Event().wait(0.005)
    return sent
