"""The messages on a real RabbitMQ become task reports and repository events."""

import json
from base64 import b64encode
from pathlib import Path

import pika
import pytest
from amqp_source_running import INSTALLATION, NATIVE, Pulp2, reading, summaries, task

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import status_publisher
from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.rabbitmq import RabbitMQ

VECTORS = Path(__file__).parents[3] / "tests" / "legacy" / "vectors" / "task_status_messages.json"
RECORDED = {
    vector["id"]: vector
    for vector in json.loads(VECTORS.read_text())["vectors"]
    if "amqp091" in vector.get("expect", ())
}
TEXT = pika.BasicProperties(content_type="text/plain", content_encoding="utf-8", delivery_mode=2, priority=0)


@pytest.mark.parametrize("name", RECORDED)
def test_every_form_of_a_recorded_message_is_read(
    name: str, pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """The forms are native, text as Python 3 wrote it, and wrapped as for Qpid."""
    vector = RECORDED[name]
    body = vector["expect"]["amqp091"]["body_exact"].encode()
    envelope = {"body": b64encode(body).decode(), "properties": {"body_encoding": "base64"}}
    report = TaskReport.from_record(vector["given"]["task_status"])

    for form in ((body, NATIVE), (body, TEXT), (json.dumps(envelope).encode(), NATIVE)):
        with reading(intake, rabbitmq):  # a new run each time, because a run reports each state once
            pulp2.publish(form)
            intake.wait_until(lambda: bool(intake.reports))
        assert [report] == intake.reports
        assert not intake.taken[0].publish
        intake.taken.clear()


def test_a_sync_and_the_publish_that_it_spawned_make_events(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """Each has one start and one finish, however much progress there was, with Pulp 2's bodies."""
    record = {"importer_id": "yum_importer", "added_count": 14, "result": "success", "_ns": "repo_sync_results"}
    progress = [task(1, "running", progress_report={"yum": {"left": left}}) for left in range(300, 0, -1)]
    ended = task(1, "finished", finish_time="2016-04-29T16:20:01Z", result=record)
    publish = [
        task(2, "running", "publish"),
        task(2, "finished", "publish", finish_time="2016-04-29T16:20:02Z", result={"distributor_id": "yum"}),
    ]

    with reading(intake, rabbitmq):
        pulp2.publish_tasks(task(1, "waiting", start_time=None), *progress, ended, *publish)
        intake.wait_until(lambda: len(intake.events) == 4)

    expected = [
        ("repo.sync.start", "zoo-1", None),
        ("repo.sync.finish", "zoo-1", "success"),
        ("repo.publish.start", "zoo-2", None),
        ("repo.publish.finish", "zoo-2", "success"),
    ]
    assert expected == summaries(intake)
    assert ["waiting", "running", "finished", "running", "finished"] == [report.state for report in intake.reports]
    assert TaskReport.from_record(ended).call_report() == intake.events[1].call_report
    assert (14, "yum_importer", None) == tuple(
        intake.events[1].payload[name] for name in ("added_count", "importer_id", "details")
    )
    assert "yum" == intake.events[3].payload["distributor_id"]


def test_failed_and_canceled_syncs_make_events(pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """Pulp 2 promised these events and never sent them to its listeners."""
    error = {"code": "PLP0000", "description": "boom", "data": {}, "sub_errors": []}

    with reading(intake, rabbitmq):
        pulp2.publish_tasks(task(1, "running"), task(1, "error", error=error), task(2, "running"), task(2, "canceled"))
        intake.wait_until(lambda: len(intake.events) == 4)

    finished = [event.payload for event in intake.events if event.type == "repo.sync.finish"]
    expected = [("zoo-1", "error", "boom"), ("zoo-2", "canceled", None)]
    assert expected == [(each["repo_id"], each["result"], each["error_message"]) for each in finished]


def test_messages_that_are_not_tasks_are_counted_and_logged_once_per_kind(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ, caplog: pytest.LogCaptureFixture
) -> None:
    """They are acknowledged, so they are not delivered again."""
    junk = [b"nonsense", b"[]", b"\0", json.dumps(task(1, "asleep")).encode(), b'{"task_id": 5}']
    odd = pika.BasicProperties(content_type="amqp/map", content_encoding="gzip", headers={"a": [1]})
    with reading(intake, rabbitmq):
        pulp2.publish(*((body, properties) for body in junk for properties in (NATIVE, odd)))
        pulp2.publish_tasks(task(1, "finished"))
        intake.wait_until(lambda: intake.status_updates[-1] == {"received": 11, "refused": 10, "waiting": 0})

    assert 2 == len(intake.events)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert 2 == len(warnings)
    assert all("ignored a message that is not a task" in warning for warning in warnings)
    with reading(intake, rabbitmq):
        intake.wait_until(lambda: intake.status_updates[-1]["waiting"] == 0)
    assert [] == [facts for facts in intake.status_updates[-1:] if facts["received"]]


def test_only_events_that_a_listener_matches_are_made(pulp2: Pulp2, rabbitmq: RabbitMQ) -> None:
    """The reports are always handed over."""
    intake = RecordingIntake(wants=lambda event_type, _task: event_type == "repo.sync.finish", source="choosy")

    with reading(intake, rabbitmq):
        pulp2.publish_tasks(task(1, "finished"))
        intake.wait_until(lambda: bool(intake.reports))

    assert ["repo.sync.finish"] == [event.type for event in intake.events]


def test_messages_of_the_same_installation_are_skipped(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """Messages of Pulp 2, of another installation, and without a mark are read."""
    settings = MessagingSettings(event_notifications_enabled=True, event_notification_url=rabbitmq.url)
    with reading(intake, rabbitmq):
        for number, installation in enumerate((INSTALLATION, "another", None)):
            publisher = status_publisher(settings, installation)
            publisher.publish(TaskReport.from_record(task(number, "finished")))
            assert publisher.flush(20)
            publisher.close()
        pulp2.publish_tasks(task(3, "finished"))
        intake.wait_until(lambda: len(intake.events) == 6)

    assert ["zoo-1", "zoo-2", "zoo-3"] == [repo for kind, repo, _ in summaries(intake) if kind == "repo.sync.finish"]
