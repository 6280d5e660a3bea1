"""The task-status stream: every change of a task, published to ``pulp.api.v2`` without costing the caller anything.

::

    document    a report as a message
    tally       a count that many threads raise
    health      bounds of a stream, and what is known of it
    marker      a place in the queue at which somebody waits
    line        the queue, the thread and the connection of one process
    outage      what is told of a messaging server that is away
    publisher   the stream as its callers see it
"""

from .health import Counts, Health, StreamOptions
from .publisher import NoPublisher, StatusPublisher, status_publisher

__all__ = ["Counts", "Health", "NoPublisher", "StatusPublisher", "StreamOptions", "status_publisher"]
