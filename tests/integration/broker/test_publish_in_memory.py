"""kombu's transport within one process, which the demonstration uses if there is no RabbitMQ."""

from dataclasses import replace

import kombu

from tests.support.publishing import MESSAGE, publisher_of


def test_a_consumer_in_the_same_process_gets_the_message() -> None:
    """The first message creates even an exchange that a real server has from the start."""
    with kombu.Connection("memory://") as connection, publisher_of("memory://") as publisher:
        publisher.publish(MESSAGE)
        topic = kombu.Exchange("amq.topic", "topic")
        queue = kombu.Queue("memory-test", topic, "pulp.server.#")(connection.channel())
        queue.declare()

        publisher.publish(MESSAGE)

        message = queue.get(no_ack=True)
        assert (MESSAGE.body, "8d7c0f0a") == (message.body, message.properties["message_id"])
        queue.delete()


def test_a_missing_exchange_is_created_in_memory_too() -> None:
    """As on a real server."""
    with kombu.Connection("memory://") as connection, publisher_of("memory://") as publisher:
        publisher.publish(replace(MESSAGE, exchange="memory-exchange"))

        queue = kombu.Queue("memory-test-2", kombu.Exchange("memory-exchange", "topic", durable=False), "#")
        bound = queue(connection.channel())
        bound.declare()
        publisher.publish(replace(MESSAGE, exchange="memory-exchange"))

        assert MESSAGE.body == bound.get(no_ack=True).body
        bound.delete()
