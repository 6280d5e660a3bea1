"""Conditions decide together with the types, and cost only events that have them."""

from dataclasses import replace
from random import Random

import pytest

from pulp_notifiers.dispatch import EventFacts, ListenerCondition
from pulp_notifiers.dispatch.judgement import Reason, judge
from pulp_notifiers.dispatch.routes import Route, Routes
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener, Owed
from tests.support.dispatching import TASK, dispatching, mail, on_task, task_event, watched

FAILED = "payload.result == 'failed'"


def listener(number, when=None, types=("repo.#",), **fields):
    """Return a listener with a condition."""
    return Listener("mail", {"addresses": ["a"]}, types, id=f"{number:024}", when=when, **fields)


def routes(*listeners):
    """Return the routes to listeners, each with one target."""
    return Routes(1, [route(each) for each in listeners])


def route(each):
    """Return the route to a listener."""
    owed = Owed(each.id, "mail", "")
    condition = ListenerCondition.of(each)
    return Route(each.event_types, each.task_id, frozenset(), owed, (owed,), each.enabled, condition)


def got(known, event):
    """Return the numbers of the listeners that get an event."""
    return [int(owed.listener_id) for owed in known.owed(event)]


def event(event_type="repo.sync.finish", **payload):
    """Return an event about a repository."""
    return Event(event_type, payload)


def facts(*events):
    """Return events with what conditions read of them."""
    return [EventFacts(each) for each in events]


class CountedFacts(dict):
    """A payload that counts how often it is encoded; conditions read what is sent."""

    encoded = 0

    def items(self):
        """Count one encoding."""
        CountedFacts.encoded += 1
        return super().items()


def test_a_listener_gets_events_of_its_types_for_which_its_condition_is_true():
    """One without condition gets all of them."""
    known = routes(listener(1, FAILED), listener(2), listener(3, FAILED, ("task.#",)))

    assert [2, 1] == got(known, event(result="failed"))
    assert [2] == got(known, event(result="success"))


@pytest.mark.parametrize("other", ["repo.sync.start", "task.error"])
def test_a_condition_is_not_evaluated_for_events_of_other_types(other):
    """So it cannot fail for them."""
    [decided] = routes(listener(1, FAILED, ("repo.sync.finish",))).batch(facts(event(other)))

    assert ([], []) == (list(decided.owed), list(decided.failed))


def test_a_condition_that_cannot_be_evaluated_does_not_match_and_is_reported():
    """The other listeners get the event."""
    [decided] = routes(listener(1, FAILED), listener(2, "payload.x == 1"), listener(3)).batch(facts(event(x=1)))

    assert [f"{3:024}", f"{2:024}"] == [owed.listener_id for owed in decided.owed]
    assert [(f"{1:024}", "payload.result does not exist.")] == decided.failed


def test_a_condition_of_another_release_that_does_not_compile_does_not_match_and_is_reported():
    """Listeners are read nevertheless."""
    [decided] = routes(listener(1, "payload.x is nosuchtest"), listener(2, "(")).batch(facts(event(x=1)))

    assert [] == decided.owed
    assert [1, 2] == [int(listener_id) for listener_id, _ in decided.failed]
    assert all("This release does not accept the condition. Line 1, column " in why for _, why in decided.failed)


def test_a_disabled_listener_gets_nothing():
    """Sources need not ask for what it wants either."""
    known = routes(listener(1, enabled=False))

    assert [] == got(known, event())
    assert not known.any_match("repo.sync.finish", None)
    wishing = replace(route(listener(2, enabled=False)), include=frozenset({"content"}))
    assert frozenset() == Routes(1, [wishing]).included("repo.sync.finish")


def test_a_disabled_listener_on_a_task_still_ends_with_it():
    """Otherwise it would stay for ever."""
    known = routes(replace(on_task("t" * 24, "task.*"), enabled=False), on_task("u" * 24, "task.*"))

    [decided] = known.batch(facts(task_event("task.finished")))

    assert ["u" * 24] == [owed.listener_id for owed in decided.owed]
    assert ["t" * 24, "u" * 24] == decided.ended
    assert known.any_match("task.running", TASK)


def test_a_listener_on_a_task_has_conditions_too():
    """It ends with its task although its condition is false, and gets nothing after that."""
    on = [replace(on_task(f"{n:024}", "task.*"), when=when) for n, when in enumerate(["event.type == 'task.error'"])]
    known = routes(*on, replace(on_task("b" * 24, "task.*"), when="payload.nothing"))

    decided = known.batch(facts(task_event("task.error"), task_event("task.error")))

    assert [1, 0] == [len(each.owed) for each in decided]
    assert [1, 0] == [len(each.failed) for each in decided]
    assert [f"{0:024}", "b" * 24] == decided[0].ended


def test_conditions_do_not_count_where_sources_ask_who_listens():
    """What is left out there could not be evaluated later."""
    known = routes(listener(1, "payload.result == 'failed'"))

    assert known.any_match("repo.sync.finish", None)
    assert not known.any_match("task.error", None)


def test_an_event_is_encoded_once_for_all_conditions_and_not_for_other_listeners():
    """What conditions have read is what is stored, whatever its owner does with the payload meanwhile."""
    CountedFacts.encoded = 0
    payload = CountedFacts(result="failed")
    fired = Event("repo.sync.finish", payload)
    without = routes(listener(1)).batch(facts(fired))
    assert 0 == CountedFacts.encoded

    [decided] = routes(*(listener(n, f"{FAILED} or payload.n == {n}") for n in range(20))).batch(facts(fired))
    payload["result"] = "success"

    assert fired is without[0].event
    assert "failed" == decided.event.payload["result"]
    assert (fired.id, fired.type, fired.occurred_at, fired.source) == (
        decided.event.id,
        decided.event.type,
        decided.event.occurred_at,
        decided.event.source,
    )
    assert 20 == len(decided.owed)


def test_a_condition_is_not_evaluated_again_because_another_listener_has_changed():
    """Else many conditions and frequent changes would hold up an event; what a listener itself changed counts."""
    CountedFacts.encoded = 0
    fired = facts(Event("repo.sync.finish", CountedFacts(n=1, repo_id="b")))
    named = listener(2, "payload.repo_id == listener.name or payload.repo_id == labels.repo", name="a")
    before = routes(listener(1, "payload.n == 1"), replace(named, labels={"repo": "c"})).batch(fired)
    encoded = CountedFacts.encoded
    after = [
        routes(listener(1, "payload.n == 1"), listener(3), each).batch(fired)
        for each in (replace(named, labels={"repo": "b"}), replace(named, name="b", labels={"repo": "c"}), named)
    ]

    assert (encoded, 1) == (CountedFacts.encoded, len(before[0].owed))
    assert [[3, 1, 2], [3, 1, 2], [3, 1]] == [[int(owed.listener_id) for owed in one[0].owed] for one in after]


def test_conditions_read_the_labels_and_the_name_of_their_own_listener():
    """Equal texts of different listeners are then different conditions."""
    by_label = "payload.repo_id == labels.repo"
    by_name = "listener.name == payload.repo_id"
    known = routes(
        listener(1, by_label, labels={"repo": "abc"}),
        listener(2, by_label, labels={"repo": "bcd"}),
        listener(3, by_name, name="abc"),
        listener(4, by_name, name="bcd"),
        listener(5, "labels is defined and labels.repo is undefined"),
    )

    assert [1, 3, 5] == got(known, event(repo_id="abc"))
    assert [2, 4, 5] == got(known, event(repo_id="bcd"))


def test_equal_conditions_have_one_result_for_each_event():
    """Those with the same text, and the same labels or listener if they read them."""
    conditions = [
        ListenerCondition.of(listener(number, when, labels={"team": team}))
        for number in range(10)
        for team in ("x", "y")
        for when in (FAILED, "labels.team == 'x'", "listener.id == 'x'")
    ]

    assert 1 + 2 + 20 == len({condition.key for condition in conditions})


def test_all_facts_of_a_condition_can_be_shown():
    """Also those that it does not read."""
    facts = EventFacts(event(x=1)).of(ListenerCondition.of(listener(1, FAILED, name="n", labels={"a": "b"})))

    assert {"event", "payload", "report", "labels", "listener"} == facts.keys()
    assert ({"x": 1}, {"a": "b"}, "n") == (facts["payload"], facts["labels"], facts["listener"]["name"])


def test_an_event_that_no_database_could_store_is_refused_as_without_conditions():
    """The caller gets the same exception."""
    with pytest.raises(TypeError):
        routes(listener(1, FAILED)).batch(facts(event(result=object())))


def test_a_changed_condition_counts_for_the_next_event():
    """The transaction that writes an event checks the revision of the listeners."""
    dispatcher, outbox, table = dispatching(replace(mail("m", ["a"], "repo.#"), when=FAILED))

    assert 1 == dispatcher.fire(event(result="failed"))
    table.add(replace(mail("m", ["a"], "repo.#"), when="payload.result == 'success'"))

    assert 0 == dispatcher.fire(event(result="failed"))
    table.add(replace(mail("m", ["a"], "repo.#"), when="payload.result == 'failed'", enabled=False))
    assert 0 == dispatcher.fire(event(result="failed"))
    assert 3 == len(outbox.written)


def test_an_event_for_one_listener_ignores_its_condition():
    """Code of Pulp 2 publishes to exchanges directly."""
    dispatcher, outbox, _ = dispatching(replace(mail("m", ["a"]), when="1 == 2"))

    assert dispatcher.fire_to("m", event())
    assert 1 == len(outbox.written[0][1])


def test_sources_learn_about_disabled_listeners_when_they_ask_again():
    """As about any change."""
    dispatcher, table, seconds = watched(mail("m", ["a"], "repo.#"))
    assert dispatcher.wants("repo.sync.finish")

    table.add(replace(mail("m", ["a"], "repo.#"), enabled=False))
    seconds[0] += 1

    assert not dispatcher.wants("repo.sync.finish")


CONDITIONS = [
    None,
    FAILED,
    "payload.repo_id is glob('prod-*')",
    "report is none",
    "report.state == 'error'",
    "labels.team == 'a'",
    "labels.team is defined and labels.team == payload.repo_id",
    "listener.name == 'n1'",
    "payload.x is nosuchtest",
    "payload.count > 3",
]


@pytest.mark.parametrize("seed", range(40))
def test_routes_and_the_judgement_of_single_listeners_agree(seed):
    """For random listeners and events: who gets it, and whose condition failed."""
    random = Random(seed)
    patterns = ["#", "*", "repo.#", "repo.sync.finish", "task.*", "task.error", "my.type"]
    listeners = [
        listener(
            number,
            random.choice(CONDITIONS),
            tuple(random.sample(patterns, random.randint(0, 3))),
            enabled=random.random() < 0.8,
            task_id=random.choice([None, None, TASK, "another"]),
            labels=random.choice([{}, {"team": "a"}, {"team": "prod-1"}]),
            name=f"n{number}",
        )
        for number in range(60)
    ]
    known = routes(*listeners)
    for _ in range(20):
        payload = {"result": random.choice(["failed", "success"]), "repo_id": random.choice(["prod-1", "a"])}
        payload |= random.choice([{}, {"count": 4}, {"count": "x"}])
        report = random.choice([None, {"task_id": TASK, "state": "error"}, {"task_id": "third"}])
        fired = Event(random.choice(["repo.sync.finish", "repo.sync.start", "task.error", "my.type"]), payload, report)
        [decided] = known.batch(facts(fired))
        judged = {each.id: judge(each, EventFacts(fired)) for each in listeners}

        assert {owed.listener_id for owed in decided.owed} == {id_ for id_, each in judged.items() if each.matched}
        assert dict(decided.failed) == {
            id_: each.problem for id_, each in judged.items() if each.reason is Reason.ERROR
        }


def test_the_first_reason_why_a_listener_does_not_get_an_event_is_given():
    """In the order type, disabled, task, condition."""
    fired = event(result="success", x=1)
    wrong = {"enabled": False, "task_id": "other", "when": FAILED}

    assert [Reason.TYPE, Reason.DISABLED, Reason.TASK, Reason.CONDITION, Reason.MATCHED] == [
        judge(each, EventFacts(fired)).reason
        for each in (
            listener(1, types=("task.*",), **wrong),
            listener(1, **wrong),
            listener(1, **{**wrong, "enabled": True}),
            listener(1, FAILED),
            listener(1, "payload.x == 1"),
        )
    ]
