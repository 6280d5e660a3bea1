"""Sources that fail: what the log and the status say, and that they are run again."""

import logging

import pytest

from pulp_notifiers.errors import InvalidSource, PermanentFailure, StoreUnavailable, TemporaryFailure
from pulp_notifiers.records import SourceChange, SourceDraft, SourceState
from pulp_notifiers.store import schema
from tests.support.source_runners import NEVER, NO_RETRY, Scripted, logged, running, wait_until
from tests.support.stored import execute


def test_only_the_first_failure_of_an_outage_and_the_recovery_are_logged(store, sources, types, caplog):
    """Further attempts, and other reasons, add no line."""
    script = (TemporaryFailure("No answer."), StoreUnavailable("away"), PermanentFailure("No permission."))
    types.plugins["scripted"] = Scripted(*script, KeyError("boom"), SystemExit(3))
    sources.add(SourceDraft("one", "scripted", {}))

    with running(store, types):
        types.plugins["scripted"].wait_until_working()
        wait_until(lambda: sources.status("one").state is SourceState.RUNNING)

    assert ["Source one is failing: No answer."] == logged(caplog, logging.ERROR)
    assert 1 == logged(caplog, logging.INFO).count("Source one works again")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (TemporaryFailure("No answer.", retry_after=NEVER), "No answer."),
        (TemporaryFailure("Two\nlines\x00", retry_after=NEVER), "Two lines "),
        (PermanentFailure("No permission."), "No permission."),
        (KeyError("boom"), "KeyError: 'boom'"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit("ended"), "GeneratorExit: ended"),
        (lambda _intake: None, "The source ended although nobody stopped it: report this to its plugin's author."),
    ],
)
def test_the_status_says_why_and_since_when_a_source_is_failing(store, sources, types, caplog, step, reason):
    """An unexpected exception has its traceback in the log."""
    types.plugins["scripted"] = Scripted(step)
    sources.add(SourceDraft("one", "scripted", {}))

    with running(store, types, NO_RETRY):
        wait_until(lambda: sources.status("one").state is SourceState.FAILING)
        status = sources.status("one")

    assert reason == status.problem
    assert status.problem_since is not None
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert isinstance(step, KeyError | SystemExit | GeneratorExit) == ("in run" in error.getMessage())
    assert 1 == types.plugins["scripted"].runs


def test_a_source_starts_once_its_missing_plugin_is_installed(store, sources, types):
    """Nothing has to be restarted."""
    sources.add(SourceDraft("one", "scripted", {}))
    scripted = types.plugins.pop("scripted")

    with running(store, types):
        wait_until(lambda: sources.status("one").problem == "No source type 'scripted' is installed.")
        types.plugins["scripted"] = scripted
        scripted.wait_until_working()


def test_a_running_source_whose_plugin_is_uninstalled_goes_on_until_it_is_restarted(store, sources, types):
    """Its code is in memory; from the next start it is failing until the plugin is installed again."""
    sources.add(SourceDraft("one", "scripted", {}))

    with running(store, types):
        first = types.plugins["scripted"].wait_until_working()
        scripted = types.plugins.pop("scripted")
        first.update_status(runs=1)
        wait_until(lambda: sources.status("one").state is SourceState.RUNNING)
        assert not first.stopping.is_set()

    with running(store, types):
        wait_until(lambda: sources.status("one").problem == "No source type 'scripted' is installed.")
        types.plugins["scripted"] = scripted
        scripted.wait_until_working()


def test_a_source_whose_stored_options_cannot_be_decrypted_holds_up_no_other(
    store, sources, types, caplog, database_url
):
    """It is listed and says what to do, and new options repair it."""
    for name in ("broken", "sound"):
        sources.add(SourceDraft(name, "scripted", {}))
    execute(database_url, schema.sources.update().where(schema.sources.c.name == "broken").values(sealed_config="?"))

    with running(store, types, NO_RETRY) as runner:
        types.plugins["scripted"].wait_until_working()
        wait_until(lambda: sources.status("broken").state is SourceState.FAILING)
        problem = sources.status("broken").problem
        states = [sources.statuses()[source.name].state for source in sources.list()]
        with pytest.raises(InvalidSource, match="cannot be decrypted"):
            sources.check("broken")

        sources.update("broken", SourceChange({}))
        runner.wake()
        types.plugins["scripted"].wait_until_working()
        wait_until(lambda: sources.status("broken").state is SourceState.RUNNING)

    assert problem.startswith("Its stored options cannot be decrypted: they are damaged")
    assert "pulp-notifiers source update" in problem
    assert [SourceState.FAILING, SourceState.RUNNING] == states
    assert [f"Source broken is failing: {problem}"] == logged(caplog, logging.ERROR)
