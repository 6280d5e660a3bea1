"""The Celery bridge: the tasks of any Celery application become task reports. Needs ``pulp-notifiers[celery]``.

::

    calls     what Celery says of one call of a task
    reports   a call in a state, as a task report
    teller    hands reports over, and never raises
    bridge    Celery's signals
"""

from .bridge import Bridge, connect
from .calls import Tags, tags_header

__all__ = ["Bridge", "Tags", "connect", "tags_header"]
