"""The tests that plugins inherit: good notifiers pass them, and a wrong description of one is found."""

from pathlib import Path
from types import ModuleType

import pytest
from pydantic import AliasChoices, Field, Secret

from pulp_notifiers.testing.contract import NotifierContract
from tests.support.contract_kit import SECRET, TESTS, Good, GoodConfig, GoodNotifier, Inbox, contract, failing_tests


class TestGoodNotifier(Good):
    """pytest collects it like the class of a plugin author."""


class OtherwiseNamed(GoodConfig):
    """Has two names for its secret, and neither is the field's."""

    password: Secret[str] | None = Field(
        None, validation_alias=AliasChoices("password_text", "api_token"), description="Of the account."
    )


class TestOtherwiseNamed(Good):
    """A secret option may have several names."""

    notifier = type("OtherwiseNamedNotifier", (GoodNotifier,), {"Config": OtherwiseNamed})
    options = {"address": "here", "api_token": SECRET, "password_text": SECRET}
    failing_options = ({"address": "nowhere", "api_token": SECRET},)


class TestHandleEvent(NotifierContract):
    """A Pulp 2 style function declares no options."""

    @staticmethod
    def notifier(notifier_config, event):
        """Count the keys of the envelope."""
        assert 3 == len(event.data())
        assert {} == notifier_config


class TestHandleEventModule(NotifierContract):
    """A Pulp 2 style module has such a function."""

    notifier = ModuleType("of_pulp_2")
    notifier.handle_event = lambda notifier_config, event: Inbox.ids.append(event.payload["repo_id"])


class RequiringAttempt(GoodNotifier):
    """Requires the number of the attempt."""

    def send(self, event, config, target, attempt):
        """Keep the event."""
        super().send(event, config, target, attempt=attempt)


class TestRequiringAttempt(Good):
    """A notifier may require the number of the attempt."""

    notifier = RequiringAttempt


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"options": {"address": "here"}}, {"test_no_secret_reaches_text"}),
        (
            {"options": {"address": ""}, "failing_options": ()},
            {*TESTS}
            - {
                "test_its_options_have_a_json_schema",
                "test_secrets_are_declared",
                "test_any_options_are_accepted_or_refused",
                "test_all_problems_are_reported_at_once",
                "test_send_takes_the_documented_arguments",
                "test_failures_have_a_reason",
            },
        ),
        (
            {"invalid_options": (({"address": "here", "size": 2}, ["size"]),)},
            {"test_all_problems_are_reported_at_once"},
        ),
        ({"secrets": ["Nobody is"]}, {"test_no_secret_reaches_text"}),
        ({"reachable": False}, set()),
    ],
)
def test_a_wrong_description_is_found(facts, expected):
    """Otherwise every notifier would pass the tests that have nothing to check."""
    assert expected == failing_tests(contract(**facts))


def test_every_inherited_test_has_a_notifier_that_fails_it():
    """The tests in these files name each of them."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_contract_*.py"))

    assert [] == [name for name in TESTS if f'"{name}"' not in source]
