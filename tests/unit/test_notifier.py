"""The engine's view of a plugin."""

import copy
import types
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator

from pulp_notifiers.errors import InvalidConfig, NotifierUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import LoadedNotifier, Notifier, NotifierConfig, mask, scrub, unmask


class Config(NotifierConfig):
    url: str
    retries: int = Field(3, ge=0)
    password: SecretStr | None = None
    inner: dict[str, SecretStr] = {}

    @field_validator("url")
    @classmethod
    def _no_ftp(cls, url: str) -> str:
        if url.startswith("ftp"):
            raise ValueError("ftp is not spoken here")
        return url


class Recorder(Notifier[Config]):
    Config = Config

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def send(self, event: Event, config: Config, target: str) -> None:
        self.sent.append((event, config, target))


def test_a_class_with_the_contract_is_built_and_called():
    """The common case."""
    loaded = LoadedNotifier("recorder", Recorder)
    event = Event("a", {})

    loaded.send(event, loaded.parse({"url": "x"}), "", 1)

    assert [(event, Config(url="x"), "")] == loaded.notifier.sent


def test_the_attempt_is_passed_where_it_is_wanted():
    """A keyword parameter of that name is the wish."""

    class Wants(Recorder):
        def send(self, event: Event, config: Config, target: str, attempt: int = 1) -> None:
            self.sent.append((attempt,))

    loaded = LoadedNotifier("wants", Wants)

    loaded.send(Event("a", {}), loaded.parse({"url": "x"}), "", 7)

    assert [(7,)] == loaded.notifier.sent


def test_every_problem_of_a_config_is_told_at_once_and_no_value():
    """A value may be a secret."""
    loaded = LoadedNotifier("recorder", Recorder)

    with pytest.raises(InvalidConfig) as caught:
        loaded.parse({"url": "ftp://x", "retries": -1, "password": {"hunter2": 1}})

    assert {"url", "retries", "password"} == set(caught.value.problems)
    assert "ftp is not spoken here" == caught.value.problems["url"]
    assert "hunter2" not in str(caught.value)


def test_unknown_options_are_ignored():
    """Pulp 2 stored and ignored them (CONTRACT 1.4)."""
    assert Config(url="x") == LoadedNotifier("recorder", Recorder).parse({"url": "x", "zzz": 1})


def test_secret_options_are_those_that_hold_secrets_at_any_depth():
    """The whole option is then secret."""
    loaded = LoadedNotifier("recorder", Recorder)

    assert {"password", "inner"} == loaded.secret_options({"url": 1, "password": 1, "inner": 1, "x": 1})


def test_masking_and_unmasking_are_inverse_for_a_client_that_sends_back_what_it_got():
    """``*****`` sent back means unchanged."""
    secret = frozenset({"password"})

    shown = mask({"url": "u", "password": "p"}, secret)

    assert {"url": "u", "password": "*****"} == shown
    assert {"url": "u"} == unmask(shown, secret)
    assert {"url": "*****"} == unmask({"url": "*****"}, secret)
    assert {"password": None} == mask({"password": None}, secret)


def test_secrets_are_scrubbed_from_text():
    """A notifier's author may forget."""
    assert "refused for joe:*****" == scrub("refused for joe:hunter2", {"p": "hunter2", "q": 5}, frozenset("pq"))


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


def test_a_pulp_2_function_is_a_notifier_too():
    """The entry point may name the function itself."""
    got = []
    loaded = LoadedNotifier("legacy", lambda notifier_config, event: got.append(event.event_type))

    loaded.send(Event("a.b", {}), loaded.parse({}), "", 1)

    assert ["a.b"] == got


class NoConfig:
    Config = None

    def send(self, event: Any, config: Any, target: Any) -> None: ...


class OddSend:
    Config = NotifierConfig

    def send(self, event: Any) -> None: ...


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (types.ModuleType("empty"), "module empty has no function handle_event"),
        (object(), "neither send"),
        ("text", "neither send"),
        (NoConfig, "no Config"),
        (OddSend, r"cannot be called as send\(event, config, target\)"),
        (lambda event: None, "cannot be called as handle_event"),
    ],
)
def test_what_has_no_contract_is_refused_with_what_is_missing(plugin, words):
    """At load, not at the first event."""
    with pytest.raises(TypeError, match=words):
        LoadedNotifier("bad", plugin)


def test_subclassing_is_not_required():
    """Only the contract counts."""

    class Plain:
        class Config(BaseModel):
            path: str

        def send(self, event: Any, config: Any, target: str) -> None: ...

    loaded = LoadedNotifier("plain", Plain)

    assert ("",) == loaded.targets(loaded.parse({"path": "x"}))
    assert () == loaded.advice(None)
    loaded.close()


@pytest.mark.parametrize("targets", [[], ["a\nb"], ["a\x00"], ["\ud800"], [5]])
def test_targets_that_are_no_plain_text_are_a_config_problem(targets):
    """They could not be stored."""

    class Odd(Recorder):
        def targets(self, config: Config) -> Any:
            return targets

    loaded = LoadedNotifier("odd", Odd)

    with pytest.raises(InvalidConfig):
        loaded.targets(loaded.parse({"url": "x"}))


def test_a_hook_that_raises_makes_the_notifier_unavailable_and_nothing_worse():
    """A plugin may raise anything."""

    class Broken(Recorder):
        def targets(self, config: Config) -> Any:
            raise KeyError("oops")

    loaded = LoadedNotifier("broken", Broken)

    with pytest.raises(NotifierUnavailable, match=r"targets failed: KeyError: 'oops'"):
        loaded.targets(loaded.parse({"url": "x"}))


def test_settings_are_given_before_anything_else():
    """And validated by whoever reads the configuration file."""

    class Section(BaseModel):
        host: str = "localhost"

    class WithSettings(Recorder):
        Settings = Section
        settings_section = "chat"

        def configure(self, settings: Section) -> None:
            self.host = settings.host

    loaded = LoadedNotifier("with", WithSettings, lambda name, model: model(host=f"{name}.example"))

    assert "chat.example" == loaded.notifier.host
