"""Watching what is published to an exchange of a real messaging server."""

from contextlib import contextmanager
from uuid import uuid4

import kombu
import pika
import pytest

from pulp_notifiers.broker import Broker, Deadline, Watch, broker_urls
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from tests.support.amqp import channel_of, paused
from tests.support.watched import WAIT_SECONDS, received


@contextmanager
def watching(url, exchange, binding="tasks.#", **parts):
    """Watch for the duration of a block."""
    deadline = Deadline(30)
    watch = Watch(Broker(broker_urls(url)).connect(deadline), exchange, binding, deadline, **parts)
    try:
        yield watch
    finally:
        watch.close(2)


@pytest.fixture
def exchange():
    """Return the name of an exchange that no other test uses."""
    return f"watched-{uuid4()}"


def test_matching_messages_are_received_in_order_as_bytes(rabbitmq, exchange):
    """Also text, whose bytes a library would decode."""
    with watching(rabbitmq.url, exchange, "tasks.one") as watch, channel_of(rabbitmq) as channel:
        text = pika.BasicProperties(content_type="text/plain", content_encoding="utf-8")
        for number in range(1000):
            channel.basic_publish(exchange, "tasks.two", b"not this")
            channel.basic_publish(exchange, "tasks.one", f"{number} \u00e4".encode(), text)

        assert [f"{number} \u00e4".encode() for number in range(1000)] == received(watch, 1000)


def test_a_missing_exchange_is_created_as_pulp_creates_it(rabbitmq, exchange):
    """Otherwise Pulp's own declaration would fail later."""
    with watching(rabbitmq.url, exchange), channel_of(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)

    listed = rabbitmq.rows("exchanges", "name", "type", "durable", "auto_delete")
    assert [exchange, "topic", "true", "false"] in listed


def test_an_exchange_with_other_flags_is_used_as_it_is(rabbitmq, exchange):
    """It belongs to its publishers."""
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=False, auto_delete=False)
        with watching(rabbitmq.url, exchange) as watch:
            channel.basic_publish(exchange, "tasks.one", b"watched")

            assert [b"watched"] == received(watch, 1)


@pytest.fixture
def user(rabbitmq):
    """Return a user without permissions."""
    name = f"user-{uuid4()}"
    rabbitmq.add_user(name, "secret")
    yield name
    rabbitmq.delete_user(name)


def test_permissions_to_listen_are_enough(rabbitmq, exchange, user):
    """On queues that the server names, and to read the exchange."""
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=True)
        rabbitmq.permit(user, r"^amq\.gen", r"^amq\.gen", rf"^({exchange}|amq\.gen.*)$")
        with watching(f"amqp://{user}:secret@127.0.0.1:{rabbitmq.port}//", exchange) as watch:
            channel.basic_publish(exchange, "tasks.one", b"watched")

            assert [b"watched"] == received(watch, 1)


def test_a_lack_of_permissions_is_a_permanent_failure(rabbitmq, exchange, user):
    """The reason says what to permit."""
    rabbitmq.permit(user, "^$", "^$", "^$")

    with pytest.raises(PermanentFailure, match=r"ACCESS_REFUSED.*permit this user"):
        Watch.open(Broker(broker_urls(f"amqp://{user}:secret@127.0.0.1:{rabbitmq.port}//")), exchange, "#", 30)


def test_the_queue_is_deleted_with_the_connection(rabbitmq, exchange):
    """Nothing is left on the server."""
    with watching(rabbitmq.url, exchange):
        before = rabbitmq.rows("bindings", "source_name")

    assert [exchange] in before
    assert [exchange] not in rabbitmq.rows("bindings", "source_name")


def test_messages_before_a_lost_connection_are_received_first(rabbitmq, exchange):
    """The failure is raised by the next call."""
    with watching(rabbitmq.url, exchange) as watch:
        with channel_of(rabbitmq) as channel:
            channel.confirm_delivery()
            channel.basic_publish(exchange, "tasks.one", b"watched")
        rabbitmq.close_connections("test")

        assert [b"watched"] == watch.receive(WAIT_SECONDS)
        with pytest.raises(TemporaryFailure, match="CONNECTION_FORCED"):
            watch.receive(WAIT_SECONDS)


def test_a_frozen_server_is_noticed(rabbitmq, exchange):
    """After a silence it is asked something, because nothing else is ever sent to it."""
    now = 0.0
    with watching(rabbitmq.url, exchange, clock=lambda: now) as watch:
        now = 11.0
        assert [] == watch.receive(0.01)

        now = 22.0
        with paused(rabbitmq), pytest.raises(TemporaryFailure, match="no answer within"):
            watch.receive(0.01)


def test_a_deleted_exchange_is_bound_again_after_a_while(rabbitmq, exchange):
    """Whoever declares it again, its binding is gone."""
    now = 0.0
    with watching(rabbitmq.url, exchange, clock=lambda: now) as watch, channel_of(rabbitmq) as channel:
        channel.exchange_delete(exchange)
        channel.exchange_declare(exchange, "topic", durable=True)
        now = 11.0
        assert [] == watch.receive(0.01)
        channel.basic_publish(exchange, "tasks.one", b"one")
        assert [b"one"] == received(watch, 1)

        channel.exchange_delete(exchange)
        now = 22.0
        assert [] == watch.receive(0.01)
        channel.basic_publish(exchange, "tasks.one", b"two")
        assert [b"two"] == received(watch, 1)


def test_other_transports_of_kombu_can_be_watched_too(exchange):
    """As far as they have exchanges."""
    with watching("memory://", exchange) as watch, kombu.Connection("memory://") as connection:
        topic = kombu.Exchange(exchange, "topic", durable=True)
        producer = connection.Producer()
        for number in range(3):
            producer.publish(b"%d" % number, exchange=topic, routing_key="tasks.one")

        assert 3 == len(received(watch, 3))
        assert [] == watch.receive(0)
