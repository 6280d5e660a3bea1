"""A condition is tried with every sample before it is saved."""

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.event_types import check, matching


class CannotBeEvaluated(Exception):
    """What an expression raises."""


def has_added(event: Event) -> bool:
    count = event.payload.get("added_count")
    if count is None:
        raise CannotBeEvaluated("null cannot be compared with a number")
    return count > 0


def test_every_matching_sample_is_tried():
    """Some hold, some do not, and some cannot be evaluated."""
    found = check(has_added, ["repo.sync.finish", "repo.version.*"], CannotBeEvaluated)

    assert [one.sample.name for one in found] == [
        sample.name for known in matching(["repo.sync.finish", "repo.version.created"]) for sample in known.samples
    ]
    by_name = {one.sample.name: one for one in found if one.sample.event.type == "repo.sync.finish"}
    assert (True, None) == (by_name["pulp3-rpm"].holds, by_name["pulp3-rpm"].problem)
    assert (False, None) == (by_name["pulp3-nothing-new"].holds, by_name["pulp3-nothing-new"].problem)
    assert None is by_name["pulp3-failed-404"].holds
    assert "null cannot be compared with a number" == by_name["pulp3-failed-404"].problem


def test_another_error_is_not_taken_for_a_property_of_the_condition():
    """It would hide a mistake of ours."""
    with pytest.raises(ZeroDivisionError):
        check(lambda _event: 1 / 0 > 1, ["task.error"], CannotBeEvaluated)


def test_nothing_is_tried_for_types_that_nobody_knows():
    """There are no samples."""
    assert [] == check(has_added, ["myapp.deploy"], CannotBeEvaluated)
