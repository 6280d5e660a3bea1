"""An attempt in a process of its own."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from pulp_notifiers.delivery import Trial
from pulp_notifiers.delivery.trial import TrialDied
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener, OwedDelivery, Template
from pulp_notifiers.settings import Settings
from tests.support.children import ROOT
from tests.support.distributions import installed
from tests.support.waiting import wait_until

SCRIPTED = """
import os, signal, sys, threading, time
from decimal import Decimal
from pathlib import Path
from pydantic import BaseModel
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.notifier import Notifier, NotifierConfig

class Section(BaseModel):
    greeting: str = ""

class Scripted(Notifier[NotifierConfig]):
    Config = NotifierConfig
    Settings = Section
    settings_section = "scripted"

    def configure(self, settings):
        self.greeting = settings.greeting

    def send(self, event, config, target, attempt):
        print("a notifier may print")
        how = event.payload["how"]
        if how == "temporary":
            raise TemporaryFailure(f"{self.greeting} {target} {attempt}", retry_after=7)
        if how == "permanent":
            raise PermanentFailure("HTTP 404")
        if how == "hang":
            time.sleep(600)
        if how == "asked":
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        if how == "exit":
            os._exit(0)
        if how == "odd wait":
            raise TemporaryFailure("HTTP 503", retry_after=Decimal(7))
        if how == "hang here":
            Path(event.payload["file"]).write_text(str(os.getpid()))
            time.sleep(600)
        if how == "thread":
            threading.Thread(target=time.sleep, args=(600,)).start()
"""


@pytest.fixture
def attempt(tmp_path):
    """Return a function that makes an attempt."""
    settings = Settings({"scripted": {"greeting": "hello"}})
    listener = Listener("scripted", {}, ("a",), id="5f0c1e2d3a4b5c6d7e8f9012")

    def attempted(how: str, seconds: float = 60):
        owed = OwedDelivery(1, Event("a", {"how": how}), "target", 2, crashes=5)
        return Trial(settings.portable(), timedelta(seconds=seconds)).attempt(listener, owed)

    with installed(tmp_path, "scripted", {"scripted": "scripted:Scripted"}, {"scripted": SCRIPTED}):
        yield attempted


def test_a_success_is_reported_whatever_the_notifier_prints(attempt):
    """The answer does not share its output."""
    assert attempt("deliver") is None


def test_failures_are_reported_with_what_they_say(attempt):
    """The process has the same settings, the target and the number of the attempt."""
    temporary, permanent = attempt("temporary"), attempt("permanent")

    assert isinstance(temporary, TemporaryFailure)
    assert ("hello target 3", 7) == (temporary.reason, temporary.retry_after)
    assert isinstance(permanent, PermanentFailure)
    assert "HTTP 404" == permanent.reason


def test_a_process_that_ends_without_an_answer_has_died_of_the_attempt(attempt):
    """Even with exit code 0."""
    with pytest.raises(TrialDied, match="exit code 0"):
        attempt("exit")


def test_a_process_that_is_asked_to_end_says_nothing_about_the_delivery(attempt):
    """Somebody shuts the service down; the attempt is repeated."""
    assert "asked to end" in attempt("asked").reason


def test_an_attempt_that_takes_too_long_is_repeated(attempt):
    """Its process is ended."""
    assert "did not return within 3 seconds" in attempt("hang", seconds=3).reason


def test_a_thread_that_the_notifier_leaves_running_does_not_make_a_success_a_failure(attempt):
    """The interpreter would wait for it, and the receiver would get the event again."""
    assert attempt("thread", seconds=20) is None


def test_a_process_that_ends_before_the_attempt_says_nothing_about_the_delivery(attempt, monkeypatch, tmp_path):
    """As while the service is upgraded or memory is short; an innocent delivery would be dead."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "pydantic.py").write_text("raise MemoryError")
    monkeypatch.syspath_prepend(tmp_path / "broken")

    failure = attempt("deliver")

    assert isinstance(failure, TemporaryFailure)
    assert "ended before the attempt (exit code 1)" in failure.reason


def test_a_wait_that_is_no_number_is_ignored_as_elsewhere(attempt):
    """It is no reason to give a delivery up."""
    failure = attempt("odd wait")

    assert isinstance(failure, TemporaryFailure)
    assert "HTTP 503" == failure.reason


KILLED = """
import json, sys
from datetime import timedelta
from pulp_notifiers.delivery import Trial
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener, OwedDelivery, Template
from pulp_notifiers.settings import Settings

listener = Listener("scripted", {}, ("a",), id="5f0c1e2d3a4b5c6d7e8f9012")
owed = OwedDelivery(1, Event("a", {"how": "hang here", "file": sys.argv[1]}), "target", 2, crashes=5)
Trial(Settings({}).portable(), timedelta(seconds=10)).attempt(listener, owed)
"""


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_attempt_whose_service_is_killed_ends_too(tmp_path):
    """Otherwise each restart could leave a process behind that hangs for ever."""
    file = tmp_path / "pid"
    with (
        installed(tmp_path, "scripted", {"scripted": "scripted:Scripted"}, {"scripted": SCRIPTED}) as site,
        subprocess.Popen(
            [sys.executable, "-c", KILLED, str(file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"},
        ) as service,
    ):
        wait_until(lambda: file.exists() and file.read_text())
        service.kill()

    wait_until(lambda: not _runs(int(file.read_text())))


TEMPLATED = """
import json
from pathlib import Path
from pulp_notifiers.notifier import Notifier, NotifierConfig, PackagedTemplate, PartForm

class Templated(Notifier[NotifierConfig]):
    Config = NotifierConfig
    template_parts = {"text": PartForm.TEXT}

    def packaged_templates(self):
        return {"chat": PackagedTemplate({"text": "the default"})}

    def default_template(self, config):
        return "chat"

    def send(self, event, config, target, *, context):
        told = [context.rendered, context.problem, context.listener.name, context.attempt]
        Path(event.payload["file"]).write_text(json.dumps(told))
"""


def test_templates_are_rendered_in_the_other_process_and_failures_reported(tmp_path):
    """It has no database, so it gets the templates that it may need."""
    file, failed = tmp_path / "sent", []
    listener = Listener("templated", {}, ("a",), name="nights", labels={"team": "ops"}, id="5f0c1e2d3a4b5c6d7e8f9012")
    owed = OwedDelivery(1, Event("a", {"file": str(file)}), "target", 2, crashes=5)

    def sent(text):
        trial = Trial(Settings({}).portable(), timedelta(seconds=60))
        assert trial.attempt(listener, owed, [Template("chat", "templated", {"text": text})], failed.append) is None
        return json.loads(file.read_text())

    with installed(tmp_path, "templated", {"templated": "templated:Templated"}, {"templated": TEMPLATED}):
        assert [{"text": "ops target"}, None, "nights", 3] == sent("{{ labels.team }} {{ target }}")
        assert not failed
        rendered, problem, *_ = sent("{{ labels.nosuch }}")

    assert {"text": "the default"} == rendered
    assert "labels.nosuch" in problem
    assert ["Template chat: text: Line 1, column 4: labels.nosuch does not exist."] == failed
