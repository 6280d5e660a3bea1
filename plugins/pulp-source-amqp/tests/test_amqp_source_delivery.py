"""Every message is handed over at least once, and repeats add nothing."""

import pytest
from amqp_source_running import Pulp2, config, end_of_reading, reading, task
from pulp_source_amqp import AmqpSource

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.rabbitmq import RabbitMQ


def test_a_message_that_could_not_be_stored_is_delivered_again(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """It is only acknowledged once it is on disk."""
    intake.fail_next(StoreUnavailable("the disk is full"))

    end = end_of_reading(intake, rabbitmq, lambda: pulp2.publish_tasks(task(1, "finished")))

    assert "StoreUnavailable('the disk is full')" == end
    assert [] == intake.taken

    with reading(intake, rabbitmq):
        intake.wait_until(lambda: len(intake.events) == 2)


def test_the_status_is_not_updated_while_nothing_can_be_stored(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """Otherwise each attempt would log an outage and its end."""
    with reading(intake, rabbitmq):
        pass
    pulp2.publish_tasks(task(1, "finished"))
    intake.status_updates.clear()
    intake.stopping.clear()
    intake.fail_next(StoreUnavailable("away"))

    with pytest.raises(StoreUnavailable):
        AmqpSource(wait_seconds=60).run(config(rabbitmq), intake)

    assert [] == intake.status_updates


def test_a_message_that_is_delivered_again_makes_the_same_events(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """They have the same ids, so they add nothing."""
    for count in (2, 4):
        with reading(intake, rabbitmq):
            pulp2.publish_tasks(task(1, "finished"))
            intake.wait_until(lambda wanted=count: len(intake.events) == wanted)

    ids = [event.id for event in intake.events]
    assert ids[:2] == ids[2:]


def test_nothing_is_lost_while_the_source_does_not_run(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """This holds even if the server restarts meanwhile."""
    with reading(intake, rabbitmq):
        pass
    pulp2.publish_tasks(*(task(number, "finished") for number in range(50)))
    rabbitmq.restart()
    pulp2.publish_tasks(*(task(number, "finished") for number in range(50, 100)))

    with reading(intake, rabbitmq, prefetch=7):
        intake.wait_until(lambda: len(intake.events) == 200)

    assert [f"zoo-{number}" for number in range(100)] == [
        event.payload["repo_id"] for event in intake.events if event.type == "repo.sync.finish"
    ]
    assert all(len(call.reports) <= 7 for call in intake.taken)
