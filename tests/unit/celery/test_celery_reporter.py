"""A database that is away does not hold up Celery tasks."""

import logging

from pulp_notifiers.celery.calls import tags_header
from pulp_notifiers.celery.reporter import Reporter
from pulp_notifiers.task import TaskReport
from tests.support.celery_receiver import Receiver

REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11", state="running")


def test_a_failed_database_is_not_asked_during_a_pause(caplog):
    """The stream continues; one line is logged when the outage begins and one when it ends."""
    caplog.set_level(logging.INFO)
    now = [0.0]
    receiver = Receiver()
    reporter = Reporter(receiver, tags_header, clock=lambda: now[0], pause_seconds=10)
    receiver.away = True

    for now[0] in (0, 1, 9, 10, 11):
        reporter.report(REPORT)
    receiver.away = False
    for now[0] in (12, 20, 21):
        reporter.report(REPORT)

    assert 8 == len(receiver.stream.published)
    assert (4, 2) == (receiver.asked, len(receiver.taken))
    assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]
    assert "again; 6 did not" in caplog.records[1].getMessage()
