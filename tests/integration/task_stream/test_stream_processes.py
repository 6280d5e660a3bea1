"""A process that publishes the stream may end and fork at any time."""

from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import paused
from tests.support.children import json_printed_by, printed_by
from tests.support.stream_inbox import StreamInbox


def test_a_program_that_just_ends_still_publishes_its_queue(rabbitmq: RabbitMQ, inbox: StreamInbox) -> None:
    """It need not close the publisher."""
    assert "" == printed_by(PREAMBLE + ENDING, rabbitmq.url)

    assert list(range(300)) == inbox.numbers()


def test_a_frozen_server_does_not_keep_a_process_from_ending(rabbitmq: RabbitMQ) -> None:
    """It ends within a few seconds of the end of its program."""
    with paused(rabbitmq):
        took = json_printed_by(ENDING_USUALLY, rabbitmq.url)

    assert took < 30


def test_a_fork_neither_loses_nor_repeats_a_message(rabbitmq: RabbitMQ, inbox: StreamInbox) -> None:
    """The parent's queue is published once, and each child has a connection of its own."""
    answer = json_printed_by(PREAMBLE + FORKING, rabbitmq.url)

    numbers = inbox.numbers()
    assert sorted([*range(1000), *range(1000, 1100), *range(2000, 2100), 3000]) == sorted(numbers)
    assert [0] * 101 == answer["exits"]
    assert answer["before"] == answer["after"]


PREAMBLE = """
import json
import logging
import os
import sys
from dataclasses import replace

from tests.support.holdings import holdings
from tests.support.patient import OPTIONS, patient_publisher, report

logging.getLogger("pulp_notifiers").addHandler(logging.NullHandler())
publisher = patient_publisher(sys.argv[1], options=replace(OPTIONS, look_seconds=60))

def publish(numbers):
    for number in numbers:
        publisher.publish(report(number))
"""


ENDING = "publish(range(300))"


ENDING_USUALLY = """
import atexit
import logging
import sys
import time

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.task_stream import status_publisher
from tests.support.patient import report

logging.getLogger("pulp_notifiers").addHandler(logging.NullHandler())
atexit.register(lambda: print(time.monotonic() - ended))  # registered first, called last
publisher = status_publisher(
    MessagingSettings(event_notifications_enabled=True, event_notification_url=sys.argv[1])
)
for number in range(300):
    publisher.publish(report(number))
ended = time.monotonic()
"""


FORKING = """
def forked(numbers):
    child = os.fork()
    if not child:
        publish(numbers)
        good = publisher.flush(60) and publisher.counts.published == len(numbers)
        inherited = [name for name in sockets() if name in parents]
        publisher.close()
        os._exit(0 if good and not inherited else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def sockets():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink("/proc/self/fd/" + name))
        except FileNotFoundError:
            pass  # the folder's own
    return [name for name in found if name.startswith("socket:")]

publish([3000])
publisher.flush(60)
parents = sockets()
before = holdings()
publish(range(1000))  # still in the queue, or on the line
exits = [forked(range(1000, 1100))]
for _ in range(99):
    exits.append(forked([]))
exits.append(forked(range(2000, 2100)))
publisher.flush(60)
print(json.dumps({"exits": exits, "before": before, "after": holdings()}))
"""
