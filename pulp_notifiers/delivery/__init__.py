"""Deliveries on their way: claimed, attempted and recorded; and what became of them, for people to see."""

from .attempt import Courier
from .worker import Worker, WorkerOptions

__all__ = ["Courier", "Worker", "WorkerOptions"]
