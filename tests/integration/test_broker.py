"""Publishing to a real RabbitMQ; what arrived is read back by another client, pika. What it holds, test_leaks tells."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import kombu
import pika
import pika.exceptions
import pytest
import trustme

from pulp_notifiers.broker import AmqpMessage, Broker, Deadline, MessagingSettings, Publisher, broker_urls
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from tests.harness.rabbitmq import RabbitMQ, TlsListener
from tests.support.relay import Relay, already_down

KEY = "pulp.server.repo.sync.finish"
MESSAGE = AmqpMessage("amq.topic", KEY, b'{"event_type": "repo.sync.finish"}', message_id="8d7c0f0a")
IN_TIME_SECONDS = 30.0
"""Below the 60 s of publishers that wait, far above the limit of impatient ones: the machine may be busy."""
PATIENT_SECONDS = 4.0
"""A limit for what has to come and for what has to be waited for in vain."""

NO_ANSWER = re.compile(r"no answer within [\d.]+ s$")  # of the time that was left for it
# The second call returns when the first has reached every connection.
ALARM = "rabbit_alarm:{}_alarm({}), rabbit_alarm:get_alarms()."


class Inbox:
    """A queue that pika bound to an exchange, on a connection of its own."""

    def __init__(self, port: int, exchange: str, binding: str = "#") -> None:
        address = pika.ConnectionParameters("127.0.0.1", port, socket_timeout=60)
        self.connection = pika.BlockingConnection(address)
        self.channel = self.connection.channel()
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self.queue, exchange, binding)

    def get(self) -> tuple[Any, Any, bytes]:
        """Return the method, properties and body of the next message, which is there already."""
        method, properties, body = self.channel.basic_get(self.queue, auto_ack=True)
        assert body is not None, "there is no message"
        return method, properties, body

    def bodies(self) -> list[bytes]:
        """Return all that is there."""
        found = []
        while (body := self.channel.basic_get(self.queue, auto_ack=True)[2]) is not None:
            found.append(body)
        return found


@contextmanager
def inbox_of(port: int, exchange: str = "amq.topic", binding: str = "#") -> Iterator[Inbox]:
    inbox = Inbox(port, exchange, binding)
    try:
        yield inbox
    finally:
        inbox.connection.close()


@pytest.fixture
def inbox(rabbitmq: RabbitMQ) -> Iterator[Inbox]:
    """Return a queue that gets whatever goes to amq.topic."""
    with inbox_of(rabbitmq.port) as bound:
        yield bound


@contextmanager
def publisher_of(
    *urls: str, cacert: str | None = None, clientcert: str | None = None, timeout_seconds: float = 60.0
) -> Iterator[Publisher]:
    broker = Broker(broker_urls(";".join(urls)), cacert, clientcert, connect_seconds=60.0)
    publisher = Publisher(broker, timeout_seconds)
    try:
        yield publisher
    finally:
        publisher.close()


@pytest.fixture
def publisher(rabbitmq: RabbitMQ) -> Iterator[Publisher]:
    """Return a publisher to the running server."""
    with publisher_of(rabbitmq.url) as made:
        yield made


@pytest.fixture
def exchange(rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the name of an exchange that does not exist."""
    name = request.node.name
    yield name
    with channel_of(rabbitmq) as channel:
        channel.exchange_delete(name)


@contextmanager
def channel_of(rabbitmq: RabbitMQ) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port, socket_timeout=60))
    try:
        yield connection.channel()
    finally:
        connection.close()


def exists(rabbitmq: RabbitMQ, name: str) -> bool:
    try:
        with channel_of(rabbitmq) as channel:
            channel.exchange_declare(name, passive=True)
    except pika.exceptions.ChannelClosedByBroker:
        return False
    return True


def connections(rabbitmq: RabbitMQ, *columns: str) -> list[str]:
    """Return what the server says of each connection of ours, such as how many channels it has."""
    listed = rabbitmq.control("list_connections", *columns, "client_properties").splitlines()
    return [line.rpartition("\t")[0] for line in listed if '"pulp-notifiers"' in line]


def has_settled(rabbitmq: RabbitMQ, *channels: str) -> bool:
    """Tell whether the server sees just these connections of ours, after the time it takes to bury others."""
    deadline = time.monotonic() + 60
    while (seen := connections(rabbitmq, "channels")) != list(channels) and time.monotonic() < deadline:
        pass  # each look takes rabbitmqctl a third of a second
    return seen == list(channels)


class TestAMessage:
    """What the consumer sees."""

    def test_arrives_with_its_routing_key_and_body(self, publisher: Publisher, inbox: Inbox) -> None:
        """When publish returns, the server has it."""
        publisher.publish(MESSAGE)

        method, _properties, body = inbox.get()
        assert ("amq.topic", KEY) == (method.exchange, method.routing_key)
        assert MESSAGE.body == body

    def test_has_exactly_the_properties_given(self, publisher: Publisher, inbox: Inbox) -> None:
        """What is None is not sent; the table of headers is there and empty."""
        publisher.publish(MESSAGE)

        _method, properties, _body = inbox.get()
        assert pika.BasicProperties(message_id="8d7c0f0a", delivery_mode=2, headers={}) == properties

    def test_may_have_every_property(self, publisher: Publisher, inbox: Inbox) -> None:
        """The task-status stream says what its bytes are, as Pulp 2 did."""
        properties: dict[str, Any] = {
            "content_type": "application/data",
            "content_encoding": "binary",
            "priority": 0,
        }

        publisher.publish(replace(MESSAGE, headers={"x": "y"}, message_id=None, delivery_mode=1, **properties))

        assert pika.BasicProperties(headers={"x": "y"}, delivery_mode=1, **properties) == inbox.get()[1]

    @pytest.mark.parametrize("size", [0, 1, 131_064, 131_072, 3_000_000])
    def test_of_any_size_arrives_whole(self, size: int, publisher: Publisher, inbox: Inbox) -> None:
        """Also where it takes several frames."""
        body = os.urandom(size)

        publisher.publish(replace(MESSAGE, body=body))

        assert body == inbox.get()[2]

    def test_that_no_queue_wants_is_no_failure(self, publisher: Publisher) -> None:
        """A topic exchange without consumers takes everything."""
        publisher.publish(replace(MESSAGE, routing_key="nobody.listens"))


class TestAnExchange:
    """Missing ones are created as Pulp 2 did, existing ones are used as they are."""

    def test_that_is_missing_is_created_as_a_topic_that_is_neither_durable_nor_auto_delete(
        self, publisher: Publisher, rabbitmq: RabbitMQ, exchange: str
    ) -> None:
        """Declaring it once more is allowed only with exactly these flags."""
        publisher.publish(replace(MESSAGE, exchange=exchange))

        with channel_of(rabbitmq) as channel:
            channel.exchange_declare(exchange, "topic", durable=False, auto_delete=False)

    @pytest.mark.parametrize(
        ("kind", "durable", "auto_delete"), [("direct", True, False), ("fanout", False, True), ("topic", True, True)]
    )
    def test_of_another_form_is_used_as_it_is(
        self, kind: str, durable: bool, auto_delete: bool, publisher: Publisher, rabbitmq: RabbitMQ, exchange: str
    ) -> None:
        """An administrator's own declaration wins."""
        with channel_of(rabbitmq) as channel:
            channel.exchange_declare(exchange, kind, durable=durable, auto_delete=auto_delete)

        with inbox_of(rabbitmq.port, exchange, KEY) as inbox:
            publisher.publish(replace(MESSAGE, exchange=exchange))

            assert [MESSAGE.body] == inbox.bodies()

    def test_that_was_deleted_is_created_again_by_the_next_message(
        self, publisher: Publisher, rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
    ) -> None:
        """And the connection stays good for others."""
        publisher.publish(replace(MESSAGE, exchange=exchange))
        with channel_of(rabbitmq) as channel:
            channel.exchange_delete(exchange)

        publisher.publish(replace(MESSAGE, exchange=exchange))
        publisher.publish(MESSAGE)

        assert exists(rabbitmq, exchange)
        assert [MESSAGE.body] == inbox.bodies()
        assert has_settled(rabbitmq, "2")

    def test_of_the_server_is_never_declared(self, publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """A missing one is a failure for good, after which other messages go on."""
        with pytest.raises(PermanentFailure) as raised:
            publisher.publish(replace(MESSAGE, exchange="amq.missing"))

        publisher.publish(MESSAGE)

        assert raised.value.reason.startswith("could not publish message: ")
        assert "no exchange 'amq.missing'" in raised.value.reason
        assert [MESSAGE.body] == inbox.bodies()

    def test_that_takes_no_messages_from_us_is_a_temporary_failure(
        self, rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
    ) -> None:
        """It takes them when an administrator permits it, over the same connection."""
        message = replace(MESSAGE, exchange=exchange)
        with channel_of(rabbitmq) as channel:
            channel.exchange_declare(exchange, "topic")
        rabbitmq.control("add_user", "reader", "secret")
        rabbitmq.control("set_permissions", "reader", ".*", "^amq[.]topic$", ".*")
        with publisher_of(f"tcp://reader:secret@127.0.0.1:{rabbitmq.port}") as publisher:
            _, reason = failure(publisher, message)
            publisher.publish(MESSAGE)
            rabbitmq.control("set_permissions", "reader", ".*", ".*", ".*")
            publisher.publish(message)

        rabbitmq.control("delete_user", "reader")
        assert "ACCESS_REFUSED" in reason
        assert [MESSAGE.body] == inbox.bodies()

    def test_that_somebody_makes_meanwhile_is_used_as_it_is(
        self, rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
    ) -> None:
        """Between the answer that there is none and the declaration."""

        def make_another(answer: bytes) -> None:
            if b"NOT_FOUND" in answer:
                inbox.channel.exchange_declare(exchange, "fanout", durable=True)
                inbox.channel.queue_bind(inbox.queue, exchange)

        with Relay(rabbitmq.port, make_another) as relay, publisher_of(f"127.0.0.1:{relay.port}") as publisher:
            publisher.publish(replace(MESSAGE, exchange=exchange))

        assert [MESSAGE.body] == inbox.bodies()

    def test_that_we_may_not_create_is_a_temporary_failure(
        self, rabbitmq: RabbitMQ, exchange: str, inbox: Inbox
    ) -> None:
        """Until an administrator creates it or permits it; existing ones need no such permission."""
        rabbitmq.control("add_user", "publisher", "secret")
        rabbitmq.control("set_permissions", "publisher", "^$", ".*", "^$")
        with publisher_of(f"tcp://publisher:secret@127.0.0.1:{rabbitmq.port}") as publisher:
            _, reason = failure(publisher, replace(MESSAGE, exchange=exchange))
            publisher.publish(MESSAGE)

        rabbitmq.control("delete_user", "publisher")
        assert "ACCESS_REFUSED" in reason
        assert [MESSAGE.body] == inbox.bodies()


class TestTheConnection:
    """One for a process, for ever; replaced when lost."""

    def test_is_one_for_many_messages(self, publisher: Publisher, rabbitmq: RabbitMQ, exchange: str) -> None:
        """With one channel for messages and one for questions about exchanges."""
        publisher.publish(replace(MESSAGE, exchange=exchange))

        for number in range(500):
            publisher.publish(replace(MESSAGE, exchange=exchange, body=str(number).encode()))

        assert has_settled(rabbitmq, "2")

    def test_is_shared_by_threads(self, publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """Nothing is lost or mixed up, and each thread's messages keep their order."""

        def publish(thread: int) -> None:
            for number in range(50):
                publisher.publish(replace(MESSAGE, body=f"{thread} {number}".encode()))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(publish, range(8)))

        arrived = [body.decode().split() for body in inbox.bodies()]
        assert {str(thread): [str(number) for number in range(50)] for thread in range(8)} == {
            str(thread): [number for sender, number in arrived if sender == str(thread)] for thread in range(8)
        }
        assert has_settled(rabbitmq, "1")

    def test_is_closed_in_good_order(self, publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """And opened again by the next message."""
        publisher.publish(MESSAGE)

        publisher.close()
        publisher.close()

        assert has_settled(rabbitmq)
        publisher.publish(MESSAGE)
        assert 2 == len(inbox.bodies())

    def test_that_the_server_closed_is_replaced_within_the_same_message(
        self, publisher: Publisher, rabbitmq: RabbitMQ
    ) -> None:
        """As after a long idle time."""
        publisher.publish(MESSAGE)
        rabbitmq.control("close_all_connections", "--vhost", "/", "idle for too long")

        publisher.publish(MESSAGE)

        assert has_settled(rabbitmq, "1")

    def test_that_is_cut_is_replaced_within_the_same_message(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """As by a router that restarts."""
        with Relay(rabbitmq.port) as relay, publisher_of(f"tcp://127.0.0.1:{relay.port}") as publisher:
            publisher.publish(MESSAGE)
            relay.cut()

            publisher.publish(MESSAGE)

        assert 2 == len(inbox.bodies())

    def test_of_another_process_is_left_alone(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """Nothing is said on it."""
        process_ids = iter([1, 2, 2, 2])
        publisher = Publisher(Broker([rabbitmq.url]), process_id=lambda: next(process_ids))
        publisher.publish(MESSAGE)

        publisher.publish(MESSAGE)
        publisher.publish(MESSAGE)

        assert 3 == len(inbox.bodies())
        publisher.close()

    def test_that_another_process_never_had_is_no_matter(self) -> None:
        """A child may be forked before there is anything to inherit."""
        process_ids = iter([1, 2])
        publisher = Publisher(Broker([]), process_id=lambda: next(process_ids))

        publisher.close()
        publisher.close()

    def test_can_be_consumed_from(self, rabbitmq: RabbitMQ, publisher: Publisher) -> None:
        """Once it is open, its waits take as long as the consumer says."""
        with Broker([rabbitmq.url]).connect(Deadline(60)) as connection:
            queue = kombu.Queue("", kombu.Exchange("amq.topic", "topic"), "#", exclusive=True)
            received: list[Any] = []
            with kombu.Consumer(connection, [queue], on_message=received.append, no_ack=True):
                with pytest.raises(TimeoutError):
                    connection.drain_events(timeout=0.01)
                publisher.publish(MESSAGE)
                connection.drain_events()

        assert [MESSAGE.body] == [bytes(message.body) for message in received]

    def test_waits_for_nothing_after_its_deadline(self, rabbitmq: RabbitMQ) -> None:
        """Not even for a frame that is there already."""
        with Broker([rabbitmq.url]).connect(Deadline(60)) as connection:
            connection.connection.keep_to(Deadline(0))

            with pytest.raises(TimeoutError):
                connection.drain_events()

    def test_is_not_shared_with_a_forked_child(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """The child opens its own, without a word on the parent's."""
        run = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", FORKING, rabbitmq.url],
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

        assert (0, "") == (run.returncode, run.stderr)
        assert [b"parent", b"child", b"child", b"parent"] == inbox.bodies()
        assert "done\n" == run.stdout


FORKING = """
import os
import sys
from dataclasses import replace
from pathlib import Path
from pulp_notifiers.broker import AmqpMessage, Broker, Publisher

publisher = Publisher(Broker([sys.argv[1]]))
message = AmqpMessage("amq.topic", "key", b"parent")

def sockets():
    descriptors = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return {name for entry in descriptors if (name := os.readlink(entry)).startswith("socket:")}

publisher.publish(message)
mine = sockets()
child = os.fork()
if child == 0:
    inherited = sockets()
    publisher.publish(replace(message, body=b"child"))
    publisher.publish(replace(message, body=b"child"))
    own = sockets()
    assert inherited == mine and len(own) == 1 and not own & mine, (inherited, own)
    publisher.close()
    assert not sockets()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
publisher.publish(message)
assert sockets() == mine
publisher.close()
print("done")
"""


def method_frame(payload: bytes) -> bytes:
    return b"\x01\0\0" + len(payload).to_bytes(4, "big") + payload + b"\xce"


@contextmanager
def speaking(greeting: bytes, again: bool = False) -> Iterator[int]:
    """Give the port of a server that says the same to whoever comes, once or until that hangs up."""

    def greet() -> None:
        connection, _ = server.accept()
        with connection, already_down():
            connection.recv(8)
            connection.sendall(greeting)
            connection.settimeout(0.05 if again else None)
            while True:
                try:
                    if not connection.recv(4096):
                        return
                except TimeoutError:
                    connection.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


class TestAServer:
    """That is away, silent or short of memory fails the message in time, and is used again when it is back."""

    def test_that_was_restarted_is_connected_to_within_the_same_message(
        self, publisher: Publisher, rabbitmq: RabbitMQ, exchange: str
    ) -> None:
        """Its exchange, which was not durable, is there again too."""
        publisher.publish(replace(MESSAGE, exchange=exchange))
        rabbitmq.restart()

        publisher.publish(replace(MESSAGE, exchange=exchange))

        assert exists(rabbitmq, exchange)

    def test_that_was_killed_fails_at_once(self, publisher: Publisher, rabbitmq: RabbitMQ) -> None:
        """And is connected to again when it is back."""
        publisher.publish(MESSAGE)
        rabbitmq.kill()

        began = time.monotonic()
        with pytest.raises(TemporaryFailure) as raised:
            publisher.publish(MESSAGE)
        took = time.monotonic() - began

        rabbitmq.start()
        publisher.publish(MESSAGE)
        assert (
            f"could not connect to messaging server amqp://127.0.0.1:{rabbitmq.port}//: "
            "[Errno 111] Connection refused" == raised.value.reason
        )
        assert took < IN_TIME_SECONDS

    def test_that_falls_silent_fails_the_message_in_time(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """The connection is dropped, so that a late answer is nobody's, and another one opened when it wakes."""
        with publisher_of(rabbitmq.url, timeout_seconds=PATIENT_SECONDS) as publisher:
            publisher.publish(MESSAGE)
            with paused(rabbitmq):
                took, reason = failure(publisher, MESSAGE)
                _, next_reason = failure(publisher, MESSAGE)

            publisher.publish(replace(MESSAGE, body=b"awake"))

        assert PATIENT_SECONDS / 2 < took < IN_TIME_SECONDS
        assert "could not publish message: no answer within 4 s" == reason
        assert "could not connect to messaging server " in next_reason
        assert NO_ANSWER.search(next_reason)
        assert b"awake" == inbox.bodies()[-1]

    def test_that_falls_silent_holds_up_other_threads_only_for_a_while(self, rabbitmq: RabbitMQ) -> None:
        """They wait for half of the time for the connection, then give up."""
        with publisher_of(rabbitmq.url, timeout_seconds=PATIENT_SECONDS) as publisher:
            publisher.publish(MESSAGE)
            with paused(rabbitmq), ThreadPoolExecutor(4) as threads:
                failures = list(threads.map(lambda _: failure(publisher, MESSAGE), range(4)))

        assert all(took < IN_TIME_SECONDS for took, _ in failures)
        assert "could not publish message: earlier messages still wait for the messaging server" in [
            reason for _, reason in failures
        ]

    def test_that_never_says_anything_fails_the_message_in_time(self) -> None:
        """Something else listens on that port."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
            with publisher_of(url, timeout_seconds=0.3) as publisher:
                took, reason = failure(publisher, MESSAGE)

        assert took < IN_TIME_SECONDS
        assert NO_ANSWER.search(reason)

    @pytest.mark.parametrize(
        "greeting",
        [
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"220 mail ready\r\n",
            b"\x15\x03\x03\x00\x02\x02\x46",
            b"AMQP\x01\x01\x00\x0a",
        ],
    )
    def test_that_speaks_something_else_is_told_so(self, greeting: bytes) -> None:
        """HTTP, SMTP, TLS, AMQP 0-10: as on a wrong port."""
        with speaking(greeting) as port, publisher_of(f"tcp://127.0.0.1:{port}") as publisher:
            took, reason = failure(publisher, MESSAGE)

        assert took < IN_TIME_SECONDS
        assert (
            f"could not connect to messaging server amqp://127.0.0.1:{port}//: the server does not speak AMQP 0-9-1"
            == reason
        )

    @pytest.mark.parametrize(
        "greeting",
        [method_frame(b""), method_frame(b"\0\x0a\0\x0a"), method_frame(b"\0\x0a\0\x0a\0\x09\0\0\0\0\xff\xff\xff\xff")],
    )
    def test_that_speaks_broken_amqp_is_a_temporary_failure(self, greeting: bytes) -> None:
        """Nothing of it is left open."""
        with speaking(greeting) as port, publisher_of(f"tcp://127.0.0.1:{port}") as publisher:
            failure(publisher, MESSAGE)

    def test_that_only_keeps_the_connection_alive_fails_the_message_in_time(self) -> None:
        """Heartbeats are no answer."""
        heartbeats = b"\x08\0\0\0\0\0\0\xce"
        with (
            speaking(heartbeats, again=True) as port,
            publisher_of(f"tcp://127.0.0.1:{port}", timeout_seconds=0.5) as publisher,
        ):
            took, reason = failure(publisher, MESSAGE)

        assert took < IN_TIME_SECONDS
        assert NO_ANSWER.search(reason)

    def test_that_is_short_of_memory_fails_the_message(
        self, publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox
    ) -> None:
        """It says so itself, so there is no reason to wait."""
        publisher.publish(MESSAGE)
        rabbitmq.control("eval", ALARM.format("set", "{{resource_limit, memory, node()}, []}"))
        try:
            took, reason = failure(publisher, MESSAGE)
        finally:
            rabbitmq.control("eval", ALARM.format("clear", "{resource_limit, memory, node()}"))

        publisher.publish(replace(MESSAGE, body=b"relieved"))
        assert took < IN_TIME_SECONDS
        assert reason.endswith("the messaging server accepts none, because it is short of memory or disk space")
        assert b"relieved" == inbox.bodies()[-1]

    def test_whose_queue_refuses_a_message_fails_it(self, publisher: Publisher, rabbitmq: RabbitMQ) -> None:
        """On a connection that stays good."""
        with channel_of(rabbitmq) as channel:
            arguments = {"x-max-length": 0, "x-overflow": "reject-publish"}
            queue = channel.queue_declare("", exclusive=True, arguments=arguments).method.queue
            channel.queue_bind(queue, "amq.topic", "full")

            _, reason = failure(publisher, replace(MESSAGE, routing_key="full"))

        publisher.publish(MESSAGE)
        assert "could not publish message: the messaging server refused it" == reason
        assert has_settled(rabbitmq, "1")

    def test_that_refuses_the_login_is_a_temporary_failure(self, rabbitmq: RabbitMQ) -> None:
        """An administrator may still correct it there; the password is not told."""
        with publisher_of(f"tcp://guest:hidden@127.0.0.1:{rabbitmq.port}") as publisher:
            _, reason = failure(publisher, MESSAGE)

        assert "ACCESS_REFUSED" in reason
        assert "hidden" not in reason

    def test_without_the_vhost_is_a_temporary_failure(self, rabbitmq: RabbitMQ) -> None:
        """It may still be created there."""
        with publisher_of(f"tcp://127.0.0.1:{rabbitmq.port}/missing") as publisher:
            _, reason = failure(publisher, MESSAGE)

        assert "vhost missing not found" in reason

    def test_that_is_away_is_replaced_by_the_next_one_named(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """Fail-over, which Pulp 2 parsed and never did."""
        with publisher_of("tcp://127.0.0.1:1", rabbitmq.url) as publisher:
            publisher.publish(MESSAGE)

        assert [MESSAGE.body] == inbox.bodies()

    def test_that_is_away_with_all_others_is_told_of_each(self) -> None:
        """Also of those for which no time was left."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            urls = ["tcp://127.0.0.1:1", f"tcp://127.0.0.1:{port}", "tcp://127.0.0.1:2"]
            with publisher_of(*urls, timeout_seconds=0.3) as publisher:
                _, reason = failure(publisher, MESSAGE)

        refused, silence, untried = reason.split("; ")
        assert "could not connect to messaging server amqp://127.0.0.1:1//: [Errno 111] Connection refused" == refused
        assert silence.startswith(f"amqp://127.0.0.1:{port}//: ")
        assert NO_ANSWER.search(silence)
        assert "amqp://127.0.0.1:2//: no time was left to try it" == untried


def failure(publisher: Publisher, message: AmqpMessage) -> tuple[float, str]:
    """Return how long a message took to fail temporarily, and the reason."""
    began = time.monotonic()
    with pytest.raises(TemporaryFailure) as raised:
        publisher.publish(message)
    return time.monotonic() - began, raised.value.reason


@contextmanager
def paused(rabbitmq: RabbitMQ) -> Iterator[None]:
    rabbitmq.pause()
    try:
        yield
    finally:
        rabbitmq.resume()


@dataclass(frozen=True)
class TlsServer:
    """A node whose certificate is for localhost, and what a client needs to know of it."""

    node: RabbitMQ
    ca: trustme.CA
    cacert: str
    clientcert: str

    def url(self, host: str = "localhost", userinfo: str = "") -> str:
        """Return the URL of its TLS listener."""
        return f"ssl://{userinfo}{host}:{self.node.tls_port}"


@contextmanager
def tls_publisher(server: TlsServer, url: str, timeout_seconds: float = 60.0) -> Iterator[Publisher]:
    with publisher_of(
        url, cacert=server.cacert, clientcert=server.clientcert, timeout_seconds=timeout_seconds
    ) as publisher:
        yield publisher


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """Return a node that asks its TLS clients for a certificate and takes it for a login."""
    reason = RabbitMQ.available()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    own = ca.issue_cert("localhost")
    own.cert_chain_pems[0].write_to_path(folder / "server.pem")
    own.private_key_pem.write_to_path(folder / "server.key")
    ca.issue_cert("pulp.example", common_name="pulp").private_key_and_cert_chain_pem.write_to_path(folder / "pulp.pem")
    with RabbitMQ(
        TlsListener(folder / "ca.pem", folder / "server.pem", folder / "server.key", client_certificate_required=True),
        plugins=["rabbitmq_auth_mechanism_ssl"],
        extra_configuration=[
            "auth_mechanisms.1 = PLAIN",
            "auth_mechanisms.2 = EXTERNAL",
            "ssl_cert_login_from = common_name",
        ],
    ) as node:
        node.control("add_user", "pulp", "unused")
        node.control("set_permissions", "pulp", ".*", ".*", ".*")
        yield TlsServer(node, ca, str(folder / "ca.pem"), str(folder / "pulp.pem"))


class TestTLS:
    """Asked for, it is never done without, and both ends prove who they are."""

    def test_publishes_as_the_user_of_the_client_certificate(self, tls_server: TlsServer) -> None:
        """The server takes the certificate for a login."""
        with tls_publisher(tls_server, tls_server.url()) as publisher, inbox_of(tls_server.node.port) as inbox:
            publisher.publish(MESSAGE)

            assert "pulp\ttrue" in connections(tls_server.node, "user", "ssl")
            assert MESSAGE.body == inbox.get()[2]

    def test_publishes_as_the_user_of_the_url(self, tls_server: TlsServer) -> None:
        """A named user goes before the certificate's."""
        with tls_publisher(tls_server, tls_server.url(userinfo="guest:guest@")) as publisher:
            publisher.publish(MESSAGE)

            assert "guest\ttrue" in connections(tls_server.node, "user", "ssl")

    def test_takes_its_files_from_the_settings(self, tls_server: TlsServer) -> None:
        """Pulp 2's names for them."""
        settings = MessagingSettings.model_validate(
            {"url": tls_server.url(), "cacert": tls_server.cacert, "clientcert": tls_server.clientcert}
        )

        publisher = Publisher(settings.broker())

        publisher.publish(MESSAGE)
        publisher.close()

    def test_refuses_a_server_of_another_name(self, tls_server: TlsServer) -> None:
        """The certificate is for localhost, not for 127.0.0.1."""
        with tls_publisher(tls_server, tls_server.url("127.0.0.1")) as publisher:
            _, reason = failure(publisher, MESSAGE)

        assert "IP address mismatch, certificate is not valid for '127.0.0.1'" in reason

    def test_refuses_a_server_of_another_authority(self, tls_server: TlsServer, tmp_path: Path) -> None:
        """Without a cacert, the system's authorities decide, and with one, only that one."""
        trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
        for cacert in (None, str(tmp_path / "other.pem")):
            with publisher_of(tls_server.url(), cacert=cacert, clientcert=tls_server.clientcert) as publisher:
                _, reason = failure(publisher, MESSAGE)

            assert f"could not connect to messaging server amqps://localhost:{tls_server.node.tls_port}//: " in reason
            assert "certificate verify failed" in reason

    def test_without_the_certificate_that_the_server_asks_for_is_a_temporary_failure(
        self, tls_server: TlsServer
    ) -> None:
        """The server turns us away."""
        with publisher_of(tls_server.url(), cacert=tls_server.cacert) as publisher:
            failure(publisher, MESSAGE)

    def test_says_nothing_in_clear_text(self, tls_server: TlsServer) -> None:
        """To a server that does not speak TLS, not even hello."""
        with socket.create_server(("127.0.0.1", 0)) as plain:
            heard: list[bytes] = []
            listener = threading.Thread(target=listen_once, args=(plain, heard))
            listener.start()
            with publisher_of(f"ssl://localhost:{plain.getsockname()[1]}", cacert=tls_server.cacert) as publisher:
                failure(publisher, MESSAGE)
            listener.join()

        assert b"\x16\x03" == heard[0][:2]  # the first bytes of a TLS handshake

    def test_bounds_the_wait_for_a_server_that_falls_silent(self, tls_server: TlsServer) -> None:
        """And replaces the connection when it wakes."""
        with tls_publisher(tls_server, tls_server.url(), timeout_seconds=PATIENT_SECONDS) as publisher:
            publisher.publish(MESSAGE)
            with paused(tls_server.node):
                took, reason = failure(publisher, MESSAGE)

            publisher.publish(MESSAGE)

        assert took < IN_TIME_SECONDS
        assert "no answer within 4 s" in reason

    def test_with_a_certificate_file_that_has_gone_is_a_temporary_failure(self, tmp_path: Path) -> None:
        """It may come back; meanwhile nothing is sent."""
        with publisher_of("ssl://localhost:1", cacert=str(tmp_path / "gone.pem")) as publisher:
            failure(publisher, MESSAGE)


def listen_once(server: socket.socket, heard: list[bytes]) -> None:
    connection, _ = server.accept()
    with connection:
        heard.append(connection.recv(1024))


class TestMemory:
    """kombu's transport within one process, which the demonstration uses where there is no RabbitMQ."""

    def test_delivers_to_a_consumer_in_the_same_process(self) -> None:
        """The exchange that a server has from the start is there after the first message."""
        with kombu.Connection("memory://") as connection, publisher_of("memory://") as publisher:
            publisher.publish(MESSAGE)
            topic = kombu.Exchange("amq.topic", "topic")
            queue = kombu.Queue("memory-test", topic, "pulp.server.#")(connection.channel())
            queue.declare()

            publisher.publish(MESSAGE)

            message = queue.get(no_ack=True)
            assert (MESSAGE.body, "8d7c0f0a") == (message.body, message.properties["message_id"])
            queue.delete()

    def test_creates_a_missing_exchange(self) -> None:
        """As on a real server."""
        with kombu.Connection("memory://") as connection, publisher_of("memory://") as publisher:
            publisher.publish(replace(MESSAGE, exchange="memory-exchange"))

            queue = kombu.Queue("memory-test-2", kombu.Exchange("memory-exchange", "topic", durable=False), "#")
            bound = queue(connection.channel())
            bound.declare()
            publisher.publish(replace(MESSAGE, exchange="memory-exchange"))

            assert MESSAGE.body == bound.get(no_ack=True).body
            bound.delete()


def test_a_transport_whose_library_is_not_installed_is_a_failure_for_good() -> None:
    """The sentence names what is missing."""
    with publisher_of("mongodb://localhost") as publisher, pytest.raises(PermanentFailure) as raised:
        publisher.publish(MESSAGE)

    assert raised.value.reason.startswith("could not connect to messaging server mongodb://localhost: ")
