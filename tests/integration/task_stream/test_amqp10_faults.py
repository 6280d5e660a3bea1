"""Whatever an AMQP 1.0 server does wrong: one log line an outage with the remedy, exact counts, recovery by itself.

The server is an imitation of qpidd that misbehaves, in a process of its own; see tests/support/imitated_qpidd.
"""

import base64
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from typing import Any

import pytest
import trustme

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.broker import MessagingSettings, StreamOpener
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher, StreamOptions
from pulp_notifiers.task_stream.document import FORM
from tests.support.imitated_qpidd import ImitatedQpidd
from tests.support.stream_inbox import closing, levels, texts
from tests.support.waiting import wait_until

pytest.importorskip("proton", reason="python-qpid-proton is not installed (pip install pulp-notifiers[qpid])")

QUICK = StreamOptions(
    send_seconds=5.0, slow_seconds=0.5, silent_seconds=2.0, look_seconds=0.1, backoff=Backoff(0.02, 0.2)
)
REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="", state="running")


@dataclass(frozen=True)
class Fault:
    """One way in which a server fails for a while.

    :ivar remedy: what the one log line contains, as a pattern.
    :ivar behaviour: of the server while it fails.
    :ivar scheme: of the URL.
    """

    name: str
    remedy: str
    behaviour: dict[str, Any] = field(default_factory=dict)
    scheme: str = "qpid"

    def __str__(self) -> str:
        return self.name


FAULTS = [
    Fault("it speaks AMQP 0-9-1 only", r"speaks AMQP 0-9-1 only; write tcp://", {"greeting": "0-9-1"}),
    Fault("it speaks AMQP 0-10 only", r"AMQP 0-10", {"greeting": "0-10"}),
    Fault("it speaks HTTP", r"AMQP 1\.0", {"greeting": "garbage"}),
    Fault("it hangs up at once", r"without an answer", {"greeting": "nothing"}),
    Fault("it never answers", r"no answer within", {"greeting": "silence"}),
    Fault("it offers another login", r"SCRAM-SHA-256.*enable PLAIN", {"mechanisms": ["SCRAM-SHA-256"]}),
    Fault("it refuses the password", r"check user and password", {"users": {"guest": "another"}}),
    Fault(
        "the exchange does not exist",
        r"qpid-config add exchange topic pulp\.api\.v2",
        {"exchanges": {}, "creates": False},
    ),
    Fault("the exchange is forbidden", r"permit this user to publish to it", {"hidden": ["pulp.api.v2"]}),
    Fault("the exchange may not be written", r"permit this user to publish to it", {"read_only": ["pulp.api.v2"]}),
    Fault("it grants no credit", r"confirms nothing", {"credit": 0}),
    Fault("it answers nothing", r"confirms nothing", {"answer": "none"}),
    Fault("it detaches", r"pulp\.api\.v2", {"fault": "detach", "fault_after": 0}),
    Fault("it detaches with an error", r"was set to fail", {"fault": "detach-error", "fault_after": 0}),
    Fault("it ends the session", r"was set to fail", {"fault": "end", "fault_after": 0}),
    Fault("it closes the connection", r"was set to fail", {"fault": "close", "fault_after": 0}),
    Fault("it sends garbage", r".", {"fault": "garbage", "fault_after": 0}),
    Fault("it sends a huge frame", r".", {"fault": "huge", "fault_after": 0}),
    Fault("it breaks the connection", r".", {"fault": "cut", "fault_after": 0}),
]


def stream_to(*urls: str, options: StreamOptions = QUICK, **settings: Any) -> StatusPublisher:
    """Return a publisher that notices trouble soon."""
    messaging = MessagingSettings(event_notifications_enabled=True, event_notification_url=";".join(urls), **settings)
    broker = replace(messaging.status_broker(), connect_seconds=1.0)
    return StatusPublisher(StreamOpener(broker, FORM, 1.0), options)


def publish(publisher: StatusPublisher, numbers: range, size: int = 0) -> None:
    """Hand over reports, each of a task of its own."""
    for number in numbers:
        progress = {"number": number, "text": "x" * size}
        publisher.publish(replace(REPORT, task_id=f"t{number}", progress_report=progress))


def numbers(peer: ImitatedQpidd) -> list[int]:
    """Return the numbers of the reports that a server has received."""
    bodies = [json.loads(base64.b64decode(message["body"])) for message in peer.received()]
    return [body["progress_report"]["number"] for body in bodies]


def settled(publisher: StatusPublisher) -> Callable[[], bool]:
    """Return a claim: an outage is over, and nothing waits."""
    return lambda: publisher.health.outage_since is None and not publisher.counts.remembered


@pytest.fixture(scope="module")
def running_peer() -> Iterator[ImitatedQpidd]:
    """Yield a server for all tests of this module."""
    with ImitatedQpidd() as running:
        yield running


@pytest.fixture
def peer(running_peer: ImitatedQpidd) -> Iterator[ImitatedQpidd]:
    """Yield a server that behaves as qpidd, until a test changes that."""
    running_peer.reset()
    yield running_peer
    assert "" == running_peer.output()


@contextmanager
def one_outage(publisher: StatusPublisher, remedy: str, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Expect one line of the log when trouble begins, with the remedy, and one when it is over; nothing else."""
    yield
    wait_until(settled(publisher), lambda: (publisher.health, publisher.counts, texts(caplog)))
    wait_until(lambda: levels(caplog) == ["ERROR", "INFO"], lambda: texts(caplog))
    assert re.search(remedy, texts(caplog)[0]), texts(caplog)[0]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_server_that_fails_for_a_while(fault: Fault, peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture) -> None:
    """It can be used before, and afterwards; each task's last state arrives."""
    caplog.set_level(logging.INFO)
    with closing(stream_to(f"{fault.scheme}://guest:guest@127.0.0.1:{peer.port}")) as publisher:
        publish(publisher, range(50))
        assert publisher.flush(60)
        with one_outage(publisher, fault.remedy, caplog):
            peer.behave(**fault.behaviour)
            peer.fail("cut")  # so that the fault holds from the first message on
            publish(publisher, range(50, 100))
            wait_until(lambda: publisher.health.outage_since is not None, lambda: texts(caplog))
            publish(publisher, range(100, 150))
            peer.behave(**fields_of_a_good_server(fault))
        publish(publisher, range(150, 200))
        assert publisher.flush(60)

        assert 200 == sum(astuple(publisher.counts)) == publisher.counts.published + publisher.counts.late
        assert [*range(200)] == sorted(set(numbers(peer)))


def fields_of_a_good_server(fault: Fault) -> dict[str, Any]:
    """Return the fields that a fault changes as they are without it."""
    from tests.support.imitated_qpidd.behaviour import Behaviour

    usual = Behaviour()
    return {name: getattr(usual, name) for name in fault.behaviour}


@pytest.mark.parametrize(
    ("fault", "after"),
    [("detach", 7), ("detach-error", 1), ("end", 7), ("close", 7), ("garbage", 7), ("huge", 7), ("cut", 1)],
)
def test_a_server_that_fails_again_and_again_gets_everything(
    fault: str, after: int, peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture
) -> None:
    """If each connection takes some messages: it is replaced, and what was in doubt is sent again."""
    caplog.set_level(logging.INFO)
    with closing(stream_to(f"qpid://guest:guest@127.0.0.1:{peer.port}")) as publisher:
        peer.behave(fault=fault, fault_after=after)
        publish(publisher, range(40))
        assert publisher.flush(60)
        peer.behave(fault="")
        publish(publisher, range(40, 80))
        assert publisher.flush(60)
        wait_until(settled(publisher), lambda: (publisher.health, publisher.counts, texts(caplog)))

        assert 80 == sum(astuple(publisher.counts)) == publisher.counts.published + publisher.counts.late
        assert [*range(80)] == sorted(set(numbers(peer)))
        assert peer.accepted() > 1
        assert levels(caplog) in ([], ["ERROR", "INFO"])


@pytest.mark.parametrize("answer", ["released", "modified", "rejected"])
def test_messages_that_a_server_refuses_are_counted(
    answer: str, peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log says so once."""
    with closing(stream_to(f"qpid://guest:guest@127.0.0.1:{peer.port}")) as publisher:
        peer.behave(answer=answer)
        publish(publisher, range(50))
        assert publisher.flush(60)
        assert (0, 50) == (publisher.counts.published, publisher.counts.dropped)
        peer.behave(answer="accepted")
        publish(publisher, range(50, 100))
        assert publisher.flush(60)

        assert (50, 50) == (publisher.counts.published, publisher.counts.dropped)
        assert ["WARNING"] == levels(caplog)
        assert 1 == peer.accepted()


@pytest.mark.parametrize(
    "behaviour",
    [{"answer_each": 7, "answer_backwards": True}, {"answer_each": 20}, {"credit": 1}, {"credit": 2, "answer_each": 2}],
    ids=str,
)
def test_answers_may_come_in_any_order_and_credit_one_at_a_time(
    behaviour: dict[str, Any], peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is lost, and nothing is logged."""
    peer.behave(**behaviour)
    patient = replace(QUICK, slow_seconds=60.0, silent_seconds=60.0)
    with closing(stream_to(f"qpid://guest:guest@127.0.0.1:{peer.port}", options=patient)) as publisher:
        publish(publisher, range(300))
        assert publisher.flush(60)

        assert (300, 0) == (publisher.counts.published, publisher.counts.dropped)
        assert [*range(300)] == numbers(peer)
        assert [] == levels(caplog)


def test_a_report_above_the_limit_of_a_server_does_not_stop_the_others(
    peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture
) -> None:
    """It is dropped and counted, the log says so once, and the link stays."""
    peer.behave(max_message_size=20_000)
    with closing(stream_to(f"qpid://guest:guest@127.0.0.1:{peer.port}")) as publisher:
        for start in range(0, 60, 20):
            publish(publisher, range(start, start + 10))
            publish(publisher, range(start + 10, start + 20), size=40_000)
        assert publisher.flush(60)
        wait_until(settled(publisher), lambda: (publisher.health, publisher.counts, texts(caplog)))

        assert (30, 30) == (publisher.counts.published, publisher.counts.dropped), texts(caplog)
        assert [n for n in range(60) if n % 20 < 10] == numbers(peer)
        assert 1 == len(levels(caplog)), texts(caplog)
        assert 1 == peer.accepted()


def test_a_server_that_freezes_takes_its_messages_afterwards(
    peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture
) -> None:
    """Half-open: the system behind it accepts connections and bytes all the while."""
    caplog.set_level(logging.INFO)
    with closing(stream_to(f"qpid://guest:guest@127.0.0.1:{peer.port}")) as publisher:
        publish(publisher, range(50))
        assert publisher.flush(60)
        with one_outage(publisher, "confirms nothing|no answer", caplog):
            peer.pause()
            publish(publisher, range(50, 100))
            wait_until(lambda: not publisher.health.connected)
            publish(publisher, range(100, 150))
            peer.resume()
        publish(publisher, range(150, 200))
        assert publisher.flush(60)

        assert 200 == sum(astuple(publisher.counts)) == publisher.counts.published + publisher.counts.late
        assert [*range(200)] == sorted(set(numbers(peer)))


def test_a_server_that_reads_slowly_gets_everything(peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture) -> None:
    """However much is in flight."""
    peer.behave(pause_seconds=0.02)
    patient = replace(QUICK, slow_seconds=60.0, silent_seconds=60.0, send_seconds=60.0)
    with closing(stream_to(f"qpid://guest:guest@127.0.0.1:{peer.port}", options=patient)) as publisher:
        publish(publisher, range(200), size=20_000)
        assert publisher.flush(60)

        assert (200, 0) == (publisher.counts.published, publisher.counts.dropped)
        assert [*range(200)] == numbers(peer)
        assert [] == levels(caplog)


def test_an_idle_connection_is_kept_open_as_the_server_demands(
    peer: ImitatedQpidd, caplog: pytest.LogCaptureFixture
) -> None:
    """It closes connections from which nothing came for a second; the stream looks once a second by default."""
    peer.behave(idle_seconds=1.0)
    with closing(stream_to(f"qpid://guest:guest@127.0.0.1:{peer.port}", options=StreamOptions())) as publisher:
        publish(publisher, range(1))
        assert publisher.flush(60)
        time.sleep(2.5)  # longer than the server waits, and than two looks
        publish(publisher, range(1, 2))
        assert publisher.flush(60)

        assert 2 == publisher.counts.published, (publisher.counts, peer.accepted(), texts(caplog))
        assert 1 == peer.accepted()
        assert [] == levels(caplog)


ENDING = """
import sys
from dataclasses import replace

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import status_publisher

settings = MessagingSettings(event_notifications_enabled=True, event_notification_url=sys.argv[1])
publisher = status_publisher(settings)
for number in range(300):
    progress = {"number": number}
    publisher.publish(TaskReport(id="5", task_id=f"t{number}", state="running", progress_report=progress))
    if number == int(sys.argv[2]):
        publisher.flush(60)
"""


@pytest.mark.parametrize("flushed", [0, 299])
def test_a_process_that_ends_without_closing_sends_what_it_has(flushed: int, peer: ImitatedQpidd) -> None:
    """And it ends well: Proton does not abort it."""
    url = f"qpid://guest:guest@127.0.0.1:{peer.port}"
    command = [sys.executable, "-c", ENDING, url, str(flushed)]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert (0, "", "") == (ended.returncode, ended.stdout, ended.stderr)
    assert [*range(300)] == numbers(peer)


def test_a_server_whose_certificate_is_not_trusted(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """Until it has the right one again."""
    caplog.set_level(logging.INFO)
    folder = tmp_path_factory.mktemp("tls")
    good, bad = (write_certificate(trustme.CA(), folder, name) for name in ("good", "bad"))
    peer = ImitatedQpidd(certificate=good["certificate"], key=good["key"])
    url = "qpids://guest:guest@127.0.0.1:{}"
    with peer, closing(stream_to(url.format(peer.port), cacert=str(good["ca"]), clientcert="")) as publisher:
        publish(publisher, range(50))
        assert publisher.flush(60)
        with one_outage(publisher, "certificate.*cacert|cacert.*certificate", caplog):
            peer.use_certificate(bad["certificate"], bad["key"])
            peer.fail("cut")
            publish(publisher, range(50, 100))
            wait_until(lambda: publisher.health.outage_since is not None)
            publish(publisher, range(100, 150))
            peer.use_certificate(good["certificate"], good["key"])
        publish(publisher, range(150, 200))
        assert publisher.flush(60)

        assert 200 == sum(astuple(publisher.counts)) == publisher.counts.published + publisher.counts.late
        assert [*range(200)] == sorted(set(numbers(peer)))


def write_certificate(authority: trustme.CA, folder: Any, name: str) -> dict[str, Any]:
    """Write an authority's certificate and one that it issues for 127.0.0.1; return their paths."""
    paths = {part: folder / f"{name}-{part}.pem" for part in ("ca", "certificate", "key")}
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(paths["ca"]))
    issued.cert_chain_pems[0].write_to_path(str(paths["certificate"]))
    issued.private_key_pem.write_to_path(str(paths["key"]))
    return paths
