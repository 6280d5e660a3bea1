"""The task-status stream as recorded in the vectors of the contract."""

import json
import logging
from pathlib import Path

import pytest

from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher
from pulp_notifiers.task_stream.document import FORM, message
from tests.support.stream import StreamServer

CASES = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parent / "vectors" / "task_status_messages.json").read_text())["vectors"]
}
MESSAGES = [case_id for case_id, case in CASES.items() if "amqp091" in case.get("expect", ())]
EMISSIONS = [case_id for case_id, case in CASES.items() if "messages" in case.get("successor", ())]


def report_of(case):
    """Return the report of a vector."""
    return TaskReport.from_record(case["given"]["task_status"])


@pytest.fixture
def server():
    """Return a messaging server in memory."""
    return StreamServer()


@pytest.fixture
def publisher(server):
    """Return a publisher to it."""
    made = StatusPublisher(server.open)
    yield made
    made.close()


def test_the_vectors_are_found():
    """The tests below look at something."""
    assert 5 == len(MESSAGES)
    assert 7 == len(EMISSIONS)


@pytest.mark.parametrize("case_id", MESSAGES)
def test_a_task_record_becomes_these_bytes(case_id):
    """To the last one, under this routing key."""
    expected = CASES[case_id]["expect"]["amqp091"]

    assert (expected["basic_publish"]["routing_key"], expected["body_exact"].encode()) == message(
        report_of(CASES[case_id])
    )
    assert expected["body_json"] == json.loads(expected["body_exact"])


@pytest.mark.parametrize("case_id", MESSAGES)
def test_a_message_has_these_properties(case_id):
    """Content type and encoding are those of a Python 2 string through kombu."""
    expected = CASES[case_id]["expect"]["amqp091"]

    assert expected["exchange_declare"]["exchange"] == FORM.exchange
    assert {**expected["properties"], "headers": {}} == {
        "content_type": FORM.content_type,
        "content_encoding": FORM.content_encoding,
        "delivery_mode": FORM.delivery_mode,
        "priority": FORM.priority,
        "headers": {},
    }


def test_a_body_is_bytes_and_no_text():
    """Else a consumer that accepts only JSON would refuse it."""
    case = CASES["content-type-matters"]

    assert case["legacy"] == {"content_type": FORM.content_type, "content_encoding": FORM.content_encoding}
    assert isinstance(message(report_of(CASES["message-running"]))[1], bytes)


def test_what_cannot_be_rendered_is_logged_and_skipped(publisher, server, caplog):
    """The caller sees nothing of it, and the next report goes out."""
    expected = CASES["not-serialisable"]["expect"]
    good = report_of(CASES["message-running"])

    with caplog.at_level(logging.INFO):
        publisher.publish(TaskReport(id=good.id, task_id=good.task_id, state="running", result=object()))
        publisher.publish(good)
        assert publisher.flush(60)

    assert [(expected["log"]["level"], expected["log"]["message"])] == [
        (record.levelname, record.getMessage()) for record in caplog.records
    ]
    assert [message(good)] == server.received
    assert (1, 0, 1) == (publisher.counts.published, publisher.counts.dropped, publisher.counts.unrenderable)


def test_a_messaging_server_that_is_away_is_logged_and_nothing_else(publisher, server, caplog):
    """Nothing reaches the caller, and nothing is kept for later."""
    expected = CASES["broker-down"]["successor"]
    server.away = True

    publisher.publish(report_of(CASES["message-running"]))
    assert publisher.flush(60)

    assert ["ERROR"] == [record.levelname for record in caplog.records]
    assert expected["published"] == publisher.counts.published == len(server.received)
    assert 1 == publisher.counts.dropped


@pytest.mark.parametrize("case_id", EMISSIONS)
def test_every_write_that_is_handed_over_makes_one_message(case_id, publisher, server):
    """Waiting, accepted and canceled tasks and unchanged records too; deletions are never handed over."""
    expected = CASES[case_id]["successor"]["messages"]

    for _ in range(expected):
        publisher.publish(report_of(CASES["message-running"]))
    assert publisher.flush(60)

    assert expected == len(server.received)
