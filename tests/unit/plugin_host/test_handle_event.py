"""Plugins in Pulp 2's form: ``handle_event(notifier_config, event)``."""

import copy
import types
from typing import Any

from pulp_notifiers.event import Event
from pulp_notifiers.options import mask
from pulp_notifiers.plugin_host import LoadedNotifier


def test_a_pulp_2_module_gets_copies_of_config_and_event():
    """Pulp 2's notifiers changed their arguments."""
    module = types.ModuleType("legacy_notifier")
    got: list[Any] = []

    def handle_event(notifier_config: dict[str, Any], event: Any) -> None:
        got.append(
            (dict(notifier_config), copy.deepcopy(event.data()), event.event_type, event.payload, event.call_report)
        )
        notifier_config.clear()
        event.payload.clear()

    module.handle_event = handle_event  # type: ignore[attr-defined]
    loaded = LoadedNotifier("legacy", module)
    event = Event("repo.sync.start", {"repo_id": "zoo"})
    config = {"anything": [1], "api_token": "t"}

    loaded.send(event, loaded.parse(config), "", 1)

    assert ({"anything": [1], "api_token": "t"}, event.body(), "repo.sync.start") == got[0][:3]
    assert {"repo_id": "zoo"} == event.payload
    assert {"api_token"} == loaded.secret_options(config)


def test_an_option_is_secret_if_a_name_inside_it_suggests_a_secret():
    """It is masked as a whole, so that it comes back unchanged or new as a whole."""
    loaded = LoadedNotifier("legacy", lambda notifier_config, event: None)
    config = {
        "auth": {"user": "joe", "password": "p"},
        "servers": [{"x": 1}, {"y": [{"api_key": "k"}]}],
        "z": {"q": []},
    }

    assert {"auth": "*****", "servers": "*****", "z": {"q": []}} == mask(config, loaded.secret_options(config))


def test_the_entry_point_may_name_the_function_itself():
    """A module is not necessary."""
    got = []
    loaded = LoadedNotifier("legacy", lambda notifier_config, event: got.append(event.event_type))

    loaded.send(Event("a.b", {}), loaded.parse({}), "", 1)

    assert ["a.b"] == got
