"""Matching and firing: which listeners get an event, and the transaction that promises it to them.

::

    dispatcher   matches events with listeners and writes the deliveries
    routes       which listeners get which events, for one revision of the listeners
    conditions   the conditions of listeners, and the facts of an event that they read
    judgement    why one listener gets an event, or does not
    decisions    the same for people: reason, sentence, and the values that a condition saw
    condition_values  those values
    explanations  stored events, and the decisions about all listeners
    listener_errors  counts conditions and templates that fail
    task_events  which task reports are events; each new state is one, once in each run
    task_runs    which run of a task a report is about, and the ids of its events
"""

from .conditions import EventFacts, ListenerCondition
from .decisions import Decision, DecisionReason
from .dispatcher import Dispatcher
from .explanations import Events, Explanation
from .listener_errors import ListenerErrorCounter
from .task_events import TaskEvents, is_writable, task_event

__all__ = [
    "Decision",
    "DecisionReason",
    "Dispatcher",
    "EventFacts",
    "Events",
    "Explanation",
    "ListenerCondition",
    "ListenerErrorCounter",
    "TaskEvents",
    "is_writable",
    "task_event",
]
