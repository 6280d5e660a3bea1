"""Watching what is published to real AMQP 1.0 servers."""

from contextlib import closing, contextmanager
from uuid import uuid4

import pytest

from pulp_notifiers.broker import Broker, Deadline, Unreadable, Watch, broker_urls
from pulp_notifiers.broker.amqp10 import ReceivingLink, source_of
from pulp_notifiers.broker.amqp10.connection import Amqp10Connection, Peer
from pulp_notifiers.broker.amqp10.login import Login
from pulp_notifiers.broker.subscribe.amqp10_watch import Amqp10Watch
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of, paused
from tests.support.qpid_pulp import QpidPulp, content_of, proton, qpid_url
from tests.support.watched import WAIT_SECONDS, received


@pytest.fixture(params=["rabbitmq", "proton_broker"])
def server(request):
    """Return each AMQP 1.0 server in turn."""
    return request.getfixturevalue(request.param)


@contextmanager
def exchange_on(server, exchange):
    """Publish to an exchange, or to the queue that is one on the example broker."""
    if isinstance(server, RabbitMQ):
        with channel_of(server) as channel:
            channel.exchange_declare(exchange, "topic", durable=True)
    address = f"/exchange/{exchange}" if isinstance(server, RabbitMQ) else exchange
    with closing(QpidPulp(server, address)) as pulp:
        yield pulp


@contextmanager
def watching(server, exchange, binding="tasks.#", **options):
    """Watch for the duration of a block."""
    watch = Watch.open(Broker(broker_urls(qpid_url(server)), **options), exchange, binding, 30)
    try:
        yield watch
    finally:
        watch.close(2)


@contextmanager
def discarded(connection):
    """Drop a connection at the end of a block."""
    try:
        yield
    finally:
        connection.discard()


@pytest.fixture
def exchange():
    """Return the name of an exchange that no other test uses."""
    return f"watched-{uuid4()}"


def test_more_messages_than_the_credit_are_received_in_order(server, exchange):
    """As maps with a binary body."""
    with exchange_on(server, exchange) as pulp, watching(server, exchange) as watch:
        for number in range(1200):
            pulp.send_unconfirmed("one", proton.Message(body={"body": b"%d" % number}))
        pulp.confirm()

        assert [{"body": b"%d" % number} for number in range(1200)] == received(watch, 1200)


def test_only_matching_messages_are_received(server, exchange):
    """Also from a server that does not know the filter."""
    with exchange_on(server, exchange) as pulp, watching(server, exchange, "tasks.one") as watch:
        for number in range(600):
            pulp.send_unconfirmed("two", proton.Message(body="not this"))
            if number % 100 == 0:
                pulp.send_unconfirmed("one", proton.Message(body=str(number)))
        pulp.confirm()

        assert [str(number) for number in range(0, 600, 100)] == received(watch, 6)


def test_messages_of_other_programs_do_not_end_the_watch(server, exchange):
    """Whatever their form."""
    described = proton.Described(proton.symbol("a"), "b")
    with exchange_on(server, exchange) as pulp, watching(server, exchange) as watch:
        for body in (3, ["list"], described, "text", b"binary", {"a": b"map", "deep": [b"x", {"y": b"z"}]}):
            pulp.send("one", proton.Message(body=body))
        pulp.send("one", proton.Message(body=b'{"task_id": "t"}', inferred=True))
        pulp.send("one", proton.Message(body=content_of(b'{"task_id": "t"}', "t")))

        bodies = received(watch, 8)

    last = {"a": b"map", "deep": [b"x", {"y": b"z"}]}
    wrapped = content_of(b'{"task_id": "t"}', "t")
    assert [Unreadable] * 3 == [type(body) for body in bodies[:3]]
    assert ["text", b"binary", last, b'{"task_id": "t"}', wrapped] == bodies[3:]


def test_bytes_that_are_no_message_do_not_end_the_watch(proton_broker, exchange):
    """The example broker passes on whatever it gets."""
    with exchange_on(proton_broker, exchange) as pulp, watching(proton_broker, exchange) as watch:
        pulp.send_bytes(b"no message")
        pulp.send_bytes(b"\x00\x53\x77\xa1\x02\xff\xff")
        pulp.send("one", proton.Message(body="text"))

        assert [Unreadable, Unreadable, str] == [type(body) for body in received(watch, 3)]


def test_a_message_above_the_limit_is_passed_over(proton_broker, exchange):
    """Its bytes are not kept."""
    connection = Broker(broker_urls(qpid_url(proton_broker))).connect(Deadline(30))
    source = source_of(exchange, "tasks.#", connection.product)
    with exchange_on(proton_broker, exchange) as pulp, discarded(connection):
        link = ReceivingLink(connection, source, Deadline(30), largest_bytes=2**20)
        for size in (2**20 + 1, 2**20 - 1000):
            pulp.send("one", proton.Message(body=b"x" * size))

        bodies = [message.body for message in received(link, 2)]

    assert [Unreadable("The message is larger than 1 MB."), b"x" * (2**20 - 1000)] == bodies


def test_a_missing_exchange_is_an_error_with_the_remedy(rabbitmq, exchange):
    """RabbitMQ creates none over AMQP 1.0."""
    with pytest.raises(PermanentFailure, match=rf"could not listen to {exchange}: .*NOT_FOUND.*; create it"):
        Watch.open(Broker(broker_urls(qpid_url(rabbitmq))), exchange, "#", 30)


def test_an_address_pattern_is_followed(rabbitmq, exchange):
    """For servers with other forms of addresses."""
    pattern = f"/exchange/{exchange}"
    with exchange_on(rabbitmq, exchange) as pulp, watching(rabbitmq, "watched", amqp10_address=pattern) as watch:
        pulp.send("one", proton.Message(body="text"))

        assert ["text"] == received(watch, 1)


def test_what_was_published_over_amqp_1_0_can_be_watched_over_0_9_1(rabbitmq, exchange):
    """RabbitMQ hands the encoded message over."""
    with exchange_on(rabbitmq, exchange) as pulp:
        watch = Watch.open(Broker(broker_urls(rabbitmq.url)), exchange, "tasks.#", 30)
        with discarded(watch):
            pulp.send("one", proton.Message(body={"body": b"map"}))
            pulp.send("one", proton.Message(body=b"data", inferred=True))

            assert [{"body": b"map"}, b"data"] == received(watch, 2)


def test_a_silent_server_is_given_up(proton_broker, exchange):
    """After the time in which it owes an empty frame."""
    now = 0.0
    peer = Peer("127.0.0.1", proton_broker.port, "", Login("", has_certificate=False), "", None)
    connection = Amqp10Connection(peer, Deadline(30), idle_seconds=20, clock=lambda: now)
    watch = Amqp10Watch(connection, exchange, "#", Deadline(30))
    with paused(proton_broker):
        assert [] == watch.receive(0)

        now = 21.0
        with pytest.raises(TemporaryFailure, match=f"could not listen to {exchange}: the server sent nothing for 20 s"):
            watch.receive(0)
    watch.discard()


def test_a_server_that_goes_away_is_a_failure_of_the_connection(exchange):
    """Also for every later call."""
    if reason := ProtonBroker.available():
        pytest.skip(reason)
    with ProtonBroker() as broker, watching(broker, exchange) as watch:
        broker.kill()

        for _ in range(2):
            with pytest.raises(TemporaryFailure, match=f"could not listen to {exchange}: "):
                watch.receive(WAIT_SECONDS)
