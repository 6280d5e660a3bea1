"""Notifiers whose methods fail: only a config can be invalid, and nothing else escapes than NotifierUnavailable."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from pulp_notifiers.errors import InvalidConfig, NotifierUnavailable, PermanentFailure, TemporaryFailure
from pulp_notifiers.notifier import NotifierConfig
from pulp_notifiers.plugin_host import LoadedNotifier
from tests.support.hook_notifier import Hook


def with_hook(name: str, hook: Callable[..., Any]) -> LoadedNotifier:
    """Return a notifier with this method."""
    return LoadedNotifier("odd", type("Odd", (Hook,), {name: hook}))


def raising(failure: BaseException) -> Callable[..., Any]:
    """Return a method that raises."""

    def hook(*_arguments: Any) -> Any:
        raise failure

    return hook


class Sized(BaseModel):
    size: int


def foreign_validation_error() -> ValueError:
    """Return the error of a model that is not the config."""
    try:
        Sized.model_validate({"size": "hunter2"})
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
def test_a_method_that_raises_makes_the_notifier_unavailable(failure, words):
    """A plugin may raise anything."""
    for name, arguments in (("targets", [None]), ("advice", [None]), ("close", [])):
        with pytest.raises(NotifierUnavailable) as caught:
            getattr(with_hook(name, raising(failure)), name)(*arguments)

        assert f"The odd notifier's {name} failed: {words}".split(" as an integer")[0] in caught.value.reason
        assert "hunter2" not in caught.value.reason


def test_a_validator_that_fails_makes_the_notifier_unavailable():
    """A ValueError would be a problem of the config."""

    class Failing(NotifierConfig):
        @field_validator("*", mode="before")
        @classmethod
        def _fail(cls, _value: Any) -> Any:
            raise TemporaryFailure("no time")

        size: int = 1

    class Plugin(Hook):
        Config = Failing

    with pytest.raises(NotifierUnavailable, match="The odd notifier's Config failed: TemporaryFailure: no time"):
        LoadedNotifier("odd", Plugin).parse({"size": 2})


@pytest.mark.parametrize("failure", [InvalidConfig("odd", {"url": "no"}), KeyboardInterrupt()])
def test_an_invalid_config_and_an_interrupt_are_not_converted(failure):
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
def test_a_method_that_does_not_return_a_list_makes_the_notifier_unavailable(name, hook, words):
    """Its items are read at once, so that no caller fails later."""
    with pytest.raises(NotifierUnavailable, match=f"The odd notifier's {name} failed: {words}"):
        getattr(with_hook(name, hook), name)(None)


def test_a_method_may_return_any_iterable():
    """Each target counts once."""
    loaded = with_hook("targets", lambda _self, _config: (name for name in ["b", "a", "b"]))

    assert ("b", "a") == loaded.targets(None)
