"""Sources: what is kept of them, who holds them, and what they write, on SQLite and PostgreSQL alike."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from pulp_notifiers.dispatch import Dispatcher, TaskEvents
from pulp_notifiers.errors import InvalidSetting, InvalidSource, LeaseLost, NoSuchSource, SourceUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.plugin_host import LoadedSourceType
from pulp_notifiers.records import (
    Kept,
    Listener,
    RegisteredSource,
    SourceChange,
    SourceDraft,
    SourceState,
    SourceStatus,
)
from pulp_notifiers.source import Check, Intake, Source, SourceConfig
from pulp_notifiers.sources import Engine, Sources
from pulp_notifiers.sources.intake import SourceIntake
from pulp_notifiers.store import Store, Vault
from pulp_notifiers.task import TaskReport
from pulp_notifiers.testing.source import RecordingIntake
from tests.support.memory import START, Clock, NotifierTable

NOW = START
LEASE = timedelta(seconds=20)
TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


class Options(SourceConfig):
    url: str
    password: SecretStr | None = None


class Watching(Source[Options]):
    """Finds out whether its URL is one."""

    Config = Options

    def check(self, config: Options) -> Sequence[Check]:
        if config.url == "boom":
            raise KeyError("boom")
        return [Check("the server", config.url.startswith("http"), "answers")]

    def run(self, config: Options, intake: Intake) -> None: ...


class Types:
    """One installed source type."""

    def get(self, plugin_type: str) -> LoadedSourceType:
        if plugin_type != "watch":
            raise SourceUnavailable(plugin_type, f"No source {plugin_type!r} is installed.")
        return LoadedSourceType("watch", Watching)


class ToEverybody(Notifier[NotifierConfig]):
    def send(self, event: Event, config: NotifierConfig, target: str) -> None: ...


def a_source(number: int = 1) -> RegisteredSource:
    return RegisteredSource(f"source-{number}", "watch", {"url": "http://a"}, NOW, id=f"{number:024x}")


@pytest.fixture
def sources(store: Store) -> Sources:
    return Sources(store.sources, Types(), clock=Clock())


def held(store: Store, owner: str = "one", now=NOW) -> list[str]:
    return [source.name for source in store.sources.claim(owner, now, now + LEASE)]


def an_intake(store: Store, owner: str = "one", published: list[TaskReport] | None = None) -> SourceIntake:
    dispatcher = Dispatcher(store.listeners, store.outbox, NotifierTable(mail=ToEverybody), clock=Clock())
    engine = Engine(
        store.installation(),
        dispatcher,
        TaskEvents(dispatcher.wants, dispatcher.fire),
        store.sources.memory,
        [].append if published is None else published.append,
    )
    return SourceIntake(engine, a_source(), owner)


def listen(store: Store, *event_types: str, task_id: str | None = None) -> None:
    number = len(store.listeners.all()[1])
    store.listeners.add(Listener("mail", {}, event_types, task_id, id=f"{number:024x}"))


def owed(store: Store) -> list[str]:
    return sorted(delivery.event_type for delivery in store.history.deliveries()[1])


def report(state: str, task_id: str = TASK, **values) -> TaskReport:
    return TaskReport(id="5f0c1e2d3a4b5c6d7e8f9012", task_id=task_id, state=state, **values)


def test_an_added_source_is_listed_shown_and_removed(sources):
    """By its name, with its secrets masked."""
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z", "password": "hush-hush"}))
    added = sources.add(SourceDraft("ape", "watch", {"url": "http://a"}))

    assert ["ape", "zoo"] == [source.name for source in sources.list()]
    assert added == sources.get("ape")
    assert {"url": "http://z", "password": "*****"} == sources.shown_config(sources.get("zoo"))
    sources.remove("zoo")
    assert ["ape"] == [source.name for source in sources.list()]
    for ask in (sources.get, sources.remove, sources.status, sources.check):
        with pytest.raises(NoSuchSource, match="'zoo'"):
            ask("zoo")


def test_everything_that_is_wrong_with_a_source_is_told_at_once(sources):
    """Unknown options are named, and values are not repeated."""
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))

    with pytest.raises(InvalidSource) as refused:
        sources.add(SourceDraft("zoo", "watch", {"password": 5, "colour": "x"}))
    with pytest.raises(InvalidSource) as unknown:
        sources.add(SourceDraft("a" * 65, "tail", {}))
    with pytest.raises(InvalidSource) as masked:
        sources.add(SourceDraft("ape", "watch", {"url": "http://a", "password": "*****"}))

    assert {"name", "config.url", "config.password", "config.colour"} == set(refused.value.problems)
    assert ["Unexpected field"] == refused.value.problems["config.colour"]
    assert {"name", "source_type"} == set(unknown.value.problems)
    assert {"config.password"} == set(masked.value.problems)


@pytest.mark.parametrize("name", ["", ".", "..", "-x", "a b", "a/b", "ä", "a\n", "a" * 65])
def test_names_are_plain_words(sources, name):
    """They stand in URLs and on command lines."""
    with pytest.raises(InvalidSource, match="Write 1 to 64 letters"):
        sources.add(SourceDraft(name, "watch", {"url": "http://z"}))
    with pytest.raises(NoSuchSource):
        sources.get(name)


def test_a_source_whose_plugin_is_gone_shows_no_option(sources):
    """Nobody can say which are secret."""
    gone = RegisteredSource("gone", "other", {"url": "u"}, NOW, id="1" * 24)

    assert {"url": "*****"} == sources.shown_config(gone)


def test_checks_look_at_stored_and_at_intended_configs(sources):
    """And a check that fails to look is a finding too."""
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))

    assert [Check("the server", True, "answers")] == list(sources.check("zoo"))
    assert not sources.check_config("watch", {"url": "ftp://z"})[0].passed
    (failed,) = sources.check_config("watch", {"url": "boom"})
    assert "The watch source's check failed: KeyError: 'boom'" == failed.finding
    with pytest.raises(InvalidSource, match="url"):
        sources.check_config("watch", {})


def test_one_name_is_one_source_however_many_add_it_at_once(open_store):
    """The database decides."""
    stores = [open_store() for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        rows = zip(stores, map(a_source, range(4)), strict=True)
        outcomes = list(pool.map(lambda each: each[0].sources.add(_renamed(each[1])), rows))

    assert [False, False, False, True] == sorted(outcomes)


def _renamed(source: RegisteredSource) -> RegisteredSource:
    return RegisteredSource("zoo", source.source_type, source.config, source.created_at, id=source.id)


def test_configs_are_sealed_at_rest_and_the_key_is_required_for_them(store, database_url, tmp_path):
    """A missing key file is told at start although there is no listener."""
    store.sources.add(RegisteredSource("zoo", "watch", {"password": "hush-hush"}, NOW, id="1" * 24))
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM sources")).one()
    engine.dispose()
    (tmp_path / "key").unlink()
    again = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))

    with pytest.raises(InvalidSetting, match="is missing, but the database holds"):
        again.open_cipher()

    again.close()
    assert "hush" not in str(row)


def test_an_installation_has_a_number_of_its_own(open_store):
    """Drawn once, and the same for every process."""
    assert open_store().installation() == open_store().installation()
    assert 16 == len(open_store().installation())


def test_who_runs_a_source_that_is_changed_can_write_no_more(store, sources):
    """Until somebody has begun it anew, with the new options."""
    store.sources.add(a_source())
    held(store, "one")
    an_intake(store).take(remember={"seen": 1})

    sources.update("source-1", SourceChange({"url": "http://b"}))

    with pytest.raises(LeaseLost):
        an_intake(store).take(remember={"seen": 2})
    assert ["source-1"] == held(store, "two")
    assert {"url": "http://b"} == store.sources.get("source-1").config
    assert {"seen": 1} == an_intake(store, "two").remembered()


def test_the_lease_of_an_owner_that_has_died_is_not_waited_for(store, sources):
    """Those of all others are."""
    sources.add(SourceDraft("ape", "watch", {"url": "http://a"}))
    assert ["ape"] == held(store, "killed")
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))
    assert ["zoo"] == held(store, "alive")

    taken = store.sources.claim("next", NOW, NOW + LEASE, has_died="killed".__eq__)

    assert ["ape"] == [source.name for source in taken]
    assert ["next", "alive"] == [sources.status(name).holder for name in ("ape", "zoo")]


def test_a_source_is_held_by_one_owner_until_its_lease_ends(store):
    """Or until it is released."""
    store.sources.add(a_source(1))
    store.sources.add(a_source(2))

    assert ["source-1", "source-2"] == held(store, "one")
    assert [] == held(store, "two")
    store.sources.release("one", a_source(1).id)
    assert ["source-1"] == held(store, "two")
    assert ["source-1", "source-2"] == held(store, "three", NOW + LEASE)


def test_renewing_prolongs_keeps_the_status_and_tells_who_holds_what(store):
    """Of what was lost or removed nothing is written."""
    for number in (1, 2, 3):
        store.sources.add(a_source(number))
    held(store, "one")
    store.sources.release("one", a_source(2).id)
    held(store, "two")
    store.sources.delete("source-3")
    failing = SourceStatus(SourceState.FAILING, None, "No answer.", NOW, {"lag_seconds": 2}, NOW)

    holders = store.sources.renew("one", NOW + 2 * LEASE, {a_source(n).id: failing for n in (1, 2, 3)})

    assert {a_source(1).id: "one", a_source(2).id: "two"} == holders
    assert [] == held(store, "three", NOW + LEASE - timedelta(seconds=1))
    later = NOW + LEASE
    expected = SourceStatus(SourceState.FAILING, "one", "No answer.", NOW, {"lag_seconds": 2}, NOW)
    assert expected == store.sources.status(a_source(1).id, later)
    assert SourceState.WAITING == store.sources.status(a_source(2).id, later).state
    assert store.sources.status(a_source(3).id, later) is None
    assert {"source-1": expected, "source-2": SourceState.WAITING} == {
        name: status if name == "source-1" else status.state for name, status in store.sources.statuses(later).items()
    }


def test_a_lease_that_was_written_while_a_clock_was_wrong_is_not_waited_for(store):
    """As with lanes."""
    store.sources.add(a_source())
    held(store, "one", NOW + timedelta(days=400))

    assert ["source-1"] == held(store, "two")


def test_what_a_source_takes_and_remembers_is_written_together(store):
    """Values come back as they were; null forgets."""
    listen(store, "a")
    store.sources.add(a_source())
    held(store)
    intake = an_intake(store)

    intake.take([Event("a", {}), Event("b", {})], remember={"position": [1, {"x": "ü\x00"}], "b": 0.5})
    intake.take([Event("a", {})], remember={"b": None, "c": False})

    assert {"position": [1, {"x": "ü\x00"}], "c": False} == intake.remembered()
    assert ["a", "a"] == owed(store)


def test_a_source_that_was_lost_or_removed_writes_nothing(store):
    """Neither events nor memory."""
    listen(store, "a")
    store.sources.add(a_source())
    held(store)
    intake = an_intake(store)
    held(store, "two", NOW + LEASE)

    with pytest.raises(LeaseLost):
        intake.take([Event("a", {})], remember={"n": 1})
    store.sources.delete("source-1")
    with pytest.raises(LeaseLost):
        an_intake(store, "two").take([Event("a", {})], remember={"n": 1})

    assert [] == owed(store)
    assert {} == store.sources.memory(a_source().id)


def test_a_source_that_was_lost_publishes_nothing_either(store):
    """And is told so, though no listener wants what it brings."""
    store.sources.add(a_source())
    held(store)
    published: list[TaskReport] = []
    intake = an_intake(store, published=published)
    intake.take(reports=[report("waiting")])
    held(store, "two", NOW + LEASE)

    with pytest.raises(LeaseLost):
        intake.take(reports=[report("running")])
    with pytest.raises(LeaseLost):
        intake.take([Event("unwanted", {})])

    assert ["waiting"] == [each.state for each in published]


def test_an_event_without_a_json_form_is_refused_with_all_that_came_with_it(store):
    """The transaction is never begun."""
    listen(store, "a")
    store.sources.add(a_source())
    held(store)
    intake = an_intake(store)

    for wrong in ({"n": object()}, {"n": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            intake.take([Event("a", {}), Event("a", wrong)], remember={"n": 1})
        with pytest.raises((TypeError, ValueError)):
            intake.take([Event("a", {})], remember=wrong)
    with pytest.raises(ValueError, match="1 to 255 characters"):
        intake.take(remember={"": 1})

    assert ([], {}) == (owed(store), intake.remembered())


def test_task_reports_become_events_once_and_are_published_afterwards(store):
    """Under the name of the source, with the id that everybody gives them."""
    listen(store, "task.#")
    store.sources.add(a_source())
    held(store)
    published: list[TaskReport] = []
    intake = an_intake(store, published=published)

    intake.take(reports=[report("waiting"), report("running"), report("running"), report("finished")])
    intake.take(reports=[report("finished"), report("running", "other")], publish=False)
    an_intake(store).take(reports=[report("finished")])

    assert ["task.finished", "task.running", "task.running", "task.waiting"] == owed(store)
    assert ["waiting", "running", "running", "finished"] == [each.state for each in published]
    claims = store.claims.claim(NOW, NOW + LEASE, 10)
    assert {"watch:source-1"} == {owed.event.source for claim in claims for owed in claim.deliveries}


def test_reports_that_could_not_be_written_are_news_when_they_come_again(store):
    """And nothing of them is published."""
    listen(store, "task.finished")
    store.sources.add(a_source())
    published: list[TaskReport] = []
    intake = an_intake(store, published=published)

    with pytest.raises(LeaseLost):
        intake.take(reports=[report("finished")], remember={"n": 1})
    assert [] == published
    held(store)
    intake.take(reports=[report("finished")], remember={"n": 1})

    assert ["task.finished"] == owed(store)
    assert 1 == len(published)


def test_a_report_that_cannot_be_written_down_holds_up_no_other(store, caplog):
    """The log says what is missing."""
    listen(store, "task.*")
    store.sources.add(a_source())
    held(store)

    an_intake(store).take(reports=[report("error", result=object()), report("finished", "other")], remember={"n": 1})

    assert ["task.finished"] == owed(store)
    assert "has no JSON form and is dropped" in caplog.text


def test_a_listener_on_a_task_gets_nothing_after_its_end_in_the_same_transaction(store):
    """As if the events had come one by one."""
    listen(store, "task.*", task_id=TASK)
    store.sources.add(a_source())
    held(store)
    after = Event("task.error", {}, {"task_id": TASK})

    an_intake(store).take([after], reports=[report("running"), report("finished")], remember={"n": 1})

    assert ["task.finished", "task.running"] == owed(store)
    assert [] == store.listeners.all()[1]


def test_a_listener_registered_elsewhere_a_moment_ago_is_not_missed(open_store):
    """The revision tells, and what is remembered is written once."""
    store = open_store()
    store.sources.add(a_source())
    held(store)
    intake = an_intake(store)
    intake.take([Event("a", {})], remember={"n": 1})

    listen(open_store(), "a")
    intake.take([Event("a", {})], remember={"n": 2})

    assert ["a"] == owed(store)
    assert {"n": 2} == intake.remembered()


def test_a_removed_source_takes_its_memory_along(store, sources, database_url):
    """One of the same name begins anew."""
    first = sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))
    held(store)
    store.outbox.add_all((), 0, NOW, Kept(first.id, "one", {"n": 1}))
    sources.remove("zoo")

    again = sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))

    assert {} == store.sources.memory(again.id)
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        assert 0 == connection.execute(sa.text("SELECT count(*) FROM source_memory")).scalar()
    engine.dispose()


def test_nothing_to_fire_and_nothing_to_remember_asks_nothing_of_the_database(store):
    """Not even whether the lease still holds."""
    intake = an_intake(store)
    store.close()

    intake.take()
    intake.take(reports=[])


@pytest.mark.parametrize("value", ["caf\udce9", 10**400, float("nan"), object()])
def test_what_a_source_tells_of_itself_can_be_shown(store, value):
    """Or one source would spoil the list of all."""
    with pytest.raises((TypeError, ValueError)):
        an_intake(store).update_status(lag_seconds=[value])
    with pytest.raises((TypeError, ValueError)):
        RecordingIntake().update_status(lag_seconds=[value])


def test_what_two_sources_of_two_processes_take_at_once_is_all_there(open_store):
    """They wait for each other's rows and not for ever."""
    stores = [open_store() for _ in range(2)]
    listen(stores[0], "a")
    for number in (1, 2):
        stores[0].sources.add(a_source(number))
        held(stores[number - 1], f"owner-{number}")

    def take(number: int) -> None:
        store = stores[number - 1]
        for step in range(30):
            batch = [Event("a", {"repo_id": f"r{(step * number + each) % 7}"}) for each in range(10)]
            kept = Kept(a_source(number).id, f"owner-{number}", {"step": step})
            routes = Dispatcher(store.listeners, store.outbox, NotifierTable(mail=ToEverybody))
            assert 10 == routes.fire_all(batch, kept)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, (1, 2)))

    assert 600 == stores[0].history.backlog().pending
    assert [{"step": 29}] * 2 == [stores[0].sources.memory(a_source(number).id) for number in (1, 2)]


def test_schemas_of_options_tell_what_is_secret():
    """REST, CLI and docs show them."""
    assert json.dumps(LoadedSourceType("watch", Watching).schema()).count('"password"') >= 1
    for wrong in (object(), Options):
        with pytest.raises(TypeError, match=r"has no check\(config\)"):
            LoadedSourceType("watch", wrong)


def test_what_listeners_ask_a_source_to_include_is_told_to_it(store):
    """By the type of the event."""
    store.sources.add(a_source())
    held(store)
    listener = Listener("mail", {}, ("*",), include=("content",), id="0" * 24)
    store.listeners.add(listener)

    intake = an_intake(store)

    assert {"content"} == intake.included("repo.sync.finish")
    assert frozenset() == intake.included("task.finished")
