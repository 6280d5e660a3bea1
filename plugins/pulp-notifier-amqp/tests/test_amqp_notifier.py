"""The amqp notifier as the engine calls it, against a real RabbitMQ that pika reads from."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pika
import pytest
from pulp_notifier_amqp import AmqpNotifier

from pulp_notifiers.errors import InvalidConfig, InvalidSetting, PermanentFailure, SwitchedOff, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.plugins import LoadedNotifier
from tests.harness.rabbitmq import RabbitMQ

README = Path(__file__).parents[1] / "README.rst"
EVENT = Event(
    "repo.sync.finish",
    {"repo_id": "Zoo für Löwen", "added_count": 3},
    {"task_id": "3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b", "state": "running"},
    id=UUID("8d7c0f0a-0000-4000-8000-000000000001"),
)
BODY = (
    b'{"event_type": "repo.sync.finish", "payload": {"repo_id": "Zoo f\\u00fcr L\\u00f6wen", "added_count": 3}, '
    b'"call_report": {"task_id": "3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b", "state": "running"}}'
)


@contextmanager
def loaded(**messaging: str) -> Iterator[LoadedNotifier]:
    """Provide the notifier as the engine has it, with a section [messaging]."""
    notifier = LoadedNotifier("amqp", AmqpNotifier, Settings({"messaging": messaging}, Path("server.conf")).section)
    try:
        yield notifier
    finally:
        notifier.close()


def send(notifier: LoadedNotifier, event: Event = EVENT, **config: Any) -> None:
    options = notifier.parse(config)
    for target in notifier.targets(options):
        notifier.send(event, options, target, attempt=1)


@pytest.fixture
def channel(rabbitmq: RabbitMQ) -> Iterator[Any]:
    """Return a channel of pika."""
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port))
    yield connection.channel()
    connection.close()


def bound_queue(channel: Any, exchange: str, binding: str) -> str:
    queue: str = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, exchange, binding)
    return queue


@pytest.mark.parametrize("config", [{}, {"exchange": ""}, {"exchange": None}, {"other": "ignored"}])
def test_an_event_goes_to_the_default_exchange(config: dict[str, Any], rabbitmq: RabbitMQ, channel: Any) -> None:
    """Routing key and body are Pulp 2's, byte for byte, and the message id is the event's."""
    queue = bound_queue(channel, "amq.topic", "pulp.server.#")

    with loaded(url=rabbitmq.url) as notifier:
        send(notifier, **config)

    method, properties, body = channel.basic_get(queue, auto_ack=True)
    assert ("amq.topic", "pulp.server.repo.sync.finish") == (method.exchange, method.routing_key)
    assert pika.BasicProperties(message_id=str(EVENT.id), delivery_mode=2, headers={}) == properties
    assert BODY == body


def test_an_event_outside_a_task_has_a_null_call_report(rabbitmq: RabbitMQ, channel: Any) -> None:
    """Pulp 2's documentation promises it."""
    queue = bound_queue(channel, "amq.topic", "pulp.server.repo.publish.start")

    with loaded(url=rabbitmq.url) as notifier:
        send(notifier, Event("repo.publish.start", {"repo_id": "zoo", "distributor_id": "d"}))

    body = channel.basic_get(queue, auto_ack=True)[2]
    expected = {
        "event_type": "repo.publish.start",
        "payload": {"repo_id": "zoo", "distributor_id": "d"},
        "call_report": None,
    }
    assert expected == json.loads(body)


@pytest.mark.parametrize("written", ["pulp.events", "'pulp.events'", '"pulp.events"'])
def test_the_listeners_exchange_replaces_the_default(written: str, rabbitmq: RabbitMQ, channel: Any) -> None:
    """One matching pair of quotes is not part of its name."""
    channel.exchange_declare("pulp.events", "topic", durable=True)
    queue = bound_queue(channel, "pulp.events", "#")

    with loaded(url=rabbitmq.url, topic_exchange="other") as notifier:
        send(notifier, exchange=written)

    assert BODY == channel.basic_get(queue, auto_ack=True)[2]
    channel.exchange_delete("pulp.events")


def test_the_default_exchange_is_created_with_pulp_2s_flags(rabbitmq: RabbitMQ, channel: Any) -> None:
    """It is a topic exchange, neither durable nor auto-delete; declaring it otherwise would be refused."""
    with loaded(url=rabbitmq.url, topic_exchange="'missing.exchange'") as notifier:
        send(notifier)

    channel.exchange_declare("missing.exchange", "topic", durable=False, auto_delete=False)
    channel.exchange_delete("missing.exchange")


@pytest.mark.parametrize("exchange", [5, ["a"], {"a": 1}, True, "é" * 128])
def test_an_invalid_exchange_name_is_refused(exchange: Any) -> None:
    """The message names the option."""
    with loaded() as notifier, pytest.raises(InvalidConfig, match="amqp options are not valid: exchange: "):
        notifier.parse({"exchange": exchange})


def test_an_exchange_that_cannot_be_declared_is_a_permanent_failure(rabbitmq: RabbitMQ) -> None:
    """Names that start with amq. are reserved for the server."""
    with loaded(url=rabbitmq.url) as notifier, pytest.raises(PermanentFailure, match="could not publish message: "):
        send(notifier, exchange="amq.missing")


def test_an_empty_url_switches_the_notifier_off() -> None:
    """The reason is Pulp 2's message."""
    with (
        loaded(url="") as notifier,
        pytest.raises(SwitchedOff, match=r"^remote messaging is disabled because no server was specified$"),
    ):
        send(notifier)


def test_an_unreachable_server_is_a_temporary_failure() -> None:
    """The reason is Pulp 2's message, without the password."""
    with loaded(url="tcp://pulp:hidden@127.0.0.1:1") as notifier, pytest.raises(TemporaryFailure) as raised:
        send(notifier)

    expected = "could not connect to messaging server amqp://127.0.0.1:1//: [Errno 111] Connection refused"
    assert expected == raised.value.reason


def test_a_url_that_names_no_protocol_of_messages_is_refused_at_start() -> None:
    """One sentence names file, section and key, and says what to use."""
    with pytest.raises(InvalidSetting, match=r"^server.conf: \[messaging\] url is not allowed: .*; write tcp://"):
        loaded(url="gopher://localhost").__enter__()


def test_the_options_are_described_for_the_command_line() -> None:
    """An empty exchange is dropped when a listener is created, and sent when it is updated."""
    with loaded() as notifier:
        described = notifier.schema()

    assert ["exchange"] == list(described["properties"])
    assert "required" not in described
    assert described["properties"]["exchange"]["empty_is_absent_on_create"] is True


def readme_examples() -> dict[str, str]:
    """Return the consumers in the README, by the library that they use."""
    examples: dict[str, str] = {}
    for block in README.read_text(encoding="utf-8").split(".. code-block:: python\n\n")[1:]:
        lines = block.splitlines()
        end = next(number for number, line in enumerate(lines) if line and not line.startswith("    "))
        code = "\n".join(line[4:] for line in lines[:end])
        examples["kombu" if "kombu" in code else "pika"] = code
    return examples


@pytest.mark.parametrize("library", ["pika", "kombu"])
def test_the_consumers_in_the_readme_work(library: str, rabbitmq: RabbitMQ, channel: Any) -> None:
    """They run unchanged except for the port."""
    channel.queue_declare("pulp-events", durable=True)
    channel.queue_bind("pulp-events", "amq.topic", "pulp.server.#")
    code = readme_examples()[library].replace("localhost:5672", f"127.0.0.1:{rabbitmq.port}")
    with loaded(url=rabbitmq.url) as notifier:
        send(notifier)

    with _running(sys.executable, "-c", code) as consumer:
        printed = consumer.stdout.readline()

    channel.queue_delete("pulp-events")
    assert f"{EVENT.id} repo.sync.finish Zoo für Löwen\n" == printed


@contextmanager
def _running(*command: str) -> Iterator[Any]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8") as process:
        try:
            yield process
        finally:
            process.kill()
