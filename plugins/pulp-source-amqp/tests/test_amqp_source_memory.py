"""Recent states of tasks are remembered."""

from datetime import UTC, datetime

from pulp_source_amqp.memory import LatelySeen

from pulp_notifiers.task import TaskReport


def report(number: int, state: str = "running", day: int | None = None) -> TaskReport:
    start_time = day and datetime(2026, 11, day, tzinfo=UTC)
    return TaskReport(id=f"{number:024x}", task_id=f"task-{number}", state=state, start_time=start_time or None)


def test_only_another_state_is_news() -> None:
    """After a final state nothing is."""
    seen = LatelySeen()
    news = []
    for state in ("waiting", "waiting", "running", "running", "suspended", "running", "error", "error", "running"):
        news.append(seen.is_news(report(1, state)))
        seen.note(report(1, state))

    assert [True, False, True, False, True, True, True, False] == news[:8]
    assert seen.is_news(report(2, "running"))


def test_nothing_follows_a_final_state() -> None:
    """Late messages are no news."""
    seen = LatelySeen()
    seen.note(report(1, "finished"))

    assert [] == [state for state in ("waiting", "running", "error", "finished") if seen.is_news(report(1, state))]


def test_a_task_that_starts_at_another_time_runs_again() -> None:
    """A message that is delivered again does not begin another run."""
    seen = LatelySeen()
    news = []
    reports = [
        ("running", 1),
        ("error", 1),
        ("waiting", None),
        ("error", 1),
        ("running", 2),
        ("error", 2),
        ("error", 2),
    ]
    for state, day in reports:
        news.append(seen.is_news(report(1, state, day)))
        seen.note(report(1, state, day)) if news[-1] else None

    assert [True, True, False, False, True, True, False] == news


def test_no_more_is_remembered_than_twice_the_limit() -> None:
    """The oldest tasks are forgotten."""
    seen = LatelySeen(remembered=10)
    for number in range(35):
        seen.note(report(number))

    remembered = [number for number in range(35) if seen.state(report(number))]
    assert list(range(20, 35)) == remembered
