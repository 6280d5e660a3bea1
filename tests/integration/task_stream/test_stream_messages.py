"""What consumers receive of the task-status stream, with and without the mark of an installation."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulp_notifiers.broker import Broker, StreamOpener, own_mark
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher, StreamOptions
from pulp_notifiers.task_stream.document import FORM
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of
from tests.support.patient import REPORT, patient_publisher, report
from tests.support.stream_inbox import RECORDED, StreamInbox, assert_as_recorded, closing

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "watch_tasks.py"
SECONDS = 60.0


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
@pytest.mark.parametrize("binding", ["tasks.#", "tasks.3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b"])
def test_a_message_is_as_recorded(vector: Any, binding: str, publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
    """Every property, and every byte, by either binding."""
    inbox = StreamInbox(rabbitmq, "as-recorded", binding)

    publisher.publish(TaskReport.from_record(vector["given"]["task_status"]))
    assert publisher.flush(60)

    [message] = inbox.messages()
    assert_as_recorded(vector, message)
    inbox.delete()


def test_the_exchange_is_declared_as_pulp_2_declared_it(publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
    """With the same flags, so that both may use one server."""
    assert publisher.publish(REPORT) is None
    assert publisher.flush(60)

    listed = rabbitmq.rows("exchanges", "name", "type", "durable", "auto_delete", "arguments")
    assert ["pulp.api.v2", "topic", "true", "false", "[]"] in listed


def test_the_example_of_the_documentation_reads_the_stream(publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
    """It prints each change."""
    watching = subprocess.Popen(
        [sys.executable, str(EXAMPLE), rabbitmq.url[:-1] + "%2F"], stdout=subprocess.PIPE, text=True
    )
    assert watching.stdout is not None
    try:
        assert "waiting\n" == watching.stdout.readline()
        publisher.publish(replace(REPORT, tags=("pulp:repository:zoo",)))

        assert "3f2a9c1e running pulp:repository:zoo\n" == watching.stdout.readline()
    finally:
        watching.kill()
        watching.communicate()


@pytest.mark.parametrize("size", [131_000, 131_072, 3_000_000])
def test_a_large_report_arrives_whole(size: int, publisher: StatusPublisher, inbox: StreamInbox) -> None:
    """In several frames."""
    publisher.publish(replace(REPORT, result="x" * size))
    assert publisher.flush(60)

    assert "x" * size == json.loads(inbox.messages()[0][2])["result"]


def test_the_stream_can_be_published_over_tls(rabbitmq: RabbitMQ, inbox: StreamInbox) -> None:
    """With the authority that the settings name."""
    assert rabbitmq.tls is not None
    url = f"amqps://guest:guest@127.0.0.1:{rabbitmq.tls_port}"
    with closing(patient_publisher(url, cacert=str(rabbitmq.tls.ca), clientcert="")) as publisher:
        for number in range(500):
            publisher.publish(report(number))
        assert publisher.flush(60)

    assert list(range(500)) == inbox.numbers()


@pytest.fixture
def marking_publisher(rabbitmq: RabbitMQ) -> Iterator[StatusPublisher]:
    """Return a publisher whose messages have the mark of the installation 0123456789abcdef."""
    form = replace(FORM, mark=own_mark("0123456789abcdef"))
    patient = StreamOptions(send_seconds=SECONDS, slow_seconds=SECONDS, silent_seconds=SECONDS)
    made = StatusPublisher(StreamOpener(Broker([rabbitmq.url]), form, SECONDS), patient)
    yield made
    made.close()


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
@pytest.mark.parametrize("binding", ["tasks.#", "#"])
def test_a_marked_message_is_as_recorded(
    vector: Any, binding: str, marking_publisher: StatusPublisher, rabbitmq: RabbitMQ
) -> None:
    """The table of headers is empty, and the message is delivered once."""
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare("pulp.api.v2", "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "pulp.api.v2", binding)

        marking_publisher.publish(TaskReport.from_record(vector["given"]["task_status"]))
        assert marking_publisher.flush(SECONDS)

        message = channel.basic_get(queue, auto_ack=True)
        assert_as_recorded(vector, message)
        assert {} == message[1].headers
        assert (None, None, None) == channel.basic_get(queue)
