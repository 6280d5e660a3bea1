"""Matching and firing: which listeners get an event, and the transaction that promises it to them.

::

    dispatcher   matches events with listeners and writes the deliveries
    routes       which listeners get which events, for one revision of the listeners
    task_events  which task reports are events; each new state is one, once in each run
    task_runs    which run of a task a report is about, and the ids of its events
"""

from .dispatcher import Dispatcher
from .task_events import TaskEvents, is_writable, task_event

__all__ = ["Dispatcher", "TaskEvents", "is_writable", "task_event"]
