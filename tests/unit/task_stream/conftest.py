"""Publishers to a messaging server in memory."""

from dataclasses import replace

import pytest

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.task_stream import StatusPublisher, StreamOptions
from tests.support.stream import StreamServer

QUICK = StreamOptions(slow_seconds=0.02, silent_seconds=30, look_seconds=0.02, backoff=Backoff(first_seconds=0.01))


@pytest.fixture
def server():
    """Return a messaging server in memory."""
    return StreamServer()


@pytest.fixture
def publisher_with(server):
    """Return a function that makes publishers with these options."""
    made = []

    def make(open_link=server.open, **options):
        made.append(StatusPublisher(open_link, replace(QUICK, **options)))
        return made[-1]

    yield make
    server.becomes(away=False, silent=False, blocked=False)
    for publisher in made:
        publisher.close()


@pytest.fixture
def publisher(publisher_with):
    """Return a publisher with short time limits."""
    return publisher_with()
