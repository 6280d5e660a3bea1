"""Command line options made from a config model."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl, SecretStr

from pulp_notifiers.cli.options import InvalidOptionText, config_options, given_config


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    """A nested object."""

    depth: int


class Everything(BaseModel):
    """One option of every kind."""

    text: str
    secret: SecretStr | None = None
    flag: bool = False
    maybe: bool | None = None
    count: int = 3
    ratio: float | None = None
    words: list[str] = []
    numbers: tuple[int, ...] = ()
    words_or_one: list[str] | str = ""
    split: Annotated[list[str], BeforeValidator(str)] = []
    level: Literal["low", "high"] = "low"
    step: Literal[1, 2] | None = None
    one_of_two: Literal["a"] | Literal["b"] = "a"
    colour: Colour = Colour.RED
    colours: list[Colour] = []
    inner: Inner | None = None
    inners: list[Inner] = []
    table: dict[str, int] = {}
    anything: Any = None
    path: Path | None = None
    address: HttpUrl | None = None
    number_or_inner: int | Inner | None = None
    from_: str | None = Field(None, alias="from")


def config_from(model, arguments, for_creation=True, taken=()):
    """Return the config that a command with the model's options makes of a command line."""
    own = [click.Option([f"--{name}"]) for name in taken]
    options = list(config_options(model.model_json_schema(), own, for_creation))
    command = click.Command("create", params=[*own, *options], callback=click.pass_context(_config(for_creation)))
    return command.main(list(arguments), "create", standalone_mode=False)


def _config(for_creation):
    return lambda context, **_: given_config(context, without_empty_defaults=for_creation)


def help_of(model):
    """Return the help text of a command with the model's options."""
    options = list(config_options(model.model_json_schema(), (), for_creation=True))
    return " ".join(CliRunner().invoke(click.Command("create", params=options), ["--help"]).output.split())


def test_options_that_are_not_given_are_not_in_the_config():
    """The notifier's defaults may change with its next release."""
    assert {"text": "x"} == config_from(Everything, ["--text", "x"])


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        (["--text", ""], {"text": ""}),
        (["--secret", "s3cret"], {"secret": "s3cret"}),
        (["--flag"], {"flag": True}),
        (["--no-flag"], {"flag": False}),
        (["--no-maybe"], {"maybe": False}),
        (["--count", "-5"], {"count": -5}),
        (["--ratio", "0.5"], {"ratio": 0.5}),
        (["--words", "a,b"], {"words": ["a", "b"]}),
        (["--words", 'a,"b,c",d e'], {"words": ["a", "b,c", "d e"]}),
        (["--words", ""], {"words": []}),
        (["--numbers", "1,2"], {"numbers": [1, 2]}),
        (["--words-or-one", "a,b"], {"words_or_one": ["a", "b"]}),
        (["--split", "a"], {"split": ["a"]}),
        (["--level", "high"], {"level": "high"}),
        (["--step", "2"], {"step": 2}),
        (["--one-of-two", "b"], {"one_of_two": "b"}),
        (["--colour", "blue"], {"colour": "blue"}),
        (["--colours", "blue,red"], {"colours": ["blue", "red"]}),
        (["--inner", '{"depth": 1}'], {"inner": {"depth": 1}}),
        (["--inners", '[{"depth": 1}]'], {"inners": [{"depth": 1}]}),
        (["--table", '{"a": 1}'], {"table": {"a": 1}}),
        (["--anything", "[null]"], {"anything": [None]}),
        (["--path", "/etc/x"], {"path": "/etc/x"}),
        (["--address", "http://x/"], {"address": "http://x/"}),
        (["--number-or-inner", "5"], {"number_or_inner": 5}),
        (["--from", "me"], {"from": "me"}),
    ],
)
def test_each_kind_of_option_has_its_own_form(arguments, config):
    """In the config it is a value of its type, under its own name."""
    assert config == config_from(Everything, arguments, for_creation=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--count", "x"],
        ["--numbers", "1,x"],
        ["--level", "middle"],
        ["--step", "3"],
        ["--colour", "green"],
        ["--flag", "yes"],
    ],
)
def test_a_value_of_the_wrong_type_is_a_usage_error(arguments):
    """Like one that click itself finds."""
    with pytest.raises(click.UsageError) as caught:
        config_from(Everything, ["--text", "x", *arguments])

    assert not isinstance(caught.value, InvalidOptionText)


@pytest.mark.parametrize("arguments", [["--inner", "{"], ["--words", "a\nb,c"]])
def test_a_text_in_the_wrong_form_is_invalid_data(arguments):
    """The exit code of data errors is 65."""
    with pytest.raises(InvalidOptionText) as caught:
        config_from(Everything, ["--text", "x", *arguments])

    assert 65 == caught.value.exit_code


def test_required_options_are_required_for_creation_only():
    """An update changes what it names."""
    with pytest.raises(click.MissingParameter, match="text"):
        config_from(Everything, [])

    assert {} == config_from(Everything, [], for_creation=False)


def test_a_required_flag_must_be_given_either_way():
    """It has no default."""

    class Model(BaseModel):
        sure: bool

    assert {"sure": False} == config_from(Model, ["--no-sure"])
    with pytest.raises(click.MissingParameter, match="sure"):
        config_from(Model, [])


def test_an_empty_text_that_is_the_default_is_left_out_of_a_new_listener():
    """Only if pulp-admin's command creates it; an update sends it, because it replaces a value."""

    class Model(BaseModel):
        exchange: str = ""
        username: str | None = None

    arguments = ["--exchange", "", "--username", ""]

    assert {"username": ""} == config_from(Model, arguments)
    assert {"username": "", "exchange": ""} == config_from(Model, arguments, for_creation=False)


def test_an_option_whose_name_the_command_uses_itself_gets_a_prefix():
    """Both remain usable."""

    class Model(BaseModel):
        event_type: str

    assert {"event_type": "x"} == config_from(Model, ["--config-event-type", "x"], taken=["event-type"])


def test_a_notifier_that_takes_any_option_takes_them_as_json():
    """Such as one in the style of Pulp 2, which declares none."""

    class Model(BaseModel):
        model_config = ConfigDict(extra="allow")

    assert {"a": 1} == config_from(Model, ["--config", '{"a": 1}'])
    with pytest.raises(InvalidOptionText):
        config_from(Model, ["--config", "[]"])


def test_help_shows_descriptions_and_defaults():
    """But never a secret default."""

    class Model(BaseModel):
        url: str = Field(description="Where to.")
        level: Literal["low", "high"] = Field("low", description="How much.")
        count: int = 3
        password: SecretStr = Field(SecretStr("hunter2"), description="Secret.")

    text = help_of(Model)

    assert "--url TEXT Where to. [required]" in text
    assert "--level [low|high] How much. [default: low]" in text
    assert "--count INTEGER [default: 3]" in text
    assert "hunter2" not in text


def test_names_that_are_not_identifiers_become_options():
    """The names are a plugin author's choice."""

    class Model(BaseModel):
        first: str = Field(alias="a.b-c")
        second: str = Field(alias="a_b-c")

    assert {"a.b-c": "1", "a_b-c": "2"} == config_from(Model, ["--a.b-c", "1", "--a-b-c", "2"])


@pytest.mark.parametrize(
    ("schema", "definitions"),
    [
        ({"$ref": "#/$defs/Self"}, {"Self": {"$ref": "#/$defs/Self"}}),
        ({"$ref": "#/$defs/List"}, {"List": {"type": "array", "items": {"$ref": "#/$defs/List"}}}),
        ({"$ref": "#/$defs/Missing"}, {}),
    ],
)
def test_an_option_whose_schema_cannot_be_followed_is_json(schema, definitions):
    """The schema may come from any server."""
    [option] = config_options({"properties": {"nested": schema}, "$defs": definitions}, (), for_creation=True)

    assert [["a"]] == option.type.convert('[["a"]]', option, None)


def test_descriptions_cannot_control_the_terminal():
    """They may come from any server."""
    schema = {"properties": {"x": {"type": "string", "description": "a\x1b[2Jb", "default": "\x07"}}}
    [option] = config_options(schema, (), for_creation=True)

    assert "a\\x1b[2Jb  [default: \\x07]" == option.help
