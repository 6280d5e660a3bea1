"""What attempts hand to notifiers from the part that renders messages."""

import pytest

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.delivery import AttemptRunner
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import ListenerInfo, SendContext
from pulp_notifiers.records import DeliveryState, OwedDelivery, Template
from tests.support.memory import Clock, ListenerTable
from tests.support.templated import LISTENER, Notifiers

EVENT = Event("repo.sync.finish", {"repo_id": "zoo"})


class Messages:
    """Renders the target."""

    def __init__(self, failure=None):
        self.failure = failure
        self.failed_with = []

    def prepare(self, listener, notifier, config, revision):
        """Return itself."""
        if self.failure:
            raise self.failure
        return self

    def context(self, delivery, target):
        """Return a context that names the target."""
        return SendContext(delivery.id, delivery.attempts + 1, rendered={"subject": target})

    def templates_of(self, listener, notifier, revision):
        """Return one template."""
        if self.failure:
            raise self.failure
        return [Template("short", "post", {"subject": "x"})]

    def failed(self, listener, delivery, problem):
        """Keep the problem."""
        self.failed_with.append((listener.id, delivery.id, problem))


class Trial:
    """Makes no attempt, and reports that a template failed."""

    def __init__(self):
        self.templates = []

    def attempt(self, listener, delivery, templates, template_failed):
        """Keep the templates."""
        self.templates = [*templates]
        template_failed("No.")


def run(messages=None, trial=None, crashes=0):
    """Return the outcome of an attempt, and what the notifier got."""
    notifiers = Notifiers()
    table = ListenerTable(LISTENER)
    runner = AttemptRunner(table, notifiers, Backoff(), Clock(), trial=trial, messages=messages)
    outcome = runner.run(LISTENER.id, OwedDelivery(7, EVENT, "target", 2, crashes=crashes), 0)
    return outcome, notifiers.get("post").notifier.sent


def test_the_notifier_gets_what_was_rendered_for_its_target():
    """And the number of the attempt."""
    outcome, sent = run(Messages())

    assert DeliveryState.DELIVERED is outcome.state
    assert [(EVENT, "target", SendContext(7, 3, rendered={"subject": "target"}))] == sent


def test_without_a_part_that_renders_the_notifier_gets_the_listener():
    """Nothing is rendered."""
    _, sent = run()

    assert [(EVENT, "target", SendContext(7, 3, ListenerInfo(LISTENER.id, "nights", "", {"team": "ops"})))] == sent


def test_no_attempt_is_made_if_the_template_cannot_be_read():
    """It is no failure of the delivery, neither here nor in another process."""
    for trial, crashes in ((None, 0), (Trial(), 9)):
        with pytest.raises(StoreUnavailable):
            run(Messages(StoreUnavailable("gone")), trial, crashes)


def test_an_attempt_in_another_process_gets_templates_and_reports_those_that_fail():
    """They are counted here."""
    messages, trial = Messages(), Trial()

    outcome, sent = run(messages, trial, crashes=9)

    assert (DeliveryState.DELIVERED, []) == (outcome.state, sent)
    assert [Template("short", "post", {"subject": "x"})] == trial.templates
    assert [(LISTENER.id, 7, "No.")] == messages.failed_with
