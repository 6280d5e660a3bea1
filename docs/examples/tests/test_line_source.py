from pathlib import Path

import pytest
from line_source import LineConfig, LineSource

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.testing.source import RecordingIntake


def config(path: Path) -> LineConfig:
    return LineConfig(path=path, event_type="line.added", look_seconds=0.01)


def test_new_lines_become_events_and_the_position_is_remembered(tmp_path):
    path = tmp_path / "lines"
    path.write_text("one\ntwo\nthr")
    intake = RecordingIntake()

    with intake.running(LineSource(), config(path)):
        intake.wait_until(lambda: len(intake.events) == 2)
        with path.open("a") as file:
            file.write("ee\n")
        intake.wait_until(lambda: len(intake.events) == 3)

    assert ["one", "two", "three"] == [event.payload["line"] for event in intake.events]
    assert {"position": 14} == intake.remembered()


def test_a_restarted_source_continues_at_the_remembered_position(tmp_path):
    path = tmp_path / "lines"
    path.write_text("one\ntwo\n")
    intake = RecordingIntake({"position": 4})

    with intake.running(LineSource(), config(path)):
        intake.wait_until(lambda: bool(intake.events))

    assert ["two"] == [event.payload["line"] for event in intake.events]


def test_a_missing_file_is_a_temporary_failure(tmp_path):
    intake = RecordingIntake()

    with pytest.raises(TemporaryFailure), intake.running(LineSource(), config(tmp_path / "none")):
        pass
