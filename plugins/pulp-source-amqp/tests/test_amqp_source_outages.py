"""The source connects and disconnects cleanly, and reports what is wrong with the server."""

import re

import pytest
from amqp_source_running import Pulp2, config, end_of_reading, queue_of, reading, task
from pulp_source_amqp import AmqpSource

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import connections
from tests.support.waiting import wait_until


@pytest.mark.parametrize("trouble", ["stop", "kill"])
def test_a_server_that_stops_is_a_temporary_failure(trouble: str, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """The reason says what happened, and further attempts fail with a reason too."""
    try:
        end = end_of_reading(intake, rabbitmq, getattr(rabbitmq, trouble))
        with pytest.raises(TemporaryFailure, match="could not connect to messaging server .*Connection refused"):
            AmqpSource().run(config(rabbitmq), intake)
    finally:
        rabbitmq.start()

    # Python puts a text that holds single quotes, as the server's reason may, between double ones.
    assert re.match(r"LinkLost\(['\"]could not subscribe to pulp\.api\.v2: ", end), end


def test_a_server_that_freezes_is_a_temporary_failure(intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """The source checks it regularly."""
    try:
        end = end_of_reading(intake, rabbitmq, rabbitmq.pause)
    finally:
        rabbitmq.resume()

    assert "LinkLost('could not subscribe to pulp.api.v2: no answer within 5 s')" == end


def test_a_deleted_queue_is_a_temporary_failure(pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """The next run declares it again."""
    with pulp2.channel() as channel:
        # If the source happens to redeclare it at this moment, RabbitMQ lets it continue to read.
        end = end_of_reading(intake, rabbitmq, lambda: channel.queue_delete(queue_of(intake)), check_seconds=3600)
    assert "the queue was deleted" in end

    with reading(intake, rabbitmq):
        pulp2.publish_tasks(task(1, "finished"))
        intake.wait_until(lambda: len(intake.events) == 2)


def test_deleted_exchanges_are_declared_again(pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """Messages published meanwhile are lost, as for all other consumers."""
    # If one is deleted while the source looks at the server, its run ends, and the engine starts it again.
    with reading(intake, rabbitmq, check_seconds=2):
        with pulp2.channel() as channel:
            channel.exchange_delete("pulp.api.v2")
            channel.exchange_delete(f"{queue_of(intake)}.foreign")
        wait_until(lambda: pulp2.publish_tasks(task(1, "finished")) or intake.events)

    assert [] == [event for event in intake.events if event.payload["repo_id"] != "zoo-1"]


def test_a_queue_with_other_properties_is_a_permanent_failure(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """Somebody has to delete it."""
    with pulp2.channel() as channel:
        channel.queue_declare(queue_of(intake), durable=False)

        with pytest.raises(PermanentFailure, match="PRECONDITION_FAILED.*; delete what is named"):
            AmqpSource().run(config(rabbitmq), intake)


def test_it_closes_its_connection_when_it_stops(intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """RabbitMQ lists no connection of it any more."""
    with reading(intake, rabbitmq):
        pass

    wait_until(lambda: not connections(rabbitmq))


def test_the_connection_can_use_tls(rabbitmq: RabbitMQ) -> None:
    """The source names the authority, and messages of many frames arrive complete."""
    assert rabbitmq.tls is not None
    url, cacert = f"amqps://guest:guest@127.0.0.1:{rabbitmq.tls_port}", str(rabbitmq.tls.ca)
    encrypted = AmqpSource.Config(url=url, cacert=cacert)
    large = {"yum": "x" * 300_000}

    intake = RecordingIntake(source="encrypted")
    with intake.running(AmqpSource(), encrypted):
        intake.wait_until(lambda: bool(intake.status_updates))
        Pulp2(rabbitmq).publish_tasks(*(task(number, "finished", progress_report=large) for number in range(100)))
        intake.wait_until(lambda: len(intake.events) == 200)

    assert all(check.passed for check in AmqpSource().check(encrypted))
    # A batch is bounded in bytes too.
    assert all(len(call.reports) < 60 for call in intake.taken)
