"""The intake in memory with which plugin authors try their sources."""

import pytest

from pulp_notifiers.errors import StoreUnavailable, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.source import Check, Intake, Source, SourceConfig
from pulp_notifiers.testing.source import RecordingIntake


class Counting(Source[SourceConfig]):
    """Counts up from what it remembers."""

    def check(self, config: SourceConfig) -> list[Check]:
        return []

    def run(self, config: SourceConfig, intake: Intake) -> None:
        while not intake.stopping.is_set():
            number = intake.remembered().get("number", 0) + 1
            intake.take([Event("number.counted", {"number": number})], remember={"number": number})
            if number >= 5:
                intake.stopping.wait()


class Failing(Counting):
    """Cannot go on."""

    def run(self, config: SourceConfig, intake: Intake) -> None:
        raise TemporaryFailure("no answer")


def test_what_a_source_hands_over_and_remembers_is_there_to_be_looked_at():
    """It goes on from what an earlier process remembered."""
    intake = RecordingIntake({"number": 2})

    with intake.running(Counting(), SourceConfig()):
        intake.wait_until(lambda: len(intake.events) == 3)

    assert [3, 4, 5] == [event.payload["number"] for event in intake.events]
    assert {"number": 5} == intake.remembered()
    assert [True, True, True] == [call.publish for call in intake.taken]


def test_what_run_raises_is_raised_when_the_block_ends():
    """So a test can expect it."""
    intake = RecordingIntake()

    with pytest.raises(TemporaryFailure, match="no answer"), intake.running(Failing(), SourceConfig()):
        pass


def test_waiting_ends_when_the_source_has():
    """Nobody waits a minute for what cannot come."""
    intake = RecordingIntake()

    with pytest.raises(AssertionError, match="no answer"), intake.running(Failing(), SourceConfig()):
        intake.wait_until(lambda: bool(intake.events))


def test_a_take_that_fails_keeps_nothing():
    """Neither events nor memory, as with a database that is away."""
    intake = RecordingIntake({"n": 1})
    intake.fail_next(StoreUnavailable("away"))

    with pytest.raises(StoreUnavailable):
        intake.take([Event("a", {})], remember={"n": 2})

    assert [] == intake.events
    assert {"n": 1} == intake.remembered()


def test_null_forgets_and_values_without_a_json_form_are_refused():
    """As the real intake does."""
    intake = RecordingIntake({"a": 1, "b": 2})

    intake.take(remember={"a": None})
    with pytest.raises(TypeError):
        intake.take(remember={"b": object()})
    with pytest.raises(ValueError, match="JSON"):
        intake.take([Event("a", {"n": float("nan")})])

    assert {"b": 2} == intake.remembered()


def test_wishes_and_facts_are_asked_and_kept():
    """The test plays the listeners."""
    intake = RecordingIntake(wants=lambda event_type, task_id: event_type == "task.error" or task_id == "t")

    intake.tell(lag_seconds=2)

    assert [{"lag_seconds": 2}] == intake.told
    assert [True, True, False] == [
        intake.wants("task.error"),
        intake.wants("task.running", "t"),
        intake.wants("task.running"),
    ]


def test_what_is_to_be_included_is_asked_by_event_type():
    """Nothing, where the test does not say otherwise."""
    intake = RecordingIntake(included={"repo.sync.finish": ["content"]})

    assert {"content"} == intake.included("repo.sync.finish")
    assert frozenset() == intake.included("repo.sync.start") == RecordingIntake().included("repo.sync.finish")
