"""What the source says of an account that may not see enough, and of the server in general."""

import pulp3_troubles
import pytest
from fake_pulp3 import ADMIN, NOBODY, VIEWER, FakePulp3, User
from pulp3_running import failure, findings, options, polled, run
from pulp_source_pulp3 import Pulp3Source

from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import utc_now
from pulp_notifiers.source import Check


def test_a_user_without_rights_is_told(pulp, zoo, intake):
    """The server itself shows an empty list, as if nothing had ever happened."""
    with pytest.raises(PermanentFailure, match=r"grant it the role core\.task_viewer"):
        Pulp3Source().run(options(pulp, NOBODY), intake)

    assert not findings(pulp, NOBODY)["tasks"].passed


def test_what_happens_before_the_rights_are_granted_is_told(pulp, zoo, intake):
    """The watch begins when it is first tried."""
    with pytest.raises(PermanentFailure):
        Pulp3Source().run(options(pulp, NOBODY), intake)
    pulp.world.clock.advance(1)
    pulp.world.run("sync.completed", zoo)
    with run(pulp, intake):
        polled(intake)

    assert 3 == len(intake.reports)


def test_rights_that_are_taken_away_are_told(pulp, zoo, intake):
    """And no task counts as deleted because of it."""

    def happens():
        pulp.world.dispatch("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.reports) == 1)
        pulp.users[VIEWER.name] = User(VIEWER.name, VIEWER.password, frozenset())

    failed = failure(pulp, intake, happens)

    assert "shows the account no task any more" in failed.reason
    assert 1 == sum(key.startswith("task:") for key in intake.remembered())


def test_an_account_that_sees_no_repositories_is_told(pulp, zoo):
    """Events could not name them."""
    pulp.users["half"] = User("half", "half's", frozenset({"tasks"}))

    found = findings(pulp, pulp.users["half"])

    assert (True, False) == (found["tasks"].passed, found["repositories"].passed)
    assert "file.filerepository_viewer" in found["repositories"].finding


def test_an_administrator_of_an_empty_server_is_enough(intake):
    """Where no task has ever run."""
    with FakePulp3() as pulp, run(pulp, intake, ADMIN):
        polled(intake)
        pulp.world.clock.advance(2)
        pulp.world.run("sync.completed", pulp.world.add_repository("zoo"))
        intake.wait_until(lambda: len(intake.reports) == 3)

    assert ["waiting", "running", "finished"] == [report.state for report in intake.reports]


def test_a_check_says_what_it_found(pulp, zoo):
    """In the order of the looking."""
    found = findings(pulp)

    assert ["server", "version", "clock", "login", "domains", "tasks", "repositories"] == list(found)
    assert "pulpcore 3.123.1" == found["version"].finding
    assert not found["clock"].passed  # the fake's is that of a day in 2026


def test_clocks_that_differ_by_less_than_can_be_seen_agree(pulp):
    """The server tells whole seconds only."""
    pulp.world.clock.now = utc_now()

    assert Check("clock", True, "The server's clock is that of this machine.") == findings(pulp)["clock"]


def test_a_check_of_nothing_says_so():
    """One finding, and nothing after it."""
    with FakePulp3() as pulp:
        config = options(pulp)

    [found] = Pulp3Source().check(config)

    assert (False, "server") == (found.passed, found.subject)
    assert "refused the connection" in found.finding


def test_a_server_that_is_too_old_is_told(pulp, intake):
    """With the version that is needed."""
    status = b'{"versions": [{"component": "core", "version": "3.49.1"}], "domain_enabled": false}'
    pulp.misbehave(pulp3_troubles.with_body(status), path="/status/")

    with pytest.raises(PermanentFailure, match=r"3\.49\.1, and watching needs 3\.71"):
        Pulp3Source().run(options(pulp), intake)
