"""Deliveries during whose attempts processes ended."""

import logging

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.delivery import AttemptRunner
from pulp_notifiers.delivery.fair_share import SLOW_SECONDS, FairShare
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.plugin_host import LoadedNotifier
from pulp_notifiers.plugin_host.notifiers import MisconfiguredNotifier
from pulp_notifiers.records import SUSPECTED_CRASHES, Claim, DeliveryState, Listener, OwedDelivery
from tests.support.memory import Clock, ListenerTable, NotifierTable


class Quiet(Notifier[NotifierConfig]):
    """Keeps the events that it gets."""

    Config = NotifierConfig

    def __init__(self) -> None:
        self.sent: list[Event] = []

    def send(self, event: Event, config: NotifierConfig, target: str) -> None:
        self.sent.append(event)


def owed(crashes: int, number: int = 1) -> OwedDelivery:
    """Return a delivery that processes did not survive."""
    return OwedDelivery(number, Event("repo.sync.start", {}), "", 0, crashes=crashes)


class Misconfigured:
    """A registry whose notifier has a wrong setting."""

    def get(self, notifier_type: str) -> LoadedNotifier:
        return MisconfiguredNotifier(notifier_type, Quiet, InvalidSetting("[quiet] port is wrong."))


def attempted(crashes: int, max_crashes: int = 5, notifiers=None):
    """Return the outcome of an attempt, and what the notifier got."""
    notifiers = notifiers or NotifierTable(quiet=Quiet)
    listeners = ListenerTable(Listener("quiet", {}, ("*",), id="l"))
    runner = AttemptRunner(listeners, notifiers, Backoff(), Clock(), max_crashes=max_crashes)
    outcome = runner.run("l", owed(crashes), 0)
    return outcome, notifiers.get("quiet").notifier.sent


def suspect(lane: int, crashes: int = SUSPECTED_CRASHES) -> Claim:
    """Return a claim of a lane whose delivery is suspected."""
    return Claim(lane, f"owner{lane}", f"l{lane}", (owed(crashes, lane),))


def test_a_delivery_that_too_many_processes_did_not_survive_is_dead_without_another_attempt():
    """The reason says how often, and what to do."""
    outcome, sent = attempted(crashes=5)

    assert (DeliveryState.DEAD, []) == (outcome.state, sent)
    assert "ended 5 times" in outcome.attempt.error
    assert "repair or uninstall the notifier [quiet]" in outcome.attempt.error


def test_a_delivery_that_processes_did_not_survive_waits_too_for_the_right_setting():
    """It says nothing about the delivery, so no process of its own tries it, and no attempt is counted."""
    outcome, _ = attempted(crashes=5, notifiers=Misconfigured())

    assert (DeliveryState.PENDING, False) == (outcome.state, outcome.counts)
    assert "[quiet] port is wrong." in outcome.attempt.error


def test_one_crash_fewer_is_attempted_and_logged(caplog):
    """The log names the delivery, so that somebody can look before it is dead."""
    outcome, sent = attempted(crashes=4)

    assert (DeliveryState.DELIVERED, 1) == (outcome.state, len(sent))
    (line,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert "Delivery 1 of repo.sync.start to listener l: the process ended 4 times in a row" in line.getMessage()


def test_a_delivery_that_was_held_by_one_killed_process_is_nothing_to_log(caplog):
    """A restart is not a suspicion."""
    attempted(crashes=1)

    assert [] == [each for each in caplog.records if each.levelno >= logging.WARNING]


def test_suspected_deliveries_are_claimed_one_at_a_time():
    """So that the next end of the process accuses no other of them."""
    share = FairShare(16)
    assert 1 == share.suspects(now=0)

    share.offer([suspect(1)])
    assert 0 == share.suspects(now=0)
    lane = share.take(now=0)
    assert 0 == share.suspects(now=0)
    share.ended(lane, delivered=True)
    share.recorded(lane, held=False)

    assert 1 == share.suspects(now=0)


def test_a_suspected_delivery_whose_receiver_hangs_makes_room_for_the_next_one():
    """Otherwise innocent deliveries would wait for many time-outs."""
    share = FairShare(16)
    share.offer([suspect(1)])
    share.take(now=0)

    assert 1 == share.suspects(now=SLOW_SECONDS + 0.1)
