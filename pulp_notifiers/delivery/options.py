"""How a worker works."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works.

    :ivar threads: how many attempts run at the same time.
    :ivar lease: how long until other workers take over a dead worker's lanes; a lease is renewed every third of
        that time.
    :ivar poll: how often to look for events that another process fired.
    :ivar attempt_limit: an attempt that takes longer counts as failed, and its thread is replaced.
    :ivar keep_delivered: delivered deliveries are deleted after this time.
    :ivar keep_dead: dead letters are deleted after this time.
    :ivar keep_events: events of the types that are kept are deleted after this time, if they have no delivery left;
        zero to delete them with their last delivery.
    """

    threads: int = 16
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=1)
    attempt_limit: timedelta = timedelta(minutes=5)
    keep_delivered: timedelta = timedelta(days=7)
    keep_dead: timedelta = timedelta(days=90)
    keep_events: timedelta = timedelta(days=14)
