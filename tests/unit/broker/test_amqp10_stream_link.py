"""The task-status stream's connection over AMQP 1.0, to an imitation of qpidd that can misbehave."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pulp_notifiers.broker import Broker, Deadline, StreamMessage, StreamOpener, broker_urls
from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.task_stream.document import FORM

pytest.importorskip("proton", reason="python-qpid-proton is not installed")

from pulp_notifiers.broker.stream.amqp10_stream_link import Amqp10StreamLink
from tests.support.imitated_qpidd import ImitatedQpidd

SECONDS = 60.0


@pytest.fixture(scope="module")
def running() -> Iterator[ImitatedQpidd]:
    """Yield one imitation for all tests of this module."""
    with ImitatedQpidd() as peer:
        yield peer


@pytest.fixture
def peer(running: ImitatedQpidd) -> ImitatedQpidd:
    """Return an imitation that behaves as qpidd."""
    running.start()
    return running


def broker(peer: ImitatedQpidd) -> Broker:
    return Broker(broker_urls(f"qpid://guest:guest@127.0.0.1:{peer.port}"))


@contextmanager
def open_link(peer: ImitatedQpidd) -> Iterator[Any]:
    """Yield a connection to it."""
    with closing(StreamOpener(broker(peer), FORM, SECONDS)()) as link:
        yield link


@contextmanager
def closing(link: Any) -> Iterator[Any]:
    """Drop a connection at the end of a block."""
    try:
        yield link
    finally:
        link.discard()


def messages(count: int, size: int = 10) -> list[StreamMessage]:
    """Return messages of different tasks."""
    return [StreamMessage(f"tasks.{number}", b"x" * size) for number in range(count)]


def confirmed(link: Any, count: int) -> tuple[list[StreamMessage], list[StreamMessage]]:
    """Return what was taken and refused, once so many messages were answered."""
    taken: list[StreamMessage] = []
    refused: list[StreamMessage] = []
    deadline = time.monotonic() + SECONDS
    while len(taken) + len(refused) < count:
        assert time.monotonic() < deadline
        found = link.read_confirms(1)
        taken += found.taken
        refused += found.refused
    return taken, refused


def lost(link: Any, *sent: StreamMessage) -> str:
    """Send messages, and return why the connection can no longer be used."""
    try:
        link.send(sent, Deadline(SECONDS))
        while True:
            link.read_confirms(SECONDS)
    except TemporaryFailure as failure:
        return failure.reason


def test_messages_are_accepted(peer: ImitatedQpidd) -> None:
    """Each once, and they arrive in the order sent."""
    with open_link(peer) as link:
        sent = messages(2000)
        for start in range(0, 2000, 500):
            link.send(sent[start : start + 500], Deadline(SECONDS))

        assert (sent, []) == confirmed(link, 2000)
        assert 0 == link.unconfirmed
        assert not link.blocked
    received = peer.received()
    assert [message.routing_key for message in sent] == [message["subject"] for message in received]
    assert {("pulp.api.v2", True)} == {(message["address"], message["durable"]) for message in received}


def test_answers_in_another_order_are_counted_at_once(peer: ImitatedQpidd) -> None:
    """Each for its own message."""
    peer.behave(answer_each=100, answer_backwards=True)
    with open_link(peer) as link:
        sent = messages(100)
        link.send(sent, Deadline(SECONDS))

        taken, _ = confirmed(link, 100)

    assert {message.routing_key for message in sent} == {message.routing_key for message in taken}


@pytest.mark.parametrize("answer", ["released", "rejected", "modified"])
def test_a_message_that_is_not_accepted_counts_as_refused(peer: ImitatedQpidd, answer: str) -> None:
    """The connection can still be used."""
    with open_link(peer) as link:
        peer.behave(answer=answer)
        sent = messages(3)
        link.send(sent, Deadline(SECONDS))
        assert ([], sent) == confirmed(link, 3)

        peer.behave(answer="accepted")
        link.send(sent, Deadline(SECONDS))
        assert (sent, []) == confirmed(link, 3)


def test_a_message_above_the_limit_of_the_server_is_refused_and_not_sent(peer: ImitatedQpidd) -> None:
    """The others are."""
    peer.behave(max_message_size=2000)
    with open_link(peer) as link:
        small, large = StreamMessage("tasks.1", b"x"), StreamMessage("tasks.2", b"x" * 2000)
        link.send([small, large, small], Deadline(SECONDS))

        assert ([small, small], [large]) == confirmed(link, 3)
    assert ["tasks.1", "tasks.1"] == [message["subject"] for message in peer.received()]


def test_a_message_above_a_limit_that_the_server_did_not_announce_is_not_sent_again(peer: ImitatedQpidd) -> None:
    """It would end each further connection; what was sent after it is unanswered."""
    with open_link(peer) as link:
        peer.behave(max_message_size=2000, answer="none")
        large, small = StreamMessage("tasks.1", b"x" * 2000), StreamMessage("tasks.2", b"x")
        assert "message-size-exceeded" in lost(link, large, small)
        assert ([], [large]) == link.take_confirms()
        assert [small] == link.unanswered()


def test_a_missing_exchange_is_created(peer: ImitatedQpidd) -> None:
    """qpidd creates it when it is asked to; a list of its exchanges is not needed for that."""
    peer.behave(exchanges={})

    with open_link(peer) as link:
        link.send(messages(1), Deadline(SECONDS))
        assert 1 == len(confirmed(link, 1)[0])


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        (
            {"exchanges": {}, "creates": False},
            "exchange pulp.api.v2: Node not found: pulp.api.v2 (amqp:not-found); create it (on Qpid: qpid-config add",
        ),
        ({"product": "other", "exchanges": {}}, "create it (on Qpid: "),
        (
            {"hidden": ["pulp.api.v2"]},
            "the user to pulp.api.v2 (amqp:unauthorized-access); permit this user to publish to it",
        ),
    ],
)
def test_an_exchange_that_cannot_be_used_says_what_to_do(
    peer: ImitatedQpidd, behaviour: dict[str, Any], sentence: str
) -> None:
    """When the connection is opened."""
    peer.behave(**behaviour)

    with pytest.raises(TemporaryFailure) as raised, open_link(peer):
        pass

    assert sentence in raised.value.reason


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("detach", "pulp.api.v2: the server ended the link"),
        ("detach-error", "pulp.api.v2: as set (amqp:resource-deleted); create it (on Qpid:"),
        ("end", "pulp.api.v2: as set (amqp:resource-deleted); create it"),
        ("close", "the server closed the connection: as set (amqp:resource-deleted)"),
        ("garbage", "the server broke the protocol"),
        ("huge", "the server broke the protocol"),
        ("cut", "the server closed the connection"),
    ],
)
def test_what_is_not_answered_when_the_connection_breaks_can_be_sent_again(
    peer: ImitatedQpidd, fault: str, sentence: str
) -> None:
    """The reason has the server's words, and the remedy if there is one."""
    peer.behave(answer="none", condition=["amqp:resource-deleted", "as set"])
    with open_link(peer) as link:
        sent = messages(3)
        link.send(sent, Deadline(SECONDS))
        assert ([], []) == link.read_confirms(0)
        while len(peer.received()) < 3:
            link.read_confirms(0.01)
        peer.fail(fault)

        assert sentence in lost(link)
        assert (3, sent) == (link.unconfirmed, link.unanswered())
        assert ([], []) == link.take_confirms()


def test_an_exchange_that_is_missing_is_named_if_the_server_looks_for_it_with_each_message(peer: ImitatedQpidd) -> None:
    """As RabbitMQ 4 does; the link is given up, and the messages can be sent again when the exchange exists."""
    peer.behave(product="RabbitMQ", version="4.2.0", exchanges={"": "topic"})
    peer.behave(answer="rejected", condition=["amqp:not-found", "no exchange 'pulp.api.v2' in vhost '/'"])
    with open_link(peer) as link:
        sent = messages(3)

        assert "pulp.api.v2: no exchange 'pulp.api.v2' in vhost '/' (amqp:not-found); create it" in lost(link, *sent)
        assert sent == link.unanswered()


def test_a_message_that_may_not_be_published_ends_the_link(peer: ImitatedQpidd) -> None:
    """As qpidd does; the reason says what to permit."""
    with open_link(peer) as link:
        peer.behave(read_only=["pulp.api.v2"])
        assert "(amqp:unauthorized-access); permit this user to publish to it" in lost(link, *messages(1))


def test_messages_wait_for_credit_without_holding_up_the_caller(peer: ImitatedQpidd) -> None:
    """After a second the connection says that the server takes nothing."""
    peer.behave(credit=0)
    now = [0.0]
    connection = broker(peer).connect(Deadline(SECONDS))
    with closing(Amqp10StreamLink(connection, FORM, "", Deadline(SECONDS), clock=lambda: now[0])) as link:
        sent = messages(300)
        link.send(sent, Deadline(SECONDS))
        assert (300, False) == (link.unconfirmed, link.blocked)

        now[0] = 1.0
        link.read_confirms(0)
        assert link.blocked

        peer.behave(credit=10)
        assert (sent, []) == confirmed(link, 300)
        assert not link.blocked


def test_a_frozen_server_does_not_hold_up_the_caller(peer: ImitatedQpidd) -> None:
    """Whatever it does not read stays here, and arrives when it continues."""
    with open_link(peer) as link:
        peer.pause()
        sent = messages(64, size=200_000)
        link.send(sent, Deadline(0))
        assert ([], []) == link.read_confirms(0)
        assert 64 == link.unconfirmed

        peer.resume()
        assert (sent, []) == confirmed(link, 64)


def test_disconnecting_is_clean(peer: ImitatedQpidd) -> None:
    """The server has no client any more."""
    with open_link(peer) as link:
        assert ["guest"] == peer.clients()
        link.close(SECONDS)

        assert [] == peer.clients()
        with pytest.raises(TemporaryFailure):
            link.send(messages(1), Deadline(SECONDS))
