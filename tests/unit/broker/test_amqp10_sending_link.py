"""A link over which messages are sent and what a server may do with it, as two engines without a network."""

import pytest

from pulp_notifiers.broker import Deadline, LinkLost, StreamMessage
from pulp_notifiers.task_stream.document import FORM

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")
Engines = pytest.importorskip("tests.support.two_engines").Engines
Amqp10StreamLink = pytest.importorskip("pulp_notifiers.broker.stream.amqp10_stream_link").Amqp10StreamLink


def opened(session_bytes=0, clock=lambda: 0.0):
    """Return two engines and a link for the task-status stream.

    :param session_bytes: the server's window for what it has not read; 0 for no limit.
    """

    def attach(link):
        if session_bytes:
            link.session.incoming_capacity = session_bytes
        link.open()
        link.flow(500)

    engines = Engines(attach)
    return engines, Amqp10StreamLink(engines, FORM, "", Deadline(60), clock)


def messages(count, size=10):
    """Return messages of different tasks."""
    return [StreamMessage(f"tasks.{number}", b"x" * size) for number in range(count)]


def test_a_server_whose_session_takes_no_more_counts_as_blocked():
    """Though the link has credit: so RabbitMQ 4 stops publishers while it is short of memory."""
    now = [0.0]
    engines, link = opened(session_bytes=100_000, clock=lambda: now[0])
    link.send(messages(20, size=30_000), Deadline(60))
    assert engines.client.link_head(0).credit > 0

    now[0] = 1.0
    link.read_confirms(0)

    assert link.blocked


def test_answers_after_one_that_is_missing_are_counted_though_nothing_else_arrives():
    """As on qpidd, which keeps back the answer to a message for a queue that is nearly full."""
    engines, link = opened()
    sent = messages(3)
    link.send(sent, Deadline(60))
    for delivery in deliveries(engines.links[0]):
        if delivery.tag != "2":
            delivery.update(proton.Delivery.ACCEPTED)
            delivery.settle()

    found = [*link.read_confirms(1).taken, *link.read_confirms(1).taken]

    assert [sent[0], sent[2]] == found
    assert [sent[1]] == link.unanswered()


def test_a_link_that_the_server_ends_for_now_is_given_up():
    """As brokers do with idle links; nothing that is sent on it would be answered."""
    engines, link = opened()
    engines.detach_for_now(b"amqp:link:detach-forced", b"idle")

    with pytest.raises(LinkLost, match=r"pulp.api.v2: idle \(amqp:link:detach-forced\)"):
        link.send(messages(1), Deadline(60))


def deliveries(receiver):
    """Return what arrived on the server's side of a link."""
    found = []
    while (delivery := receiver.current) is not None:
        receiver.recv(delivery.pending)
        found.append(delivery)
        receiver.advance()
    return found
