"""The Celery bridge: the tasks of any Celery application become task reports. Needs ``pulp-notifiers[celery]``.

::

    bridge      which of Celery's signals is which change of a task
    calls       one call of a task, from any of the forms in which Celery describes it
    reports     a call in a state, as a task report
    reporter    hands reports to the application, and never disturbs a task
    recent_ids  the ids of recently ended tasks, because Celery reports some ends twice
"""

from .bridge import Bridge, connect
from .calls import Tags, tags_header

__all__ = ["Bridge", "Tags", "connect", "tags_header"]
