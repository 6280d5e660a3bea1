"""Why a listener gets an event, or does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pulp_notifiers.dispatch.conditions import EventFacts
from pulp_notifiers.dispatch.decisions import DecisionReason, Fired, Question, decide
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener
from tests.support.memory import START

ID = "5f0c1e2d3a4b5c6d7e8f9012"
TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
DAY = timedelta(days=1)
FAILED = Event("repo.sync.finish", {"repo_id": "prod-a", "result": "failed", "x": "x"})
LISTENER = Listener("http", {}, ("repo.#",), name="ops", id=ID, created_at=START - DAY, changed_at=START - DAY)
FIRED = Fired(START, {}, kept_since=START - 7 * DAY)


def decided(listener: Listener = LISTENER, event: Event = FAILED, fired: Fired | None = None):
    """Return the decision about a listener and an event."""
    return decide(Question(EventFacts(event), listener, fired))


@pytest.mark.parametrize(
    ("changes", "reason", "sentence"),
    [
        ({}, "matched", "It matches."),
        ({"when": "payload.result == 'failed'"}, "matched", "It matches."),
        (
            {"event_types": ("task.error", "*.x")},
            "type",
            "It listens for task.error, *.x, none of which matches repo.sync.finish.",
        ),
        ({"enabled": False}, "disabled", "The listener is disabled."),
        (
            {"task_id": TASK},
            "other_task",
            f"It listens to task {TASK} only, not to this event, which happened in no task.",
        ),
        (
            {"when": "payload.result == payload.x"},
            "condition",
            'Its condition is false: payload.result == payload.x (payload.result is "failed", payload.x is "x").',
        ),
        ({"ended": True}, "ended", "Its task had ended, and with it the listener."),
    ],
)
def test_the_first_reason_is_given_as_a_code_and_a_sentence(changes, reason, sentence):
    """As the listener is now, for an event that was not fired."""
    decision = decided(replace(LISTENER, **changes))

    assert (reason, sentence, reason == "matched") == (decision.reason, decision.sentence, decision.matched)
    assert (ID, "ops", 0, False) == (
        decision.listener_id,
        decision.listener_name,
        decision.deliveries,
        decision.changed_after,
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"event_types": ("task.error",)}, {"enabled": False}),
        ({"enabled": False}, {"task_id": TASK}),
        ({"task_id": TASK}, {"when": "payload.result == 'x'"}),
        ({"when": "payload.result == 'x'"}, {"created_at": START + DAY, "changed_at": START + DAY}),
    ],
)
def test_of_several_reasons_the_one_of_the_rules_comes_first(first, second):
    """A listener that was registered too late would not have matched anyway."""
    alone = decided(replace(LISTENER, **first), fired=FIRED)
    both = decided(replace(LISTENER, **{**second, **first}), fired=FIRED)

    assert alone.reason == both.reason


def test_a_condition_that_fails_is_explained_with_the_values_that_exist():
    """So is a name that does not exist at the event."""
    decision = decided(replace(LISTENER, when="payload.added_count > 3 and payload.result == 'failed'"))

    assert DecisionReason.CONDITION_ERROR == decision.reason
    assert {"payload.result": "failed"} == decision.values
    assert 'payload.result is "failed", payload.added_count does not exist' in decision.sentence


@pytest.mark.parametrize(
    ("payload", "condition", "values"),
    [
        ({"n": [1, {"a": None}]}, "payload.n is defined and false", {"payload.n": [1, {"a": None}]}),
        ({"n": "x" * 5000}, "payload.n == ''", {"payload.n": "x" * 300 + "…"}),
        ({"n": {"k": "☎" * 900}}, "payload.n == ''", {"payload.n": '{"k": "' + "☎" * 293 + "…"}),
        ({"units": [{"name": "a"}, {}, {"name": "b"}]}, "payload.units[0].name == 'z'", None),
        ({"result": True}, "event.type == 'x' or labels.team == 'x'", {"event.type": "t", "labels.team": "storage"}),
    ],
)
def test_values_of_a_condition_are_shown_short(payload, condition, values):
    """Whatever they are."""
    listener = replace(LISTENER, event_types=("#",), when=condition, labels={"team": "storage"})

    decision = decided(listener, Event("t", payload))

    assert DecisionReason.CONDITION == decision.reason
    if values is not None:
        assert values == decision.values
    assert len(decision.sentence) < 600


def test_deliveries_that_exist_say_matched_whatever_the_listener_says_now():
    """It was changed since."""
    listener = replace(LISTENER, enabled=False, event_types=("task.error",), changed_at=START + DAY)

    decision = decided(listener, fired=replace(FIRED, deliveries={ID: 2}))

    assert ("matched", "It matched: 2 deliveries.", 2, True) == (
        decision.reason,
        decision.sentence,
        decision.deliveries,
        decision.changed_after,
    )


@pytest.mark.parametrize(
    ("created", "changed", "stored", "reason", "changed_after"),
    [
        (DAY, DAY, None, "matched", False),
        (DAY, DAY, START, "registered_after", False),
        (DAY, 2 * DAY, START, "registered_after", False),
        (-DAY, DAY, START, "changed_after", True),
        (-DAY, -DAY, START, "no_delivery", False),
        (timedelta(), timedelta(), START, "no_delivery", False),
        (-30 * DAY, -30 * DAY, START - 8 * DAY, "matched", False),
    ],
)
def test_a_listener_without_a_delivery_was_not_there_or_its_deliveries_are_old(
    created, changed, stored, reason, changed_after
):
    """What a listener is now says nothing about an event from before."""
    listener = replace(LISTENER, created_at=START + created, changed_at=START + changed)

    decision = decided(listener, fired=stored and replace(FIRED, stored_at=stored))

    assert (reason, changed_after) == (decision.reason, decision.changed_after)


def test_a_listener_from_before_times_were_recorded_is_judged_as_it_is():
    """It was registered with an older release."""
    decision = decided(
        replace(LISTENER, created_at=None, changed_at=None, when="payload.result == 'success'"), fired=FIRED
    )

    assert (DecisionReason.CONDITION, False) == (decision.reason, decision.changed_after)
