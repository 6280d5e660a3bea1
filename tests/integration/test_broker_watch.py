"""Hearing what goes over an exchange of a real messaging server."""

from contextlib import closing, contextmanager
from uuid import uuid4

import kombu
import pika
import pytest

from pulp_notifiers.broker import Broker, Deadline, Watch, broker_urls
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure

WAIT_SECONDS = 60


@contextmanager
def watching(url, exchange, binding="tasks.#", **parts):
    """Open a connection that hears."""
    deadline = Deadline(30)
    watch = Watch(Broker(broker_urls(url)).connect(deadline), exchange, binding, deadline, **parts)
    try:
        yield watch
    finally:
        watch.close(2)


@contextmanager
def channel_to(rabbitmq):
    """Return a channel of another client."""
    url = rabbitmq.url.removesuffix("//") + "/%2F"
    with closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        yield connection.channel()


def heard(watch, count):
    """Return so many messages."""
    bodies = []
    while len(bodies) < count:
        came = watch.receive(WAIT_SECONDS)
        assert came
        bodies += came
    return bodies


@pytest.fixture
def exchange():
    """Return the name of an exchange that nobody else uses."""
    return f"watched-{uuid4()}"


def test_what_matches_is_heard_in_order_as_bytes(rabbitmq, exchange):
    """Also text, whose bytes a library would decode."""
    with watching(rabbitmq.url, exchange, "tasks.one") as watch, channel_to(rabbitmq) as channel:
        text = pika.BasicProperties(content_type="text/plain", content_encoding="utf-8")
        for number in range(1000):
            channel.basic_publish(exchange, "tasks.two", b"not this")
            channel.basic_publish(exchange, "tasks.one", f"{number} \u00e4".encode(), text)

        assert [f"{number} \u00e4".encode() for number in range(1000)] == heard(watch, 1000)


def test_a_missing_exchange_is_created_as_pulp_creates_it(rabbitmq, exchange):
    """Else Pulp's own declaration would fail later."""
    with watching(rabbitmq.url, exchange), channel_to(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)

    assert f"{exchange}\ttopic\ttrue\tfalse" in rabbitmq.control(
        "list_exchanges", "name", "type", "durable", "auto_delete"
    )


def test_an_exchange_with_other_flags_is_used_as_it_is(rabbitmq, exchange):
    """It belongs to whoever publishes."""
    with channel_to(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=False, auto_delete=False)
        with watching(rabbitmq.url, exchange) as watch:
            channel.basic_publish(exchange, "tasks.one", b"heard")

            assert [b"heard"] == heard(watch, 1)


@pytest.fixture
def user(rabbitmq):
    """Return a user without permissions."""
    name = f"user-{uuid4()}"
    rabbitmq.control("add_user", name, "secret")
    yield name
    rabbitmq.control("delete_user", name)


def test_permissions_to_listen_are_enough(rabbitmq, exchange, user):
    """On queues that the server names, and to read the exchange."""
    with channel_to(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=True)
        rabbitmq.control("set_permissions", user, r"^amq\.gen", r"^amq\.gen", rf"^({exchange}|amq\.gen.*)$")
        with watching(f"amqp://{user}:secret@127.0.0.1:{rabbitmq.port}//", exchange) as watch:
            channel.basic_publish(exchange, "tasks.one", b"heard")

            assert [b"heard"] == heard(watch, 1)


def test_a_lack_of_permissions_is_a_sentence(rabbitmq, exchange, user):
    """It stays until an administrator does something."""
    rabbitmq.control("set_permissions", user, "^$", "^$", "^$")

    with pytest.raises(PermanentFailure, match=r"ACCESS_REFUSED.*permit this user"):
        Watch.open(Broker(broker_urls(f"amqp://{user}:secret@127.0.0.1:{rabbitmq.port}//")), exchange, "#", 30)


def test_the_queue_goes_with_the_connection(rabbitmq, exchange):
    """Nothing is left on the server."""
    with watching(rabbitmq.url, exchange):
        before = rabbitmq.control("list_bindings", "source_name")

    assert exchange in before
    assert exchange not in rabbitmq.control("list_bindings", "source_name")


def test_a_connection_that_was_closed_is_lost(rabbitmq, exchange):
    """What came before that is heard."""
    with watching(rabbitmq.url, exchange) as watch:
        with channel_to(rabbitmq) as channel:
            channel.confirm_delivery()
            channel.basic_publish(exchange, "tasks.one", b"heard")
        rabbitmq.control("close_all_connections", "test")

        assert [b"heard"] == watch.receive(WAIT_SECONDS)
        with pytest.raises(TemporaryFailure, match="CONNECTION_FORCED"):
            watch.receive(WAIT_SECONDS)


def test_a_server_that_froze_is_noticed(rabbitmq, exchange):
    """It is asked when it was silent for a while, because nothing else is ever sent to it."""
    now = 0.0
    with watching(rabbitmq.url, exchange, clock=lambda: now) as watch:
        now = 11.0
        assert [] == watch.receive(0.01)

        rabbitmq.pause()
        try:
            now = 22.0
            with pytest.raises(TemporaryFailure, match="no answer within"):
                watch.receive(0.01)
        finally:
            rabbitmq.resume()


def test_an_exchange_that_somebody_deleted_is_heard_again_after_a_while(rabbitmq, exchange):
    """Whoever declares it anew, the binding to it is gone."""
    now = 0.0
    with watching(rabbitmq.url, exchange, clock=lambda: now) as watch, channel_to(rabbitmq) as channel:
        channel.exchange_delete(exchange)
        channel.exchange_declare(exchange, "topic", durable=True)
        now = 11.0
        assert [] == watch.receive(0.01)
        channel.basic_publish(exchange, "tasks.one", b"one")
        assert [b"one"] == heard(watch, 1)

        channel.exchange_delete(exchange)
        now = 22.0
        assert [] == watch.receive(0.01)
        channel.basic_publish(exchange, "tasks.one", b"two")
        assert [b"two"] == heard(watch, 1)


def test_other_transports_of_kombu_are_heard_too(exchange):
    """As far as they have exchanges."""
    with watching("memory://", exchange) as watch, kombu.Connection("memory://") as connection:
        topic = kombu.Exchange(exchange, "topic", durable=True)
        producer = connection.Producer()
        for number in range(3):
            producer.publish(b"%d" % number, exchange=topic, routing_key="tasks.one")

        assert 3 == len(heard(watch, 3))
        assert [] == watch.receive(0)
