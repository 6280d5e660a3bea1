"""How a stream is kept within bounds, and what is known of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the reports so far.

    :ivar published: the messaging server confirmed them.
    :ivar dropped: it was away, refused them, or was too slow; or it did not confirm them before the connection broke.
    :ivar unrenderable: they have no JSON form.
    """

    published: int = 0
    dropped: int = 0
    unrenderable: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """How the stream of this process is.

    :ivar connected: a connection is open; the first message opens it.
    :ivar outage_since: since when messages are dropped; None while they are not.
    """

    enabled: bool = False
    connected: bool = False
    outage_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How much a stream keeps, and how long it waits.

    :ivar most_reports: in the queue.
    :ivar most_bytes: in the queue, by the mean size of the messages before.
    :ivar batch: messages sent in one piece.
    :ivar batch_bytes: size at which a batch is full.
    :ivar most_unanswered: messages sent and not yet confirmed.
    :ivar most_unanswered_bytes: their size. Beyond what the kernels at both ends buffer, a server that stops reading
        would break the connection, and nobody could know which messages it has.
    :ivar send_seconds: for the server to take a batch off the line.
    :ivar slow_seconds: after which a server that confirms nothing counts as away; new messages are dropped then.
    :ivar silent_seconds: after which a connection without any answer is given up.
    :ivar waits_for_relief: keep the connection to a server that is short of memory or disk space, however long; else
        it counts as silent.
    :ivar look_seconds: how often an idle connection is looked at.
    :ivar first_backoff_seconds: wait before connecting anew; doubled each time.
    :ivar longest_backoff_seconds: no wait is longer.
    :ivar farewell_seconds: for what is in the queue when the process ends.
    """

    most_reports: int = 4096
    most_bytes: int = 32 * 1024 * 1024
    batch: int = 128
    batch_bytes: int = 128 * 1024
    most_unanswered: int = 512
    most_unanswered_bytes: int = 384 * 1024
    send_seconds: float = 5.0
    slow_seconds: float = 1.0
    silent_seconds: float = 30.0
    waits_for_relief: bool = True
    look_seconds: float = 1.0
    first_backoff_seconds: float = 0.1
    longest_backoff_seconds: float = 15.0
    farewell_seconds: float = 2.0
