"""A notifier as the engine calls it."""

import types
from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel, Field, SecretStr, ValidationInfo, field_validator

from pulp_notifiers.errors import InvalidConfig, NotifierUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import (
    ListenerInfo,
    Notifier,
    NotifierConfig,
    PackagedTemplate,
    PartForm,
    SendContext,
)
from pulp_notifiers.options import mask
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


def test_a_class_with_the_contract_is_instantiated_and_called():
    """That is the usual form of a plugin."""
    loaded = LoadedNotifier("recorder", Recorder)
    event = Event("a", {})

    loaded.send(event, loaded.parse({"url": "x"}), "", 1)

    assert [(event, Config(url="x"), "")] == loaded.notifier.sent


def test_the_attempt_is_passed_if_the_signature_has_it():
    """It is a keyword parameter."""

    class Counting(Recorder):
        def send(self, event: Event, config: Config, target: str, attempt: int = 1) -> None:
            self.sent.append((attempt,))

    loaded = LoadedNotifier("counting", Counting)

    loaded.send(Event("a", {}), loaded.parse({"url": "x"}), "", 7)

    assert [(7,)] == loaded.notifier.sent


def test_the_context_is_passed_if_the_signature_has_it():
    """With the number of the attempt, or without; a caller that knows nothing else gives none."""

    class Knowing(Recorder):
        def send(self, event: Event, config: Config, target: str, *, context: SendContext) -> None:
            self.sent.append((context,))

    class KnowingBoth(Recorder):
        def send(self, event: Event, config: Config, target: str, attempt: int = 1, context: Any = None) -> None:
            self.sent.append((attempt, context))

    context = SendContext(3, 7, ListenerInfo("id", "name"), {"subject": "x"})
    knowing, both = LoadedNotifier("knowing", Knowing), LoadedNotifier("both", KnowingBoth)

    for loaded in (knowing, both):
        loaded.send(Event("a", {}), loaded.parse({"url": "x"}), "", 7, context)
        loaded.send(Event("a", {}), loaded.parse({"url": "x"}), "", 2)

    assert [(context,), (SendContext(attempt=2),)] == knowing.notifier.sent
    assert [(7, context), (2, SendContext(attempt=2))] == both.notifier.sent


def test_a_notifier_declares_parts_and_templates():
    """Packaged templates are asked for once."""

    class Writing(Recorder):
        template_parts = {"subject": PartForm.LINE, "body": "text"}

        def packaged_templates(self):
            self.sent.append(())
            return {"short": PackagedTemplate({"subject": "x"})}

        def default_template(self, config):
            return config.url

        def template_problems(self, parts):
            return {"subject": "it is too short"} if len(parts["subject"]) < 2 else {}

        def rendered_problem(self, rendered):
            return "It is empty." if not rendered["subject"] else None

        def send(self, event, config, target, *, context):
            raise AssertionError

    loaded = LoadedNotifier("writing", Writing)

    assert {"subject": PartForm.LINE, "body": PartForm.TEXT} == loaded.template_parts()
    assert ["short"] == [*loaded.packaged_templates()] == [*loaded.packaged_templates()]
    assert [()] == loaded.notifier.sent
    assert "short" == loaded.default_template(loaded.parse({"url": "short"}))
    assert {"subject": "it is too short"} == loaded.template_problems({"subject": "x"})
    assert "It is empty." == loaded.rendered_problem({"subject": ""})
    assert loaded.rendered_problem({"subject": "x"}) is None


def test_a_notifier_without_templates_has_none():
    """So does one whose send could not get what is rendered, and a function of Pulp 2."""

    class Deaf(Recorder):
        template_parts = {"subject": PartForm.LINE}

        def packaged_templates(self):
            return {"short": PackagedTemplate({"subject": "x"})}

        def default_template(self, config):
            return "short"

    class Bare:
        Config = Config

        def send(self, event, config, target):
            raise AssertionError

    for plugin in (Recorder, Deaf, Bare, lambda notifier_config, event: None):
        loaded = LoadedNotifier("deaf", plugin)

        assert not loaded.template_parts(), plugin
        assert not loaded.packaged_templates(), plugin
        assert loaded.default_template(loaded.parse({"url": "x"})) is None, plugin
        assert not loaded.template_problems({"subject": "x"}), plugin
        assert loaded.rendered_problem({"subject": "x"}) is None, plugin


def test_a_notifier_that_declares_parts_wrongly_cannot_be_used():
    """The reason names what failed."""

    class Wrong(Recorder):
        template_parts = {"subject": "shout"}

        def send(self, event, config, target, *, context):
            raise AssertionError

        def packaged_templates(self):
            raise OSError("gone")

    loaded = LoadedNotifier("wrong", Wrong)

    with pytest.raises(NotifierUnavailable, match="wrong notifier's template_parts failed"):
        loaded.template_parts()
    with pytest.raises(NotifierUnavailable, match="packaged_templates failed: OSError: gone"):
        loaded.packaged_templates()


def test_all_problems_of_a_config_are_reported_without_its_values():
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


def test_an_option_that_contains_a_secret_is_secret():
    """The depth does not matter, and the whole option is secret."""
    loaded = LoadedNotifier("recorder", Recorder)

    assert {"password", "inner"} == loaded.secret_options({"url": 1, "password": 1, "inner": 1, "x": 1})


def test_an_option_with_a_secret_is_masked_under_each_of_its_names():
    """It is stored and shown with the name that a client chose."""

    class Named(NotifierConfig):
        password: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("password", "passphrase"))

    class Plugin(Recorder):
        Config = Named

    loaded = LoadedNotifier("named", Plugin)
    config = {"passphrase": "hunter2"}

    assert "hunter2" == loaded.parse(config).password.get_secret_value()
    assert {"passphrase": "*****"} == mask(config, loaded.secret_options(config))


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
def test_a_plugin_without_the_contract_is_refused_with_what_is_missing(plugin, words):
    """It is refused when it is loaded, and not at the first event."""
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
def test_targets_that_are_not_plain_text_are_a_problem_of_the_config(targets):
    """They could not be stored."""

    class Odd(Recorder):
        def targets(self, config: Config) -> Any:
            return targets

    loaded = LoadedNotifier("odd", Odd)

    with pytest.raises(InvalidConfig):
        loaded.targets(loaded.parse({"url": "x"}))


def test_settings_are_passed_before_anything_else():
    """They are validated when the configuration file is read."""

    class Section(BaseModel):
        host: str = "localhost"

    class WithSettings(Recorder):
        Settings = Section
        settings_section = "chat"

        def configure(self, settings: Section) -> None:
            self.host = settings.host

    loaded = LoadedNotifier("with", WithSettings, lambda name, model: model(host=f"{name}.example"))

    assert "chat.example" == loaded.notifier.host


def test_listeners_of_pulp_2_have_the_defaults_of_the_config_model():
    """Not those that new listeners of the own API get; and what the model requires then is required."""

    class Form(NotifierConfig):
        form: str = Field("old", json_schema_extra={"default": "new"})
        title: str | None = Field(None, validate_default=True)
        url: str

        @field_validator("title")
        @classmethod
        def _required_by_old(cls, title: str | None, info: ValidationInfo) -> str | None:
            if title is None and info.data["form"] == "old":
                raise ValueError("Field required")
            return title

    class Formed(Recorder):
        Config = Form
        initial_config = {"form": "new"}

    loaded = LoadedNotifier("formed", Formed)

    schema, pulp2 = loaded.schema(), loaded.pulp2_schema()
    assert (["url"], ["title", "url"]) == (schema["required"], pulp2["required"])
    assert ("new", "old") == tuple(one["properties"]["form"]["default"] for one in (schema, pulp2))
    assert LoadedNotifier("plain", Recorder).schema() == LoadedNotifier("plain", Recorder).pulp2_schema()
