"""Who gets an event, and the transaction that promises it.

::

    dispatcher   matches events with listeners and writes what is owed
    routes       which listeners get which events, by one revision of the listeners
    task_events  which changes of tasks are events, each once
"""

from .dispatcher import Dispatcher
from .task_events import TaskEvents, is_writable, task_event

__all__ = ["Dispatcher", "TaskEvents", "is_writable", "task_event"]
