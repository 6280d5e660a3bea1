"""A publisher of the task-status stream with long time-outs, so that a slow machine does not make it drop reports."""

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
    send_seconds=SECONDS, slow_seconds=SECONDS, silent_seconds=SECONDS, look_seconds=5.0, close_seconds=SECONDS
)
REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="3f2a9c1e", state="running")


def patient_publisher(*urls: str, options: StreamOptions = OPTIONS, **settings: Any) -> StatusPublisher:
    """Return a publisher to these servers.

    :param settings: more settings of the section ``[messaging]``.
    """
    messaging = MessagingSettings(
        event_notifications_enabled=True, event_notification_url=";".join(urls), **settings
    ).status_broker()
    return StatusPublisher(StreamOpener(replace(messaging, connect_seconds=SECONDS), FORM, SECONDS), options)


def report(number: int) -> TaskReport:
    """Return a report with a number."""
    return replace(REPORT, progress_report={"number": number})


def publish(publisher: StatusPublisher, numbers: Iterable[int], flush: bool = True) -> None:
    """Publish reports, and wait until each is published or dropped."""
    for number in numbers:
        publisher.publish(report(number))
    if flush:
        assert publisher.flush(SECONDS), "reports are still neither published nor dropped"


def reach(publisher: StatusPublisher, number: int) -> int:
    """Publish a report repeatedly until the server accepts one; return how many attempts that took."""
    before = publisher.counts.published
    deadline = time.monotonic() + SECONDS
    sent = 0
    while publisher.counts.published == before:
        assert time.monotonic() < deadline, "the server accepts nothing"
        publish(publisher, [number])
        sent += 1
        threading.Event().wait(0.005)
    return sent
