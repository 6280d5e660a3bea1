"""Runs a source against a fake Pulp 3."""

from contextlib import suppress

from fake_pulp3 import VIEWER
from pulp_source_pulp3 import Pulp3Config, Pulp3Source

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure


def options(pulp, user=VIEWER, **more):
    """Return the options of a source that watches a server."""
    given = {"url": pulp.url, "username": user.name, "password": user.password, "interval": 0.1, **more}
    return Pulp3Config(**given)


def run(pulp, intake, user=VIEWER, **more):
    """Return a context in which a source runs that has already polled once."""
    return intake.running(Pulp3Source(), options(pulp, user, **more))


def failure(pulp, intake, happens, **more):
    """Return the failure that ends a source when something happens after its first poll."""
    try:
        with run(pulp, intake, **more):
            polled(intake)
            happens()
            with suppress(AssertionError):
                intake.wait_until(lambda: False)  # which raises as soon as the source has ended
    except (PermanentFailure, TemporaryFailure) as failed:
        return failed
    raise AssertionError("it did not fail")


def polled(intake, times=1):
    """Wait until a source has made so many further polls."""
    until = len(intake.status_updates) + times
    intake.wait_until(lambda: len(intake.status_updates) >= until)


def findings(pulp, user=VIEWER, **more):
    """Return the findings of a check, by subject."""
    return {check.subject: check for check in Pulp3Source().check(options(pulp, user, **more))}
