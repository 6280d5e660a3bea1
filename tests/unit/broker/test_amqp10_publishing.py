"""Publishing message by message over AMQP 1.0, to an imitation of qpidd that can misbehave."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from pulp_notifiers.broker import AmqpMessage, Broker, Publisher, Refused, broker_urls
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from tests.support.children import printed_by
from tests.support.qpidd_translation import translated

pytest.importorskip("proton", reason="python-qpid-proton is not installed")

from tests.support.imitated_qpidd import ImitatedQpidd

KEY = "pulp.server.repo.sync.finish"
MESSAGE = AmqpMessage("pulp", KEY, b'{"event_type": "repo.sync.finish"}', "8d7c0f0a-0000-4000-8000-000000000001")


@pytest.fixture(scope="module")
def running() -> Iterator[ImitatedQpidd]:
    """Yield one imitation for all tests of this module."""
    with ImitatedQpidd() as peer:
        yield peer


@pytest.fixture
def peer(running: ImitatedQpidd) -> ImitatedQpidd:
    """Return an imitation that behaves as qpidd, with an exchange."""
    running.start(exchanges={"pulp": "topic", "amq.topic": "topic"})
    return running


@contextmanager
def publishing(peer: ImitatedQpidd, seconds: float = 60.0) -> Iterator[Publisher]:
    """Publish to it for the duration of a block."""
    publisher = Publisher(Broker(broker_urls(f"qpid://127.0.0.1:{peer.port}"), connect_seconds=60.0), seconds)
    try:
        yield publisher
    finally:
        publisher.close()


def refusal(peer: ImitatedQpidd, kind: type[Exception], message: AmqpMessage = MESSAGE) -> str:
    """Return why a message is not taken; the connection can be used afterwards."""
    with publishing(peer) as publisher:
        with pytest.raises(kind) as raised:
            publisher.publish(message)
        assert kind is type(raised.value)
        peer.behave(answer="accepted", read_only=[], max_message_size=0)
        publisher.publish(replace(MESSAGE, exchange="amq.topic"))
    assert 1 == peer.accepted()
    return str(raised.value).removeprefix("could not publish message: ")


def test_a_client_of_amqp_0_10_receives_what_pulp_2_sent(peer: ImitatedQpidd) -> None:
    """The bytes without a content type, and the subject; the message id is the event's."""
    with publishing(peer) as publisher:
        publisher.publish(MESSAGE)

    [received] = peer.received()
    found = translated(bytes.fromhex(received["encoded"]))
    assert ("pulp", MESSAGE.body, None) == (received["address"], found.content, found.content_type)
    assert (KEY, {"qpid.subject": KEY}) == (found.routing_key, found.application_headers)
    assert (MESSAGE.message_id, 2) == (str(found.message_id), found.delivery_mode)


def test_properties_that_are_set_are_sent(peer: ImitatedQpidd) -> None:
    """Also those that amqp listeners do not use."""
    message = replace(
        MESSAGE, headers={"a": "b"}, delivery_mode=1, content_type="text/x", content_encoding="utf-8", priority=7
    )
    with publishing(peer) as publisher:
        publisher.publish(message)

    [received] = peer.received()
    found = translated(bytes.fromhex(received["encoded"]))
    assert ("text/x", "utf-8", 7, None) == (
        found.content_type,
        found.content_encoding,
        found.priority,
        found.delivery_mode,
    )
    assert {"a": "b", "qpid.subject": KEY} == found.application_headers


def test_one_connection_and_one_link_serve_all_messages_to_an_exchange(peer: ImitatedQpidd) -> None:
    """Pulp 2 opened a session for each and closed none."""
    with publishing(peer) as publisher:
        for _ in range(20):
            publisher.publish(MESSAGE)
            publisher.publish(replace(MESSAGE, exchange="amq.topic"))

        assert 1 == peer.accepted()
    assert 40 == len(peer.received())


def test_many_exchanges_do_not_fill_a_connection(peer: ImitatedQpidd) -> None:
    """The oldest links are closed, and after very many the connection is replaced."""
    with publishing(peer) as publisher:
        for number in range(250):
            publisher.publish(replace(MESSAGE, exchange=f"exchange-{number}"))
        publisher.publish(replace(MESSAGE, exchange="exchange-0"))

    assert 251 == len(peer.received())
    assert 2 == peer.accepted()


@pytest.mark.parametrize(
    ("behaviour", "kind", "sentence"),
    [
        ({"answer": "released"}, Refused, "the messaging server refused it: released"),
        ({"answer": "modified"}, Refused, "the messaging server refused it: modified"),
        (
            {"answer": "rejected", "condition": ["amqp:resource-limit-exceeded", "the queue is full"]},
            Refused,
            "the messaging server refused it: the queue is full (amqp:resource-limit-exceeded)",
        ),
        (
            {"answer": "rejected", "condition": ["amqp:precondition-failed", "a queue is full"]},
            Refused,
            "the messaging server refused it: a queue is full (amqp:precondition-failed)",
        ),
        (
            {"answer": "rejected", "condition": ["amqp:not-implemented", "no such bodies"]},
            PermanentFailure,
            "the messaging server refused it: no such bodies (amqp:not-implemented)",
        ),
        (
            {"read_only": ["pulp"]},
            Refused,
            "pulp: nobody can publish to pulp (amqp:unauthorized-access); permit this user to publish to it",
        ),
        ({"hidden": ["pulp"]}, Refused, "(amqp:unauthorized-access); permit this user to publish to it"),
        (
            {"exchanges": {"amq.topic": "topic"}, "creates": False},
            Refused,
            "pulp: Node not found: pulp (amqp:not-found); create it (on Qpid: qpid-config add exchange topic pulp",
        ),
        ({"max_message_size": 100}, PermanentFailure, "bytes, and the messaging server accepts at most 100"),
    ],
)
def test_a_message_that_is_not_taken_says_why(
    peer: ImitatedQpidd, behaviour: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    """Only what would fail again whatever an administrator does is a permanent failure."""
    peer.behave(**behaviour)

    assert sentence in refusal(peer, kind)


def test_a_message_above_a_limit_that_was_not_announced_is_a_permanent_failure(peer: ImitatedQpidd) -> None:
    """The server ends the link, and may announce its limit to the next one."""
    with publishing(peer) as publisher:
        publisher.publish(MESSAGE)
        peer.behave(max_message_size=100)

        with pytest.raises(PermanentFailure, match="message-size-exceeded|accepts at most 100"):
            publisher.publish(MESSAGE)


def test_a_missing_exchange_of_the_server_is_a_permanent_failure(peer: ImitatedQpidd) -> None:
    """Nobody can create one whose name begins with amq."""
    peer.behave(creates=False)

    reason = refusal(peer, PermanentFailure, replace(MESSAGE, exchange="amq.nobody"))
    assert reason.endswith("(amqp:not-found); names that begin with amq. belong to the server")


def test_a_missing_exchange_is_created_as_pulp_2_created_it(peer: ImitatedQpidd) -> None:
    """qpidd does that when it is asked to."""
    peer.behave(exchanges={})
    with publishing(peer) as publisher:
        publisher.publish(MESSAGE)

    assert ["pulp"] == [message["address"] for message in peer.received()]


@pytest.mark.parametrize("fault", ["detach", "detach-error", "end", "close", "cut"])
def test_what_the_server_ended_meanwhile_is_replaced_within_one_attempt(peer: ImitatedQpidd, fault: str) -> None:
    """Nobody notices; the message may arrive twice, if the server had read it before it ended the link."""
    with publishing(peer) as publisher:
        publisher.publish(MESSAGE)
        peer.fail(fault)

        publisher.publish(MESSAGE)
    assert len(peer.received()) in (2, 3)


def test_a_server_without_answers_is_given_up_in_time_and_the_connection_replaced(peer: ImitatedQpidd) -> None:
    """A late answer cannot be taken for that to the next message."""
    peer.behave(answer="none")
    with publishing(peer, seconds=0.5) as publisher, pytest.raises(TemporaryFailure) as raised:
        publisher.publish(MESSAGE)
    peer.behave(answer="accepted")

    assert re.fullmatch(r"could not publish message: no answer within [\d.]+ s", str(raised.value))
    with publishing(peer) as publisher:
        publisher.publish(MESSAGE)


def test_a_server_that_allows_no_message_is_named(peer: ImitatedQpidd) -> None:
    """It may be short of memory."""
    peer.behave(credit=0)
    with publishing(peer, seconds=0.5) as publisher, pytest.raises(TemporaryFailure, match="allows no message; it may"):
        publisher.publish(MESSAGE)

    assert [] == peer.received()


FORKED = """
import os, sys
from pulp_notifiers.broker import AmqpMessage, Broker, Publisher

publisher = Publisher(Broker([sys.argv[1]]), 60)
def publish(key):
    publisher.publish(AmqpMessage("pulp", key, b"{}"))
publish("before")
child = os.fork()
if not child:
    publish("child")
    publisher.close()
    os._exit(0)
assert 0 == os.waitpid(child, 0)[1]
publish("after")
publisher.close()
"""


def test_a_forked_child_leaves_the_connection_to_its_parent(peer: ImitatedQpidd) -> None:
    """It opens its own, and the parent's can be used on."""
    printed_by(FORKED, f"qpid://127.0.0.1:{peer.port}/")

    assert ["before", "child", "after"] == [message["subject"] for message in peer.received()]
    assert 2 == peer.accepted()
