"""Which task reports are events, and what the events contain."""

import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from pulp_notifiers.dispatch import TaskEvents, task_event
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event, utc_now
from pulp_notifiers.task import TASK_STATES, TaskReport

CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)
STARTED, FINISHED = CREATED + timedelta(seconds=5), CREATED + timedelta(minutes=5)
TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


def report(state: str, task_id: str = TASK, **values) -> TaskReport:
    return TaskReport(id="5f0c1e2d3a4b5c6d7e8f9012", task_id=task_id, state=state, **values)


class Fired:
    """Listeners that match everything or nothing, and the events that were fired."""

    def __init__(self, match: bool = True) -> None:
        self.match = match
        self.asked: list[tuple[str, str]] = []
        self.events: list[Event] = []

    def wants(self, event_type: str, task_id: str) -> bool:
        self.asked.append((event_type, task_id))
        return self.match

    def fire(self, event: Event) -> int:
        self.events.append(event)
        return 2

    def types(self) -> list[str]:
        return [event.type for event in self.events]


class FiredOnce(Fired):
    """An event whose id is stored adds nothing, as in the database."""

    @property
    def ids(self) -> set[UUID]:
        return {event.id for event in self.events}

    def stored(self, event_ids: Collection[UUID]) -> set[UUID]:
        return self.ids & set(event_ids)

    def fire(self, event: Event) -> int:
        return 2 if event.id in self.ids else super().fire(event)


def test_a_task_event_contains_the_task_its_state_and_its_error():
    """The whole call report is beside the payload."""
    failed = report(
        "error", task_type="sync", tags=("pulp:repository:zoo",), error={"code": "X", "description": "No space left."}
    )

    event = task_event(failed)

    assert "task.error" == event.type
    assert {
        "task_id": TASK,
        "task_type": "sync",
        "state": "error",
        "tags": ["pulp:repository:zoo"],
        "error_description": "No space left.",
    } == event.payload
    assert failed.call_report() == event.call_report
    assert f"task:{TASK}" == event.subject()
    assert "task" == event.source


@pytest.mark.parametrize(
    ("values", "description"),
    [
        ({}, None),
        ({"exception": "KeyError('x')"}, "KeyError('x')"),
        ({"error": "text", "exception": "E"}, "E"),
        ({"error": {"description": None}}, None),
    ],
)
def test_the_description_of_an_error_is_text_or_null(values, description):
    """Whatever the task report contains."""
    assert description == task_event(report("error", **values)).payload["error_description"]


def test_the_id_of_a_task_event_is_derived_from_task_and_state():
    """So nothing is delivered twice after a restart."""
    ids = {task_event(report(state, task)).id for state in ("running", "error") for task in ("a", "b")}

    assert 4 == len(ids)
    assert UUID("4d4a3e17-de51-85f0-a7ed-5056650bd1f6") == task_event(report("running")).id
    assert task_event(report("running", result=1)).id == task_event(report("running", result=2)).id


@pytest.mark.parametrize(
    ("values", "occurred"),
    [
        ({"state": "running"}, STARTED),
        ({"state": "error"}, FINISHED),
        ({"state": "canceled", "finish_time": None}, None),
        ({"state": "waiting", "start_time": None}, None),
        ({"state": "waiting", "changed_at": CREATED}, CREATED),
        ({"state": "running", "changed_at": CREATED}, CREATED),
    ],
)
def test_an_event_occurred_when_its_task_changed(values, occurred):
    """That may be long ago; without a time in the report it is now."""
    before = utc_now()

    event = task_event(report(**{"start_time": STARTED, "finish_time": FINISHED, **values}))

    assert (occurred == event.occurred_at) if occurred else (before <= event.occurred_at <= utc_now())


def test_each_new_state_fires_once_and_progress_never():
    """A small sync reports progress four hundred times."""
    fired = Fired()
    events = TaskEvents(fired.wants, fired.fire)

    deliveries = [events.changed(report(state)) for state in ("waiting", "running", "running", "running", "finished")]

    assert ["task.waiting", "task.running", "task.finished"] == fired.types()
    assert [2, 2, 0, 0, 2] == deliveries


@pytest.mark.parametrize("state", sorted(set(TASK_STATES) - {"waiting", "running", "accepted", "suspended"}))
@pytest.mark.parametrize("times", [{"start_time": STARTED}, {"changed_at": FINISHED}])
def test_nothing_follows_a_final_state_in_the_same_run(state, times):
    """Neither the same state again nor a late report of an earlier one."""
    fired = Fired()
    events = TaskEvents(fired.wants, fired.fire)

    for each in (state, state, "running", "finished", "error"):
        events.changed(report(each, **times))
    events.changed(report("waiting", changed_at=CREATED) if "changed_at" in times else report("running", **times))

    assert [f"task.{state}"] == fired.types()


DAY = timedelta(days=1)
RUNS = {
    "start times": [
        {"waiting": {}, "running": {"start_time": STARTED + day}, "error": {"start_time": STARTED + day}}
        for day in (0 * DAY, DAY, 2 * DAY)
    ],
    "no times": [{"waiting": {}, "running": {}, "error": {}}] * 3,
    "running alone without times": [{"running": {}, "error": {}}] * 3,
    "ends with times only": [{"error": {"start_time": STARTED + day}} for day in (0 * DAY, DAY, 2 * DAY)],
    "ends of tasks that never started": [{"canceled": {"changed_at": FINISHED + day}} for day in (0 * DAY, DAY)],
    "what a sender sees": [{"waiting": {"changed_at": CREATED + day}} for day in (0 * DAY, DAY, 2 * DAY)],
    "a start time within the same second": [
        {"running": {"start_time": start}, "error": {"start_time": start}}
        for start in (STARTED + timedelta(microseconds=each) for each in (1, 2, 3))
    ],
    "a start time once": [{"running": {"start_time": STARTED + day}, "error": {}} for day in (0 * DAY, DAY, 2 * DAY)],
}


@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("processes", [1, 3])
def test_each_run_of_a_task_id_that_comes_back_fires_each_state_once(runs, processes):
    """A nightly task with a fixed id fails every night; perhaps another process reports it each time."""
    fired = FiredOnce()
    several = [TaskEvents(fired.wants, fired.fire, fired.stored) for _ in range(processes)]

    for number, run in enumerate(runs):
        for state, times in run.items():
            for _ in range(2):
                several[number % processes].changed(report(state, **times))

    expected = [f"task.{state}" for run in runs for state in run]
    # Without times, a process that did not see the previous end takes a new start for a repeat.
    if processes == 1:
        assert expected == fired.types()
    assert [each for each in expected if each not in ("task.waiting", "task.running")] == [
        each for each in fired.types() if each not in ("task.waiting", "task.running")
    ]
    assert len(fired.ids) == len(fired.events)


def test_a_report_that_comes_late_does_not_begin_another_run():
    """Reports of two processes overtake each other."""
    fired = FiredOnce()
    events = TaskEvents(fired.wants, fired.fire, fired.stored)
    first, second = {"start_time": STARTED}, {"start_time": STARTED + DAY}

    for state, times in [
        ("running", first),
        ("error", first),
        ("running", second),
        ("running", first),
        ("error", first),
        ("running", second),
        ("error", second),
        ("error", first),
        ("running", second),
    ]:
        events.changed(report(state, **times))

    assert ["running", "error", "running", "error"] == [event.payload["state"] for event in fired.events]


def test_a_document_with_whole_seconds_is_about_the_same_run():
    """Pulp's documents have no fractions of a second."""
    fired = Fired()
    events = TaskEvents(fired.wants, fired.fire)
    exact = STARTED + timedelta(microseconds=123456)

    for state in ("running", "error"):
        events.changed(report(state, start_time=exact))
        events.changed(report(state, start_time=STARTED))

    assert ["task.running", "task.error"] == fired.types()


def test_a_task_that_is_retried_returns_to_its_states_without_events():
    """For listeners it just takes longer; its end has another start time."""
    fired = Fired()
    events = TaskEvents(fired.wants, fired.fire)

    for state, values in [
        ("waiting", {}),
        ("running", {"start_time": STARTED}),
        ("waiting", {"resumed": True}),
        ("running", {"resumed": True, "start_time": STARTED + DAY}),
        ("error", {"resumed": True, "start_time": STARTED + DAY}),
    ]:
        events.changed(report(state, **values))

    assert ["task.waiting", "task.running", "task.error"] == fired.types()


def test_the_id_of_a_task_event_is_the_same_in_every_process_and_time_zone():
    """Its run is named by what the report says."""
    zone = timezone(timedelta(hours=5))
    same = [STARTED, STARTED.astimezone(zone), STARTED.replace(tzinfo=None)]

    assert 1 == len({task_event(report("error", start_time=start)).id for start in same})
    assert 3 == len({task_event(report("error", start_time=each)).id for each in (None, STARTED, STARTED + DAY)})


def test_accepted_and_suspended_fire_no_events():
    """Running before and after a suspension is one event."""
    fired = Fired()
    events = TaskEvents(fired.wants, fired.fire)

    for state in ("accepted", "running", "suspended", "running"):
        events.changed(report(state))

    assert ["task.running"] == fired.types()


def test_progress_does_not_ask_for_listeners():
    """The dispatcher is asked once for each new state."""
    fired = Fired(match=False)
    events = TaskEvents(fired.wants, fired.fire)

    for state in ("running", "running", "finished", "finished"):
        events.changed(report(state))

    assert [("task.running", TASK), ("task.finished", TASK)] == fired.asked
    assert [] == fired.events


def test_a_state_that_could_not_be_written_fires_when_it_is_reported_again():
    """The exception asks the caller to report it again."""

    class Full(Fired):
        full = True

        def fire(self, event: Event) -> int:
            if self.full:
                raise StoreUnavailable("disk full")
            return super().fire(event)

    fired = Full()
    events = TaskEvents(fired.wants, fired.fire)
    with pytest.raises(StoreUnavailable):
        events.changed(report("finished"))

    fired.full = False

    assert 2 == events.changed(report("finished"))


def test_a_report_without_a_json_form_does_not_fail_its_task(caplog):
    """The log says which event is missing and why."""

    def fire(event: Event) -> int:
        raise TypeError("<object> is not JSON serializable")

    events = TaskEvents(lambda *_: True, fire)

    assert 0 == events.changed(report("finished", result=object()))
    message = (
        f"Event task.finished of task {TASK} has no JSON form and is dropped: "
        "<object> is not JSON serializable; fix what the task reports"
    )
    assert [(logging.ERROR, message)] == [(record.levelno, record.message) for record in caplog.records]


def test_the_remembered_states_are_bounded_and_keep_running_tasks():
    """A task that reports regularly stays remembered, however many others are reported."""
    fired = Fired()
    events = TaskEvents(fired.wants, fired.fire, remembered=10)
    events.changed(report("running", "busy"))
    events.changed(report("running", "idle"))

    for number in range(100):
        events.changed(report("finished", f"t{number}"))
        events.changed(report("running", "busy"))
    events.changed(report("running", "idle"))

    running = [event.payload["task_id"] for event in fired.events if event.type == "task.running"]
    assert ["busy", "idle", "idle"] == running
