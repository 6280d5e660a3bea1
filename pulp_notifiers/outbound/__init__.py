"""What goes out, as text and bytes: pure functions that every notifier may use."""

from .bodies import json_body, readable_body

__all__ = ["json_body", "readable_body"]
