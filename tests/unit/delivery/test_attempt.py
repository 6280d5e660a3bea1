"""One attempt and its outcome."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.delivery import AttemptRunner
from pulp_notifiers.errors import (
    NotifierMisconfigured,
    NotifierUnavailable,
    PermanentFailure,
    StoreUnavailable,
    SwitchedOff,
    TemporaryFailure,
)
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.records import DeliveryState, Listener, OwedDelivery
from tests.support.memory import START, Clock, ListenerTable, NotifierTable


class Config(NotifierConfig):
    addresses: tuple[str, ...] = ()
    password: SecretStr | None = None


class Script(Notifier[Config]):
    """Raises the prepared exception for a target, and keeps the calls."""

    Config = Config
    raises: dict[str, Any]

    def __init__(self) -> None:
        self.raises = {}
        self.calls: list[tuple[str, int]] = []

    def targets(self, config: Config) -> tuple[str, ...]:
        return config.addresses or ("",)

    def send(self, event: Event, config: Config, target: str, attempt: int = 0) -> None:
        self.calls.append((target, attempt))
        if target in self.raises:
            raise self.raises[target]


@pytest.fixture
def scene():
    """Return a runner, its notifier, its listeners and its clock."""

    class Scene:
        def __init__(self) -> None:
            self.clock = Clock()
            self.notifiers = NotifierTable(script=Script)
            self.script = self.notifiers.get("script").notifier
            self.listeners = ListenerTable(Listener("script", {}, ("*",), id="l"))
            backoff = Backoff(first_seconds=4, longest_seconds=60, max_attempts=3)
            self.runner = AttemptRunner(self.listeners, self.notifiers, backoff, self.clock, draw=lambda: 0.0)

        def attempt(self, attempts: int = 0, target: str = "", number: int = 1, last_error: str | None = None):
            owed = OwedDelivery(number, Event("repo.sync.start", {}), target, attempts, last_error)
            return self.runner.run("l", owed, self.listeners.revision)

    return Scene()


def test_a_successful_attempt_delivers(scene):
    """The notifier gets the number of the attempt."""
    outcome = scene.attempt(attempts=1)

    assert [("", 2)] == scene.script.calls
    assert (DeliveryState.DELIVERED, None, None) == (outcome.state, outcome.attempt.error, outcome.due_at)
    assert 2 == outcome.attempt.number


def test_a_temporary_failure_is_attempted_again_after_the_backoff(scene):
    """The wait is half of the step, since the draw is 0."""
    scene.script.raises[""] = TemporaryFailure("HTTP 503")

    outcome = scene.attempt()

    assert (DeliveryState.PENDING, "HTTP 503") == (outcome.state, outcome.attempt.error)
    assert 2.0 == (outcome.due_at - START).total_seconds()


@pytest.mark.parametrize(("asked", "waited"), [(1, 2.0), (30, 30.0), (9999, 60.0), (1e300, 60.0), (10**400, 60.0)])
def test_retry_after_can_extend_the_wait_up_to_the_longest_one(scene, asked, waited):
    """It cannot shorten the wait."""
    scene.script.raises[""] = TemporaryFailure("busy", retry_after=asked)

    assert waited == (scene.attempt().due_at - START).total_seconds()


def test_the_last_attempt_makes_a_dead_letter_with_its_error(scene):
    """No further attempt is due."""
    scene.script.raises[""] = TemporaryFailure("still down")

    outcome = scene.attempt(attempts=2)

    assert (DeliveryState.DEAD, "still down", None) == (outcome.state, outcome.attempt.error, outcome.due_at)


def test_a_permanent_failure_is_a_dead_letter_at_once(scene):
    """Further attempts cannot help."""
    scene.script.raises[""] = PermanentFailure("no such address")

    assert DeliveryState.DEAD is scene.attempt().state


def test_an_exception_from_a_plugin_is_a_failed_attempt_with_the_message_of_pulp_2(scene, caplog):
    """CONTRACT 6; it will be attempted again."""
    scene.script.raises[""] = KeyError("subject")

    outcome = scene.attempt()

    assert DeliveryState.PENDING is outcome.state
    assert "Exception from notifier of type [script]: KeyError: 'subject'" == outcome.attempt.error
    assert [logging.ERROR] == [record.levelno for record in caplog.records]


@pytest.mark.parametrize(
    "raised", [SystemExit(3), asyncio.CancelledError(), StoreUnavailable("not ours"), RecursionError()]
)
def test_anything_that_a_plugin_raises_is_a_failed_attempt(scene, raised):
    """Even what would end a thread, or an error of the product itself."""
    scene.script.raises[""] = raised

    outcome = scene.attempt()

    assert DeliveryState.PENDING is outcome.state
    assert type(raised).__name__ in outcome.attempt.error


@pytest.mark.parametrize("asked", ["30", None, float("nan"), float("inf"), -5, [1]])
def test_a_retry_after_that_is_not_a_usable_number_is_ignored(scene, asked):
    """A plugin may pass on anything that its receiver sent."""
    scene.script.raises[""] = TemporaryFailure("busy", retry_after=asked)

    assert 2.0 == (scene.attempt().due_at - START).total_seconds()


def test_an_attempt_that_does_not_return_counts_as_a_temporary_failure(scene):
    """The delivery stays pending."""
    outcome = scene.runner.overdue("l", OwedDelivery(1, Event("a", {}), "", 0), timedelta(minutes=5))

    assert DeliveryState.PENDING is outcome.state
    assert "did not return within 300 seconds" in outcome.attempt.error
    assert timedelta(minutes=5) == outcome.attempt.finished_at - outcome.attempt.started_at


def test_a_delivery_of_a_missing_plugin_stays_pending(scene):
    """An upgrade uninstalls the plugin for a moment."""

    class Gone:
        def get(self, notifier_type: str) -> Any:
            raise NotifierUnavailable(notifier_type, "No notifier 'script' is installed.")

    runner = AttemptRunner(scene.listeners, Gone(), Backoff(), scene.clock)

    outcome = runner.run("l", OwedDelivery(1, Event("a", {}), "", 0), 0)

    assert (DeliveryState.PENDING, "No notifier 'script' is installed.") == (outcome.state, outcome.attempt.error)


@pytest.mark.parametrize(("age", "wait"), [(-5, 1.0), (0, 1.0), (20, 10.0), (86400, 30.0)])
def test_a_delivery_of_a_misconfigured_notifier_waits_without_counting_an_attempt(scene, caplog, age, wait):
    """However often that happens, it is no dead letter; the log had one line about it when the notifier was loaded."""
    scene.script.raises[""] = NotifierMisconfigured("script", "[script] port is wrong.")
    event = Event("repo.sync.start", {}, occurred_at=START - timedelta(seconds=age))

    outcome = scene.runner.run("l", OwedDelivery(1, event, "", 2), scene.listeners.revision)

    assert (DeliveryState.PENDING, "[script] port is wrong.") == (outcome.state, outcome.attempt.error)
    assert (False, 2) == (outcome.counts, outcome.attempt.number)
    assert wait == (outcome.due_at - START).total_seconds()
    assert [] == [record for record in caplog.records if record.levelno > logging.DEBUG]


def test_a_wrong_config_is_a_dead_letter_that_names_the_option(scene, caplog):
    """The log has one line for the listener, not one for each event."""
    scene.listeners.add(Listener("script", {"addresses": 5}, ("*",), id="l"))

    outcomes = [scene.attempt(number=number) for number in range(5)]

    assert {DeliveryState.DEAD} == {outcome.state for outcome in outcomes}
    assert "addresses: " in outcomes[0].attempt.error
    assert 1 == len([record for record in caplog.records if record.levelno >= logging.INFO])


def test_a_delivery_of_a_switched_off_notifier_is_a_dead_letter_and_one_warning(scene, caplog):
    """It is no error, because the administrator switched it off."""
    scene.script.raises[""] = SwitchedOff("E-mail is switched off.")

    outcomes = [scene.attempt(number=number) for number in range(3)]

    assert (DeliveryState.DEAD, "E-mail is switched off.") == (outcomes[0].state, outcomes[0].attempt.error)
    assert [logging.WARNING] == [record.levelno for record in caplog.records if record.levelno >= logging.INFO]


def test_a_delivery_of_a_deleted_listener_is_a_dead_letter_without_an_attempt(scene):
    """The error says that the listener was deleted."""
    scene.listeners.delete("l", START)

    outcome = scene.attempt()

    assert (DeliveryState.DEAD, []) == (outcome.state, scene.script.calls)
    assert "was deleted" in outcome.attempt.error


def test_a_listener_is_read_once_for_each_revision(scene):
    """Its config is the same object in all attempts, so notifiers can prepare what depends on it only."""
    configs = []
    scene.script.send = lambda event, config, target, attempt=0: configs.append(config)

    for _ in range(3):
        scene.attempt()
    scene.listeners.add(Listener("script", {"addresses": ["a"]}, ("*",), id="l"))
    scene.attempt(target="a")

    assert configs[0] is configs[1] is configs[2]
    assert ("a",) == configs[3].addresses


def test_errors_contain_no_secrets_and_no_control_characters(scene):
    """They are cut at 2000 characters."""
    scene.listeners.add(Listener("script", {"password": "hunter2"}, ("*",), id="l"))
    scene.script.raises[""] = TemporaryFailure("refused\x00 \ud800joe:hunter2\nX: y" + "z" * 5000)

    error = scene.attempt().attempt.error

    assert error.startswith("refused   joe:***** X: y")
    assert 2000 == len(error)


def test_a_delivery_written_before_targets_were_known_is_sent_to_all_of_them(scene):
    """Its plugin was missing when the event was fired."""
    scene.listeners.add(Listener("script", {"addresses": ["a", "b", "c"]}, ("*",), id="l"))
    scene.script.raises = {"a": PermanentFailure("no a"), "b": TemporaryFailure("no b")}

    outcome = scene.attempt()

    assert [("a", 1), ("b", 1), ("c", 1)] == scene.script.calls
    assert (DeliveryState.PENDING, "no b") == (outcome.state, outcome.attempt.error)


def test_an_outage_of_a_receiver_is_a_few_log_lines(scene, caplog):
    """The first failure, a change of its reason and the success afterwards are logged; repeats are not."""
    caplog.set_level(logging.INFO)
    scene.script.raises[""] = TemporaryFailure("down")
    scene.attempt(attempts=0)
    scene.attempt(attempts=1, last_error="down")
    scene.script.raises[""] = TemporaryFailure("busy")
    scene.attempt(attempts=1, last_error="down")
    scene.script.raises.clear()
    scene.attempt(attempts=1, last_error="busy")
    scene.attempt(attempts=0)

    levels = [(record.levelname, record.getMessage().split(" (")[0]) for record in caplog.records]
    assert [("ERROR", "down"), ("ERROR", "busy")] == levels[:2]
    assert "INFO" == levels[2][0]
    assert 3 == len(levels)
