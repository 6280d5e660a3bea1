"""A watch that continues after its connection broke, on a real RabbitMQ."""

import re
import time
from contextlib import contextmanager
from uuid import uuid4

import pytest
from kombu.exceptions import ChannelError

from pulp_notifiers.broker import Broker, Deadline, LinkLost, Watch, WatchOpener, broker_urls
from pulp_notifiers.broker.subscribe.kept_queue import KeptQueue
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from tests.support.amqp import channel_of, paused
from tests.support.relay import Relay
from tests.support.watched import WAIT_SECONDS, received

MESSAGES = 1000


@pytest.fixture
def exchange():
    """Return the name of an exchange that no other test uses."""
    return f"kept-{uuid4()}"


def opener_for(port, exchange, user="guest:guest"):
    """Return what opens the connections of a watch."""
    return WatchOpener(Broker(broker_urls(f"amqp://{user}@127.0.0.1:{port}//")), exchange, "tasks.#", 30)


def published(rabbitmq, exchange, numbers):
    """Publish persistent messages, and return their bodies once the server has them."""
    bodies = [b"%d" % number for number in numbers]
    with channel_of(rabbitmq) as channel:
        channel.confirm_delivery()
        for body in bodies:
            channel.basic_publish(exchange, "tasks.one", body)
    return bodies


def reopened(opener):
    """Connect again, once the server has noticed that the last connection broke."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return opener()
        except TemporaryFailure:
            assert time.monotonic() < deadline


def queues(rabbitmq, exchange):
    """Return the queues bound to an exchange."""
    bindings = rabbitmq.rows("bindings", "source_name", "destination_name")
    return [queue for source, queue in bindings if source == exchange]


def test_what_was_lost_in_a_cut_connection_is_delivered_again_and_nothing_twice(rabbitmq, exchange):
    """Also what was published before the next connection, in order."""
    with Relay(rabbitmq.port) as relay:
        opener = opener_for(relay.port, exchange)
        watch = opener()
        first = published(rabbitmq, exchange, range(100))
        assert first == received(watch, 100)
        with relay.black_hole():
            lost = published(rabbitmq, exchange, range(100, 300))
            relay.cut()
        later = published(rabbitmq, exchange, range(300, MESSAGES))
        watch.discard()

        with closing_in_time(reopened(opener)) as again:
            assert again.resumed
            assert [*lost, *later] == received(again, MESSAGES - 100)
            assert [] == again.receive(0)

    assert [] == queues(rabbitmq, exchange)


@contextmanager
def closing_in_time(watch):
    """Close a watch at the end of a block."""
    try:
        yield watch
    finally:
        watch.close(WAIT_SECONDS)


def test_what_was_published_while_the_server_did_not_answer_is_received(rabbitmq, exchange):
    """The connection is given up, and the next one continues."""
    now = 0.0
    kept, deadline = KeptQueue(), Deadline(WAIT_SECONDS)
    broker = Broker(broker_urls(rabbitmq.url))
    watch = Watch(broker.connect(deadline), exchange, "tasks.#", deadline, clock=lambda: now, kept=kept)
    now = 11.0
    with paused(rabbitmq), pytest.raises(LinkLost, match="no answer within"):
        watch.receive(0.01)
    bodies = published(rabbitmq, exchange, range(10))
    watch.discard()

    with closing_in_time(reopened(lambda: Watch.open(broker, exchange, "tasks.#", 30, kept))) as again:
        assert again.resumed
        assert bodies == received(again, 10)


def test_two_connections_never_share_the_messages(rabbitmq, exchange):
    """The first may be broken without the server knowing it; what it gets would be delivered late, or never."""
    opener = opener_for(rabbitmq.port, exchange)
    with closing_in_time(opener()), pytest.raises(LinkLost, match="has not closed the previous connection yet"):
        opener()


def test_a_watcher_that_is_killed_leaves_a_queue_that_expires(rabbitmq, exchange):
    """And is limited until then."""
    opener = opener_for(rabbitmq.port, exchange)
    opener().discard()

    (name,) = queues(rabbitmq, exchange)
    (arguments,) = [each for queue, each in rabbitmq.rows("queues", "name", "arguments") if queue == name]
    assert re.search(r'<<"x-expires">>,\w+,600000}', arguments)
    assert re.search(r'<<"x-max-length">>,\w+,100000}', arguments)

    opener.forget(WAIT_SECONDS)
    opener.forget(WAIT_SECONDS)

    assert [] == queues(rabbitmq, exchange)


def test_after_the_queue_was_deleted_the_watch_does_not_claim_to_continue(rabbitmq, exchange):
    """A new queue is bound."""
    opener = opener_for(rabbitmq.port, exchange)
    watch = opener()
    with channel_of(rabbitmq) as channel:
        channel.queue_delete(*queues(rabbitmq, exchange))
    with pytest.raises(LinkLost, match="the queue was deleted"):
        watch.receive(WAIT_SECONDS)
    watch.discard()

    with closing_in_time(reopened(opener)) as again:
        assert not again.resumed
        assert published(rabbitmq, exchange, range(3)) == received(again, 3)


@pytest.fixture
def reader(rabbitmq, exchange):
    """Return a user who may have queues that the server names, and read from one exchange."""
    name = f"reader-{uuid4()}"
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare(exchange, "topic", durable=True)
    rabbitmq.add_user(name, "secret")
    rabbitmq.permit(name, r"^amq\.gen", r"^amq\.gen", rf"^({exchange}|amq\.gen.*)$")
    yield f"{name}:secret"
    rabbitmq.delete_user(name)


def test_a_reader_needs_no_more_permissions_for_it(rabbitmq, exchange, reader):
    """The server names the queue."""
    opener = opener_for(rabbitmq.port, exchange, reader)
    opener().discard()

    with closing_in_time(reopened(opener)) as again:
        assert again.resumed
        assert published(rabbitmq, exchange, range(3)) == received(again, 3)

    assert [] == queues(rabbitmq, exchange)


def test_a_refusal_leaves_no_queue(rabbitmq, exchange, reader):
    """The queue is declared before the server says that it must not be bound."""
    before = rabbitmq.rows("queues", "name")

    with pytest.raises(PermanentFailure, match=r"ACCESS_REFUSED.*permit this user"):
        opener_for(rabbitmq.port, "amq.topic", reader)()

    assert before == rabbitmq.rows("queues", "name")


class RefusedQueue(KeptQueue):
    """A queue that the server does not permit."""

    def open(self, channel):
        raise ChannelError("refused", reply_code=403)


def test_if_such_a_queue_is_refused_one_that_ends_with_the_connection_is_used(rabbitmq, exchange):
    """As on servers other than RabbitMQ."""
    deadline = Deadline(WAIT_SECONDS)
    connection = Broker(broker_urls(rabbitmq.url)).connect(deadline)
    with closing_in_time(Watch(connection, exchange, "tasks.#", deadline, kept=RefusedQueue())) as watch:
        assert not watch.resumed
        assert published(rabbitmq, exchange, range(3)) == received(watch, 3)
