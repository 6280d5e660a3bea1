"""A missing exchange is created as Pulp 2 created it; an existing one is used as it is."""

from dataclasses import replace

import pytest

from pulp_notifiers.broker import Publisher
from pulp_notifiers.errors import PermanentFailure
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import Inbox, channel_of, exists, has_settled, inbox_of
from tests.support.publishing import KEY, MESSAGE, failure, publisher_of
from tests.support.relay import Relay


def test_a_missing_exchange_is_created_as_topic_neither_durable_nor_auto_delete(
    publisher: Publisher, rabbitmq: RabbitMQ, exchange: str
) -> None:
    """Declaring it once more is permitted only with exactly these flags."""
    publisher.publish(replace(MESSAGE, exchange=exchange))

    with channel_of(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=False, auto_delete=False)


@pytest.mark.parametrize(
    ("kind", "durable", "auto_delete"), [("direct", True, False), ("fanout", False, True), ("topic", True, True)]
)
def test_an_exchange_of_another_type_is_used_as_it_is(
    kind: str, durable: bool, auto_delete: bool, publisher: Publisher, rabbitmq: RabbitMQ, exchange: str
) -> None:
    """An administrator's own declaration has priority."""
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare(exchange, kind, durable=durable, auto_delete=auto_delete)

    with inbox_of(rabbitmq.port, exchange, KEY) as inbox:
        publisher.publish(replace(MESSAGE, exchange=exchange))

        assert [MESSAGE.body] == inbox.bodies()


def test_the_next_message_recreates_a_deleted_exchange(
    publisher: Publisher, rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
) -> None:
    """The connection stays open for other messages."""
    publisher.publish(replace(MESSAGE, exchange=exchange))
    with channel_of(rabbitmq) as channel:
        channel.exchange_delete(exchange)

    publisher.publish(replace(MESSAGE, exchange=exchange))
    publisher.publish(MESSAGE)

    assert exists(rabbitmq, exchange)
    assert [MESSAGE.body] == inbox.bodies()
    assert has_settled(rabbitmq, "2")


def test_an_exchange_of_the_server_is_never_declared(publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """A missing one is a permanent failure, after which other messages can still be published."""
    with pytest.raises(PermanentFailure) as raised:
        publisher.publish(replace(MESSAGE, exchange="amq.missing"))

    publisher.publish(MESSAGE)

    assert raised.value.reason.startswith("could not publish message: ")
    assert "no exchange 'amq.missing'" in raised.value.reason
    assert [MESSAGE.body] == inbox.bodies()


def test_a_missing_permission_to_publish_is_a_temporary_failure(
    rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
) -> None:
    """Once an administrator permits it, the same connection publishes."""
    message = replace(MESSAGE, exchange=exchange)
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic")
    rabbitmq.add_user("reader", "secret")
    rabbitmq.permit("reader", ".*", "^amq[.]topic$", ".*")
    with publisher_of(f"tcp://reader:secret@127.0.0.1:{rabbitmq.port}") as publisher:
        _, reason = failure(publisher, message)
        publisher.publish(MESSAGE)
        rabbitmq.permit("reader", ".*", ".*", ".*")
        publisher.publish(message)

    rabbitmq.delete_user("reader")
    assert "ACCESS_REFUSED" in reason
    assert [MESSAGE.body] == inbox.bodies()


def test_an_exchange_created_between_look_up_and_declaration_is_used_as_it_is(
    rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
) -> None:
    """Another client declares it when the server has answered that it does not exist."""

    def make_another(answer: bytes) -> None:
        if b"NOT_FOUND" in answer:
            inbox.channel.exchange_declare(exchange, "fanout", durable=True)
            inbox.channel.queue_bind(inbox.queue, exchange)

    with Relay(rabbitmq.port, make_another) as relay, publisher_of(f"127.0.0.1:{relay.port}") as publisher:
        publisher.publish(replace(MESSAGE, exchange=exchange))

    assert [MESSAGE.body] == inbox.bodies()


def test_a_missing_permission_to_create_an_exchange_is_a_temporary_failure(
    rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
) -> None:
    """Until an administrator creates it or permits it; existing exchanges need no such permission."""
    rabbitmq.add_user("publisher", "secret")
    rabbitmq.permit("publisher", "^$", ".*", "^$")
    with publisher_of(f"tcp://publisher:secret@127.0.0.1:{rabbitmq.port}") as publisher:
        _, reason = failure(publisher, replace(MESSAGE, exchange=exchange))
        publisher.publish(MESSAGE)

    rabbitmq.delete_user("publisher")
    assert "ACCESS_REFUSED" in reason
    assert [MESSAGE.body] == inbox.bodies()
