"""The task-status stream, with a messaging server in memory."""

import logging
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.errors import InvalidSetting, PermanentFailure
from pulp_notifiers.settings import Settings
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import Counts, NoPublisher, StatusPublisher, StreamOptions, status_publisher
from pulp_notifiers.task_stream.document import message
from pulp_notifiers.task_stream.outage_log import OutageLog
from pulp_notifiers.task_stream.tally import Tally
from tests.support.stream import StreamServer

REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="3f2a9c1e", state="running")
QUICK = StreamOptions(slow_seconds=0.02, silent_seconds=30, look_seconds=0.02, backoff=Backoff(first_seconds=0.01))


class Lazy:
    """A value that is looked up when it is shown."""

    def __repr__(self):
        raise FileNotFoundError


def report(number, task_id="3f2a9c1e"):
    """Return a report that can be told from others."""
    return replace(REPORT, task_id=task_id, progress_report={"done": number})


def eventually(claim):
    """Wait until a claim is true."""
    deadline = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < deadline, "it never became true"
        threading.Event().wait(0.002)


@pytest.fixture
def server():
    """Return a messaging server in memory."""
    return StreamServer()


@pytest.fixture
def publisher_with(server):
    """Return a function that makes publishers with these options."""
    made = []

    def make(open_link=server.open, **options):
        made.append(StatusPublisher(open_link, replace(QUICK, **options)))
        return made[-1]

    yield make
    server.becomes(away=False, silent=False, blocked=False)
    for publisher in made:
        publisher.close()


@pytest.fixture
def publisher(publisher_with):
    """Return a publisher that loses patience soon."""
    return publisher_with()


class TestPublishing:
    """While the messaging server is well."""

    def test_keeps_the_order(self, publisher, server):
        """Over many batches, on one connection."""
        reports = [report(number) for number in range(1000)]

        for one in reports:
            publisher.publish(one)
        assert publisher.flush(60)

        assert [message(one) for one in reports] == server.received
        assert Counts(published=1000) == publisher.counts
        assert 1 == len(server.links)

    def test_keeps_the_order_of_each_task_among_threads(self, publisher, server):
        """Nothing is lost among them either."""

        def work(task):
            for number in range(300):
                publisher.publish(report(number, task_id=f"{task}"))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
        assert publisher.flush(60)

        received = defaultdict(list)
        for key, body in server.received:
            received[key].append(body)
        assert 8 == len(received)
        for key, bodies in received.items():
            assert [message(report(n, task_id=key.removeprefix("tasks.")))[1] for n in range(300)] == bodies

    def test_goes_on_after_a_rest(self, publisher, server):
        """The thread sleeps while there is nothing to do, and is woken."""
        for number in range(5):
            publisher.publish(report(number))
            assert publisher.flush(60)

        assert 5 == len(server.received)

    def test_ends_when_everything_handed_over_is_out(self, publisher, server):
        """So a short script loses nothing."""
        for number in range(300):
            publisher.publish(report(number))

        publisher.close(60)

        assert 300 == len(server.received)
        assert server.links[0].closed

    def test_after_the_end_is_dropping(self, publisher, server):
        """Closing twice is harmless."""
        publisher.close()
        publisher.publish(REPORT)
        publisher.close()

        assert publisher.flush(60)
        assert Counts(dropped=1) == publisher.counts
        assert [] == server.received


class TestWhatCannotBeRendered:
    """It is counted and told, and the next one goes out."""

    @pytest.mark.parametrize(
        "bad",
        [
            replace(REPORT, result=object()),
            replace(REPORT, result=float("nan")),
            replace(REPORT, task_id="x" * 300),
            replace(REPORT, task_id="\ud800"),
            replace(REPORT, start_time="yesterday"),
            None,
            replace(REPORT, result=Lazy()),
        ],
    )
    def test_is_skipped(self, bad, publisher, server, caplog):
        """Whatever is wrong with it."""
        publisher.publish(bad)
        publisher.publish(REPORT)
        assert publisher.flush(60)

        assert Counts(published=1, unrenderable=1) == publisher.counts
        assert ["unable to convert document to JSON; event message not sent"] == caplog.messages
        assert [message(REPORT)] == server.received

    def test_may_be_nested_too_deeply(self, publisher):
        """The recursion's end is no end of the thread."""
        deep = []
        for _ in range(100_000):
            deep = [deep]

        publisher.publish(replace(REPORT, result=deep))
        assert publisher.flush(60)

        assert 1 == publisher.counts.unrenderable


class TestAServerThatIsAway:
    """Costs the caller nothing, and messages only."""

    def test_is_told_once_and_so_is_its_return(self, publisher, server, caplog):
        """With the number of what was lost."""
        server.becomes(away=True)
        with caplog.at_level(logging.INFO):
            for number in range(50):
                publisher.publish(report(number))
            assert publisher.flush(60)
            eventually(lambda: server.attempts > 3)
            server.becomes(away=False)
            eventually(lambda: len(caplog.messages) > 1)

        assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]
        assert "it is away" in caplog.messages[0]
        assert "50 were dropped" in caplog.messages[1]
        assert Counts(dropped=50) == publisher.counts

    def test_that_comes_back_gets_what_is_new(self, publisher, server):
        """Old changes are not repeated."""
        server.becomes(away=True)
        publisher.publish(report(1))
        assert publisher.flush(60)
        server.becomes(away=False)
        eventually(lambda: server.links)

        eventually(lambda: publisher.publish(report(2)) or (publisher.flush(60) and server.received))

        assert message(report(1)) not in server.received
        assert message(report(2)) in server.received

    def test_is_noticed_while_there_is_nothing_to_say(self, publisher, server, caplog):
        """A connection that broke at rest is replaced before anything is lost."""
        publisher.publish(report(1))
        assert publisher.flush(60)
        server.links[0].broken = True
        eventually(lambda: len(server.links) == 2)

        publisher.publish(report(2))
        assert publisher.flush(60)

        assert [message(report(1)), message(report(2))] == server.received
        assert [] == caplog.messages

    def test_for_good_is_told_too(self, publisher_with, caplog):
        """Such as one that needs a library that is not installed."""

        def fail():
            raise PermanentFailure("there is no such transport")

        publisher = publisher_with(fail)
        publisher.publish(REPORT)
        assert publisher.flush(60)

        assert "there is no such transport" in caplog.messages[0]
        assert Counts(dropped=1) == publisher.counts

    def test_may_raise_anything(self, publisher_with, server, caplog):
        """The thread goes on, and connects when that can be done."""
        failures = iter([ZeroDivisionError("by zero"), KeyError("x")])

        def open_link():
            for failure in failures:
                raise failure
            return server.open()

        publisher = publisher_with(open_link)
        publisher.publish(REPORT)
        assert publisher.flush(60)
        eventually(lambda: server.links)

        assert "by zero" in caplog.messages[0]

    def test_does_not_keep_the_process_from_ending(self, publisher, server):
        """Nor anything alive."""
        server.becomes(away=True)
        publisher.publish(REPORT)
        began = time.monotonic()

        publisher.close(60)

        assert time.monotonic() - began < 30
        assert Counts(dropped=1) == publisher.counts


@pytest.mark.parametrize("state", ["silent", "blocked"])
class TestAServerThatConfirmsNothing:
    """Counts as away; its answers are heard when they come."""

    def test_gets_nothing_more(self, state, publisher, server, caplog):
        """What it was sent before, it may still confirm; then all is counted exactly."""
        publisher.publish(report(0))
        assert publisher.flush(60)
        server.becomes(**{state: True})
        with caplog.at_level(logging.INFO):
            publisher.publish(report(1))
            eventually(lambda: caplog.messages)
            for number in range(2, 102):
                publisher.publish(report(number))
            assert not publisher.flush(0.1)
            server.becomes(**{state: False})
            eventually(lambda: len(caplog.messages) > 1)

        assert Counts(published=2, dropped=100) == publisher.counts
        assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]
        assert 2 == len(server.received)
        assert 1 == len(server.links)

    def test_is_left_for_another_one(self, state, publisher_with, server):
        """Where the options say so."""
        publisher = publisher_with(silent_seconds=0.05, waits_for_relief=False)
        server.becomes(**{state: True})
        publisher.publish(REPORT)

        eventually(lambda: len(server.links) > 1)

        assert server.links[0].closed
        assert 1 == publisher.counts.dropped

    def test_does_not_keep_the_process_from_ending(self, state, publisher, server):
        """What it did not confirm counts as dropped."""
        server.becomes(**{state: True})
        publisher.publish(REPORT)
        eventually(lambda: server.received)

        publisher.close(60)

        assert Counts(dropped=1) == publisher.counts


class TestAServerThatRefuses:
    """Is told once."""

    def test_has_its_refusals_counted(self, publisher, server, caplog):
        """They are dropped messages."""
        server.becomes(refusing=True)
        for _ in range(3):
            publisher.publish(REPORT)
            assert publisher.flush(60)

        assert Counts(dropped=3) == publisher.counts
        assert ["WARNING"] == [record.levelname for record in caplog.records]


class TestTheQueue:
    """Is bounded."""

    def test_drops_what_it_has_no_room_for(self, publisher_with, server, caplog):
        """And says so, once."""
        connecting = threading.Event()

        def open_link():
            assert connecting.wait(60)
            return server.open()

        publisher = publisher_with(open_link, most_reports=10)
        with caplog.at_level(logging.INFO):
            for number in range(100):
                publisher.publish(report(number))
            connecting.set()
            assert publisher.flush(60)
            eventually(lambda: len(caplog.messages) > 1)

        assert [message(report(number)) for number in range(10)] == server.received
        assert Counts(published=10, dropped=90) == publisher.counts
        assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]

    def test_holds_fewer_large_reports(self, publisher_with, server):
        """By what the ones before took."""
        publisher = publisher_with(most_bytes=100_000)
        large = replace(REPORT, result="x" * 20_000)
        publisher.publish(large)
        assert publisher.flush(60)
        server.becomes(silent=True)
        publisher.publish(large)
        eventually(lambda: len(server.received) == 2)

        for _ in range(10):
            publisher.publish(large)

        eventually(lambda: publisher.counts.dropped > 5)


class TestAForkedChild:
    """Has a queue, a thread and a connection of its own."""

    def test_begins_anew(self, publisher, server):
        """The parent's connection is left to the parent."""
        publisher.publish(report(1))
        assert publisher.flush(60)

        publisher.restart_after_fork()
        publisher.publish(report(2))
        assert publisher.flush(60)

        assert server.links[0].abandoned
        assert Counts(published=1) == publisher.counts
        assert [message(report(1)), message(report(2))] == server.received

    def test_may_be_forked_before_there_is_a_connection(self, publisher, server):
        """There is nothing to leave then."""
        publisher.restart_after_fork()
        publisher.publish(REPORT)

        assert publisher.flush(60)


class TestSettings:
    """Decide whether, and where to."""

    def test_switch_it_off_by_default(self):
        """Then nothing costs anything, and Pulp's default URL is nobody's mistake."""
        publisher = status_publisher(Settings().section("messaging", MessagingSettings))

        publisher.publish(REPORT)

        assert isinstance(publisher, NoPublisher)
        assert publisher.flush(0)
        assert Counts() == publisher.counts
        publisher.close()

    def test_switch_it_on(self):
        """It connects when it is used."""
        publisher = status_publisher(
            MessagingSettings(event_notifications_enabled=True, event_notification_url="tcp://localhost")
        )

        assert not isinstance(publisher, NoPublisher)
        publisher.close()

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            (None, "use AMQP 0-9-1"),
            ("qpid://localhost:5672/", "use AMQP 0-9-1"),
            ("carrier-pigeon://loft", "no transport"),
            ("", "name a messaging server"),
        ],
    )
    def test_that_cannot_work_are_told_at_start(self, url, told):
        """In a sentence with file, section and key, and the way out."""
        section = {"event_notifications_enabled": "true"} | ({} if url is None else {"event_notification_url": url})

        with pytest.raises(InvalidSetting) as raised:
            Settings({"messaging": section}).section("messaging", MessagingSettings)

        assert "[messaging] event_notification_url" in str(raised.value)
        assert told in str(raised.value)

    def test_name_the_files_of_a_stream_over_tls(self):
        """They must be readable, though the server of amqp listeners needs none."""
        section = {
            "event_notifications_enabled": "true",
            "event_notification_url": "amqps://localhost",
            "cacert": "/nowhere/ca.pem",
        }

        with pytest.raises(InvalidSetting) as raised:
            Settings({"messaging": section}).section("messaging", MessagingSettings)

        assert "cacert" in str(raised.value)


def test_a_tally_counts_among_threads():
    """And looking at it changes nothing."""
    tally = Tally()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: [tally.add() or tally.value() for _ in range(1000)], range(4)))

    assert 4000 == tally.value() == tally.value()


def test_an_outage_that_never_began_is_not_ended(caplog):
    """Nor told."""
    with caplog.at_level(logging.INFO):
        OutageLog().end(5)

    assert [] == caplog.messages
