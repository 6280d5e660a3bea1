"""How much a stream keeps, and how long it waits."""

from dataclasses import dataclass

from ..backoff import Backoff

_BACKOFF = Backoff(first_seconds=0.1, longest_seconds=15.0)


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """The limits of a stream.

    :ivar most_reports: in the queue.
    :ivar most_bytes: in the queue, estimated from the mean size of earlier messages.
    :ivar last_states: tasks whose last state is remembered while it cannot be sent.
    :ivar last_states_bytes: size of those messages.
    :ivar batch: messages sent in one write.
    :ivar batch_bytes: size at which a batch is full.
    :ivar most_unconfirmed: messages sent and not yet confirmed.
    :ivar most_unconfirmed_bytes: their size. Beyond what the kernels at both ends buffer, a server that stops reading
        would break the connection, and nobody could know which messages it has.
    :ivar send_seconds: for the server to read a batch.
    :ivar slow_seconds: after which a server that confirms nothing counts as away.
    :ivar silent_seconds: after which a connection without any confirm is given up.
    :ivar waits_for_relief: keep the connection to a server that is short of memory or disk space, however long; else
        it counts as silent.
    :ivar look_seconds: how often an idle connection is read, to notice that it broke.
    :ivar backoff: waits between attempts to connect; they never end.
    :ivar close_seconds: to publish the queue when the process ends.
    """

    most_reports: int = 4096
    most_bytes: int = 32 * 1024 * 1024
    last_states: int = 10_000
    last_states_bytes: int = 32 * 1024 * 1024
    batch: int = 128
    batch_bytes: int = 128 * 1024
    most_unconfirmed: int = 512
    most_unconfirmed_bytes: int = 384 * 1024
    send_seconds: float = 5.0
    slow_seconds: float = 1.0
    silent_seconds: float = 30.0
    waits_for_relief: bool = True
    look_seconds: float = 1.0
    backoff: Backoff = _BACKOFF
    close_seconds: float = 2.0
