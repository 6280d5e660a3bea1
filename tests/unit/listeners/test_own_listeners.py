"""Registering and changing listeners by the rules of the product's own API."""

import pytest
from pydantic import SecretStr

from pulp_notifiers.errors import InvalidListener, NoSuchListener
from pulp_notifiers.listeners import OwnListeners, Pulp2Listeners
from pulp_notifiers.records import ListenerChange, ListenerDraft
from tests.support.dispatching import Mail
from tests.support.hook_notifier import Hook, HookConfig
from tests.support.memory import Clock, ListenerTable, NotifierTable

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
GOOD = {"url": "https://x/", "password": "p4ssword"}


@pytest.fixture
def listeners():
    """Return listeners of one notifier type, hook."""
    return OwnListeners(ListenerTable(), NotifierTable(hook=Hook), clock=Clock())


class Greeting(Hook):
    """A hook whose new listeners get an option that those of Pulp 2 do not have."""

    class Config(HookConfig):
        greeting: str = "legacy"

    initial_config = {"greeting": "hello"}


@pytest.mark.parametrize(
    ("given", "stored"), [({}, "hello"), ({"greeting": "legacy"}, "legacy"), ({"greeting": "hi"}, "hi")]
)
def test_a_new_listener_gets_the_options_that_its_notifier_adds(given, stored):
    """Unless they are given; a listener of Pulp 2's API, and one that exists, stays as it is."""
    table, plugins = ListenerTable(), NotifierTable(hook=Greeting)
    own = OwnListeners(table, plugins, clock=Clock())

    created = own.create(ListenerDraft("hook", {**GOOD, **given}, ("task.*",)))
    changed = own.update(created.id, ListenerChange(config={"greeting": "x"}))
    pulp2 = Pulp2Listeners(table, plugins, clock=Clock()).create("hook", {**GOOD, **given}, ["*"])

    assert {**GOOD, "greeting": stored} == created.config
    assert "x" == changed.config["greeting"]
    assert {**GOOD, **given} == pulp2.config
    assert pulp2.config == own.update(pulp2.id, ListenerChange(config={})).config


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
def test_types_and_patterns_are_accepted(listeners, event_types):
    """They are stored as they are."""
    assert tuple(event_types) == listeners.create(ListenerDraft("hook", GOOD, tuple(event_types))).event_types


@pytest.mark.parametrize(
    "bad",
    [[], ["a b"], [""], ["task"], ["task.accepted"], ["repo.sync.finnish"], ["a..b"], ["re*"], ["*", 5], ["a" * 201]],
)
def test_types_that_no_event_can_have_are_refused(listeners, bad):
    """That includes misspelt ones."""
    with pytest.raises(InvalidListener) as caught:
        listeners.create(ListenerDraft("hook", GOOD, tuple(bad)))

    assert ["event_types"] == list(caught.value.problems)


@pytest.mark.parametrize("bad", ["*", "repo.sync.finish"])
def test_a_listener_on_a_task_cannot_have_types_of_pulp_2(listeners, bad):
    """Katello would take it for its own listener."""
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
def test_a_config_that_cannot_work_is_refused_with_every_wrong_option(listeners, config, fields):
    """Pulp 2's rules accept it and log what is wrong."""
    with pytest.raises(InvalidListener) as caught:
        listeners.create(ListenerDraft("hook", config, ("a b",)))

    assert sorted([*fields, "event_types"]) == sorted(caught.value.problems)
    assert [] == listeners.list()


def test_an_unknown_notifier_is_reported_with_all_other_problems(listeners):
    """All problems are reported at once."""
    with pytest.raises(InvalidListener) as caught:
        listeners.create(ListenerDraft("nope", {}, ()))

    assert {"event_types", "notifier_type"} == caught.value.problems.keys()


def test_a_change_changes_only_what_it_names(listeners):
    """Secrets that come back masked stay, null removes, types are replaced."""
    made = listeners.create(ListenerDraft("hook", GOOD, ("task.*",), TASK))

    listeners.update(made.id, ListenerChange({"url": "https://x/y", "password": "*****"}))
    assert {"url": "https://x/y", "password": "p4ssword"} == listeners.get(made.id).config
    listeners.update(made.id, ListenerChange({"password": None}, ("task.error",)))

    amended = listeners.get(made.id)
    assert ({"url": "https://x/y"}, ("task.error",), TASK) == (amended.config, amended.event_types, amended.task_id)


@pytest.mark.parametrize("patch", [{"url": "https://y/"}, {"url": "https://y/", "password": "*****"}])
def test_a_change_of_the_destination_removes_the_secret_and_says_so(listeners, patch, caplog):
    """Whoever may change only the URL does not get the stored password sent to himself."""
    made = listeners.create(ListenerDraft("hook", GOOD, ("task.*",)))

    changed = listeners.update(made.id, ListenerChange(patch))

    assert ({"url": "https://y/"}, ("password",)) == (changed.config, changed.dropped_secrets)
    assert {"url": "https://y/"} == listeners.get(made.id).config
    assert "The stored secret of password was removed" in caplog.text
    assert "p4ssword" not in caplog.text


def test_a_change_that_removes_a_required_secret_is_refused_and_says_why():
    """Nothing is changed."""

    class NeedyConfig(HookConfig):
        password: SecretStr

    class Needy(Hook):
        Config = NeedyConfig

    listeners = OwnListeners(ListenerTable(), NotifierTable(hook=Needy))
    made = listeners.create(ListenerDraft("hook", GOOD, ("task.*",)))

    with pytest.raises(InvalidListener, match="it elsewhere") as caught:
        listeners.update(made.id, ListenerChange({"url": "https://y/"}))

    assert ["config.password"] == list(caught.value.problems)
    assert made == listeners.get(made.id)


@pytest.mark.parametrize(
    ("config", "event_types", "field"),
    [
        ({"url": None}, None, "config.url"),
        ({"x": 1}, None, "config.x"),
        (None, [], "event_types"),
        ({}, ["*"], "event_types"),
    ],
)
def test_a_change_that_cannot_work_changes_nothing(listeners, config, event_types, field):
    """Neither options nor event types are changed."""
    made = listeners.create(ListenerDraft("hook", GOOD, ("task.*",), TASK))

    with pytest.raises(InvalidListener) as caught:
        listeners.update(made.id, ListenerChange(config, None if event_types is None else tuple(event_types)))

    assert [field] == list(caught.value.problems)
    assert made == listeners.get(made.id)


def test_changing_an_unknown_listener_is_an_error(listeners):
    """That is reported before wrong values."""
    with pytest.raises(NoSuchListener):
        listeners.update("0" * 24, ListenerChange({"x": 1}, ()))


def test_every_change_is_announced():
    """So the dispatcher of this process need not wait."""
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


def test_what_sources_include_is_stored_once_and_replaced_as_a_whole():
    """Changes by Pulp 2's rules, and changes of other fields, leave it."""
    tables = ListenerTable(), NotifierTable(hook=Hook)
    listeners = OwnListeners(*tables)
    made = listeners.create(ListenerDraft("hook", GOOD, ("*",), include=("content", "content")))
    Pulp2Listeners(*tables).update(made.id, {"url": "https://y/"}, ["*"])
    listeners.update(made.id, ListenerChange(None, ("task.*",)))

    assert ("content",) == listeners.get(made.id).include
    assert () == listeners.update(made.id, ListenerChange(include=())).include


@pytest.mark.parametrize("bad", ["", "Content", "a-b", "a" * 33, "content\n", 5, {}, None])
def test_a_malformed_name_of_what_to_include_is_refused(listeners, bad):
    """Create and update have the same rule."""
    with pytest.raises(InvalidListener) as at_once:
        listeners.create(ListenerDraft("hook", GOOD, ("*",), include=("content", bad)))
    made = listeners.create(ListenerDraft("hook", GOOD, ("*",)))
    with pytest.raises(InvalidListener) as later:
        listeners.update(made.id, ListenerChange(include=(bad,)))

    assert at_once.value.problems == later.value.problems
    assert ["source_options.include"] == list(later.value.problems)
    assert made == listeners.get(made.id)


def test_an_unknown_name_of_what_to_include_is_accepted_with_a_warning(listeners, caplog):
    """A source that knows it may be installed later."""
    made = listeners.create(ListenerDraft("hook", GOOD, ("*",), include=("content", "advisories")))

    assert ("content", "advisories") == made.include
    warnings = [record.getMessage() for record in caplog.records if made.id in record.getMessage()]
    assert 1 == len(warnings)
    assert "include 'advisories'" in warnings[0]


@pytest.mark.parametrize("limit", [1, 3])
def test_a_listener_has_a_limited_number_of_targets(limit):
    """At the limit it is accepted; one more is refused with a sentence that says what to do, also in a change."""
    listeners = OwnListeners(ListenerTable(), NotifierTable(mail=Mail), clock=Clock(), max_targets=limit)
    addresses = [f"a{number}" for number in range(limit + 1)]

    with pytest.raises(InvalidListener, match=f"It has {limit + 1} targets, .* at most {limit}. .*max_targets"):
        listeners.create(ListenerDraft("mail", {"addresses": addresses}, ("#",)))
    made = listeners.create(ListenerDraft("mail", {"addresses": addresses[1:]}, ("#",)))
    with pytest.raises(InvalidListener) as caught:
        listeners.update(made.id, ListenerChange(config={"addresses": addresses}))

    assert ["config"] == list(caught.value.problems)


def test_a_listener_above_the_limit_of_targets_can_still_be_changed():
    """It was registered before, or by Pulp 2's API, which accepts any number as Pulp 2 did."""
    table, types = ListenerTable(), NotifierTable(mail=Mail)
    made = Pulp2Listeners(table, types, clock=Clock()).create("mail", {"addresses": ["a", "b"]}, ["*"])

    changed = OwnListeners(table, types, clock=Clock(), max_targets=1).update(
        made.id, ListenerChange(event_types=("task.error",))
    )

    assert ("task.error",) == changed.event_types


@pytest.mark.parametrize(
    ("pattern", "matches_none"),
    [
        *(("repo.*", True), ("task.*.*", True), ("repo.*.end", True), ("repo.#", False), ("task.*", False)),
        *(("*", False), ("repo.*.finish", False), ("backup.*", False), ("*.*", False), ("#.end", False)),
    ],
)
def test_a_pattern_that_no_event_can_match_is_accepted_with_advice(listeners, pattern, matches_none):
    """Those of other products are not known."""
    made = listeners.create(ListenerDraft("hook", GOOD, (pattern,)))

    expected = [f"{pattern!r} matches no event type: "] * matches_none
    assert expected == [warning[: len(expected[0])] for warning in listeners.warnings(made)]
