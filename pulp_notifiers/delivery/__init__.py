"""Deliveries: claimed, attempted and recorded; and the list of them that people see.

::

    worker       threads that claim lanes, have deliveries attempted, and record the outcomes
    fair_share   how many threads each listener may hold, so that a slow receiver never holds all
    attempt      one attempt: calls the notifier and turns whatever it raises into an outcome
    attempt_log  how loud an outcome is in the log
    deliveries   list, show and backlog
"""

from .attempt import AttemptRunner
from .deliveries import Deliveries
from .worker import Worker, WorkerOptions

__all__ = ["AttemptRunner", "Deliveries", "Worker", "WorkerOptions"]
