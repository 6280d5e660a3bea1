"""Registering and changing listeners by the rules of Pulp 2."""

import pytest

from pulp_notifiers.errors import InvalidValue, NoSuchListener, NotifierUnavailable
from pulp_notifiers.listeners import Pulp2Listeners
from pulp_notifiers.plugin_host import LoadedNotifier
from tests.support.hook_notifier import Hook
from tests.support.memory import Clock, ListenerTable, NotifierTable


@pytest.fixture
def listeners():
    """Return listeners of one notifier type, hook."""
    return Pulp2Listeners(ListenerTable(), NotifierTable(hook=Hook), clock=Clock())


@pytest.mark.parametrize(
    "bad", [None, [], "repo.sync.start", {"a": 1}, ["bogus"], ["repo.*"], ["repo-sync-finished"], [None], [["*"]], 5]
)
def test_event_types_are_checked_first(listeners, bad):
    """Other problems do not matter."""
    with pytest.raises(InvalidValue) as caught:
        listeners.create("nope", "x", bad)

    assert ["event_types"] == caught.value.property_names
    assert [] == listeners.list()


@pytest.mark.parametrize("bad", ["nope", "", "rest-api", None, 5, {}, []])
def test_the_notifier_type_is_checked_second(listeners, bad):
    """It must be installed."""
    with pytest.raises(InvalidValue) as caught:
        listeners.create(bad, "x", ["*"])

    assert ["notifier_type_id"] == caught.value.property_names


@pytest.mark.parametrize("bad", ["x", ["x"], 5, True])
def test_the_config_is_checked_last(listeners, bad):
    """It must be an object or nothing."""
    with pytest.raises(InvalidValue) as caught:
        listeners.create("hook", bad, ["*"])

    assert ["notifier_config"] == caught.value.property_names


def test_an_incomplete_config_is_accepted_with_a_warning(listeners, caplog):
    """Pulp 2's clients rely on that."""
    listener = listeners.create("hook", None, ["*", "*"])

    assert ({}, ("*", "*")) == (listener.config, listener.event_types)
    assert f"Listener {listener.id}: " in caplog.text
    assert "url: Field required. Nothing will be delivered until that is corrected." in caplog.text


def test_the_notifiers_warnings_are_logged(listeners, caplog):
    """The config is valid but questionable."""
    listeners.create("hook", {"url": "http://x"}, ["*"])

    assert "The URL is not encrypted." in caplog.text


def test_a_masked_secret_that_is_sent_back_stays_unchanged(listeners):
    """A client may send back what it got."""
    listener = listeners.create("hook", {"url": "https://x", "password": "p", "extra": 1}, ["*"])

    shown = listeners.shown_config(listener)
    changed = listeners.update(listener.id, {**shown, "url": "https://x/y"}, None)

    assert {"url": "https://x", "password": "*****", "extra": 1} == shown
    assert {"url": "https://x/y", "password": "p", "extra": 1} == changed.config
    assert () == changed.dropped_secrets


@pytest.mark.parametrize("masked", [{}, {"password": "*****"}])
def test_a_change_of_the_destination_removes_the_secret(listeners, masked):
    """An incomplete config is accepted here, so the change is not refused."""
    listener = listeners.create("hook", {"url": "https://x", "password": "p", "extra": 1}, ["*"])

    changed = listeners.update(listener.id, {"url": "https://y", **masked}, None)

    assert {"url": "https://y", "extra": 1} == listeners.get(listener.id).config == changed.config
    assert ("password",) == changed.dropped_secrets


def test_revealed_secrets_stay_wherever_a_change_sends_them():
    """That is what Pulp 2 did, and whoever may read listeners sees them anyway."""
    listeners = Pulp2Listeners(ListenerTable(), NotifierTable(hook=Hook), reveal_secrets=True)
    listener = listeners.create("hook", {"url": "https://x", "password": "p"}, ["*"])

    changed = listeners.update(listener.id, {"url": "https://y"}, None)

    assert {"url": "https://y", "password": "p"} == changed.config


def test_without_its_plugin_a_change_of_the_destination_removes_everything_that_may_be_secret():
    """The plugin may come back, and then the secrets would be sent."""

    class Table(NotifierTable):
        def get(self, notifier_type):
            raise NotifierUnavailable(notifier_type, "It is being upgraded.")

    rows = ListenerTable()
    listener = Pulp2Listeners(rows, NotifierTable(hook=Hook)).create(
        "hook", {"url": "https://x", "password": "p"}, ["*"]
    )
    without = Pulp2Listeners(rows, Table())

    assert "p" == without.update(listener.id, {"url": "https://x/y"}, None).config["password"]
    assert {"url": "https://y"} == without.update(listener.id, {"url": "https://y"}, None).config


def test_a_masked_option_of_a_pulp_2_notifier_that_is_sent_back_stays_unchanged():
    """The stored value shows that the option contains a secret; ``*****`` alone does not."""

    class Table(NotifierTable):
        def get(self, notifier_type):
            return LoadedNotifier(notifier_type, lambda notifier_config, event: None)

    listeners = Pulp2Listeners(ListenerTable(), Table(old=Hook))
    listener = listeners.create("old", {"auth": {"user": "joe", "password": "p"}, "n": 1}, ["*"])

    shown = listeners.shown_config(listener)
    changed = listeners.update(listener.id, {**shown, "n": 2}, None)

    assert {"auth": "*****", "n": 1} == shown
    assert {"auth": {"user": "joe", "password": "p"}, "n": 2} == changed.config


def test_a_setting_reveals_secrets():
    """Pulp 2 always showed them."""
    listeners = Pulp2Listeners(ListenerTable(), NotifierTable(hook=Hook), reveal_secrets=True)
    listener = listeners.create("hook", {"url": "https://x", "password": "p"}, ["*"])

    assert {"url": "https://x", "password": "p"} == listeners.shown_config(listener)


def test_without_its_plugin_every_option_is_secret(listeners):
    """Only the plugin knows which are not."""

    class Gone(NotifierTable):
        def get(self, notifier_type):
            raise NotifierUnavailable(notifier_type, "gone")

    table = ListenerTable(listeners.create("hook", {"url": "https://x"}, ["*"]))
    without = Pulp2Listeners(table, Gone())
    (listener,) = without.list()

    assert {"url": "*****"} == without.shown_config(listener)
    assert {"url": "https://x", "n": 1} == without.update(listener.id, {"url": "*****", "n": 1}, None).config


def test_an_update_with_a_bad_value_changes_nothing(listeners):
    """Neither config nor event types are changed."""
    listener = listeners.create("hook", {"url": "https://x"}, ["*"])

    with pytest.raises(InvalidValue):
        listeners.update(listener.id, {"url": "https://y"}, ["bogus"])
    with pytest.raises(InvalidValue):
        listeners.update(listener.id, {}, [])

    assert listener == listeners.get(listener.id)


@pytest.mark.parametrize("unknown", ["0" * 24, "foo", "", "0" * 23, "g" * 24, "\x00"])
def test_an_unknown_id_is_reported_before_bad_values(listeners, unknown):
    """Malformed ids are unknown ids."""
    with pytest.raises(NoSuchListener):
        listeners.update(unknown, "x", ["bogus"])
    with pytest.raises(NoSuchListener):
        listeners.get(unknown)
    with pytest.raises(NoSuchListener):
        listeners.delete(unknown)


def test_ids_are_case_insensitive(listeners):
    """ObjectIds were."""
    listener = listeners.create("hook", {"url": "https://x"}, ["*"])

    assert listener == listeners.get(listener.id.upper())
    listeners.delete(listener.id.upper())
    assert [] == listeners.list()
