"""The source and a server that misbehaves."""

import threading
from contextlib import suppress
from functools import partial

import pulp3_troubles
import pytest
from fake_pulp3 import VIEWER
from pulp3_running import failure, options, polled, run
from pulp_source_pulp3 import Pulp3Source

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.testing.http import Answer


@pytest.mark.parametrize(
    "trouble",
    [
        pulp3_troubles.status(500),
        pulp3_troubles.status(503, retry_after="30"),
        pulp3_troubles.page_of_proxy(502),
        pulp3_troubles.page_of_proxy(200),
        pulp3_troubles.truncated,
        pulp3_troubles.cut_off,
        pulp3_troubles.reset,
        pulp3_troubles.with_body(b"[]"),
        pulp3_troubles.with_body(b'{"results": [{"pulp_href": 3}]}'),
        pulp3_troubles.with_body(b"\xff\xfe"),
    ],
)
def test_a_failing_server_is_a_temporary_failure(pulp, zoo, intake, trouble):
    """What happened meanwhile is reported by the next run."""

    def happens():
        pulp.misbehave(trouble, path="pulp_id__in")
        pulp.world.run("sync.completed", zoo)

    failed = failure(pulp, intake, happens)
    before = len(intake.reports)
    with run(pulp, intake):
        polled(intake, 2)

    assert 0 == before
    assert ["waiting", "running", "finished"] == [report.state for report in intake.reports]
    assert isinstance(failed, TemporaryFailure)
    assert "/pulp/api/v3/tasks/" in failed.reason
    assert VIEWER.password not in failed.reason


def test_retry_after_is_passed_on(pulp, intake):
    """The failure has the seconds that the server asks for."""
    trouble = pulp3_troubles.status(503, retry_after="30")
    failed = failure(pulp, intake, lambda: pulp.misbehave(trouble))

    assert 30 == failed.retry_after


def test_a_wait_that_is_too_large_is_passed_on_as_the_longest_one(pulp, intake):
    """The engine bounds it."""
    trouble = pulp3_troubles.status(503, retry_after="9" * 30)
    failed = failure(pulp, intake, lambda: pulp.misbehave(trouble))

    assert 1e9 == failed.retry_after


def test_what_a_server_sends_is_not_logged(pulp, intake, caplog):
    """urllib3 warns with the whole of a head that it cannot parse."""
    head = b"HTTP/1.1 500 EVIL\r\nEVIL without a colon\r\nX: " + b"EVIL" * 10_000 + b"\r\nContent-Length: 0\r\n\r\n"
    failed = failure(pulp, intake, lambda: pulp.misbehave(lambda _: Answer(raw=head)))

    assert "HTTP 500" in failed.reason
    assert "EVIL" not in failed.reason
    assert "EVIL" not in caplog.text


def test_a_silent_server_is_given_up_after_the_timeout(pulp, intake):
    """The timeout applies although the connection is open."""
    over = threading.Event()
    hang = partial(pulp.misbehave, pulp3_troubles.unchanged, path="/tasks/", until=over, times=99)
    failed = failure(pulp, intake, hang, timeout=3)
    over.set()

    assert isinstance(failed, TemporaryFailure)
    assert "did not answer within 3 s" in failed.reason


def test_a_trickling_answer_is_given_up_after_the_timeout(pulp, intake):
    """Each byte is in time, and all of them would take hours."""
    failed = failure(pulp, intake, lambda: pulp.misbehave(pulp3_troubles.trickling, path="/tasks/"), timeout=1)

    assert "did not answer within 1 s" in failed.reason


@pytest.mark.parametrize("trouble", [pulp3_troubles.status(500), pulp3_troubles.status(403)])
def test_an_unreadable_version_does_not_block_others(pulp, zoo, intake, trouble):
    """Its event has no counts, after a few tries if these may help."""
    source = Pulp3Source()
    with intake.running(source, options(pulp)):
        polled(intake)
    pulp.misbehave(trouble, path="/versions/2/", times=99)
    for _ in range(2):
        pulp.world.clock.advance(1)
        pulp.world.run("upload.completed", zoo)
    for _ in range(4):
        with suppress(TemporaryFailure), intake.running(source, options(pulp)), suppress(AssertionError):
            intake.wait_until(lambda: len(intake.events) == 2)

    made = {event.payload["repo_version"]: event.payload["added_count"] for event in intake.events}
    assert (None, 1) == (made[2], made[3])


@pytest.mark.parametrize(
    ("trouble", "times"), [(pulp3_troubles.page_of_proxy(503), 1), (pulp3_troubles.status(401), 2)]
)
def test_a_version_is_read_again_after_a_failure(pulp, zoo, intake, trouble, times):
    """Neither an outage nor a refused login removes anything from its event."""
    source = Pulp3Source()
    with intake.running(source, options(pulp)):
        polled(intake)
    pulp.misbehave(trouble, path="/versions/2/", times=times)
    pulp.world.run("upload.completed", zoo)
    failed = pytest.raises((TemporaryFailure, PermanentFailure))
    with failed, intake.running(source, options(pulp)), suppress(AssertionError):
        intake.wait_until(lambda: False)
    with intake.running(source, options(pulp)):
        intake.wait_until(lambda: len(intake.events) == 1)

    assert 1 == intake.events[0].payload["added_count"]
