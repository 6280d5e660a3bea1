"""Who gets an event, and the transaction that promises it."""

from .dispatcher import Dispatcher
from .task_events import TaskEvents, task_event

__all__ = ["Dispatcher", "TaskEvents", "task_event"]
