"""The tests that plugins inherit find every kind of bad notifier."""

import logging
import sys
import threading

import pytest

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.notifier import PackagedTemplate, PartForm
from pulp_notifiers.testing.contract import THREADS
from tests.support.contract_kit import GoodNotifier, contract, failing_tests


class Repeating(GoodNotifier):
    """Has the same target twice."""

    def targets(self, config):
        """Return the address twice."""
        return [config.address, config.address]


class Nobody(GoodNotifier):
    """Has no target."""

    def targets(self, config):
        """Return none."""
        return []


class Counting(GoodNotifier):
    """Has other targets each time."""

    calls = 0

    def targets(self, config):
        """Return a new one."""
        Counting.calls += 1
        return [str(Counting.calls)]


class Unprintable(GoodNotifier):
    """Has a target that is not one line."""

    def targets(self, config):
        """Return two lines."""
        return ["a\u2028b"]


class Complaining(GoodNotifier):
    """Has a problem with valid options."""

    def problems(self, config):
        """Return one."""
        return {"address": "it is too short"}


class NamingUrls(GoodNotifier):
    """Returns a URL as a host."""

    def hosts(self, config):
        """Return it."""
        return {"address": "https://receiver.example/"}


class PositionalAttempt(GoodNotifier):
    """Does not accept the number of the attempt as a keyword."""

    def send(self, event, config, target, attempt=1, /):
        """Keep the event."""
        super().send(event, config, target)


class ReturningFalse(GoodNotifier):
    """Returns failures, as other libraries require."""

    def send(self, event, config, target):
        """Fail without raising."""
        return False


class Editing(GoodNotifier):
    """Removes from the event what the next listener needs."""

    def send(self, event, config, target):
        """Change the payload."""
        super().send(event, config, target)
        event.payload.pop("repo_id", None)


class Crashing(GoodNotifier):
    """Raises the error of the network."""

    def send(self, event, config, target):
        """Fail without saying whether another attempt may succeed."""
        raise ConnectionError("nobody there")


class Refusing(GoodNotifier):
    """Never succeeds."""

    def send(self, event, config, target):
        """Fail permanently."""
        raise PermanentFailure("No.")


class Losing(GoodNotifier):
    """Accepts events and forgets them."""

    def send(self, event, config, target):
        """Do nothing."""


class Sharing(GoodNotifier):
    """Stores in the notifier what belongs to one call."""

    together = threading.Barrier(THREADS, timeout=60)

    def send(self, event, config, target, *, attempt=1):
        """Send the event of another thread."""
        self.current = event
        if threading.current_thread() is not threading.main_thread():
            self.together.wait()
            event = self.current
            self.together.wait()
        super().send(event, config, target)


class ClosingOnce(GoodNotifier):
    """Fails if it is closed twice."""

    def close(self):
        """Delete the inbox."""
        del self.inbox


class Chatty(GoodNotifier):
    """Logs its config."""

    def send(self, event, config, target):
        """Show the password."""
        super().send(event, config, target)
        logging.getLogger("chatty").debug("password %s", config.password.get_secret_value())


class Blabbing(GoodNotifier):
    """Shows the secret when it fails."""

    def send(self, event, config, target):
        """Show the password."""
        raise TemporaryFailure(f"{config.password.get_secret_value()} was refused.")


def failing_with(reason):
    """Return a notifier that fails with this reason for the failing options."""

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
        (Complaining, "test_valid_options_can_be_registered"),
        (NamingUrls, "test_valid_options_can_be_registered"),
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
    """The test that fails says what is wrong with it."""
    assert expected in failing_tests(contract(notifier=notifier))


def test_the_log_and_the_interpreter_are_left_as_they_were():
    """That is true for a test that fails, too."""
    before = (logging.getLogger().level, [*logging.getLogger().handlers], sys.getswitchinterval())

    failing_tests(contract(notifier=Crashing))

    assert before == (logging.getLogger().level, [*logging.getLogger().handlers], sys.getswitchinterval())


class Templated(GoodNotifier):
    """Has a template."""

    template_parts = {"text": PartForm.TEXT}
    text = "{{ about.what }}"
    default = "chat"

    def packaged_templates(self):
        return {"chat": PackagedTemplate({"text": self.text})}

    def default_template(self, config):
        return self.default

    def send(self, event, config, target, *, context=None):
        super().send(event, config, target)


def test_templates_must_fit_every_recorded_event():
    """So must the default be one of them."""

    class Misspelt(Templated):
        text = "{{ payload.repo_id }}"

    class Unclosed(Templated):
        text = "{{"

    class Nameless(Templated):
        default = "nosuch"

    assert not failing_tests(contract(notifier=Templated))
    for bad in (Misspelt, Unclosed, Nameless):
        assert {"test_its_templates_can_be_rendered"} == failing_tests(contract(notifier=bad)), bad
