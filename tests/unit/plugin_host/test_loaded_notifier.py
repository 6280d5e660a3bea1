"""The engine's view of a plugin."""

import asyncio
import copy
import types
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator

from pulp_notifiers.errors import InvalidConfig, NotifierUnavailable, PermanentFailure, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.options import mask, scrub, unmask
from pulp_notifiers.plugin_host import LoadedNotifier


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


def test_an_option_with_a_secret_is_masked_under_each_of_its_names():
    """Whichever a client chose, it is the one that is stored and shown."""

    class Named(NotifierConfig):
        password: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("password", "passphrase"))

    class Plugin(Recorder):
        Config = Named

    loaded = LoadedNotifier("named", Plugin)
    config = {"passphrase": "hunter2"}

    assert "hunter2" == loaded.parse(config).password.get_secret_value()
    assert {"passphrase": "*****"} == mask(config, loaded.secret_options(config))


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


def test_the_longest_secret_is_scrubbed_first():
    """Otherwise the end of one that begins like another would stay."""
    config = {"p": "pass", "q": "pass123word"}

    assert "***** and *****" == scrub("pass123word and pass", config, frozenset("pq"))


def test_secrets_are_scrubbed_wherever_they_stand_within_an_option():
    """Numbers too; words that anybody may say stay."""
    config = {"p": {"deep": ["hunter2", {"n": 123456}], "flag": True, "short": "abc"}, "q": 98765.5, "none": None}
    secret = frozenset(("p", "q", "none", "missing"))

    text = scrub("True None abc deep: hunter2, 123456, 98765.5", config, secret)

    assert "True None abc deep: *****, *****, *****" == text


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


def test_an_option_of_a_pulp_2_module_is_secret_for_the_names_inside_of_it():
    """It is masked whole, so that it comes back unchanged or new as a whole."""
    loaded = LoadedNotifier("legacy", lambda notifier_config, event: None)
    config = {
        "auth": {"user": "joe", "password": "p"},
        "servers": [{"x": 1}, {"y": [{"api_key": "k"}]}],
        "z": {"q": []},
    }

    assert {"auth": "*****", "servers": "*****", "z": {"q": []}} == mask(config, loaded.secret_options(config))


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


@pytest.mark.parametrize("targets", [[], ["a\nb"], ["a\x00"], ["\ud800"], [5], [["a"]]])
def test_targets_that_are_no_plain_text_are_a_config_problem(targets):
    """They could not be stored."""

    class Odd(Recorder):
        def targets(self, config: Config) -> Any:
            return targets

    loaded = LoadedNotifier("odd", Odd)

    with pytest.raises(InvalidConfig):
        loaded.targets(loaded.parse({"url": "x"}))


def with_hook(name: str, hook: Callable[..., Any]) -> LoadedNotifier:
    """Return a notifier with this hook."""
    return LoadedNotifier("odd", type("Odd", (Recorder,), {name: hook}))


def raising(failure: BaseException) -> Callable[..., Any]:
    """Return a hook that raises."""

    def hook(*_arguments: Any) -> Any:
        raise failure

    return hook


def foreign_validation_error() -> ValueError:
    """Return what a model says that is not the config."""
    try:
        Config.model_validate({"url": "x", "retries": "hunter2"})
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (KeyError("oops"), "KeyError: 'oops'"),
        (TemporaryFailure("later"), "TemporaryFailure: later"),
        (PermanentFailure("never"), "PermanentFailure: never"),
        (NotifierUnavailable("other", "gone"), "NotifierUnavailable: gone"),
        (SystemExit(), "SystemExit"),
        (asyncio.CancelledError("stop"), "CancelledError: stop"),
        (foreign_validation_error(), "ValidationError: Input should be a valid integer, unable to parse string"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_hook_that_raises_makes_the_notifier_unavailable_and_nothing_worse(failure, words):
    """A plugin may raise anything; only a config can be invalid."""
    for name, arguments in (("targets", [None]), ("advice", [None]), ("close", [])):
        with pytest.raises(NotifierUnavailable) as caught:
            getattr(with_hook(name, raising(failure)), name)(*arguments)

        assert f"The odd notifier's {name} failed: {words}".split(" as an integer")[0] in caught.value.reason
        assert "hunter2" not in caught.value.reason


def test_a_validator_that_fails_makes_the_notifier_unavailable():
    """Unless it says what is wrong with the config."""

    class Stumbling(NotifierConfig):
        @field_validator("*", mode="before")
        @classmethod
        def _stumble(cls, _value: Any) -> Any:
            raise TemporaryFailure("no time")

        size: int = 1

    class Plugin(Recorder):
        Config = Stumbling

    with pytest.raises(NotifierUnavailable, match="The odd notifier's Config failed: TemporaryFailure: no time"):
        LoadedNotifier("odd", Plugin).parse({"size": 2})


@pytest.mark.parametrize("failure", [InvalidConfig("odd", {"url": "no"}), KeyboardInterrupt()])
def test_what_a_config_or_the_administrator_did_passes_a_hook(failure):
    """Neither is a fault of the plugin."""
    with pytest.raises(type(failure)) as caught:
        with_hook("targets", raising(failure)).targets(None)

    assert failure is caught.value


def half_a_list(*_arguments: Any) -> Any:
    yield "one"
    raise OSError("no more")


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (half_a_list, "OSError: no more"),
        (lambda *_: None, "TypeError: 'NoneType' object is not iterable"),
        (lambda *_: 5, "TypeError: 'int' object is not iterable"),
        (lambda *_: "ops@example.com", "TypeError: it returned one string, not a list of strings"),
    ],
)
@pytest.mark.parametrize("name", ["targets", "advice"])
def test_a_hook_that_returns_no_list_makes_the_notifier_unavailable(name, hook, words):
    """Its items are looked at before anybody else has to."""
    with pytest.raises(NotifierUnavailable, match=f"The odd notifier's {name} failed: {words}"):
        getattr(with_hook(name, hook), name)(None)


def test_hooks_may_return_anything_that_can_be_iterated():
    """Each target counts once."""
    loaded = with_hook("targets", lambda _self, _config: (name for name in ["b", "a", "b"]))

    assert ("b", "a") == loaded.targets(None)


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
