"""Registering and changing listeners by the rules of Pulp 2."""

import re

import pytest
from pydantic import SecretStr

from pulp_notifiers.errors import InvalidListener, InvalidValue, NoSuchListener, NotifierUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.ids import ObjectIds
from pulp_notifiers.listeners import Listeners
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.plugin_host import LoadedNotifier
from tests.support.memory import Clock, ListenerTable, NotifierTable


class Config(NotifierConfig):
    url: str
    password: SecretStr | None = None


class Hook(Notifier[Config]):
    Config = Config

    def advice(self, config: Config) -> list[str]:
        return ["The URL is not encrypted."] if config.url.startswith("http:") else []

    def send(self, event: Event, config: Config, target: str) -> None: ...


@pytest.fixture
def listeners():
    """Return listeners of one notifier type, hook."""
    return Listeners(ListenerTable(), NotifierTable(hook=Hook), clock=Clock())


def test_ids_have_the_form_of_pulp_2s_and_grow():
    """Seconds, process, counter."""
    new_id = ObjectIds(Clock(), draw=lambda size: b"\xff" * size)

    ids = [new_id(), new_id()]

    assert all(re.fullmatch("[0-9a-f]{24}", each) for each in ids)
    assert ["6955b900ffffffffffffffff", "6955b900ffffffffff000000"] == ids


@pytest.mark.parametrize(
    "bad", [None, [], "repo.sync.start", {"a": 1}, ["bogus"], ["repo.*"], ["repo-sync-finished"], [None], [["*"]], 5]
)
def test_event_types_are_checked_first(listeners, bad):
    """Whatever else is wrong."""
    with pytest.raises(InvalidValue) as caught:
        listeners.create("nope", "x", bad)

    assert ["event_types"] == caught.value.property_names
    assert [] == listeners.list()


@pytest.mark.parametrize("bad", ["nope", "", "rest-api", None, 5, {}, []])
def test_then_the_notifier_type(listeners, bad):
    """It must be installed."""
    with pytest.raises(InvalidValue) as caught:
        listeners.create(bad, "x", ["*"])

    assert ["notifier_type_id"] == caught.value.property_names


@pytest.mark.parametrize("bad", ["x", ["x"], 5, True])
def test_then_the_config(listeners, bad):
    """An object or nothing."""
    with pytest.raises(InvalidValue) as caught:
        listeners.create("hook", bad, ["*"])

    assert ["notifier_config"] == caught.value.property_names


def test_an_incomplete_config_is_taken_and_remarked_upon(listeners, caplog):
    """Pulp 2's clients rely on it."""
    listener = listeners.create("hook", None, ["*", "*"])

    assert ({}, ("*", "*")) == (listener.config, listener.event_types)
    assert f"Listener {listener.id}: " in caplog.text
    assert "url: Field required. Nothing will be delivered until that is corrected." in caplog.text


def test_the_notifiers_advice_is_logged(listeners, caplog):
    """Valid but doubtful."""
    listeners.create("hook", {"url": "http://x"}, ["*"])

    assert "The URL is not encrypted." in caplog.text


def test_secrets_are_shown_masked_and_come_back_masked_unchanged(listeners):
    """A client may send back what it got."""
    listener = listeners.create("hook", {"url": "https://x", "password": "p", "extra": 1}, ["*"])

    shown = listeners.shown_config(listener)
    changed = listeners.update(listener.id, {**shown, "url": "https://y"}, None)

    assert {"url": "https://x", "password": "*****", "extra": 1} == shown
    assert {"url": "https://y", "password": "p", "extra": 1} == changed.config


def test_secrets_inside_of_a_pulp_2_notifiers_options_come_back_masked_unchanged():
    """The stored value says that the option holds one; ``*****`` alone does not."""

    class Table(NotifierTable):
        def get(self, notifier_type):
            return LoadedNotifier(notifier_type, lambda notifier_config, event: None)

    listeners = Listeners(ListenerTable(), Table(old=Hook))
    listener = listeners.create("old", {"auth": {"user": "joe", "password": "p"}, "n": 1}, ["*"])

    shown = listeners.shown_config(listener)
    changed = listeners.update(listener.id, {**shown, "n": 2}, None)

    assert {"auth": "*****", "n": 1} == shown
    assert {"auth": {"user": "joe", "password": "p"}, "n": 2} == changed.config


def test_secrets_can_be_revealed_by_setting():
    """Strict parity with Pulp 2."""
    listeners = Listeners(ListenerTable(), NotifierTable(hook=Hook), reveal_secrets=True)
    listener = listeners.create("hook", {"url": "https://x", "password": "p"}, ["*"])

    assert {"url": "https://x", "password": "p"} == listeners.shown_config(listener)


def test_without_its_plugin_every_option_is_a_secret(listeners):
    """Nobody can say which are not."""

    class Gone(NotifierTable):
        def get(self, notifier_type):
            raise NotifierUnavailable(notifier_type, "gone")

    table = ListenerTable(listeners.create("hook", {"url": "https://x"}, ["*"]))
    without = Listeners(table, Gone())
    (listener,) = without.list()

    assert {"url": "*****"} == without.shown_config(listener)
    assert {"url": "https://x", "n": 1} == without.update(listener.id, {"url": "*****", "n": 1}, None).config


def test_an_update_with_a_bad_value_changes_nothing(listeners):
    """Neither config nor event types."""
    listener = listeners.create("hook", {"url": "https://x"}, ["*"])

    with pytest.raises(InvalidValue):
        listeners.update(listener.id, {"url": "https://y"}, ["bogus"])
    with pytest.raises(InvalidValue):
        listeners.update(listener.id, {}, [])

    assert listener == listeners.get(listener.id)


@pytest.mark.parametrize("unknown", ["0" * 24, "foo", "", "0" * 23, "g" * 24, "\x00"])
def test_an_unknown_id_comes_before_bad_values(listeners, unknown):
    """Malformed ids are unknown ids."""
    with pytest.raises(NoSuchListener):
        listeners.update(unknown, "x", ["bogus"])
    with pytest.raises(NoSuchListener):
        listeners.get(unknown)
    with pytest.raises(NoSuchListener):
        listeners.delete(unknown)


def test_an_id_is_read_without_regard_to_case(listeners):
    """As ObjectIds were."""
    listener = listeners.create("hook", {"url": "https://x"}, ["*"])

    assert listener == listeners.get(listener.id.upper())
    listeners.delete(listener.id.upper())
    assert [] == listeners.list()


TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
GOOD = {"url": "https://x/", "password": "p4ssword"}


@pytest.mark.parametrize(
    "event_types",
    [
        ["task.*"],
        ["task.#", "repo.#"],
        ["#"],
        ["*"],
        ["*.sync.*"],
        ["repo.version.created"],
        ["task.error", "repo.sync.start"],
        ["my.own.type"],
    ],
)
def test_the_own_api_takes_types_and_patterns(listeners, event_types):
    """As they are."""
    assert tuple(event_types) == listeners.register("hook", GOOD, event_types).event_types


@pytest.mark.parametrize(
    "bad",
    [[], ["a b"], [""], ["task"], ["task.accepted"], ["repo.sync.finnish"], ["a..b"], ["re*"], ["*", 5], ["a" * 201]],
)
def test_types_that_can_never_come_are_refused(listeners, bad):
    """Above all those that are misspelt."""
    with pytest.raises(InvalidListener) as caught:
        listeners.register("hook", GOOD, bad)

    assert ["event_types"] == list(caught.value.problems)


@pytest.mark.parametrize("bad", ["*", "repo.sync.finish"])
def test_a_listener_on_a_task_cannot_be_taken_for_one_of_pulp_2(listeners, bad):
    """Katello would believe that its own exists."""
    with pytest.raises(InvalidListener, match="is not about a task"):
        listeners.register("hook", GOOD, [bad], TASK)

    assert TASK == listeners.register("hook", GOOD, ["task.*"], TASK).task_id


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        ({}, ["config.url"]),
        ({"url": 5, "password": [], "colour": 1}, ["config.colour", "config.password", "config.url"]),
        ({"url": "https://x/", "password": "*****"}, ["config.password"]),
        ({"url": "https://x/\x00"}, ["config"]),
    ],
)
def test_a_config_that_cannot_work_is_refused_with_every_option(listeners, config, fields):
    """Unlike in Pulp 2, where the log says it."""
    with pytest.raises(InvalidListener) as caught:
        listeners.register("hook", config, ["a b"])

    assert sorted([*fields, "event_types"]) == sorted(caught.value.problems)
    assert [] == listeners.list()


def test_an_unknown_notifier_is_refused_with_everything_else(listeners):
    """One look at the answer is enough."""
    with pytest.raises(InvalidListener) as caught:
        listeners.register("nope", {}, [])

    assert {"event_types", "notifier_type"} == caught.value.problems.keys()


def test_an_amendment_changes_what_it_names(listeners):
    """Secrets that come back masked stay, null removes, types are replaced."""
    made = listeners.register("hook", GOOD, ["task.*"], TASK)

    listeners.amend(made.id, {"url": "https://y/", "password": "*****"})
    assert {"url": "https://y/", "password": "p4ssword"} == listeners.get(made.id).config
    listeners.amend(made.id, {"password": None}, ["task.error"])

    amended = listeners.get(made.id)
    assert ({"url": "https://y/"}, ("task.error",), TASK) == (amended.config, amended.event_types, amended.task_id)


@pytest.mark.parametrize(
    ("config", "event_types", "field"),
    [
        ({"url": None}, None, "config.url"),
        ({"x": 1}, None, "config.x"),
        (None, [], "event_types"),
        ({}, ["*"], "event_types"),
    ],
)
def test_an_amendment_that_cannot_work_changes_nothing(listeners, config, event_types, field):
    """Neither half of it."""
    made = listeners.register("hook", GOOD, ["task.*"], TASK)

    with pytest.raises(InvalidListener) as caught:
        listeners.amend(made.id, config, event_types)

    assert [field] == list(caught.value.problems)
    assert made == listeners.get(made.id)


def test_amending_a_listener_that_there_is_not_is_told_so(listeners):
    """Before its values."""
    with pytest.raises(NoSuchListener):
        listeners.amend("0" * 24, {"x": 1}, [])


def test_every_change_is_told_to_whoever_remembers_listeners():
    """The dispatcher of this process need not wait."""
    told = []
    listeners = Listeners(ListenerTable(), NotifierTable(hook=Hook), changed=lambda: told.append(1))

    listener = listeners.register("hook", GOOD, ["*"])
    listeners.amend(listener.id, None, ["task.*"])
    listeners.create("hook", {}, ["*"])
    listeners.update(listener.id, None, ["*"])
    listeners.delete(listener.id)

    assert 5 == len(told)


def test_what_sources_are_to_include_is_kept_once_and_replaced_as_a_whole(listeners):
    """Changes by Pulp 2's rules, and of other things, leave it."""
    made = listeners.register("hook", GOOD, ["*"], include=["content", "content"])
    listeners.update(made.id, {"url": "https://y/"}, ["*"])
    listeners.amend(made.id, None, ["task.*"])

    assert ("content",) == listeners.get(made.id).include
    assert () == listeners.amend(made.id, include=[]).include


@pytest.mark.parametrize("bad", ["", "Content", "a-b", "a" * 33, "content\n", 5, {}, None])
def test_a_name_that_nothing_can_be_included_by_is_refused(listeners, bad):
    """At registration, and later."""
    with pytest.raises(InvalidListener) as at_once:
        listeners.register("hook", GOOD, ["*"], include=["content", bad])
    made = listeners.register("hook", GOOD, ["*"])
    with pytest.raises(InvalidListener) as later:
        listeners.amend(made.id, include=[bad])

    assert at_once.value.problems == later.value.problems
    assert ["source_options.include"] == list(later.value.problems)
    assert made == listeners.get(made.id)


def test_a_name_that_only_sources_of_others_can_know_is_accepted_with_advice(listeners, caplog):
    """Such a source may be installed tomorrow."""
    made = listeners.register("hook", GOOD, ["*"], include=["content", "advisories"])

    assert ("content", "advisories") == made.include
    told = [record.getMessage() for record in caplog.records if made.id in record.getMessage()]
    assert 1 == len(told)
    assert "include 'advisories'" in told[0]
