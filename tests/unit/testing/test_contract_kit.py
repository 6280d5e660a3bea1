"""The tests that plugins inherit: a good notifier passes them, and each kind of bad one fails one."""

import logging
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import AliasChoices, Field, Secret, SecretStr, field_validator, model_validator

from pulp_notifiers.errors import InvalidConfig, PermanentFailure, TemporaryFailure
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.testing.contract import THREADS, NotifierContract

SECRET = "correct horse battery staple"


class GoodConfig(NotifierConfig):
    """Something of everything."""

    address: str = Field(min_length=1, description="Where to.")
    size: int = Field(1, ge=0, description="How large.")
    password: SecretStr = Field(SecretStr(""), description="To be let in.")


class GoodNotifier(Notifier[GoodConfig]):
    """Does what is expected."""

    Config = GoodConfig

    def __init__(self):
        self.inbox = []

    def targets(self, config):
        """Return two."""
        return (config.address, "copy")

    def advice(self, config):
        """Return one."""
        return ("Use a longer address.",) if len(config.address) < 3 else ()

    def send(self, event, config, target, *, attempt=1):
        """Keep the event."""
        if config.address == "nowhere":
            raise TemporaryFailure("Nobody is there.")
        Inbox.ids.append(str(event.id))


class Inbox:
    """What arrived anywhere."""

    ids: list[str] = []


class Good(NotifierContract):
    """A contract that is kept."""

    notifier = GoodNotifier
    options = {"address": "here", "password": SECRET}
    failing_options = ({"address": "nowhere", "password": SECRET},)
    invalid_options = (({"address": "", "size": -1}, ["address", "size"]),)

    def received(self, _count):
        """Return what arrived."""
        return Inbox.ids


class TestGoodNotifier(Good):
    """Collected by pytest like a plugin author's class."""


class OtherwiseNamed(GoodConfig):
    """Takes its secret under two names, neither of which is the field's."""

    password: Secret[str] | None = Field(
        None, validation_alias=AliasChoices("password_text", "api_token"), description="To be let in."
    )


class TestOtherwiseNamed(Good):
    """Is as good as any."""

    notifier = type("OtherwiseNamedNotifier", (GoodNotifier,), {"Config": OtherwiseNamed})
    options = {"address": "here", "api_token": SECRET, "password_text": SECRET}
    failing_options = ({"address": "nowhere", "api_token": SECRET},)


class TestHandleEvent(NotifierContract):
    """A Pulp 2 style function has no options to go wrong with."""

    @staticmethod
    def notifier(notifier_config, event):
        """Count the keys of the envelope."""
        assert 3 == len(event.data())
        assert {} == notifier_config


class TestHandleEventModule(NotifierContract):
    """A module with such a function."""

    notifier = ModuleType("of_pulp_2")
    notifier.handle_event = lambda notifier_config, event: Inbox.ids.append(event.payload["repo_id"])


TESTS = [name for name in dir(NotifierContract) if name.startswith("test_")]


def failing_tests(contract):
    """Return which of the inherited tests fail."""
    failing = set()
    for name in TESTS:
        try:
            getattr(contract(), name)()
        except Exception:  # noqa: BLE001  whatever a bad notifier raises is what pytest would show
            failing.add(name)
    return failing


def contract(config=GoodConfig, notifier=GoodNotifier, **facts):
    """Return the good contract, but of this notifier with this config."""
    made = type("Changed", (notifier,), {"Config": config})
    return type("Contract", (Good,), {"notifier": made, **facts})


class Undescribed(GoodConfig):
    """Leaves the reader of the command line's help alone."""

    extra: str = ""


class Unserializable(GoodConfig):
    """Has a schema that nobody can read."""

    extra: str = Field("", description="Extra.", json_schema_extra={"examples": [object()]})


class OpenSecret(GoodConfig):
    """Declares no secret."""

    api_token: str = Field("", description="To be let in.")


class Stumbling(GoodConfig):
    """Expects what it is to check."""

    @field_validator("address", mode="before")
    @classmethod
    def _strip(cls, value):
        return value.strip()


class OneByOne(GoodConfig):
    """Tells the first problem only."""

    @model_validator(mode="before")
    @classmethod
    def _check(cls, options):
        if options.get("size") is not None and options["size"] != 1:
            raise ValueError("size must be 1")
        return options


class Silent(GoodConfig):
    """Says no and not why."""

    @model_validator(mode="before")
    @classmethod
    def _check(cls, options):
        if not isinstance(options.get("address"), str):
            raise InvalidConfig("silent", {})
        return options


class Quoting(GoodConfig):
    """Repeats the secret in the refusal."""

    @field_validator("password", mode="before")
    @classmethod
    def _check(cls, value):
        if not isinstance(value, str):
            raise ValueError(f"{value} is no password")
        return value


class Telling(GoodConfig):
    """Shows its secret."""

    def __repr__(self):
        return f"Telling({self.password.get_secret_value()})"


class Choosy(GoodConfig):
    """Refuses what it said was valid."""

    size: int = Field(description="How large.")


class Published(GoodConfig):
    """Shows a secret to everybody who reads the schema."""

    password: SecretStr = Field(SecretStr(""), description="To be let in.", examples=[SECRET])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Undescribed, "test_its_options_have_a_json_schema"),
        (Unserializable, "test_its_options_have_a_json_schema"),
        (OpenSecret, "test_secrets_are_declared"),
        (Choosy, "test_valid_options_are_accepted"),
        (Stumbling, "test_any_options_are_accepted_or_refused"),
        (OneByOne, "test_all_problems_are_reported_at_once"),
        (Silent, "test_any_options_are_accepted_or_refused"),
        (Quoting, "test_no_secret_reaches_text"),
        (Telling, "test_no_secret_reaches_text"),
        (Published, "test_no_secret_reaches_text"),
    ],
)
def test_a_bad_config_is_found(config, expected):
    """By the test that says what is wrong with it."""
    assert expected in failing_tests(contract(config))


class Repeating(GoodNotifier):
    """Names a target twice."""

    def targets(self, config):
        """Return one, twice."""
        return [config.address, config.address]


class Nobody(GoodNotifier):
    """Names no target."""

    def targets(self, config):
        """Return none."""
        return []


class Counting(GoodNotifier):
    """Names other targets each time."""

    calls = 0

    def targets(self, config):
        """Return a new one."""
        Counting.calls += 1
        return [str(Counting.calls)]


class Unprintable(GoodNotifier):
    """Names a target that no log can show."""

    def targets(self, config):
        """Return two lines."""
        return ["a\u2028b"]


class PositionalAttempt(GoodNotifier):
    """Cannot be given the number of the attempt by its name."""

    def send(self, event, config, target, attempt=1, /):
        """Keep the event."""
        super().send(event, config, target)


class RequiringAttempt(GoodNotifier):
    """Wants the number of the attempt, and has no other idea of it."""

    def send(self, event, config, target, attempt):
        """Keep the event."""
        super().send(event, config, target, attempt=attempt)


class TestRequiringAttempt(Good):
    """Is as good as any."""

    notifier = RequiringAttempt


class ReturningFalse(GoodNotifier):
    """Returns failures, as other libraries want it."""

    def send(self, event, config, target):
        """Fail so that nobody notices."""
        return False


class Editing(GoodNotifier):
    """Takes from the event what the next listener needs."""

    def send(self, event, config, target):
        """Change the payload."""
        super().send(event, config, target)
        event.payload.pop("repo_id", None)


class Crashing(GoodNotifier):
    """Raises what the wire raises."""

    def send(self, event, config, target):
        """Fail without saying whether to try again."""
        raise ConnectionError("nobody there")


class Refusing(GoodNotifier):
    """Never succeeds."""

    def send(self, event, config, target):
        """Fail for good."""
        raise PermanentFailure("No.")


class Losing(GoodNotifier):
    """Accepts events and forgets them."""

    def send(self, event, config, target):
        """Do nothing."""


class Sharing(GoodNotifier):
    """Keeps in the notifier what belongs to one call."""

    together = threading.Barrier(THREADS, timeout=60)

    def send(self, event, config, target, *, attempt=1):
        """Send what another thread wanted to send."""
        self.current = event
        if threading.current_thread() is not threading.main_thread():
            self.together.wait()
            event = self.current
            self.together.wait()
        super().send(event, config, target)


class ClosingOnce(GoodNotifier):
    """Stumbles over what is closed already."""

    def close(self):
        """Lose the inbox."""
        del self.inbox


class Chatty(GoodNotifier):
    """Logs its config."""

    def send(self, event, config, target):
        """Say too much."""
        super().send(event, config, target)
        logging.getLogger("chatty").debug("password %s", config.password.get_secret_value())


class Blabbing(GoodNotifier):
    """Tells the secret when it fails."""

    def send(self, event, config, target):
        """Say too much."""
        raise TemporaryFailure(f"{config.password.get_secret_value()} was refused.")


def failing_with(reason):
    """Return a notifier that fails with this reason, where it is to fail."""

    def send(self, event, config, target):
        if config.address == "nowhere":
            raise TemporaryFailure(reason)
        GoodNotifier.send(self, event, config, target)

    return type("FailingWith", (GoodNotifier,), {"send": send})


@pytest.mark.parametrize(
    ("notifier", "expected"),
    [
        (Repeating, "test_targets_are_unique_texts"),
        (Nobody, "test_targets_are_unique_texts"),
        (Counting, "test_targets_are_unique_texts"),
        (Unprintable, "test_targets_are_unique_texts"),
        (PositionalAttempt, "test_send_takes_the_documented_arguments"),
        (ReturningFalse, "test_an_event_is_sent"),
        (Editing, "test_an_event_is_sent"),
        (Crashing, "test_an_event_is_sent"),
        (Refusing, "test_an_event_is_sent"),
        (Losing, "test_an_event_is_sent"),
        (Losing, "test_failures_have_a_reason"),
        (Sharing, "test_threads_may_send_at_once"),
        (ClosingOnce, "test_closing_twice_is_harmless"),
        (Chatty, "test_no_secret_reaches_text"),
        (Blabbing, "test_no_secret_reaches_text"),
        (failing_with(""), "test_failures_have_a_reason"),
        (failing_with("Two\nlines."), "test_failures_have_a_reason"),
    ],
)
def test_a_bad_notifier_is_found(notifier, expected):
    """By the test that says what is wrong with it."""
    assert expected in failing_tests(contract(notifier=notifier))


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
    """What the tests could not look at would be passed by every notifier."""
    assert expected == failing_tests(contract(**facts))


def test_an_option_may_be_said_to_be_public():
    """Its name is only a suspicion."""
    assert set() == failing_tests(contract(OpenSecret, public_options=["api_token"]))


def test_the_log_and_the_interpreter_are_left_as_they_were():
    """Also by a test that fails."""
    before = (logging.getLogger().level, [*logging.getLogger().handlers], sys.getswitchinterval())

    failing_tests(contract(notifier=Crashing))

    assert before == (logging.getLogger().level, [*logging.getLogger().handlers], sys.getswitchinterval())


def test_every_inherited_test_has_a_notifier_that_fails_it():
    """The names above are those of the kit."""
    source = Path(__file__).read_text()

    assert [] == [name for name in TESTS if f'"{name}"' not in source]
