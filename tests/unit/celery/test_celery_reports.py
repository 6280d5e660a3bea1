"""Calls and results of Celery tasks as task reports."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from pulp_notifiers.celery.calls import Call, tags_header
from pulp_notifiers.celery.reports import (
    clean,
    described_error,
    error_document,
    json_form,
    progress,
    record_id,
    task_report,
)
from pulp_notifiers.task import TaskReport

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


class Rude(Exception):
    """An exception whose text cannot be had."""

    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("result", "form"),
    [
        (None, None),
        ({"added": 3, "units": ("a", "b")}, {"added": 3, "units": ["a", "b"]}),
        ({"odd": object(), (1, 2): 3}, {"odd": None}),
        ({1, 2}, None),
        (datetime(2026, 11, 23, tzinfo=UTC), {"$date": 1795392000000}),
        (UUID(TASK), {"$uuid": UUID(TASK).hex}),
        (float("nan"), None),
        ("\0", None),
        ("\ud800", None),
        (2**64, None),
        ("x" * 100_000, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_result_is_reported_in_its_json_form(result, form):
    """A part without one becomes null."""
    assert form == json_form(result)


def test_a_result_that_is_endless_or_too_deep_is_null():
    """It has no JSON form."""
    endless, deep = [], []
    endless.append(endless)
    for _ in range(100_000):
        deep = [deep]

    assert [None, None] == [json_form(endless), json_form(deep)]


def test_a_reported_result_is_a_copy():
    """Later changes of the task's own are not published."""
    result = {"units": []}
    form = json_form(result)
    result["units"].append(1)

    assert {"units": []} == form


def test_the_id_of_a_record_is_derived_from_the_task():
    """It has 24 hexadecimal digits and is the same in every process."""
    assert "cac10db2ad5f3935ebcdce5b" == record_id(TASK)
    assert record_id(TASK) != record_id("another")


def test_a_report_can_be_read_back_from_its_record():
    """With progress, children and group."""
    call = Call(task_id=TASK, name="sync", group=TASK, children=(TASK, "child"), retries=2)
    made = task_report(call, "waiting", ["a"], progress_report=progress(call, "why\0"))

    assert made == TaskReport.from_record({**made.document(), "_id": made.id})
    assert ({"retries": 2, "reason": "why\ufffd"}, ("child",), UUID(TASK)) == (
        made.progress_report,
        made.spawned_tasks,
        made.group_id,
    )


def test_a_group_that_is_not_a_uuid_is_left_out():
    """Celery accepts any text."""
    assert None is task_report(Call(task_id=TASK, name="sync", group="night"), "waiting", ()).group_id


def test_an_exception_without_text_is_described_by_its_class():
    """Also if its text cannot be had."""
    assert "ValueError: boom" == described_error(ValueError("boom"))
    assert ["KeyError", "Rude"] == [described_error(KeyError()), described_error(Rude())]
    assert ["boom", "Rude"] == [error_document(thrown)["description"] for thrown in (ValueError("boom"), Rude())]
    assert "a?" == clean("a\ud800")


def test_a_call_of_the_first_protocol_is_read_from_the_body():
    """Celery still sends it if configured to."""
    body = {"id": TASK, "task": "sync", "args": [1], "kwargs": {"a": 2}, "retries": 1, "taskset": TASK}
    call = Call.published("sync", {"tags": ["x"]}, body)

    assert (TASK, [1], {"a": 2}, 1, TASK) == (call.task_id, call.args, call.kwargs, call.retries, call.group)
    assert ["x"] == tags_header(call.name, call.args, call.kwargs, call.headers)


@pytest.mark.parametrize("tags", [None, "text", 3, [3]])
def test_a_header_that_is_not_a_list_of_tags_is_ignored(tags):
    """It belongs to another program then."""
    assert [] == tags_header("sync", (), {}, {"tags": tags})
