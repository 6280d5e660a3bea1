"""Deliveries: how they are claimed, attempted and recorded, and the list of them that people see.

::

    worker       threads that claim lanes, run attempts and record the outcomes
    fair_share   how many threads each listener may hold, so that a slow receiver never holds them all
    attempt      one attempt: calls the notifier and turns anything it raises into an outcome
    attempt_log  the log level of each outcome
    deliveries   lists deliveries, shows one, counts the backlog
"""

from .attempt import AttemptRunner
from .deliveries import Deliveries
from .worker import Worker, WorkerOptions

__all__ = ["AttemptRunner", "Deliveries", "Worker", "WorkerOptions"]
