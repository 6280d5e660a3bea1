"""What a source hands over: events, task reports and values to remember, in one transaction under its lease."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.errors import LeaseLost
from pulp_notifiers.event import Event, derived_id
from pulp_notifiers.records import Kept, Listener
from pulp_notifiers.task import TaskReport
from pulp_notifiers.testing.source import RecordingIntake
from tests.support.memory import START
from tests.support.watch_source import LEASE, a_source, claim_sources, dispatcher_of, intake_of, listen, owed

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


def report(state: str, task_id: str = TASK, **values) -> TaskReport:
    return TaskReport(id="5f0c1e2d3a4b5c6d7e8f9012", task_id=task_id, state=state, **values)


def test_events_and_what_the_source_remembers_are_written_together(store):
    """Remembered values are read back unchanged, and None forgets a key."""
    listen(store, "a")
    store.sources.add(a_source())
    claim_sources(store)
    intake = intake_of(store)

    intake.take([Event("a", {}), Event("b", {})], remember={"position": [1, {"x": "ü\x00"}], "b": 0.5})
    intake.take([Event("a", {})], remember={"b": None, "c": False})

    assert {"position": [1, {"x": "ü\x00"}], "c": False} == intake.remembered()
    assert ["a", "a"] == owed(store)


def test_a_source_without_its_lease_writes_nothing(store):
    """Neither events nor memory are written after the lease was lost or the source removed."""
    listen(store, "a")
    store.sources.add(a_source())
    claim_sources(store)
    intake = intake_of(store)
    claim_sources(store, "two", START + LEASE)

    with pytest.raises(LeaseLost):
        intake.take([Event("a", {})], remember={"n": 1})
    store.sources.delete("source-1")
    with pytest.raises(LeaseLost):
        intake_of(store, "two").take([Event("a", {})], remember={"n": 1})

    assert [] == owed(store)
    assert {} == store.sources.memory(a_source().id)


def test_a_source_without_its_lease_publishes_nothing(store):
    """It notices even if no listener matches what it brings."""
    store.sources.add(a_source())
    claim_sources(store)
    published: list[TaskReport] = []
    intake = intake_of(store, published=published)
    intake.take(reports=[report("waiting")])
    claim_sources(store, "two", START + LEASE)

    with pytest.raises(LeaseLost):
        intake.take(reports=[report("running")])
    with pytest.raises(LeaseLost):
        intake.take([Event("unwanted", {})])

    assert ["waiting"] == [each.state for each in published]


def test_an_event_or_value_without_a_json_form_is_refused_with_everything_beside_it(store):
    """No transaction is started."""
    listen(store, "a")
    store.sources.add(a_source())
    claim_sources(store)
    intake = intake_of(store)

    for wrong in ({"n": object()}, {"n": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            intake.take([Event("a", {}), Event("a", wrong)], remember={"n": 1})
        with pytest.raises((TypeError, ValueError)):
            intake.take([Event("a", {})], remember=wrong)
    with pytest.raises(ValueError, match="1 to 255 characters"):
        intake.take(remember={"": 1})

    assert ([], {}) == (owed(store), intake.remembered())


def test_each_new_state_in_task_reports_is_one_event_and_every_report_is_published(store):
    """The event names the source, and its id is the same from every source."""
    listen(store, "task.#")
    store.sources.add(a_source())
    claim_sources(store)
    published: list[TaskReport] = []
    intake = intake_of(store, published=published)

    intake.take(reports=[report("waiting"), report("running"), report("running"), report("finished")])
    intake.take(reports=[report("finished"), report("running", "other")], publish=False)
    intake_of(store).take(reports=[report("finished")])

    assert ["task.finished", "task.running", "task.running", "task.waiting"] == owed(store)
    assert ["waiting", "running", "running", "finished"] == [each.state for each in published]
    claims = store.claims.claim(START, START + LEASE, 10).claims
    assert {"watch:source-1"} == {owed.event.source for claim in claims for owed in claim.deliveries}


def test_reports_that_could_not_be_written_are_new_when_they_are_handed_over_again(store):
    """None of them was published."""
    listen(store, "task.finished")
    store.sources.add(a_source())
    published: list[TaskReport] = []
    intake = intake_of(store, published=published)

    with pytest.raises(LeaseLost):
        intake.take(reports=[report("finished")], remember={"n": 1})
    assert [] == published
    claim_sources(store)
    intake.take(reports=[report("finished")], remember={"n": 1})

    assert ["task.finished"] == owed(store)
    assert 1 == len(published)


def test_a_report_without_a_json_form_does_not_stop_the_others(store, caplog):
    """The log says which event is missing."""
    listen(store, "task.*")
    store.sources.add(a_source())
    claim_sources(store)

    intake_of(store).take(reports=[report("error", result=object()), report("finished", "other")], remember={"n": 1})

    assert ["task.finished"] == owed(store)
    assert "has no JSON form and is dropped" in caplog.text


def test_a_listener_on_a_task_gets_no_later_event_of_the_same_transaction(store):
    """The result is the same as for events that are fired one by one."""
    listen(store, "task.*", task_id=TASK)
    store.sources.add(a_source())
    claim_sources(store)
    after = Event("task.error", {}, {"task_id": TASK})

    intake_of(store).take([after], reports=[report("running"), report("finished")], remember={"n": 1})

    assert ["task.finished", "task.running"] == owed(store)
    assert [] == store.listeners.all()[1]


def test_a_listener_that_another_process_just_registered_gets_the_events_of_a_source(open_store):
    """The revision has changed, and what is remembered is written once."""
    store = open_store()
    store.sources.add(a_source())
    claim_sources(store)
    intake = intake_of(store)
    intake.take([Event("a", {})], remember={"n": 1})

    listen(open_store(), "a")
    intake.take([Event("a", {})], remember={"n": 2})

    assert ["a"] == owed(store)
    assert {"n": 2} == intake.remembered()


def test_handing_over_nothing_does_not_use_the_database(store):
    """Not even the lease is checked."""
    intake = intake_of(store)
    store.close()

    intake.take()
    intake.take(reports=[])


@pytest.mark.parametrize("value", ["caf\udce9", 10**400, float("nan"), object()])
def test_a_status_that_no_json_answer_can_contain_is_refused(store, value):
    """Otherwise one source would break the list of all sources."""
    with pytest.raises((TypeError, ValueError)):
        intake_of(store).update_status(lag_seconds=[value])
    with pytest.raises((TypeError, ValueError)):
        RecordingIntake().update_status(lag_seconds=[value])


def test_two_sources_that_write_at_the_same_time_both_succeed(open_store):
    """They wait for each other's rows without a deadlock."""
    stores = [open_store() for _ in range(2)]
    listen(stores[0], "a")
    for number in (1, 2):
        stores[0].sources.add(a_source(number))
        claim_sources(stores[number - 1], f"owner-{number}")

    def take(number: int) -> None:
        store = stores[number - 1]
        for step in range(30):
            batch = [Event("a", {"repo_id": f"r{(step * number + each) % 7}"}) for each in range(10)]
            kept = Kept(a_source(number).id, f"owner-{number}", {"step": step})
            assert 10 == dispatcher_of(store).fire_all(batch, kept)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, (1, 2)))

    assert 600 == stores[0].history.backlog().pending
    assert [{"step": 29}] * 2 == [stores[0].sources.memory(a_source(number).id) for number in (1, 2)]


def test_a_source_can_ask_what_listeners_of_an_event_type_include(store):
    """Listeners of other types do not count."""
    store.sources.add(a_source())
    claim_sources(store)
    listener = Listener("mail", {}, ("*",), include=("content",), id="0" * 24)
    store.listeners.add(listener)

    intake = intake_of(store)

    assert {"content"} == intake.included("repo.sync.finish")
    assert frozenset() == intake.included("task.finished")


def test_the_id_of_an_event_of_a_source_cannot_be_taken_by_others(store):
    """An id that a plugin derives in a way that anybody can foresee is replaced, always by the same one."""
    listen(store, "a")
    store.sources.add(a_source())
    claim_sources(store)
    foreseen, protected = uuid5(NAMESPACE_DNS, "fact"), derived_id(NAMESPACE_DNS, "fact")
    dispatcher_of(store).fire(Event("a", {"by": "somebody"}, id=foreseen))

    for _ in range(2):
        intake_of(store).take([Event("a", {"by": "source"}, id=each) for each in (foreseen, protected)])

    ids = [UUID(delivery.event_id) for delivery in Deliveries(store.history).list()[1]]
    assert (3, protected, foreseen) == (len(ids), ids[0], ids[2])
    assert (8, True) == (ids[1].version, ids[1] != protected)


def test_a_source_that_hands_over_another_event_under_a_known_id_goes_on(store, caplog):
    """The first event counts, and the position moves."""
    listen(store, "a")
    store.sources.add(a_source())
    claim_sources(store)
    intake = intake_of(store)
    event_id = derived_id(NAMESPACE_DNS, "fact")

    for number in range(3):
        intake.take([Event("a", {"n": number}, id=event_id)], remember={"n": number})

    assert ["a"] == owed(store)
    assert {"n": 2} == intake.remembered()
    assert 1 == len([record for record in caplog.records if "another event has its id" in record.message])


def test_a_source_reports_each_run_of_a_task_id_that_comes_back(store):
    """Messages that are delivered again add nothing."""
    listen(store, "task.*")
    store.sources.add(a_source())
    claim_sources(store)

    for day in (1, 1, 2, 3):
        started = datetime(2026, 11, day, tzinfo=UTC)
        intake_of(store).take(reports=[report(state, start_time=started) for state in ("running", "error", "error")])

    assert ["task.error"] * 3 + ["task.running"] * 3 == owed(store)


def test_kept_events_of_a_source_are_stored_once_although_nobody_listens(open_store):
    """Also if another process takes over and repeats them; with each, what the source remembers is written."""
    first, second = open_store(), open_store()
    first.sources.add(a_source())
    claim_sources(first)
    events = [Event("repo.sync.start", {"repo_id": "zoo"}), Event("repo.sync.finish", {"repo_id": "zoo"})]

    intake = intake_of(first, kept_types=("repo.#",))
    intake.take([*events, Event("other.type", {})], remember={"cursor": 1})
    claim_sources(second, "two", START + LEASE)
    with pytest.raises(LeaseLost):
        intake.take(events, remember={"cursor": 2})
    intake_of(second, "two", kept_types=("repo.#",)).take(events, remember={"cursor": 3})

    count, rows = second.events.list((), (), 10, 0)
    assert (2, ["repo.sync.finish", "repo.sync.start"]) == (count, [row.type for row in rows])
    assert {"cursor": 3} == second.sources.memory(a_source().id)


def test_a_source_is_asked_for_kept_events_and_not_for_what_only_decorates_them(store):
    """Names of content are looked up only if a listener asks for them."""
    intake = intake_of(store, kept_types=("repo.#",))

    assert intake.wants("repo.version.created")
    assert not intake.wants("task.finished", TASK)
    assert frozenset() == intake.included("repo.version.created")
