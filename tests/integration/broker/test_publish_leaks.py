"""A publisher holds no more descriptors after hundreds of messages, failures and forks than before.

Every program counts in a process of its own, and names each descriptor.
"""

import pytest

from tests.harness.rabbitmq import RabbitMQ
from tests.support.children import json_printed_by


def test_500_messages_take_no_further_descriptor(rabbitmq: RabbitMQ) -> None:
    """The publisher keeps to one connection."""
    before, after = json_printed_by(PREAMBLE + MANY, rabbitmq.url)

    assert before == after


def test_failed_attempts_to_connect_leave_nothing_open(rabbitmq: RabbitMQ) -> None:
    """However many: nobody listens, the password is wrong, the vhost is missing, the server speaks no TLS."""
    before, after = json_printed_by(
        PREAMBLE + FAILING,
        "tcp://127.0.0.1:1",
        f"tcp://guest:wrong@127.0.0.1:{rabbitmq.port}",
        f"tcp://127.0.0.1:{rabbitmq.port}/missing",
        f"ssl://127.0.0.1:{rabbitmq.port}",
    )

    assert before == after


def test_another_process_closes_the_inherited_descriptor(rabbitmq: RabbitMQ) -> None:
    """It has one of its own then."""
    before, after = json_printed_by(PREAMBLE + INHERITING, rabbitmq.url)

    assert before == after


@pytest.mark.parametrize("url", ["rabbitmq", "memory://"])
def test_a_connection_that_is_down_is_not_reopened_to_be_closed(url: str, rabbitmq: RabbitMQ) -> None:
    """In memory there is no descriptor to close."""
    before, after = json_printed_by(PREAMBLE + DOWN, rabbitmq.url if url == "rabbitmq" else url)

    assert before == after


PREAMBLE = """
import json
import sys
from dataclasses import replace

from pulp_notifiers.broker import AmqpMessage, Broker, Deadline, Publisher, PublishLink, broker_urls
from pulp_notifiers.errors import TemporaryFailure
from tests.support.holdings import holdings

broker = Broker(broker_urls(";".join(sys.argv[1:])), connect_seconds=60)
message = AmqpMessage("test-leaks", "key", b"{}")
"""


MANY = """
publisher = Publisher(broker, timeout_seconds=60)
publisher.publish(message)
before = holdings()
for number in range(500):
    publisher.publish(replace(message, body=str(number).encode()))
print(json.dumps([before, holdings()]))
publisher.close()
"""


FAILING = """
publisher = Publisher(broker, timeout_seconds=60)
before = holdings()
for _ in range(5):
    try:
        publisher.publish(message)
    except TemporaryFailure:
        continue
    raise SystemExit("it could connect")
print(json.dumps([before, holdings()]))
publisher.close()
"""


INHERITING = """
process_ids = iter([1, 2, 2, 2])
publisher = Publisher(broker, timeout_seconds=60, process_id=lambda: next(process_ids))
publisher.publish(message)
before = holdings()
publisher.publish(message)
publisher.publish(message)
print(json.dumps([before, holdings()]))
publisher.close()
"""


DOWN = """
link = PublishLink(broker.connect(Deadline(60)))
link.discard()
before = holdings()
link.abandon()
print(json.dumps([before, holdings()]))
"""
