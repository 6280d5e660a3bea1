"""The recorded contract of Pulp 2's amqp notifier, with its AMQP 0-10 parts read as 0-9-1."""

import json
from pathlib import Path
from typing import Any

import pytest
from pulp_notifier_amqp import AmqpConfig, AmqpNotifier, render

from pulp_notifiers.broker import AmqpMessage, MessagingSettings
from pulp_notifiers.errors import SwitchedOff
from pulp_notifiers.event import Event
from pulp_notifiers.testing.plugins import LoadedNotifier
from tests.harness.rabbitmq import RabbitMQ

FILE = Path(__file__).parents[3] / "tests" / "legacy" / "vectors" / "notifier_amqp_legacy.json"
VECTORS = {vector["id"]: vector for vector in json.loads(FILE.read_text())["vectors"]}
PUBLISHED = [name for name, vector in VECTORS.items() if "qpid010" in vector["expect"]]
ROUTED = [name for name, vector in VECTORS.items() if "routing_key" in vector["expect"]]


def test_every_vector_is_used() -> None:
    """No vector of the file is left out here."""
    assert {*PUBLISHED, *ROUTED, "quoted-setting", "no-url", "connection-shared"} == VECTORS.keys()


def rendered(given: dict[str, Any]) -> AmqpMessage:
    body = given.get("event", {"event_type": "repo.sync.finish", "payload": {}, "call_report": None})
    settings = MessagingSettings.model_validate(given.get("settings", {}).get("messaging", {}))
    event = Event(body["event_type"], body["payload"], body["call_report"])
    config = LoadedNotifier("amqp", AmqpNotifier).parse(given.get("config", {}))
    assert isinstance(config, AmqpConfig)
    return render(event, config, settings.topic_exchange)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_message_is_that_of_pulp_2(name: str) -> None:
    """The subject is the routing key, and the body is the bare event without a content type."""
    expected = VECTORS[name]["expect"]["qpid010"]

    message = rendered(VECTORS[name]["given"])

    assert expected["exchange"] == message.exchange
    assert expected["routing_key"] == message.routing_key == expected["message_headers"]["qpid.subject"]
    assert expected["content_type"] == message.content_type
    assert expected["body_json"] == json.loads(message.body)


@pytest.mark.parametrize("name", ROUTED)
def test_the_routing_key_is_that_of_pulp_2(name: str) -> None:
    """This holds for each of the four types."""
    event = {"event_type": VECTORS[name]["given"]["event_type"], "payload": {}, "call_report": None}

    assert VECTORS[name]["expect"]["routing_key"] == rendered({"event": event}).routing_key


def test_quotes_around_the_setting_are_not_part_of_the_name() -> None:
    """Pulp 2's sample file has them."""
    vector = VECTORS["quoted-setting"]

    assert vector["expect"]["exchange"] == rendered(vector["given"]).exchange


def test_without_a_server_nothing_is_sent_and_the_message_is_pulp_2s() -> None:
    """The engine logs it once for each listener."""
    vector = VECTORS["no-url"]
    notifier = LoadedNotifier("amqp", AmqpNotifier, lambda _, model: model(**vector["given"]["settings"]["messaging"]))

    with pytest.raises(SwitchedOff) as raised:
        notifier.send(Event("repo.sync.start", {}), AmqpConfig(), "", attempt=1)

    assert vector["expect"]["log"]["message"] == raised.value.reason


def test_one_connection_serves_all_events(rabbitmq: RabbitMQ) -> None:
    """Pulp 2 also kept one connection, with a session for each message."""
    vector = VECTORS["connection-shared"]
    notifier = AmqpNotifier()
    notifier.configure(MessagingSettings.model_validate({"url": rabbitmq.url}))
    before = _connections(rabbitmq)

    for _ in range(vector["given"]["events"]):
        notifier.send(Event("repo.sync.start", {}), AmqpConfig(), "")

    opened = _connections(rabbitmq) - before
    notifier.close()
    assert vector["expect"]["connections"] == len(opened)


def _connections(rabbitmq: RabbitMQ) -> set[str]:
    return {name for (name,) in rabbitmq.rows("connections", "name")}
