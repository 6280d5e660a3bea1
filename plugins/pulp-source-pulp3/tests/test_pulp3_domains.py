"""The source on a server with domains."""

import pytest
from fake_pulp3 import ADMIN, FakePulp3
from pulp3_running import options, polled, run
from pulp3_world import World
from pulp_source_pulp3 import Pulp3Source

from pulp_notifiers.errors import PermanentFailure


@pytest.mark.parametrize("domains", ["all", ("default", "aviary")])
def test_every_domain_is_watched(intake, domains):
    """Each domain has its own cursor, and events have its name."""
    with FakePulp3(World(domain_enabled=True)) as pulp:
        pulp.world.add_domain("aviary")
        repositories = [pulp.world.add_repository("zoo", domain=name) for name in ("default", "aviary")]
        with run(pulp, intake, ADMIN, domains=domains):
            polled(intake)
            pulp.world.clock.advance(2)
            for repository in repositories:
                pulp.world.run("sync.completed", repository)
            intake.wait_until(lambda: len(intake.reports) == 6)

    assert {"default", "aviary"} == {event.payload["domain"] for event in intake.events}
    assert {"cursor:default", "cursor:aviary"} <= intake.remembered().keys()


def test_a_new_domain_is_watched_from_its_creation(intake):
    """The source finds it within a minute."""
    clock = iter(range(0, 10**9, 20))
    source = Pulp3Source(seconds=lambda: next(clock))
    with FakePulp3(World(domain_enabled=True)) as pulp, intake.running(source, options(pulp, ADMIN)):
        polled(intake)
        pulp.world.clock.advance(2)
        pulp.world.add_domain("aviary")
        intake.wait_until(lambda: "cursor:aviary" in intake.remembered())
        pulp.world.clock.advance(2)
        pulp.world.run("sync.completed", pulp.world.add_repository("zoo", domain="aviary"))
        intake.wait_until(lambda: len(intake.reports) == 3)

    assert {"aviary"} == {event.payload["domain"] for event in intake.events}


def test_a_deleted_domain_does_not_stop_the_others(intake):
    """The remaining domains are still watched."""
    with FakePulp3(World(domain_enabled=True)) as pulp:
        pulp.world.add_domain("aviary")
        zoo = pulp.world.add_repository("zoo")
        with run(pulp, intake, ADMIN):
            polled(intake)
            pulp.world.clock.advance(2)
            del pulp.world.domains["aviary"]
            polled(intake)
            pulp.world.run("sync.completed", zoo)
            intake.wait_until(lambda: len(intake.reports) == 3)

    assert 1 == intake.status_updates[-1]["domains"]


def test_a_domain_that_shows_no_tasks_any_more_is_named_in_the_status(intake):
    """It stays named after a restart, and the others are still watched: it may be quiet, or a role was revoked."""
    with FakePulp3(World(domain_enabled=True)) as pulp:
        pulp.world.add_domain("aviary")
        zoos = [pulp.world.add_repository("zoo", domain=name) for name in ("default", "aviary")]
        with run(pulp, intake, ADMIN):
            polled(intake)
            pulp.world.clock.advance(2)
            tasks = [pulp.world.run("sync.completed", zoo) for zoo in zoos]
            intake.wait_until(lambda: len(intake.reports) == 6)
            pulp.world.purge(tasks[1])
            intake.wait_until(lambda: intake.status_updates[-1]["hidden_domains"] == ["aviary"])
        with run(pulp, intake, ADMIN):
            polled(intake)
            hidden = intake.status_updates[-1]["hidden_domains"]
            pulp.world.clock.advance(2)
            for zoo in zoos:
                pulp.world.run("sync.completed", zoo)
            intake.wait_until(lambda: len(intake.reports) == 12 and not intake.status_updates[-1]["hidden_domains"])

    assert ["aviary"] == hidden


def test_hidden_domains_are_a_failure_that_names_the_role(intake):
    """Naming the domains in the options would help as well."""
    hidden = pytest.raises(PermanentFailure, match=r"grant it the role core\.domain_viewer")
    with FakePulp3(World(domain_enabled=True)) as pulp, hidden:
        Pulp3Source().run(options(pulp), intake)
