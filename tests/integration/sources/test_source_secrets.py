"""Secrets of sources: they appear neither in reasons nor in tracebacks, findings or log lines."""

from collections.abc import Sequence

import pytest
from pydantic import SecretStr, field_validator

from pulp_notifiers.errors import PermanentFailure, SourceUnavailable
from pulp_notifiers.records import SourceDraft, SourceState
from pulp_notifiers.source import Check, SourceConfig
from tests.support.source_runners import NO_RETRY, Scripted, running, wait_until


class Secretive(SourceConfig):
    """Options with a secret."""

    password: SecretStr


class Leaky(Scripted):
    """A source that repeats its secret."""

    Config = Secretive

    def check(self, config: SourceConfig) -> Sequence[Check]:
        return [Check("login", False, "hush-hush was refused")]


def test_secrets_are_masked_in_the_reason_of_a_failure(store, sources, types, caplog):
    """The log does not contain them either."""
    types.plugins["scripted"] = Leaky(PermanentFailure("hush-hush was refused"))
    sources.add(SourceDraft("one", "scripted", {"password": "hush-hush"}))
    with running(store, types, NO_RETRY):
        wait_until(lambda: sources.status("one").problem == "***** was refused")

    assert "hush" not in caplog.text


def test_secrets_are_masked_in_tracebacks_and_long_reasons_are_cut(store, sources, types, caplog):
    """A library may raise anything, such as the whole page that a server sent."""
    types.plugins["scripted"] = Leaky(KeyError("hush-hush" + "x" * 10_000))
    sources.add(SourceDraft("one", "scripted", {"password": "hush-hush"}))
    with running(store, types, NO_RETRY):
        wait_until(lambda: sources.status("one").state is SourceState.FAILING)
        problem = sources.status("one").problem

    assert f"KeyError: '*****{'x' * 1984}" == problem
    assert "in run" in caplog.text
    assert "hush" not in caplog.text


def test_secrets_are_masked_in_the_exception_of_a_validator(store, sources, types):
    """Even if it raises an unexpected exception about a stored config."""

    class Fussy(Secretive):
        @field_validator("password")
        @classmethod
        def _checked(cls, value: SecretStr) -> SecretStr:
            raise KeyError(value.get_secret_value())

    class Stored(Scripted):
        Config = Secretive

    class Changed(Scripted):
        Config = Fussy

    types.plugins["scripted"] = Stored()
    sources.add(SourceDraft("one", "scripted", {"password": "hush-hush"}))
    types.plugins["scripted"] = Changed()

    with pytest.raises(SourceUnavailable, match=r"KeyError: '\*\*\*\*\*'"):
        sources.check("one")


def test_secrets_are_masked_in_the_findings_of_checks(sources, types):
    """People see those in the answer to a check."""
    types.plugins["scripted"] = Leaky()

    assert [Check("login", False, "***** was refused")] == sources.check_config("scripted", {"password": "hush-hush"})
