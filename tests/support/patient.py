"""A publisher of the task-status stream with long time-outs, so that a slow machine does not make it drop reports."""

from collections.abc import Iterable
from dataclasses import astuple, replace
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


def accounted(publisher: StatusPublisher) -> int:
    """Return how many reports are neither queued nor on their way."""
    return sum(astuple(publisher.counts))


def reach(publisher: StatusPublisher, number: int) -> None:
    """Publish a report, and wait until the server has accepted it."""
    before = publisher.counts
    publish(publisher, [number])
    after = publisher.counts
    assert after.published + after.late > before.published + before.late
