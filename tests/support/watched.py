"""What an open watch receives."""

WAIT_SECONDS = 60


def received(watch, count):
    """Return so many messages; more may arrive with the last ones."""
    bodies = []
    while len(bodies) < count:
        came = watch.receive(WAIT_SECONDS)
        assert came
        bodies += came
    return bodies
