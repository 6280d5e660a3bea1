"""The intake in memory with which plugin authors test their sources."""

import pytest

from pulp_notifiers.errors import StoreUnavailable, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.source import Check, Intake, Source, SourceConfig
from pulp_notifiers.testing.source import RecordingIntake


class Counting(Source[SourceConfig]):
    """Counts from the number that it remembers."""

    def check(self, config: SourceConfig) -> list[Check]:
        return []

    def run(self, config: SourceConfig, intake: Intake) -> None:
        while not intake.stopping.is_set():
            number = intake.remembered().get("number", 0) + 1
            intake.take([Event("number.counted", {"number": number})], remember={"number": number})
            if number >= 5:
                intake.stopping.wait()


class Failing(Counting):
    """Cannot continue."""

    def run(self, config: SourceConfig, intake: Intake) -> None:
        raise TemporaryFailure("no answer")


def test_the_intake_shows_what_a_source_takes_and_remembers():
    """The source continues with what an earlier process remembered."""
    intake = RecordingIntake({"number": 2})

    with intake.running(Counting(), SourceConfig()):
        intake.wait_until(lambda: len(intake.events) == 3)

    assert [3, 4, 5] == [event.payload["number"] for event in intake.events]
    assert {"number": 5} == intake.remembered()
    assert [True, True, True] == [call.publish for call in intake.taken]


def test_an_error_of_run_is_raised_at_the_end_of_the_block():
    """A test can expect it."""
    intake = RecordingIntake()

    with pytest.raises(TemporaryFailure, match="no answer"), intake.running(Failing(), SourceConfig()):
        pass


def test_waiting_fails_at_once_if_the_source_has_ended():
    """The condition can no longer become true."""
    intake = RecordingIntake()

    with pytest.raises(AssertionError, match="no answer"), intake.running(Failing(), SourceConfig()):
        intake.wait_until(lambda: bool(intake.events))


def test_a_take_that_fails_keeps_nothing():
    """Neither events nor values are kept if the database is unavailable."""
    intake = RecordingIntake({"n": 1})
    intake.fail_next(StoreUnavailable("away"))

    with pytest.raises(StoreUnavailable):
        intake.take([Event("a", {})], remember={"n": 2})

    assert [] == intake.events
    assert {"n": 1} == intake.remembered()


def test_null_deletes_a_value_and_values_without_a_json_form_are_refused():
    """The real intake has the same rules."""
    intake = RecordingIntake({"a": 1, "b": 2})

    intake.take(remember={"a": None})
    with pytest.raises(TypeError):
        intake.take(remember={"b": object()})
    with pytest.raises(ValueError, match="JSON"):
        intake.take([Event("a", {"n": float("nan")})])

    assert {"b": 2} == intake.remembered()


def test_a_test_answers_for_listeners_and_sees_status_updates():
    """It decides which types and tasks are matched."""
    intake = RecordingIntake(wants=lambda event_type, task_id: event_type == "task.error" or task_id == "t")

    intake.update_status(lag_seconds=2)

    assert [{"lag_seconds": 2}] == intake.status_updates
    assert [True, True, False] == [
        intake.wants("task.error"),
        intake.wants("task.running", "t"),
        intake.wants("task.running"),
    ]


def test_the_older_names_of_status_updates_still_work():
    """Plugins and their tests use them."""
    intake = RecordingIntake()

    intake.tell(lag_seconds=2)

    assert [{"lag_seconds": 2}] == intake.status_updates


def test_a_test_decides_what_listeners_ask_to_include():
    """By default they ask for nothing."""
    intake = RecordingIntake(included={"repo.sync.finish": ["content"]})

    assert {"content"} == intake.included("repo.sync.finish")
    assert frozenset() == intake.included("repo.sync.start") == RecordingIntake().included("repo.sync.finish")
