"""The source and a server with domains."""

import pytest
from fake_pulp3 import ADMIN, FakePulp3
from pulp3_running import options, polled, run
from pulp3_world import World
from pulp_source_pulp3 import Pulp3Source

from pulp_notifiers.errors import PermanentFailure


@pytest.mark.parametrize("domains", ["all", ("default", "aviary")])
def test_every_domain_is_watched(intake, domains):
    """With a cursor each, and its name in the events."""
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


def test_a_domain_that_is_new_is_watched_from_its_beginning(intake):
    """It is found within a minute."""
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


def test_a_domain_that_is_deleted_stops_nothing(intake):
    """The others are watched on."""
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

    assert 1 == intake.told[-1]["domains"]


def test_a_domain_that_shows_no_task_any_more_is_named(intake):
    """Also after a restart, and the others are watched on: it may be quiet, or a role may have been taken away."""
    with FakePulp3(World(domain_enabled=True)) as pulp:
        pulp.world.add_domain("aviary")
        zoos = [pulp.world.add_repository("zoo", domain=name) for name in ("default", "aviary")]
        with run(pulp, intake, ADMIN):
            polled(intake)
            pulp.world.clock.advance(2)
            told = [pulp.world.run("sync.completed", zoo) for zoo in zoos]
            intake.wait_until(lambda: len(intake.reports) == 6)
            pulp.world.purge(told[1])
            intake.wait_until(lambda: intake.told[-1]["hidden_domains"] == ["aviary"])
        with run(pulp, intake, ADMIN):
            polled(intake)
            hidden = intake.told[-1]["hidden_domains"]
            pulp.world.clock.advance(2)
            for zoo in zoos:
                pulp.world.run("sync.completed", zoo)
            intake.wait_until(lambda: len(intake.reports) == 12 and not intake.told[-1]["hidden_domains"])

    assert ["aviary"] == hidden


def test_domains_that_are_hidden_are_told(intake):
    """They could be named instead."""
    hidden = pytest.raises(PermanentFailure, match=r"grant it the role core\.domain_viewer")
    with FakePulp3(World(domain_enabled=True)) as pulp, hidden:
        Pulp3Source().run(options(pulp), intake)
