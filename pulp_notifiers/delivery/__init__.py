"""Deliveries: how they are claimed, attempted and recorded, and the list of them that people see.

::

    worker       the threads that make attempts; starts and stops everything below
    held_lanes   what the threads share: the lanes that the worker holds, and what they wait for
    fair_share   which lane comes next, so that a slow receiver never holds all threads
    claim_loop   the thread that claims due lanes and renews their leases
    recorder     the thread that commits outcomes in batches
    attempt      one attempt: calls the notifier and turns anything it raises into an outcome
    contexts     what attempts get beside the event
    trial        a last attempt in a process of its own, for a delivery that may have ended others
    trial_child  that process
    recipients   listeners with their parsed configs, as attempts need them
    attempt_log  the log level of each outcome
    options      how a worker works
    deliveries   lists deliveries, shows one, counts the backlog
"""

from .attempt import AttemptRunner
from .deliveries import Deliveries
from .options import WorkerOptions
from .trial import Trial
from .worker import Worker

__all__ = ["AttemptRunner", "Deliveries", "Trial", "Worker", "WorkerOptions"]
