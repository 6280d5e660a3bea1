"""Every kind of outage costs outdated messages, which are counted, and nothing else."""

import logging
import threading
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.task_stream import Counts, StatusPublisher, status_publisher
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of, paused, short_of_memory
from tests.support.patient import OPTIONS, REPORT, accounted, patient_publisher, publish, report
from tests.support.relay import Relay
from tests.support.stream_inbox import StreamInbox, closing, levels, texts
from tests.support.waiting import wait_until


def assert_exact(publisher: StatusPublisher, received: list[int], sent: int) -> None:
    """Compare the messages that arrived with the counts."""
    counts = publisher.counts
    assert received == sorted(set(received))
    assert len(received) == counts.published + counts.late
    assert (sent, 0) == (accounted(publisher), counts.remembered)


def test_a_server_that_restarts_gets_the_last_state_of_the_messages_in_between(
    publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: StreamInbox, caplog: pytest.LogCaptureFixture
) -> None:
    """What was sent is what arrived and what was dropped."""
    caplog.set_level(logging.INFO)
    publish(publisher, range(500))
    rabbitmq.stop()
    publish(publisher, range(500, 1500), flush=False)
    wait_until(lambda: levels(caplog) == ["ERROR"])
    publish(publisher, range(1500, 2500), flush=False)
    wait_until(lambda: accounted(publisher) == 2500)
    rabbitmq.start()
    wait_until(lambda: levels(caplog) == ["ERROR", "INFO"])
    publish(publisher, range(2500, 3000))

    assert [*range(500), *range(2499, 3000)] == inbox.numbers()
    assert Counts(published=1000, late=1, dropped=1999) == publisher.counts
    assert "1999 were dropped and 1 sent late" in texts(caplog)[-1]


def test_without_last_states_a_server_that_restarts_costs_the_messages_in_between(
    rabbitmq: RabbitMQ, inbox: StreamInbox, caplog: pytest.LogCaptureFixture
) -> None:
    """As in Pulp 2.7."""
    options = replace(OPTIONS, last_states=0)
    with (
        Relay(rabbitmq.port) as relay,
        closing(patient_publisher(f"tcp://127.0.0.1:{relay.port}", options=options)) as publisher,
    ):
        publish(publisher, range(500))
        relay.end()
        publish(publisher, range(500, 1500))
        relay.begin()
        wait_until(lambda: publisher.health.connected)
        publish(publisher, range(1500, 1600))

    assert [*range(500), *range(1500, 1600)] == inbox.numbers()
    assert Counts(published=600, dropped=1000) == publisher.counts
    assert "dropped until this is fixed" in texts(caplog)[0]


def publish_through_trouble(
    publisher: StatusPublisher, trouble: AbstractContextManager[None], caplog: pytest.LogCaptureFixture
) -> None:
    """Publish 2200 reports: some before, most while the server is in trouble, some after; wait for both log lines."""
    caplog.set_level(logging.INFO)
    publish(publisher, range(100))
    with trouble:
        publish(publisher, range(100, 1100), flush=False)
        wait_until(lambda: levels(caplog) == ["ERROR"])
        publish(publisher, range(1100, 2100), flush=False)
    wait_until(lambda: levels(caplog) == ["ERROR", "INFO"])
    publish(publisher, range(2100, 2200))


def test_a_frozen_server_confirms_afterwards_what_it_was_sent_before(
    impatient_publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: StreamInbox, caplog: pytest.LogCaptureFixture
) -> None:
    """And the last state of the others."""
    publisher = impatient_publisher
    publish_through_trouble(publisher, paused(rabbitmq), caplog)

    received = inbox.numbers()
    assert_exact(publisher, received, 2200)
    assert 2099 in received
    assert publisher.counts.dropped >= 999


def test_a_server_short_of_memory_confirms_afterwards_what_it_was_sent_before(
    impatient_publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: StreamInbox, caplog: pytest.LogCaptureFixture
) -> None:
    """However long that takes."""
    publisher = impatient_publisher
    publish_through_trouble(publisher, short_of_memory(rabbitmq), caplog)

    received = inbox.numbers()
    assert_exact(publisher, received, 2200)
    assert 2099 in received
    assert publisher.counts.dropped >= 999


def test_a_killed_server_leaves_only_unconfirmed_messages_in_doubt(
    publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: StreamInbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can know whether messages that were sent and not confirmed arrived; the last of them is sent again.

    Messages that the server had confirmed and lost all the same when it was killed are not the publisher's to count: of
    222 such messages 13 were lost once (RabbitMQ 3.10.8, on a busy machine).
    """
    caplog.set_level(logging.INFO)
    stop = threading.Event()
    sent = []

    def go_on() -> None:
        while not stop.wait(0.0005):
            publisher.publish(report(len(sent)))
            sent.append(None)

    sending = threading.Thread(target=go_on)
    sending.start()
    wait_until(lambda: publisher.counts.published > 200)
    rabbitmq.kill()
    wait_until(lambda: levels(caplog) == ["ERROR"])
    rabbitmq.start()
    wait_until(lambda: levels(caplog) == ["ERROR", "INFO"])
    stop.set()
    sending.join()
    assert publisher.flush(60)

    counts, received = publisher.counts, inbox.numbers()
    assert (len(sent), 0) == (accounted(publisher), counts.remembered)
    assert received == sorted(received)
    assert len(sent) - 1 == received[-1]
    assert len(received) <= counts.published + counts.late + 512


def test_an_exchange_of_another_type_is_an_outage(
    publisher: StatusPublisher, rabbitmq: RabbitMQ, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not replaced, and when it is deleted the stream continues."""
    with channel_of(rabbitmq) as channel:
        channel.exchange_delete("pulp.api.v2")
        channel.exchange_declare("pulp.api.v2", "fanout")
    publisher.publish(REPORT)
    wait_until(lambda: publisher.counts.remembered)
    with channel_of(rabbitmq) as channel:
        channel.exchange_delete("pulp.api.v2")

    assert publisher.flush(60)
    assert Counts(late=1) == publisher.counts

    assert ["ERROR"] == levels(caplog)
    assert "PRECONDITION_FAILED" in texts(caplog)[0]


def test_a_deleted_exchange_is_declared_again(publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
    """When the stream reconnects."""
    publish(publisher, range(10))
    with channel_of(rabbitmq) as channel:
        channel.exchange_delete("pulp.api.v2")

    publisher.publish(REPORT)

    assert publisher.flush(60)
    assert Counts(published=10, late=1) == publisher.counts


def test_a_server_that_is_away_costs_nothing_if_there_is_another(rabbitmq: RabbitMQ, inbox: StreamInbox) -> None:
    """Not even the first message."""
    with closing(patient_publisher("tcp://127.0.0.1:1", rabbitmq.url)) as publisher:
        publish(publisher, range(100))

    assert list(range(100)) == inbox.numbers()


def test_a_frozen_server_is_left_for_another(rabbitmq: RabbitMQ, inbox: StreamInbox) -> None:
    """After a while."""
    with RabbitMQ() as first, closing(usual_publisher(first.url, rabbitmq.url)) as publisher:
        publish(publisher, range(10))
        first.pause()
        publisher.publish(report(10))

        wait_until(lambda: publisher.publish(report(11)) or inbox.numbers())
        first.resume()


def usual_publisher(*urls: str) -> StatusPublisher:
    """Return a publisher with the default time limits."""
    return status_publisher(MessagingSettings(event_notifications_enabled=True, event_notification_url=";".join(urls)))
