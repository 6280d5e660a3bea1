"""The task-status stream: every change of a task, published to ``pulp.api.v2`` at almost no cost to the caller.

::

    publisher     the stream as its callers see it
    options       its limits
    health        what it did so far, and how it is now

    report_queue  the reports that wait to be sent
    marker        a place in that queue at which somebody waits: flush
    tally         a count that many threads increment without a lock
    sender        the thread that empties the queue over one connection
    outcomes      what the messaging server did with the messages that it was sent
    lazy_thread   a thread that starts when it is first needed
    batches       reports from the queue as batches of messages, and their mean size
    document      a report as a message
    last_states   the newest report of each task that could not be sent in time
    measuring     renders those while nothing can be sent, so that their size is known
    remedy        what to do if the server cannot be reached
    reconnect     when to connect again
    outage_log    one log line when reports can no longer be published, one when they are again
"""

from .health import Counts, Health
from .options import StreamOptions
from .publisher import NoPublisher, StatusPublisher, UnusablePublisher, status_publisher, stream_of

__all__ = [
    "Counts",
    "Health",
    "NoPublisher",
    "StatusPublisher",
    "StreamOptions",
    "UnusablePublisher",
    "status_publisher",
    "stream_of",
]
