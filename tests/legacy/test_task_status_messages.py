"""The task-status stream as recorded in the contract's vectors."""

import json
import logging
from pathlib import Path

import pytest

from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher, StreamOptions
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
    """Yield a publisher to that server."""
    publisher = StatusPublisher(server.open)
    yield publisher
    publisher.close()


def test_all_vectors_are_found():
    """The parametrized tests below are not empty."""
    assert 5 == len(MESSAGES)
    assert 7 == len(EMISSIONS)


@pytest.mark.parametrize("case_id", MESSAGES)
def test_a_task_record_becomes_the_recorded_bytes(case_id):
    """The routing key is the recorded one too."""
    expected = CASES[case_id]["expect"]["amqp091"]

    found = message(report_of(CASES[case_id]))
    assert expected["basic_publish"]["routing_key"] == found.routing_key
    assert expected["body_exact"].encode() == found.body
    assert expected["body_json"] == json.loads(expected["body_exact"])


@pytest.mark.parametrize("case_id", MESSAGES)
def test_a_message_has_the_recorded_properties(case_id):
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


def test_a_body_is_bytes():
    """A str would be sent as text/plain, which a consumer that accepts only JSON refuses."""
    case = CASES["content-type-matters"]

    assert case["legacy"] == {"content_type": FORM.content_type, "content_encoding": FORM.content_encoding}
    assert isinstance(message(report_of(CASES["message-running"])).body, bytes)


def test_a_report_without_a_json_form_is_logged_and_skipped(publisher, server, caplog):
    """The caller gets no error, and the next report is sent."""
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


def test_an_unreachable_messaging_server_is_logged_and_the_report_is_dropped(server, caplog):
    """The caller gets no error, and nothing is kept for later if no last states are."""
    expected = CASES["broker-down"]["successor"]
    server.away = True
    publisher = StatusPublisher(server.open, StreamOptions(last_states=0))

    publisher.publish(report_of(CASES["message-running"]))
    assert publisher.flush(60)
    publisher.close()

    assert ["ERROR"] == [record.levelname for record in caplog.records]
    assert expected["published"] == publisher.counts.published == len(server.received)
    assert 1 == publisher.counts.dropped


@pytest.mark.parametrize("case_id", EMISSIONS)
def test_every_reported_write_is_one_message(case_id, publisher, server):
    """This includes waiting, accepted, canceled and unchanged tasks; deletions are never reported."""
    expected = CASES[case_id]["successor"]["messages"]

    for _ in range(expected):
        publisher.publish(report_of(CASES["message-running"]))
    assert publisher.flush(60)

    assert expected == len(server.received)
