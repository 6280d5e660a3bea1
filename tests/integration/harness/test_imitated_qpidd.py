"""The imitation of qpidd, used by Proton's own client; it says nothing about a real qpidd."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.imitated_qpidd import ImitatedQpidd

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed (pip install pulp-notifiers[qpid])")

BINDING = 0x0000468C00000001


@pytest.fixture(scope="module")
def peer() -> Iterator[ImitatedQpidd]:
    """Yield a running imitation."""
    with ImitatedQpidd() as running:
        yield running
        assert "" == running.output()


@contextmanager
def connected(port: int, user: str = "guest:guest@", mechanism: str = "PLAIN") -> Iterator[Any]:
    """Connect Proton's blocking client for the duration of a block."""
    from proton.utils import BlockingConnection

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        connection = BlockingConnection(f"{user}127.0.0.1:{port}", timeout=60, allowed_mechs=mechanism)
        try:
            yield connection
        finally:
            connection.close()


def message(number: int) -> Any:
    return proton.Message(subject=f"tasks.{number}", body={"body": b"abc"}, durable=True)


def test_a_subscriber_gets_what_its_binding_matches(peer: ImitatedQpidd) -> None:
    """The broker echoes the filter, and the rest of the messages is gone."""
    from proton.reactor import Filter

    asked = {proton.symbol("any-name"): proton.Described(proton.ulong(BINDING), "tasks.2")}
    with connected(peer.port) as connection:
        receiver = connection.create_receiver("pulp.api.v2", options=Filter(asked))
        echoed = receiver.link.remote_source.filter
        sender = connection.create_sender("pulp.api.v2")
        sender.send(message(1))
        sender.send(message(2))

        assert "tasks.2" == receiver.receive(timeout=60).subject
        echoed.rewind()
        echoed.next()
        assert asked == echoed.get_object()
        assert ["guest"] == peer.clients()


def test_a_missing_exchange_is_refused(peer: ImitatedQpidd) -> None:
    """The error comes in a detach that follows the answer to the attach."""
    from proton.utils import LinkDetached

    refused = pytest.raises(LinkDetached, match="amqp:not-found.*Node not found: nowhere")
    with connected(peer.port, user="", mechanism="ANONYMOUS") as connection, refused:
        connection.create_sender("nowhere")


def test_a_wrong_password_is_refused(peer: ImitatedQpidd) -> None:
    """By SASL's outcome."""
    from proton import ConnectionException

    with pytest.raises(ConnectionException, match="Authentication failed"), connected(peer.port, "guest:wrong@"):
        pass


@pytest.mark.parametrize("answer", ["RELEASED", "REJECTED", "MODIFIED"])
def test_messages_can_be_refused(answer: str, peer: ImitatedQpidd) -> None:
    """In every way that AMQP knows."""
    from proton.utils import SendException

    expected = getattr(proton.Delivery, answer)
    peer.behave(answer=answer.lower())
    try:
        with connected(peer.port) as connection:
            sender = connection.create_sender("pulp.api.v2")
            with pytest.raises(SendException) as raised:
                sender.send(message(1), error_states=[expected])
        assert expected == raised.value.state
    finally:
        peer.behave(answer="accepted")


@pytest.mark.parametrize("fault", ["detach", "detach-error", "end", "close", "garbage", "huge", "cut"])
def test_a_client_can_be_hurt(fault: str, peer: ImitatedQpidd) -> None:
    """Its connection or link is of no use afterwards."""
    from proton import ProtonException

    def use() -> None:
        with connected(peer.port) as connection:
            sender = connection.create_sender("pulp.api.v2")
            assert peer.fail(fault) >= 1
            sender.send(message(1), timeout=0.3)

    with pytest.raises(ProtonException):
        use()
