"""What an independent client receives of the task-status stream over AMQP 1.0: RabbitMQ and Proton's example broker."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from pulp_notifiers.broker import Broker, StreamOpener, broker_urls
from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher
from pulp_notifiers.task_stream.document import FORM
from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of
from tests.support.patient import OPTIONS, REPORT
from tests.support.qpid_pulp import qpid_url
from tests.support.stream_inbox import VECTORS, closing

utils = pytest.importorskip("proton.utils", reason="python-qpid-proton is not installed")

RECORDED = [v for v in json.loads(VECTORS.read_text())["vectors"] if "qpid010" in v.get("expect", ())]
SECONDS = 60


@pytest.fixture(params=["rabbitmq", "proton_broker"])
def server(request: pytest.FixtureRequest) -> RabbitMQ | ProtonBroker:
    """Return each server in turn; on RabbitMQ the exchange exists, which its AMQP 1.0 cannot create."""
    found: RabbitMQ | ProtonBroker = request.getfixturevalue(request.param)
    if isinstance(found, RabbitMQ):
        with channel_of(found) as channel:
            channel.exchange_declare(FORM.exchange, "topic", durable=True)
    return found


def publisher(url: str) -> StatusPublisher:
    """Return a publisher that waits while the server is busy."""
    return StatusPublisher(StreamOpener(Broker(broker_urls(url)), FORM, SECONDS), OPTIONS)


@contextmanager
def reading(server: RabbitMQ | ProtonBroker, binding: str = "tasks.#") -> Iterator[Any]:
    """Yield a receiver of the stream; on the example broker that is a queue of everything."""
    connection = utils.BlockingConnection(qpid_url(server, "amqp"), timeout=SECONDS)
    address = f"/exchange/{FORM.exchange}/{binding}" if isinstance(server, RabbitMQ) else FORM.exchange
    try:
        yield connection.create_receiver(address, credit=10)
    finally:
        connection.close()


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
def test_a_message_is_as_recorded(vector: Any, server: RabbitMQ | ProtonBroker) -> None:
    """The map that kombu made for Qpid, and the routing key as subject."""
    expected = vector["expect"]["qpid010"]
    with reading(server) as receiver, closing(publisher(qpid_url(server))) as stream:
        stream.publish(TaskReport.from_record(vector["given"]["task_status"]))
        # Other tests may have left messages in the example broker's queue.
        message = receiver.receive(timeout=SECONDS)
        while message.subject != expected["subject"]:
            message = receiver.receive(timeout=SECONDS)
        assert stream.flush(SECONDS)

    content = message.body
    UUID(content["properties"]["delivery_tag"])
    content["body"] = bytes(content["body"]).decode()
    content["properties"]["delivery_tag"] = "@any"
    assert expected["content"] == content
    assert (expected["subject"], expected["message_headers"]) == (message.subject, message.properties)
    assert (True, 0) == (message.durable, message.priority)


def test_a_consumer_of_one_task_receives_its_messages_only(rabbitmq: RabbitMQ) -> None:
    """By the routing key, which RabbitMQ takes from the subject."""
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare(FORM.exchange, "topic", durable=True)
    with reading(rabbitmq, "tasks.mine") as receiver, closing(publisher(qpid_url(rabbitmq))) as stream:
        for task in ("other", "mine", "other", "mine"):
            stream.publish(TaskReport(id=REPORT.id, task_id=task, state="running"))
        assert stream.flush(SECONDS)

        assert ["tasks.mine"] * 2 == [receiver.receive(timeout=SECONDS).subject for _ in range(2)]
    assert 4 == stream.counts.published


def test_the_path_of_the_url_is_the_virtual_host(rabbitmq: RabbitMQ) -> None:
    """RabbitMQ would take any name without its prefix for its default one."""
    rabbitmq.add_virtual_host("stream/host")
    rabbitmq.permit("guest", ".*", ".*", ".*", "stream/host")
    for path in ("stream%2Fhost", "vhost:stream%2Fhost"):
        broker = Broker(broker_urls(f"{qpid_url(rabbitmq)}/{path}"))

        with pytest.raises(TemporaryFailure, match="no exchange 'pulp.api.v2' in vhost 'stream/host'"):
            StreamOpener(broker, FORM, SECONDS)()
