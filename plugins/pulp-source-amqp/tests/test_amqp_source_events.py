"""The repository events that tasks make."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulp_source_amqp.events import repository_events

from pulp_notifiers.encoding import dumps
from pulp_notifiers.event import Event
from pulp_notifiers.task import TASK_STATES, TaskReport

STARTED = datetime(2016, 4, 29, 16, 19, 55, tzinfo=UTC)
COMPLETED = datetime(2016, 4, 29, 16, 20, 1, tzinfo=UTC)
SYNC = TaskReport(
    id="57238b2aaca4886d97990601",
    task_id="3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b",
    state="running",
    tags=("pulp:repository:zoo", "pulp:action:sync"),
    start_time=STARTED,
)
PUBLISH = replace(SYNC, tags=("pulp:repository:zoo", "pulp:action:publish"))
HISTORY = {
    "id": "572389abaca4886e0c05c378",
    "repo_id": "zoo",
    "importer_id": "yum_importer",
    "importer_type_id": "yum_importer",
    "started": "2016-04-29T16:19:56Z",
    "completed": "2016-04-29T16:20:00Z",
    "result": "success",
    "error_message": None,
    "exception": None,
    "traceback": None,
    "added_count": 14,
    "updated_count": 0,
    "removed_count": -2,
    "summary": {"content": {"state": "FINISHED"}},
    "details": None,
    "_ns": "repo_sync_results",
}


def events_of(report: TaskReport, before: str | None = None) -> list[Event]:
    return list(repository_events(report, before, "amqp:pulp2"))


def ended(report: TaskReport, state: str = "finished", **fields: Any) -> TaskReport:
    return replace(report, state=state, finish_time=COMPLETED, **fields)


def test_a_running_sync_makes_a_start() -> None:
    """Its body is Pulp 2's."""
    [event] = events_of(SYNC, "waiting")

    expected = {"event_type": "repo.sync.start", "payload": {"repo_id": "zoo"}, "call_report": SYNC.call_report()}
    assert expected == event.body()
    assert (STARTED, "amqp:pulp2") == (event.occurred_at, event.source)


def test_a_running_publish_makes_a_start() -> None:
    """The distributor is not known yet."""
    [event] = events_of(PUBLISH)

    assert ("repo.publish.start", {"repo_id": "zoo", "distributor_id": None}) == (event.type, event.payload)


def test_a_tag_may_name_the_distributor() -> None:
    """The event has it if there is such a tag."""
    [event] = events_of(replace(PUBLISH, tags=(*PUBLISH.tags, "pulp:repository_distributor:yum")))

    assert {"repo_id": "zoo", "distributor_id": "yum"} == event.payload


def test_a_finished_sync_has_the_record_in_its_result() -> None:
    """All sixteen keys are there."""
    report = ended(SYNC, result=HISTORY)

    [event] = events_of(report, "running")

    expected = {"event_type": "repo.sync.finish", "payload": HISTORY, "call_report": report.call_report()}
    assert expected == event.body()
    assert COMPLETED == event.occurred_at


def test_unknown_facts_about_a_sync_are_null() -> None:
    """A result of another form is ignored."""
    expected = {
        **dict.fromkeys(HISTORY),
        "repo_id": "zoo",
        "started": "2016-04-29T16:19:55Z",
        "completed": "2016-04-29T16:20:01Z",
        "result": "success",
        "_ns": "repo_sync_results",
    }

    for result in (None, 5, "text", ["added_count"], {"other": 1}, {"repo_id": "another", "_ns": "x"}):
        [event] = events_of(ended(SYNC, result=result), "running")

        assert expected == event.payload


def test_a_finished_publish_has_its_record() -> None:
    """All thirteen keys are there."""
    record = {
        "distributor_id": "yum",
        "distributor_type_id": "yum_distributor",
        "result": "skipped",
        "details": "Skipped",
    }

    [event] = events_of(ended(PUBLISH, result=record), "running")

    assert "repo.publish.finish" == event.type
    assert 13 == len(event.payload)
    assert {**event.payload, **record, "_ns": "repo_publish_results", "repo_id": "zoo"} == event.payload


def test_a_failed_sync_has_the_reason() -> None:
    """It is the error of the task."""
    error = {"code": "PLP0000", "description": "boom", "data": {}, "sub_errors": []}

    [event] = events_of(ended(SYNC, "error", error=error, traceback="Traceback: ..."), "running")

    outcome = {name: event.payload[name] for name in ("result", "error_message", "traceback", "added_count")}
    assert {
        "result": "error",
        "error_message": "boom",
        "traceback": ["Traceback: ..."],
        "added_count": None,
    } == outcome


@pytest.mark.parametrize(
    ("state", "recorded", "expected"),
    [
        ("finished", "success", "success"),
        ("finished", "failed", "failed"),
        ("finished", None, "success"),
        ("finished", 5, "success"),
        ("error", "failed", "failed"),
        ("error", "success", "error"),
        ("error", None, "error"),
        ("canceled", "success", "canceled"),
        ("canceled", None, "canceled"),
    ],
)
def test_the_result_is_that_of_the_record_unless_the_task_failed_afterwards(
    state: str, recorded: Any, expected: str
) -> None:
    """Without a record it is that of the task."""
    [event] = events_of(ended(SYNC, state, result={"result": recorded}), "running")

    assert expected == event.payload["result"]


def test_a_task_that_is_first_seen_at_its_end_makes_a_start_too() -> None:
    """Pulp 2 did not announce every state."""
    assert ["repo.sync.start", "repo.sync.finish"] == [event.type for event in events_of(ended(SYNC))]
    assert ["repo.sync.start", "repo.sync.finish"] == [event.type for event in events_of(ended(SYNC), "waiting")]


def test_a_task_that_never_ran_makes_only_a_finish() -> None:
    """It may have been canceled in the queue."""
    assert ["repo.sync.finish"] == [event.type for event in events_of(ended(SYNC, "canceled", start_time=None))]


@pytest.mark.parametrize("state", ["waiting", "accepted", "suspended", "skipped"])
def test_other_states_make_no_repository_events(state: str) -> None:
    """A skipped task makes none either, because it did nothing."""
    assert [] == events_of(ended(SYNC, state))


@pytest.mark.parametrize(
    "tags",
    [
        (),
        ("pulp:repository:zoo",),
        ("pulp:action:sync",),
        ("pulp:repository:", "pulp:action:sync"),
        ("pulp:repository:zoo", "pulp:action:associate"),
        ("pulp:repository:zoo", "pulp:repository:copy", "pulp:action:sync"),
        ("pulp:repository_group:zoo", "pulp:action:publish"),
    ],
)
def test_other_tasks_make_no_repository_events(tags: tuple[str, ...]) -> None:
    """Only a sync or publish of one repository does."""
    assert [] == events_of(ended(replace(SYNC, tags=tags)))


def test_the_same_event_has_the_same_id() -> None:
    """Events of another task or type have other ids."""
    again = [event.id for event in events_of(ended(SYNC, result=HISTORY))]
    others = [event.id for event in events_of(ended(replace(SYNC, task_id="other")))]

    assert again == [event.id for event in events_of(ended(SYNC))]
    assert 4 == len({*again, *others})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(HISTORY)), inner),
    max_leaves=10,
)


@given(st.sampled_from(TASK_STATES), json_values, json_values, json_values, st.booleans())
def test_events_of_any_task_can_be_written(state: str, result: Any, error: Any, exception: Any, is_sync: bool) -> None:
    """They have exactly the keys of their type."""
    report = ended(SYNC if is_sync else PUBLISH, state, result=result, error=error, exception=exception)

    for event in events_of(report):
        assert dumps(event.body())
        assert "zoo" == event.payload["repo_id"]
        assert len(event.payload) in (1, 2, 13, 16)
