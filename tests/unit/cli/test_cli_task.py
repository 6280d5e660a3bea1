"""What the commands tail and wait read from a document of the stream."""

import pytest

from pulp_notifiers.cli.watch.task import SeenTask, TaskFilter, seen_task
from tests.support.seen_tasks import task


def test_the_tags_of_a_document_name_the_action_and_the_repository():
    """The repository is kept apart too, for filters."""
    expected = ("sync zoo", ("zoo",), "running")

    found = task()

    assert expected == (found.work, found.repositories, found.state)


def test_a_task_without_tags_is_shown_by_the_last_word_of_its_type():
    """Such as ``orphans``."""
    assert "orphans" == seen_task({"task_id": "t", "task_type": "pulp.server.tasks.orphans"}).work


def test_other_tags_are_shown_by_their_last_part():
    """Such as the id of a consumer."""
    assert "update web-1" == seen_task({"task_id": "t", "tags": ["pulp:consumer:web-1", "pulp:action:update"]}).work


def test_a_record_without_a_state_is_waiting():
    """Pulp always wrote a state; others may not."""
    assert "waiting" == seen_task({"task_id": "t"}).state


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"error": {"code": "PLP0001", "description": "It is gone."}}, "It is gone."),
        ({"error": {"code": "PLP0001"}}, "PLP0001"),
        ({"error": {"description": "first\nsecond"}}, "first second"),
        ({"error": "It is gone."}, "It is gone."),
        ({"error": {}, "traceback": "Traceback\n  File x\nValueError: no\n"}, "ValueError: no"),
        ({"traceback": ["ValueError: no"]}, None),
        ({"error": 7, "exception": "ValueError: no"}, "ValueError: no"),
        ({}, None),
    ],
)
def test_the_failure_is_the_most_readable_text_of_the_record(fields, expected):
    """In one line."""
    assert expected == task(state="error", **fields).failure


@pytest.mark.parametrize(
    ("task_filter", "expected"),
    [
        (TaskFilter(), True),
        (TaskFilter(states=["running", "error"]), True),
        (TaskFilter(states=["error"]), False),
        (TaskFilter(repositories=["zoo"]), True),
        (TaskFilter(repositories=["zo"]), False),
        (TaskFilter(["running"], ["bear", "zoo"]), True),
        (TaskFilter(["error"], ["zoo"]), False),
    ],
)
def test_a_filter_matches_any_of_its_states_and_any_of_its_repositories(task_filter, expected):
    """A task must match both."""
    assert expected == task_filter.matches(task())


def test_a_task_has_nothing_that_its_document_lacks():
    """Missing fields stay empty."""
    assert SeenTask("t", "waiting") == seen_task({"task_id": "t", "state": "waiting"})
