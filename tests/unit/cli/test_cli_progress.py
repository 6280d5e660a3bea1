"""How far a task is, as the commands tail and wait read it from progress reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.cli.watch.progress import Progress, Step, progress_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["state", "items_total", "items_left", "total", "done", "message", "num_success", "x"]),
            inner,
            max_size=6,
        )
    ),
)


def test_a_sync_of_pulp_2_counts_what_is_left():
    """Items before bytes, below the importer's name and the step's."""
    content = {
        "state": "IN_PROGRESS",
        "items_total": 40,
        "items_left": 30,
        "size_total": 9000,
        "size_left": 8000,
        "details": {"rpm_total": 40, "rpm_done": 10},
    }
    report = {
        "yum_importer": {"metadata": {"state": "FINISHED"}, "content": content, "comps": {"state": "NOT_STARTED"}}
    }

    expected = Progress(10, 40, Step("content", 10, 40, active=True))
    assert expected == progress_of(report)
    assert 0.25 == expected.fraction


def test_a_publish_of_pulp_2_counts_what_succeeded_and_failed():
    """All steps together, and the active one by its description."""
    steps = [
        {"step_type": "initialize", "state": "FINISHED", "items_total": 1, "num_success": 1, "num_failures": 0},
        {
            "step_type": "rpms",
            "description": "Publishing RPMs",
            "state": "IN_PROGRESS",
            "items_total": 20,
            "num_success": 8,
            "num_failures": 1,
        },
        {"step_type": "close_it", "state": "NOT_STARTED", "items_total": 1, "num_success": 0, "num_failures": 0},
    ]

    expected = Progress(10, 22, Step("Publishing RPMs", 9, 20, active=True))
    assert expected == progress_of({"yum_distributor": steps})


def test_the_number_processed_takes_precedence_over_the_number_that_succeeded():
    """Later plugins reported both."""
    step = {"step_type": "x", "state": "IN_PROGRESS", "items_total": 20, "num_success": 0, "num_processed": 7}

    assert Progress(7, 20, Step("x", 7, 20, active=True)) == progress_of({"d": [step]})


def test_sub_steps_stand_for_the_step_above_them():
    """Which would count them once more."""
    inner = [{"step_type": "a", "state": "FINISHED", "items_total": 10, "num_success": 10}]
    outer = {"step_type": "all", "state": "IN_PROGRESS", "items_total": 1, "num_success": 0, "sub_steps": inner}

    assert Progress(10, 10, None) == progress_of({"d": [outer]})


def test_the_importer_for_files_of_pulp_2_counts_isos():
    """Its report has no steps."""
    report = {"iso_importer": {"state": "in_progress", "num_isos": 4, "num_isos_finished": 3, "total_bytes": 10**9}}

    assert Progress(3, 4, Step("iso importer", 3, 4, active=True)) == progress_of(report)


def test_the_importer_for_puppet_of_pulp_2_counts_modules():
    """In a vocabulary of its own."""
    modules = {"state": "running", "total_count": 8, "finished_count": 2, "error_count": 1}

    assert Progress(2, 8, Step("modules", 2, 8, active=True)) == progress_of({"puppet_importer": {"modules": modules}})


@pytest.mark.parametrize("wrap", [lambda steps: steps, lambda steps: {"steps": steps}])
def test_progress_reports_of_pulp_3_are_lists_of_steps(wrap):
    """One without a total is only named while it runs."""
    steps = [
        {"message": "Parsed Packages", "code": "sync.parsing", "state": "completed", "total": 35, "done": 35},
        {"message": "Downloading Artifacts", "code": "sync.downloading", "state": "running", "total": None, "done": 3},
    ]

    expected = Progress(35, 35, Step("Downloading Artifacts", 0, 0, active=True))
    assert expected == progress_of(wrap(steps))


@pytest.mark.parametrize("report", [None, {}, [], "done", 7, True, {"a": None}, {"a": {"state": 7}}, [[[]]]])
def test_a_report_without_numbers_says_nothing(report):
    """And has no fraction."""
    assert Progress() == progress_of(report)
    assert progress_of(report).fraction is None


@pytest.mark.parametrize("total", ["7", None, True, -1, float("nan"), float("inf"), 10**400, {}, []])
def test_a_total_that_is_not_a_count_is_ignored(total):
    """Plugins make mistakes."""
    assert Progress() == progress_of({"x": {"total": total, "done": 1}})


def test_the_number_done_is_at_most_the_total():
    """The bar cannot be longer than its total."""
    assert 1.0 == progress_of({"x": {"total": 3, "done": 5}}).fraction


def test_a_report_may_be_nested_as_deeply_as_json_allows():
    """Deeper levels are ignored."""
    report = {"total": 2, "done": 1}
    for _ in range(900):
        report = {"x": report}

    assert Progress() == progress_of(report)


@given(JSON)
def test_any_json_is_accepted_as_a_report(report):
    """The fraction is always between 0 and 1."""
    progress = progress_of(report)

    assert progress.fraction is None or 0 <= progress.fraction <= 1
