"""However the server fails, the last state of each task arrives, nothing older follows, and each report is counted.

The consumers are independent: pika on RabbitMQ, Proton's own client in another process on Proton's broker.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any

import pytest

from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import connections, paused, short_of_memory
from tests.support.amqp10_reader import Amqp10Reader
from tests.support.imitated_qpidd import ImitatedQpidd
from tests.support.imitated_qpidd.behaviour import Behaviour
from tests.support.relay import Relay
from tests.support.stream_inbox import StreamInbox
from tests.support.stream_trouble import (
    Arrival,
    Tasks,
    assert_last_states,
    gave_up,
    hasty_publisher,
    in_outage,
)
from tests.support.waiting import wait_until

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed (pip install pulp-notifiers[qpid])")

from proton.utils import BlockingConnection  # noqa: E402


class Arrivals(StreamInbox):
    """A durable queue of the whole stream, read with pika."""

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        super().__init__(rabbitmq, "last-states")
        self.seen: list[Arrival] = []

    def drain(self) -> None:
        """Read what the queue holds."""
        with self.channel() as channel:
            while count := channel.queue_declare(self.name, durable=True, passive=True).method.message_count:
                for _ in range(count):
                    for _method, properties, body in channel.consume(self.name, auto_ack=True):
                        self.seen.append(arrival(properties, body))
                        break
                channel.cancel()


def arrival(properties: Any, body: bytes) -> Arrival:
    """Return task and number of the report in a message, published over either protocol."""
    if properties.type == "amqp-1.0":
        message = proton.Message()
        message.decode(body)
        return report_in(message.body["body"])
    return numbered(json.loads(body))


def report_in(body: Any) -> Arrival:
    """Return task and number of the report in the body of a map."""
    return numbered(json.loads(base64.b64decode(bytes(body))))


def numbered(report: dict[str, Any]) -> Arrival:
    return report["task_id"], report["progress_report"]["number"]


@contextmanager
def cut(relay: Relay) -> Iterator[None]:
    """Break every connection, and refuse others for the duration of a block."""
    relay.end()
    try:
        yield
    finally:
        relay.begin()


@contextmanager
def killed(rabbitmq: RabbitMQ, relay: Relay, arrivals: Arrivals) -> Iterator[None]:
    """Break every connection, kill the server, and start it at the end of the block.

    Between the two the queue is read: what a killed server has confirmed and lost is not the publisher's.
    """
    relay.end()
    wait_until(lambda: not connections(rabbitmq))
    arrivals.drain()
    rabbitmq.kill()
    try:
        yield
    finally:
        rabbitmq.start()
        relay.begin()


TASKS = [pytest.param(60, id="some tasks"), pytest.param(1000, marks=pytest.mark.outages, id="a thousand tasks")]
"""A few in every run of the tests, a thousand with ``make test-outages``."""


@pytest.mark.parametrize("total", TASKS)
def test_on_rabbitmq_over_both_protocols(total: int, rabbitmq: RabbitMQ) -> None:
    """Paused, given up, short of memory, slow, cut off and killed in turn."""
    each = total // 6 + 1
    arrivals = Arrivals(rabbitmq)
    with ExitStack() as stack:
        stack.callback(arrivals.delete)
        relay = stack.enter_context(Relay(rabbitmq.port))
        address = f"guest:guest@127.0.0.1:{relay.port}"
        publishers = {
            protocol: stack.enter_context(closing(hasty_publisher(url, each)))
            for protocol, url in {"0-9-1": f"amqp://{address}//", "1.0": f"amqp10://{address}"}.items()
        }
        tasks = Tasks(publishers, each)

        tasks.run_through(partial(paused, rabbitmq), in_outage)
        tasks.run_through(partial(paused, rabbitmq), gave_up)
        # RabbitMQ 3's plugin does not stop publishers over 1.0: it looks for a transfer without a message
        # (rabbit_amqp1_0_reader:handle_1_0_session_frame).
        tasks.run_through(partial(short_of_memory, rabbitmq), in_outage, spared={"1.0"})
        tasks.run_through(partial(relay.slow, 256, 0.01))
        tasks.run_through(partial(cut, relay), gave_up)
        if total >= 1000:  # starting it again takes seconds
            tasks.run_through(partial(killed, rabbitmq, relay, arrivals), gave_up)

        arrivals.drain()
        assert_last_states(tasks, publishers, arrivals.seen)


class ExampleBroker:
    """Proton's example broker behind a relay, and a consumer of everything that it gets.

    :ivar relay: for publishers.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.broker = stack.enter_context(ProtonBroker())
        self.relay = stack.enter_context(Relay(self.broker.port))
        self._address = f"127.0.0.1:{self.broker.port}"
        self._messages: list[dict[str, Any]] = []
        self._reading = ExitStack()
        stack.callback(self._reading.close)
        self._read()

    def drain(self) -> list[Arrival]:
        """Return what arrived so far, once the consumer has read what the broker holds."""
        with closing(BlockingConnection(self._address, timeout=60, allowed_mechs="ANONYMOUS")) as connection:
            connection.create_sender("pulp.api.v2").send(proton.Message(subject="last"))
        wait_until(lambda: self._reader.messages and self._reader.messages[-1]["subject"] == "last")
        messages = [*self._messages, *self._reader.messages]
        return [report_in(found["body"]["body"].encode()) for found in messages if found["subject"] != "last"]

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Break every connection, kill the broker, and start it at the end of the block, without messages."""
        ends = self.broker.output().count("aborted")
        self.relay.end()
        wait_until(lambda: self.broker.output().count("aborted") > ends)  # then it has read what the relay forwarded
        self.drain()
        self._messages += self._reader.messages
        self._reading.close()
        self.broker.kill()
        try:
            yield
        finally:
            self.broker.start()
            self._read()
            self.relay.begin()

    def _read(self) -> None:
        self._reader = self._reading.enter_context(Amqp10Reader(self._address, "pulp.api.v2"))


@pytest.mark.parametrize("total", TASKS)
def test_on_protons_broker(total: int, proton_broker: ProtonBroker) -> None:
    """Paused, slow, cut off and killed in turn."""
    each = total // 4
    with ExitStack() as stack:
        server = ExampleBroker(stack)
        publisher = stack.enter_context(closing(hasty_publisher(f"amqp10://127.0.0.1:{server.relay.port}", each)))
        tasks = Tasks({"1.0": publisher}, each)

        tasks.run_through(partial(paused, server.broker), in_outage)
        tasks.run_through(partial(server.relay.slow, 256, 0.01))
        tasks.run_through(partial(cut, server.relay), gave_up)
        tasks.run_through(server.killed, gave_up)

        assert_last_states(tasks, {"1.0": publisher}, server.drain())


@pytest.mark.parametrize("total", TASKS)
def test_on_a_server_that_takes_nothing_for_a_while(total: int) -> None:
    """It grants no credit, answers nothing, or ends what was opened; it is an imitation."""
    each, url = total // 4, "qpid://guest:guest@127.0.0.1:{}"
    with ImitatedQpidd() as peer, closing(hasty_publisher(url.format(peer.port), each)) as publisher:
        tasks = Tasks({"1.0": publisher}, each)
        tasks.run_through(partial(behaving, peer, credit=0), in_outage)
        tasks.run_through(partial(behaving, peer, answer="none"), in_outage)
        # Each connection takes some messages, so the others need not be away long enough for an outage.
        tasks.run_through(partial(behaving, peer, fault="detach", fault_after=3), spared={"1.0"})
        tasks.run_through(partial(behaving, peer, fault="cut", fault_after=10), spared={"1.0"})

        arrivals = [report_in(message["body"].encode()) for message in peer.received()]
        assert_last_states(tasks, {"1.0": publisher}, arrivals)


@contextmanager
def behaving(peer: ImitatedQpidd, **changes: Any) -> Iterator[None]:
    """Change a server's behaviour for the duration of a block, from the next connection on."""
    usual = Behaviour()
    peer.behave(**changes)
    peer.fail("cut")
    try:
        yield
    finally:
        peer.behave(**{name: getattr(usual, name) for name in changes})
