"""Matching and firing: which listeners get an event, and the transaction that promises it to them.

::

    dispatcher   matches events with listeners and writes the deliveries
    routes       which listeners get which events, for one revision of the listeners
    conditions   the conditions of listeners, and the facts of an event that they read
    judgement    why one listener gets an event, or does not
    listener_errors  counts conditions and templates that fail
    task_events  which task reports are events; each new state is one, once in each run
    task_runs    which run of a task a report is about, and the ids of its events
"""

from .conditions import EventFacts, ListenerCondition
from .dispatcher import Dispatcher
from .judgement import Judgement, Reason, judge
from .listener_errors import ListenerErrorCounter
from .task_events import TaskEvents, is_writable, task_event

__all__ = [
    "Dispatcher",
    "EventFacts",
    "Judgement",
    "ListenerCondition",
    "ListenerErrorCounter",
    "Reason",
    "TaskEvents",
    "is_writable",
    "judge",
    "task_event",
]
