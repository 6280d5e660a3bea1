"""What goes out, as text and bytes: pure functions that every notifier may use.

::

    bodies    the body of an event, on one line or readable
"""

from .bodies import json_body, readable_body

__all__ = ["json_body", "readable_body"]
