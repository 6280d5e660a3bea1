"""The Python names of Pulp 2.7, for code that is moved here unchanged (CONTRACT 2.3, 2.5 and 6).

Each warns once and names its replacement. Without ``app=`` they share one :class:`~pulp_notifiers.app.App` per process,
created from the settings on first use. That App runs no worker: ``pulp-notifiers serve`` or ``pulp-notifiers worker``
delivers what is fired here.
"""

from .current_task import current_task
from .fire import EventFireManager
from .listeners import EventListenerManager
from .shared_app import close
from .topic import TopicPublishManager

__all__ = ["EventFireManager", "EventListenerManager", "TopicPublishManager", "close", "current_task"]
