"""The source and an account that may not see enough, and checks of the server in general."""

import pulp3_troubles
import pytest
from fake_pulp3 import ADMIN, NOBODY, VIEWER, FakePulp3, User
from pulp3_running import failure, findings, options, polled, run
from pulp_source_pulp3 import Pulp3Source

from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import utc_now
from pulp_notifiers.source import Check


def test_a_user_without_permissions_is_a_failure_that_names_the_role(pulp, zoo, intake):
    """The server itself shows an empty list, as if no task had ever run."""
    with pytest.raises(PermanentFailure, match=r"grant it the role core\.task_viewer"):
        Pulp3Source().run(options(pulp, NOBODY), intake)

    assert not findings(pulp, NOBODY)["tasks"].passed


def test_what_happens_before_the_role_is_granted_is_reported_afterwards(pulp, zoo, intake):
    """The watch starts with the first attempt to run it."""
    with pytest.raises(PermanentFailure):
        Pulp3Source().run(options(pulp, NOBODY), intake)
    pulp.world.clock.advance(1)
    pulp.world.run("sync.completed", zoo)
    with run(pulp, intake):
        polled(intake)

    assert 3 == len(intake.reports)


def test_a_revoked_role_is_a_failure(pulp, zoo, intake):
    """No task counts as deleted because of it."""

    def happens():
        pulp.world.dispatch("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.reports) == 1)
        pulp.users[VIEWER.name] = User(VIEWER.name, VIEWER.password, frozenset())

    failed = failure(pulp, intake, happens)

    assert "The account does not see any tasks any more" in failed.reason
    assert 1 == sum(key.startswith("task:") for key in intake.remembered())


def test_an_account_that_sees_no_repositories_fails_the_check(pulp, zoo):
    """Events could not name the repositories."""
    pulp.users["half"] = User("half", "half's", frozenset({"tasks"}))

    found = findings(pulp, pulp.users["half"])

    assert (True, False) == (found["tasks"].passed, found["repositories"].passed)
    assert "file.filerepository_viewer" in found["repositories"].finding


def test_an_administrator_can_watch_an_empty_server(intake):
    """No task has to have run before."""
    with FakePulp3() as pulp, run(pulp, intake, ADMIN):
        polled(intake)
        pulp.world.clock.advance(2)
        pulp.world.run("sync.completed", pulp.world.add_repository("zoo"))
        intake.wait_until(lambda: len(intake.reports) == 3)

    assert ["waiting", "running", "finished"] == [report.state for report in intake.reports]


def test_a_check_has_a_finding_for_each_subject(pulp, zoo):
    """The findings are in the order of the checks."""
    found = findings(pulp)

    assert ["server", "version", "clock", "login", "domains", "tasks", "repositories"] == list(found)
    assert "pulpcore 3.123.1" == found["version"].finding
    assert not found["clock"].passed  # the fake's is that of a day in 2026


def test_clocks_that_differ_by_less_than_the_precision_agree(pulp):
    """The server shows whole seconds only."""
    pulp.world.clock.now = utc_now()

    assert Check("clock", True, "The server's clock agrees with this machine's.") == findings(pulp)["clock"]


def test_a_check_ends_if_no_server_answers():
    """There is one finding, and nothing after it."""
    with FakePulp3() as pulp:
        config = options(pulp)

    [found] = Pulp3Source().check(config)

    assert (False, "server") == (found.passed, found.subject)
    assert "refused the connection" in found.finding


def test_a_server_that_is_too_old_is_a_failure(pulp, intake):
    """The failure names the version that is needed."""
    status = b'{"versions": [{"component": "core", "version": "3.49.1"}], "domain_enabled": false}'
    pulp.misbehave(pulp3_troubles.with_body(status), path="/status/")

    with pytest.raises(PermanentFailure, match=r"3\.49\.1, and the source needs pulpcore 3\.71"):
        Pulp3Source().run(options(pulp), intake)
