"""Connecting to a server whose name has several addresses."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from pulp_notifiers.broker import Deadline

Wire = pytest.importorskip("pulp_notifiers.broker.amqp10.wire", reason="python-qpid-proton is not installed").Wire


@contextmanager
def unanswered() -> Iterator[tuple[str, int]]:
    """Yield an address that does not answer: a listener whose queue is full drops what arrives."""
    with ExitStack() as held:
        full = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield full.getsockname()


def found(*addresses: Any) -> Any:
    """Return a look-up that finds these addresses."""
    return lambda host, port: [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]


def test_an_address_that_does_not_answer_leaves_time_for_the_next() -> None:
    """The whole time would be over before the second one is tried, each time."""
    with unanswered() as first, socket.create_server(("127.0.0.1", 0)) as second:
        wire = Wire.connect("broker.example", 5672, None, Deadline(2), found(first, second.getsockname()))
        wire.close()

        with second.accept()[0] as accepted:
            assert b"" == accepted.recv(1)


def test_a_name_without_an_address_is_an_error_of_the_connection() -> None:
    """As one that is not found."""
    with pytest.raises(OSError, match="no address"):
        Wire.connect("broker.example", 5672, None, Deadline(60), found())


def test_a_name_none_of_whose_addresses_answers_is_given_up() -> None:
    """It reads as one address that does not answer."""
    with unanswered() as first, unanswered() as second, pytest.raises(TimeoutError):
        Wire.connect("broker.example", 5672, None, Deadline(0.2), found(first, second))
