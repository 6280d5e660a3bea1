"""The task-status stream on a real RabbitMQ; what arrived is read back by another client, pika."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pika
import pytest
import trustme

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import Counts, StatusPublisher, status_publisher
from tests.harness.rabbitmq import RabbitMQ, TlsListener
from tests.support.children import printed_by, told_by
from tests.support.patient import OPTIONS, REPORT, patient_publisher, report

VECTORS = Path(__file__).parent.parent / "legacy" / "vectors" / "task_status_messages.json"
EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "watch_tasks.py"
RECORDED = [vector for vector in json.loads(VECTORS.read_text())["vectors"] if "amqp091" in vector.get("expect", ())]
IMPATIENT = replace(OPTIONS, slow_seconds=5.0)
"""Takes a server that confirms nothing for one that is away, and not one that is busy."""

# The second call returns when the first has reached every connection.
ALARM = "rabbit_alarm:{}_alarm({}), rabbit_alarm:get_alarms()."
MEMORY = "{{resource_limit, memory, node()}, []}", "{resource_limit, memory, node()}"


class Inbox:
    """A queue that outlives the server and its connections, bound to the stream's exchange."""

    def __init__(self, rabbitmq: RabbitMQ, name: str, binding: str = "tasks.#") -> None:
        self.rabbitmq, self.name = rabbitmq, name
        with self.channel() as channel:
            channel.exchange_declare("pulp.api.v2", "topic", durable=True)
            channel.queue_declare(name, durable=True)
            channel.queue_bind(name, "pulp.api.v2", binding)

    @contextmanager
    def channel(self) -> Iterator[Any]:
        with channel_of(self.rabbitmq) as channel:
            yield channel

    def messages(self) -> list[tuple[Any, Any, bytes]]:
        """Return all that is there."""
        found = []
        with self.channel() as channel:
            while (message := channel.basic_get(self.name, auto_ack=True))[2] is not None:
                found.append(message)
        return found

    def numbers(self) -> list[int]:
        """Return what the reports that are there were told apart by."""
        return [json.loads(body)["progress_report"]["number"] for _, _, body in self.messages()]

    def delete(self) -> None:
        with self.channel() as channel:
            channel.queue_delete(self.name)


@pytest.fixture
def inbox(rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> Iterator[Inbox]:
    """Return a queue that gets the whole stream."""
    made = Inbox(rabbitmq, request.node.name)
    yield made
    made.delete()


@contextmanager
def closing(publisher: StatusPublisher) -> Iterator[StatusPublisher]:
    try:
        yield publisher
    finally:
        publisher.close()


@pytest.fixture
def publisher(rabbitmq: RabbitMQ) -> Iterator[StatusPublisher]:
    """Return a publisher to the running server that waits while that is busy."""
    with closing(patient_publisher(rabbitmq.url)) as made:
        yield made


@pytest.fixture
def impatient_publisher(rabbitmq: RabbitMQ) -> Iterator[StatusPublisher]:
    """Return a publisher that takes a server for away which confirms nothing for seconds."""
    with closing(patient_publisher(rabbitmq.url, options=IMPATIENT)) as made:
        yield made


def eventually(claim: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never became true"
        threading.Event().wait(0.02)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the stream said."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("pulp_notifiers")]


def levels(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return how loud it was."""
    return [record.levelname for record in caplog.records if record.name.startswith("pulp_notifiers")]


class TestTheWire:
    """What a consumer sees who knows nothing of us."""

    @pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
    @pytest.mark.parametrize("binding", ["tasks.#", "tasks.3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b"])
    def test_is_as_recorded(self, vector: Any, binding: str, publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
        """Every property, and every byte, by either binding."""
        expected = vector["expect"]["amqp091"]
        inbox = Inbox(rabbitmq, "the-wire", binding)

        publisher.publish(TaskReport.from_record(vector["given"]["task_status"]))
        assert publisher.flush(60)

        [(method, properties, body)] = inbox.messages()
        assert expected["basic_publish"]["exchange"] == method.exchange
        assert expected["basic_publish"]["routing_key"] == method.routing_key
        assert pika.BasicProperties(**expected["properties"]) == properties
        assert [] == [name for name in expected["properties_absent"] if getattr(properties, name) is not None]
        assert expected["body_exact"].encode() == body
        inbox.delete()

    def test_has_the_exchange_that_pulp_2_declared(self, publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
        """With the same flags, so that both may run on one server."""
        assert publisher.publish(REPORT) is None
        assert publisher.flush(60)

        listed = rabbitmq.control("list_exchanges", "name", "type", "durable", "auto_delete", "arguments")
        assert "pulp.api.v2\ttopic\ttrue\tfalse\t[]" in listed.splitlines()

    def test_is_read_by_the_example(self, publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
        """The one in the documentation."""
        watching = subprocess.Popen(
            [sys.executable, str(EXAMPLE), rabbitmq.url[:-1] + "%2F"], stdout=subprocess.PIPE, text=True
        )
        assert watching.stdout is not None
        try:
            assert "waiting\n" == watching.stdout.readline()
            publisher.publish(replace(REPORT, tags=("pulp:repository:zoo",)))

            assert "3f2a9c1e running pulp:repository:zoo\n" == watching.stdout.readline()
        finally:
            watching.kill()
            watching.communicate()

    @pytest.mark.parametrize("size", [131_000, 131_072, 3_000_000])
    def test_takes_large_reports(self, size: int, publisher: StatusPublisher, inbox: Inbox) -> None:
        """In several frames."""
        publisher.publish(replace(REPORT, result="x" * size))
        assert publisher.flush(60)

        assert "x" * size == json.loads(inbox.messages()[0][2])["result"]

    def test_may_be_tls(self, tmp_path: Path) -> None:
        """With the authority that the settings name."""
        authority = trustme.CA()
        paths = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
        authority.cert_pem.write_to_path(str(paths[0]))
        certificate = authority.issue_cert("127.0.0.1")
        certificate.cert_chain_pems[0].write_to_path(str(paths[1]))
        certificate.private_key_pem.write_to_path(str(paths[2]))

        with RabbitMQ(TlsListener(*paths)) as server:
            inbox = Inbox(server, "tls")
            url = f"amqps://guest:guest@127.0.0.1:{server.tls_port}"
            with closing(patient_publisher(url, cacert=str(paths[0]), clientcert="")) as publisher:
                for number in range(500):
                    publisher.publish(report(number))
                assert publisher.flush(60)

            assert list(range(500)) == inbox.numbers()


class TestTrouble:
    """Costs messages, which are counted, and nothing else."""

    def test_of_a_server_that_stops_and_starts(
        self, publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: Inbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What was sent is what arrived and what was dropped."""
        caplog.set_level(logging.INFO)
        send(publisher, range(500))
        rabbitmq.stop()
        send(publisher, range(500, 1500), flush=False)
        eventually(lambda: levels(caplog) == ["ERROR"])
        send(publisher, range(1500, 2500))
        rabbitmq.start()
        eventually(lambda: levels(caplog) == ["ERROR", "INFO"])
        send(publisher, range(2500, 3000))

        assert [*range(500), *range(2500, 3000)] == inbox.numbers()
        assert Counts(published=1000, dropped=2000) == publisher.counts
        assert "2000 were dropped" in told(caplog)[-1]

    def test_of_a_server_that_freezes(
        self, impatient_publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: Inbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What it was sent before it froze, it confirms afterwards."""
        publisher = impatient_publisher
        caplog.set_level(logging.INFO)
        send(publisher, range(100))
        rabbitmq.pause()
        try:
            send(publisher, range(100, 1100), flush=False)
            eventually(lambda: levels(caplog) == ["ERROR"])
            send(publisher, range(1100, 2100), flush=False)
        finally:
            rabbitmq.resume()
        eventually(lambda: levels(caplog) == ["ERROR", "INFO"])
        send(publisher, range(2100, 2200))

        assert_exact(publisher, inbox.numbers(), 2200)
        assert 2200 - publisher.counts.published == publisher.counts.dropped >= 1000

    def test_of_a_server_that_is_short_of_memory(
        self, impatient_publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: Inbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What it was sent before it said so, it confirms afterwards, however long that takes."""
        publisher = impatient_publisher
        caplog.set_level(logging.INFO)
        send(publisher, range(100))
        rabbitmq.control("eval", ALARM.format("set", MEMORY[0]))
        try:
            send(publisher, range(100, 1100), flush=False)
            eventually(lambda: levels(caplog) == ["ERROR"])
            send(publisher, range(1100, 2100), flush=False)
        finally:
            rabbitmq.control("eval", ALARM.format("clear", MEMORY[1]))
        eventually(lambda: levels(caplog) == ["ERROR", "INFO"])
        send(publisher, range(2100, 2200))

        assert_exact(publisher, inbox.numbers(), 2200)
        assert publisher.counts.dropped >= 1000

    def test_of_a_server_that_is_killed_amid_messages(
        self, publisher: StatusPublisher, rabbitmq: RabbitMQ, inbox: Inbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Only of the messages on the line when it died can nobody know whether they arrived; they count as dropped.

        What the server had confirmed, and lost all the same when it was killed, is not the publisher's to count: of 222
        such messages 13 were lost once (RabbitMQ 3.10.8, on a busy machine).
        """
        caplog.set_level(logging.INFO)
        stop = threading.Event()
        sent = []

        def go_on() -> None:
            while not stop.wait(0.0005):
                publisher.publish(report(len(sent)))
                sent.append(None)

        sending = threading.Thread(target=go_on)
        sending.start()
        eventually(lambda: publisher.counts.published > 200)
        rabbitmq.kill()
        eventually(lambda: levels(caplog) == ["ERROR"])
        rabbitmq.start()
        eventually(lambda: levels(caplog) == ["ERROR", "INFO"])
        stop.set()
        sending.join()
        assert publisher.flush(60)

        counts, received = publisher.counts, inbox.numbers()
        assert len(sent) == counts.published + counts.dropped
        assert received == sorted(set(received))
        assert len(received) <= counts.published + 512

    def test_of_an_exchange_of_another_form_is_told(
        self, publisher: StatusPublisher, rabbitmq: RabbitMQ, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is not replaced, and when it is gone the stream goes on."""
        with channel_of(rabbitmq) as channel:
            channel.exchange_delete("pulp.api.v2")
            channel.exchange_declare("pulp.api.v2", "fanout")
        publisher.publish(REPORT)
        assert publisher.flush(60)
        with channel_of(rabbitmq) as channel:
            channel.exchange_delete("pulp.api.v2")

        eventually(lambda: publisher.publish(REPORT) or (publisher.flush(60) and publisher.counts.published))

        assert ["ERROR"] == levels(caplog)
        assert "PRECONDITION_FAILED" in told(caplog)[0]

    def test_of_an_exchange_that_is_deleted_is_mended(self, publisher: StatusPublisher, rabbitmq: RabbitMQ) -> None:
        """By declaring it once more."""
        send(publisher, range(10))
        with channel_of(rabbitmq) as channel:
            channel.exchange_delete("pulp.api.v2")

        publisher.publish(REPORT)

        eventually(lambda: publisher.publish(REPORT) or (publisher.flush(60) and publisher.counts.published > 10))

    def test_of_one_server_is_none_where_there_are_several(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """Nothing is lost, not even the first message."""
        with closing(patient_publisher("tcp://127.0.0.1:1", rabbitmq.url)) as publisher:
            send(publisher, range(100))

        assert list(range(100)) == inbox.numbers()

    def test_of_a_server_that_freezes_leads_to_another(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """After a while."""
        with RabbitMQ() as first, closing(usual_publisher(first.url, rabbitmq.url)) as publisher:
            send(publisher, range(10))
            first.pause()
            publisher.publish(report(10))

            eventually(lambda: publisher.publish(report(11)) or inbox.numbers())
            first.resume()


class TestTheProcess:
    """May end and fork; what it holds meanwhile, test_leaks tells."""

    def test_may_end_without_a_word(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """What was handed over still goes out."""
        assert "" == printed_by(PREAMBLE + ENDING, rabbitmq.url)

        assert list(range(300)) == inbox.numbers()

    def test_may_end_while_the_server_is_frozen(self, rabbitmq: RabbitMQ) -> None:
        """Within a few seconds of the end of its program."""
        rabbitmq.pause()
        try:
            took = told_by(ENDING_USUALLY, rabbitmq.url)
        finally:
            rabbitmq.resume()

        assert took < 30

    def test_may_fork(self, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
        """Whatever is in the parent's queue goes out once, and each child has a connection of its own."""
        told = told_by(PREAMBLE + FORKING, rabbitmq.url)

        numbers = inbox.numbers()
        assert sorted([*range(1000), *range(1000, 1100), *range(2000, 2100), 3000]) == sorted(numbers)
        assert [0] * 101 == told["exits"]
        assert told["before"] == told["after"]


def send(publisher: StatusPublisher, numbers: Any, flush: bool = True) -> None:
    for number in numbers:
        publisher.publish(report(number))
    if flush:
        assert publisher.flush(60)


def assert_exact(publisher: StatusPublisher, received: list[int], sent: int) -> None:
    assert received == sorted(set(received))
    assert len(received) == publisher.counts.published
    assert sent == publisher.counts.published + publisher.counts.dropped


@contextmanager
def channel_of(rabbitmq: RabbitMQ) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port, socket_timeout=60))
    try:
        yield connection.channel()
    finally:
        connection.close()


def usual_publisher(*urls: str) -> StatusPublisher:
    """Return a publisher with the time limits that everybody has."""
    return status_publisher(MessagingSettings(event_notifications_enabled=True, event_notification_url=";".join(urls)))


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
