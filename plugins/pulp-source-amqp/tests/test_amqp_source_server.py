"""The source on a real RabbitMQ, to which pika publishes as Pulp 2 did."""

import json
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pytest
import trustme
from pulp_source_amqp import AmqpSource

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.errors import PermanentFailure, StoreUnavailable, TemporaryFailure
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import status_publisher
from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.rabbitmq import RabbitMQ, TlsListener

VECTORS = Path(__file__).parents[3] / "tests" / "legacy" / "vectors" / "task_status_messages.json"
RECORDED = {
    vector["id"]: vector
    for vector in json.loads(VECTORS.read_text())["vectors"]
    if "amqp091" in vector.get("expect", ())
}
NATIVE = pika.BasicProperties(
    content_type="application/data", content_encoding="binary", delivery_mode=2, priority=0, headers={}
)
TEXT = pika.BasicProperties(content_type="text/plain", content_encoding="utf-8", delivery_mode=2, priority=0)
INSTALLATION = "0123456789abcdef"


class Pulp2:
    """Publishes to the exchange of a RabbitMQ as the stream of Pulp 2.7 did."""

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        self._rabbitmq = rabbitmq

    @contextmanager
    def channel(self) -> Iterator[Any]:
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self._rabbitmq.port))
        try:
            yield connection.channel()
        finally:
            connection.close()

    def publish(self, *messages: tuple[bytes, pika.BasicProperties]) -> None:
        with self.channel() as channel:
            channel.exchange_declare("pulp.api.v2", "topic", durable=True)
            channel.confirm_delivery()
            for body, properties in messages:
                channel.basic_publish("pulp.api.v2", "tasks.3f2a9c1e", body, properties)

    def tell(self, *documents: Mapping[str, Any]) -> None:
        self.publish(*((json.dumps(document).encode(), NATIVE) for document in documents))


@pytest.fixture
def pulp2(rabbitmq: RabbitMQ) -> Pulp2:
    """Return who publishes."""
    return Pulp2(rabbitmq)


@pytest.fixture
def intake(rabbitmq: RabbitMQ, pulp2: Pulp2, request: pytest.FixtureRequest) -> Iterator[RecordingIntake]:
    """Return an intake whose source has a name of its own, and leave no queue behind."""
    made = RecordingIntake(source=request.node.name[:40], installation=INSTALLATION)
    yield made
    with pulp2.channel() as channel:
        channel.queue_delete(queue_of(made))
        for suffix in ("in", "own", "foreign"):
            channel.exchange_delete(f"{queue_of(made)}.{suffix}")


def queue_of(intake: RecordingIntake) -> str:
    return f"pulp-notifiers.{intake.installation}.{intake.source}"


def config(rabbitmq: RabbitMQ, **options: Any) -> Any:
    return AmqpSource.Config(url=rabbitmq.url, **options)


@contextmanager
def reading(intake: RecordingIntake, rabbitmq: RabbitMQ, **options: Any) -> Iterator[None]:
    """Let the source run, and begin when it reads."""
    before = len(intake.told)
    with intake.running(AmqpSource(look_seconds=0.2), config(rabbitmq, **options)):
        intake.wait_until(lambda: len(intake.told) > before)
        yield


def end_of_reading(
    intake: RecordingIntake, rabbitmq: RabbitMQ, trouble: Callable[[], Any], look_seconds: float = 0.2
) -> str:
    """Return how a run ends in trouble that comes when it reads."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(AmqpSource(look_seconds=look_seconds).run, config(rabbitmq), intake)
        try:
            intake.wait_until(lambda: bool(intake.told))
            trouble()
            return repr(running.exception(timeout=60))
        finally:
            intake.stopping.set()


def eventually(claim: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never became true"
        threading.Event().wait(0.05)


def task(number: int, state: str, action: str = "sync", **fields: Any) -> dict[str, Any]:
    """Return the document of a task, of a repository of its own."""
    return {
        "_id": {"$oid": f"{number:024x}"},
        "task_id": f"00000000-0000-4000-8000-{number:012d}",
        "tags": [f"pulp:repository:zoo-{number}", f"pulp:action:{action}"],
        "state": state,
        "spawned_tasks": [],
        "progress_report": {},
        "start_time": "2016-04-29T16:19:55Z",
        "_ns": "task_status",
        **fields,
    }


def told(intake: RecordingIntake) -> list[tuple[str, str, Any]]:
    """Return type, repository and result of each event."""
    return [(event.type, event.payload["repo_id"], event.payload.get("result")) for event in intake.events]


@pytest.mark.parametrize("name", RECORDED)
def test_every_form_of_a_recorded_message_is_understood(
    name: str, pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """Native, as Python 3 wrote text, and wrapped as for Qpid."""
    vector = RECORDED[name]
    body = vector["expect"]["amqp091"]["body_exact"].encode()
    envelope = {"body": b64encode(body).decode(), "properties": {"body_encoding": "base64"}}
    report = TaskReport.from_record(vector["given"]["task_status"])

    for form in ((body, NATIVE), (body, TEXT), (json.dumps(envelope).encode(), NATIVE)):
        with reading(intake, rabbitmq):  # anew, because a state that was seen is no news
            pulp2.publish(form)
            intake.wait_until(lambda: bool(intake.reports))
        assert [report] == intake.reports
        assert not intake.taken[0].publish
        intake.taken.clear()


def test_a_sync_and_the_publish_that_it_spawned_are_told(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """By start and finish, once each, whatever progress there was; the bodies are those of Pulp 2."""
    record = {"importer_id": "yum_importer", "added_count": 14, "result": "success", "_ns": "repo_sync_results"}
    progress = [task(1, "running", progress_report={"yum": {"left": left}}) for left in range(300, 0, -1)]
    ended = task(1, "finished", finish_time="2016-04-29T16:20:01Z", result=record)
    publish = [
        task(2, "running", "publish"),
        task(2, "finished", "publish", finish_time="2016-04-29T16:20:02Z", result={"distributor_id": "yum"}),
    ]

    with reading(intake, rabbitmq):
        pulp2.tell(task(1, "waiting", start_time=None), *progress, ended, *publish)
        intake.wait_until(lambda: len(intake.events) == 4)

    expected = [
        ("repo.sync.start", "zoo-1", None),
        ("repo.sync.finish", "zoo-1", "success"),
        ("repo.publish.start", "zoo-2", None),
        ("repo.publish.finish", "zoo-2", "success"),
    ]
    assert expected == told(intake)
    assert ["waiting", "running", "finished", "running", "finished"] == [report.state for report in intake.reports]
    assert TaskReport.from_record(ended).call_report() == intake.events[1].call_report
    assert (14, "yum_importer", None) == tuple(
        intake.events[1].payload[name] for name in ("added_count", "importer_id", "details")
    )
    assert "yum" == intake.events[3].payload["distributor_id"]


def test_failures_and_cancellations_are_told(pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """Which Pulp 2 promised, and never sent to its listeners."""
    error = {"code": "PLP0000", "description": "boom", "data": {}, "sub_errors": []}

    with reading(intake, rabbitmq):
        pulp2.tell(task(1, "running"), task(1, "error", error=error), task(2, "running"), task(2, "canceled"))
        intake.wait_until(lambda: len(intake.events) == 4)

    finished = [event.payload for event in intake.events if event.type == "repo.sync.finish"]
    expected = [("zoo-1", "error", "boom"), ("zoo-2", "canceled", None)]
    assert expected == [(each["repo_id"], each["result"], each["error_message"]) for each in finished]


def test_what_could_not_be_written_comes_again(pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """It is acknowledged only when it is on disk."""
    intake.fail_next(StoreUnavailable("the disk is full"))

    end = end_of_reading(intake, rabbitmq, lambda: pulp2.tell(task(1, "finished")))

    assert "StoreUnavailable('the disk is full')" == end
    assert [] == intake.taken

    with reading(intake, rabbitmq):
        intake.wait_until(lambda: len(intake.events) == 2)


def test_while_nothing_can_be_written_it_does_not_say_that_it_works(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """Or the log would tell of an outage and its end at every attempt."""
    with reading(intake, rabbitmq):
        pass
    pulp2.tell(task(1, "finished"))
    intake.told.clear()
    intake.stopping.clear()
    intake.fail_next(StoreUnavailable("away"))

    with pytest.raises(StoreUnavailable):
        AmqpSource(wait_seconds=60).run(config(rabbitmq), intake)

    assert [] == intake.told


def test_a_message_that_comes_again_makes_the_same_events(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """With the same ids, so that they add nothing."""
    for count in (2, 4):
        with reading(intake, rabbitmq):
            pulp2.tell(task(1, "finished"))
            intake.wait_until(lambda wanted=count: len(intake.events) == wanted)

    ids = [event.id for event in intake.events]
    assert ids[:2] == ids[2:]


def test_nothing_is_lost_while_nobody_reads(pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """Not even when the server restarts meanwhile."""
    with reading(intake, rabbitmq):
        pass
    pulp2.tell(*(task(number, "finished") for number in range(50)))
    rabbitmq.restart()
    pulp2.tell(*(task(number, "finished") for number in range(50, 100)))

    with reading(intake, rabbitmq, prefetch=7):
        intake.wait_until(lambda: len(intake.events) == 200)

    assert [f"zoo-{number}" for number in range(100)] == [
        event.payload["repo_id"] for event in intake.events if event.type == "repo.sync.finish"
    ]
    assert all(len(call.reports) <= 7 for call in intake.taken)


@pytest.mark.parametrize("trouble", ["stop", "kill"])
def test_a_server_that_goes_away_is_a_temporary_failure(
    trouble: str, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """The sentence says what happened, and what is tried again fails with a sentence too."""
    try:
        end = end_of_reading(intake, rabbitmq, getattr(rabbitmq, trouble))
        with pytest.raises(TemporaryFailure, match="could not connect to messaging server .*Connection refused"):
            AmqpSource().run(config(rabbitmq), intake)
    finally:
        rabbitmq.start()

    # Python puts a text that holds single quotes, as the server's reason may, between double ones.
    assert re.match(r"LinkLost\(['\"]could not subscribe to pulp\.api\.v2: ", end), end


def test_a_server_that_freezes_is_a_temporary_failure(intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """It is asked now and then."""
    try:
        end = end_of_reading(intake, rabbitmq, rabbitmq.pause)
    finally:
        rabbitmq.resume()

    assert "LinkLost('could not subscribe to pulp.api.v2: no answer within 5 s')" == end


def test_a_queue_that_is_deleted_is_a_temporary_failure(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """The next run declares it anew."""
    with pulp2.channel() as channel:
        # Where the source happens to declare it anew at this very moment, RabbitMQ lets it read on.
        end = end_of_reading(intake, rabbitmq, lambda: channel.queue_delete(queue_of(intake)), look_seconds=3600)
    assert "the queue was deleted" in end

    with reading(intake, rabbitmq):
        pulp2.tell(task(1, "finished"))
        intake.wait_until(lambda: len(intake.events) == 2)


def test_exchanges_that_are_deleted_are_mended(pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """Soon; what is published meanwhile is gone, as for everybody else who reads them."""
    with reading(intake, rabbitmq):
        with pulp2.channel() as channel:
            channel.exchange_delete("pulp.api.v2")
            channel.exchange_delete(f"{queue_of(intake)}.foreign")
        eventually(lambda: pulp2.tell(task(1, "finished")) or intake.events)

    assert [] == [event for event in intake.events if event.payload["repo_id"] != "zoo-1"]


def test_a_queue_of_another_form_is_a_permanent_failure(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """Until somebody deletes it."""
    with pulp2.channel() as channel:
        channel.queue_declare(queue_of(intake), durable=False)

        with pytest.raises(PermanentFailure, match="PRECONDITION_FAILED.*; delete what is named"):
            AmqpSource().run(config(rabbitmq), intake)


def test_what_is_no_task_is_counted_and_told_once_per_kind(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ, caplog: pytest.LogCaptureFixture
) -> None:
    """And does not come again."""
    junk = [b"nonsense", b"[]", b"\0", json.dumps(task(1, "asleep")).encode(), b'{"task_id": 5}']
    odd = pika.BasicProperties(content_type="amqp/map", content_encoding="gzip", headers={"a": [1]})
    with reading(intake, rabbitmq):
        pulp2.publish(*((body, properties) for body in junk for properties in (NATIVE, odd)))
        pulp2.tell(task(1, "finished"))
        intake.wait_until(lambda: intake.told[-1] == {"received": 11, "refused": 10, "waiting": 0})

    assert 2 == len(intake.events)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert 2 == len(warnings)
    assert all("holds no task" in warning for warning in warnings)
    with reading(intake, rabbitmq):
        intake.wait_until(lambda: intake.told[-1]["waiting"] == 0)
    assert [] == [facts for facts in intake.told[-1:] if facts["received"]]


def test_only_what_somebody_wants_becomes_an_event(pulp2: Pulp2, rabbitmq: RabbitMQ) -> None:
    """The reports are handed over in any case."""
    intake = RecordingIntake(wants=lambda event_type, _task: event_type == "repo.sync.finish", source="choosy")

    with reading(intake, rabbitmq):
        pulp2.tell(task(1, "finished"))
        intake.wait_until(lambda: bool(intake.reports))

    assert ["repo.sync.finish"] == [event.type for event in intake.events]


def test_what_this_installation_publishes_is_left_out(
    pulp2: Pulp2, intake: RecordingIntake, rabbitmq: RabbitMQ
) -> None:
    """While that of Pulp 2, of another installation, and of one that bears no mark is read."""
    settings = MessagingSettings(event_notifications_enabled=True, event_notification_url=rabbitmq.url)
    with reading(intake, rabbitmq):
        for number, installation in enumerate((INSTALLATION, "another", None)):
            publisher = status_publisher(settings, installation)
            publisher.publish(TaskReport.from_record(task(number, "finished")))
            assert publisher.flush(20)
            publisher.close()
        pulp2.tell(task(3, "finished"))
        intake.wait_until(lambda: len(intake.events) == 6)

    assert ["zoo-1", "zoo-2", "zoo-3"] == [repo for kind, repo, _ in told(intake) if kind == "repo.sync.finish"]


def test_it_ends_soon(intake: RecordingIntake, rabbitmq: RabbitMQ) -> None:
    """And leaves no connection."""
    with reading(intake, rabbitmq):
        pass

    eventually(lambda: '"pulp-notifiers"' not in rabbitmq.control("list_connections", "client_properties"))


def test_the_connection_may_be_tls(tmp_path: Path) -> None:
    """With the authority that the source names; also of messages of many frames."""
    authority = trustme.CA()
    paths = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    authority.cert_pem.write_to_path(str(paths[0]))
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(paths[1]))
    certificate.private_key_pem.write_to_path(str(paths[2]))
    large = {"yum": "x" * 300_000}

    with RabbitMQ(TlsListener(*paths)) as server:
        encrypted = AmqpSource.Config(url=f"amqps://guest:guest@127.0.0.1:{server.tls_port}", cacert=str(paths[0]))
        intake = RecordingIntake(source="encrypted")
        with intake.running(AmqpSource(), encrypted):
            intake.wait_until(lambda: bool(intake.told))
            Pulp2(server).tell(*(task(number, "finished", progress_report=large) for number in range(100)))
            intake.wait_until(lambda: len(intake.events) == 200)

        assert all(check.passed for check in AmqpSource().check(encrypted))
    # A batch is bounded in bytes too.
    assert all(len(call.reports) < 60 for call in intake.taken)
