"""Registering and changing listeners by the rules of the product's own API."""

import pytest

from pulp_notifiers.errors import InvalidListener, NoSuchListener
from pulp_notifiers.listeners import OwnListeners, Pulp2Listeners
from pulp_notifiers.records import ListenerChange, ListenerDraft
from tests.support.hook_notifier import Hook
from tests.support.memory import Clock, ListenerTable, NotifierTable

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
GOOD = {"url": "https://x/", "password": "p4ssword"}


@pytest.fixture
def listeners():
    """Return listeners of one notifier type, hook."""
    return OwnListeners(ListenerTable(), NotifierTable(hook=Hook), clock=Clock())


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
    assert tuple(event_types) == listeners.create(ListenerDraft("hook", GOOD, tuple(event_types))).event_types


@pytest.mark.parametrize(
    "bad",
    [[], ["a b"], [""], ["task"], ["task.accepted"], ["repo.sync.finnish"], ["a..b"], ["re*"], ["*", 5], ["a" * 201]],
)
def test_types_that_can_never_come_are_refused(listeners, bad):
    """Above all those that are misspelt."""
    with pytest.raises(InvalidListener) as caught:
        listeners.create(ListenerDraft("hook", GOOD, tuple(bad)))

    assert ["event_types"] == list(caught.value.problems)


@pytest.mark.parametrize("bad", ["*", "repo.sync.finish"])
def test_a_listener_on_a_task_cannot_be_taken_for_one_of_pulp_2(listeners, bad):
    """Katello would believe that its own exists."""
    with pytest.raises(InvalidListener, match="is not about a task"):
        listeners.create(ListenerDraft("hook", GOOD, (bad,), TASK))

    assert TASK == listeners.create(ListenerDraft("hook", GOOD, ("task.*",), TASK)).task_id


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
        listeners.create(ListenerDraft("hook", config, ("a b",)))

    assert sorted([*fields, "event_types"]) == sorted(caught.value.problems)
    assert [] == listeners.list()


def test_an_unknown_notifier_is_refused_with_everything_else(listeners):
    """One look at the answer is enough."""
    with pytest.raises(InvalidListener) as caught:
        listeners.create(ListenerDraft("nope", {}, ()))

    assert {"event_types", "notifier_type"} == caught.value.problems.keys()


def test_an_amendment_changes_what_it_names(listeners):
    """Secrets that come back masked stay, null removes, types are replaced."""
    made = listeners.create(ListenerDraft("hook", GOOD, ("task.*",), TASK))

    listeners.update(made.id, ListenerChange({"url": "https://y/", "password": "*****"}))
    assert {"url": "https://y/", "password": "p4ssword"} == listeners.get(made.id).config
    listeners.update(made.id, ListenerChange({"password": None}, ("task.error",)))

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
    made = listeners.create(ListenerDraft("hook", GOOD, ("task.*",), TASK))

    with pytest.raises(InvalidListener) as caught:
        listeners.update(made.id, ListenerChange(config, None if event_types is None else tuple(event_types)))

    assert [field] == list(caught.value.problems)
    assert made == listeners.get(made.id)


def test_amending_a_listener_that_there_is_not_is_told_so(listeners):
    """Before its values."""
    with pytest.raises(NoSuchListener):
        listeners.update("0" * 24, ListenerChange({"x": 1}, ()))


def test_every_change_is_told_to_whoever_remembers_listeners():
    """The dispatcher of this process need not wait."""
    calls = []
    tables = ListenerTable(), NotifierTable(hook=Hook)
    listeners = OwnListeners(*tables, changed=lambda: calls.append(1))
    pulp2_listeners = Pulp2Listeners(*tables, changed=lambda: calls.append(1))

    listener = listeners.create(ListenerDraft("hook", GOOD, ("*",)))
    listeners.update(listener.id, ListenerChange(None, ("task.*",)))
    pulp2_listeners.create("hook", {}, ["*"])
    pulp2_listeners.update(listener.id, None, ["*"])
    listeners.delete(listener.id)

    assert 5 == len(calls)


def test_what_sources_are_to_include_is_kept_once_and_replaced_as_a_whole():
    """Changes by Pulp 2's rules, and of other things, leave it."""
    tables = ListenerTable(), NotifierTable(hook=Hook)
    listeners = OwnListeners(*tables)
    made = listeners.create(ListenerDraft("hook", GOOD, ("*",), include=("content", "content")))
    Pulp2Listeners(*tables).update(made.id, {"url": "https://y/"}, ["*"])
    listeners.update(made.id, ListenerChange(None, ("task.*",)))

    assert ("content",) == listeners.get(made.id).include
    assert () == listeners.update(made.id, ListenerChange(include=())).include


@pytest.mark.parametrize("bad", ["", "Content", "a-b", "a" * 33, "content\n", 5, {}, None])
def test_a_name_that_nothing_can_be_included_by_is_refused(listeners, bad):
    """At registration, and later."""
    with pytest.raises(InvalidListener) as at_once:
        listeners.create(ListenerDraft("hook", GOOD, ("*",), include=("content", bad)))
    made = listeners.create(ListenerDraft("hook", GOOD, ("*",)))
    with pytest.raises(InvalidListener) as later:
        listeners.update(made.id, ListenerChange(include=(bad,)))

    assert at_once.value.problems == later.value.problems
    assert ["source_options.include"] == list(later.value.problems)
    assert made == listeners.get(made.id)


def test_a_name_that_only_sources_of_others_can_know_is_accepted_with_advice(listeners, caplog):
    """Such a source may be installed tomorrow."""
    made = listeners.create(ListenerDraft("hook", GOOD, ("*",), include=("content", "advisories")))

    assert ("content", "advisories") == made.include
    told = [record.getMessage() for record in caplog.records if made.id in record.getMessage()]
    assert 1 == len(told)
    assert "include 'advisories'" in told[0]
